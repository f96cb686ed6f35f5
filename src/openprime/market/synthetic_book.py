"""One synthetic book: orders arrive, leave and trade around a price that moves from outside.

A step is three things in this order. Takers come at random, more often when the market is busy,
and take what rests. Then the quotes follow the reference price: what is on the wrong side of it
leaves, a new best level is made. Then limit orders arrive and are cancelled at random ranks; a
place that is more crowded than usual rather loses a level, an emptier one rather gains one,
which keeps depth near its fitted mean while every single level stays random.
"""

from bisect import bisect_left
from math import exp, log
from random import Random

from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.synthetic_fit import BasisFit
from openprime.market.synthetic_ladder import ASK, BID, Ladder
from openprime.market.synthetic_price import SLOT_S, ReferencePrice, book_basis
from openprime.market.synthetic_scale import BookShape

# A taker walks at most this many levels; what is left of the order ends.
SWEEP_LEVELS = 30
TRADES_PER_ORDER_MAX = 200
# How long after a trade the quotes answer.
MAKER_DELAY_MS = 5
# A jump of the reference past this share of the levels makes the book anew.
JUMP_SHARE = 0.25
# The best quantity is drawn anew this often a step; else it only moves a little.
BEST_REDRAW = 0.3
# How often a taker trades towards a reference price that has left the quotes.
INFORMED = 0.7
# At most this many levels are made at once behind a best price that moved.
FOLLOWERS_MAX = 12
# Quotes stay while the reference is no further than this outside them, in ticks.
QUOTE_SLACK = 0.3


def geometric(mean: float, chance: float) -> int:
    """A count from 1 on that is `mean` on average, from an even `chance`."""
    if mean < 1.01:
        return 1
    count = 1 + int(log(1 - chance) / log(1 - 1 / mean))
    return min(count, TRADES_PER_ORDER_MAX)


class SyntheticBook:
    """The book of one symbol, the source of its events."""

    def __init__(
        self,
        shape: BookShape,
        reference: ReferencePrice,
        basis: BasisFit,
        random: Random,
        first_id: int,
    ) -> None:
        """`first_id` is the id before the first update and the first trade."""
        self.shape = shape
        self._reference = reference
        self._random = random.random
        self._split = random.lognormvariate
        distances = shape.distances
        self._jump_ticks = max(distances[int(len(distances) * JUMP_SHARE)], 5.0)
        self._basis = book_basis(basis, shape.period * SLOT_S, random)
        self._update_id = self._trade_id = first_id
        self._buying = random.random() < 0.5
        self._fill()

    # ---------------------------------------------------------------- what it says

    def snapshot(self, time_ms: int) -> DepthSnapshot:
        self._update_id += 1
        bids, asks = self.bids.levels(), self.asks.levels()
        return DepthSnapshot(self.shape.sym, time_ms, self._update_id, bids, asks)

    def step(self, from_ms: int, to_ms: int, events: list[MarketEvent]) -> None:
        """Advance by one step that ends at `to_ms`, adding what happened to `events`.

        Trades are after `from_ms`, none after `to_ms`. The levels they took are told in a change
        of their own, so the quantities by which it shrinks them are exactly what traded. Makers
        answer soon after.
        """
        self._basis.step()
        target = self._target()
        if abs(target - self._mid()) > self._jump_ticks:
            self._fill()
            events.append(self.snapshot(to_ms))
            return
        activity = self._reference.activity_now
        last_ms = self._take(target, activity, from_ms, to_ms, events)
        if last_ms is not None:
            self._tell_changes(last_ms, events)
            to_ms = min(last_ms + MAKER_DELAY_MS, to_ms)
        self._requote(target)
        for ladder in (self.bids, self.asks):
            self._arrive(ladder, activity)
            self._hold_size(ladder)
        self._tell_changes(to_ms, events)

    def _tell_changes(self, time_ms: int, events: list[MarketEvent]) -> None:
        bids, asks = self.bids.take_changes(), self.asks.take_changes()
        if bids or asks:
            self._update_id += 1
            events.append(DepthChange(self.shape.sym, time_ms, self._update_id, bids, asks))

    # ---------------------------------------------------------------- where it stands

    def _target(self) -> float:
        """The reference price in ticks, never so low that a side would not fit."""
        price = self._reference.price * (1 + self._basis.value)
        return max(price / self.shape.tick, 2.0)

    def _mid(self) -> float:
        return (self.bids.best_ticks + self.asks.best_ticks) / 2

    def _fill(self) -> None:
        """Make both sides anew around the reference price."""
        best = int(self._target())
        self.bids = self._new_ladder(BID, best)
        self.asks = self._new_ladder(ASK, -best - 1)

    def _new_ladder(self, sign: int, best: int) -> Ladder:
        """Levels at the mean distances, each moved a little, with quantities as usual there."""
        ladder, shape, random = Ladder(sign), self.shape, self._random
        keys, lots, lots_min = ladder.keys, ladder.lots, shape.lots_min
        above, before = best + 1, 0.0
        for distance, mean, table in zip(
            shape.distances, shape.mean_lots, shape.shapes, strict=True
        ):
            gap = distance - before
            before = distance
            shift = (random() - 0.5) * gap if gap > 1.5 else 0.5
            key = best - int(distance + shift)
            if key >= above:
                key = above - 1
            if key < 1 and sign == BID:
                break
            keys.append(key)
            above = key
            quantity = int(mean * table[int(random() * len(table))])
            lots[key] = quantity if quantity > lots_min else lots_min
        keys.reverse()
        return ladder

    def _lots(self, rank: int) -> int:
        """A quantity as usual at this rank."""
        shape, random = self.shape, self._random
        table = shape.shapes[rank]
        drawn = table[int(random() * len(table))] * (0.9 + 0.2 * random())
        return max(int(shape.mean_lots[rank] * drawn), shape.lots_min)

    # ---------------------------------------------------------------- takers

    def _take(
        self, target: float, activity: float, from_ms: int, to_ms: int, events: list[MarketEvent]
    ) -> int | None:
        """Let takers come; returns the time of the last one, or None where none came."""
        count = self._poisson(self.shape.orders_per_step * activity)
        if not count:
            return None
        random = self._random
        length = to_ms - from_ms
        times = sorted(to_ms - int(random() * length) for _ in range(count))
        for time_ms in times:
            self._choose_side(target)
            ladder = self.asks if self._buying else self.bids
            table = self.shape.order_usdt
            place = int(random() * len(table))
            usdt = table[place] * (0.9 + 0.2 * random())
            lots = max(int(usdt * self.shape.lots_per_usdt), self.shape.lots_min)
            trades = geometric(self.shape.trades_per_order[place], random())
            self._execute(ladder, lots, trades, time_ms, events)
        return times[-1]

    def _poisson(self, mean: float) -> int:
        """A count of independent arrivals."""
        limit = exp(-mean)
        count, product = 0, self._random()
        while product > limit:
            count += 1
            product *= self._random()
        return count

    def _choose_side(self, target: float) -> None:
        if target > self.asks.best_ticks and self._random() < INFORMED:
            self._buying = True
        elif target < self.bids.best_ticks and self._random() < INFORMED:
            self._buying = False
        elif self._random() > self.shape.same_side_share:
            self._buying = not self._buying

    def _execute(
        self, ladder: Ladder, lots: int, trades: int, time_ms: int, events: list[MarketEvent]
    ) -> None:
        total = lots
        # The last level is never taken: a book without a price is no market.
        for _ in range(min(SWEEP_LEVELS, len(ladder) - 1)):
            key = ladder.keys[-1]
            held = ladder.lots[key]
            taken = min(held, lots)
            parts = max(1, trades * taken // total)
            self._tell_trades(key * ladder.sign, taken, parts, time_ms, events)
            lots -= taken
            if taken < held:
                ladder.lots[key] = ladder.changed[key] = held - taken
                return
            ladder.drop_above(key - 1)
            if not lots:
                return

    def _tell_trades(
        self, ticks: int, lots: int, parts: int, time_ms: int, events: list[MarketEvent]
    ) -> None:
        """Split what one level gave into trades with the orders that rested there."""
        sym, by_maker = self.shape.sym, not self._buying
        parts = min(parts, lots)
        if parts > 1:
            weights = [self._split(0.0, self.shape.trade_spread) for _ in range(parts)]
            share = (lots - parts) / sum(weights)
            sizes = [1 + int(weight * share) for weight in weights]
            sizes[-1] += lots - sum(sizes)
        else:
            sizes = [lots]
        for size in sizes:
            self._trade_id += 1
            events.append(MarketTrade(sym, time_ms, self._trade_id, ticks, size, by_maker))

    # ---------------------------------------------------------------- quotes

    def _requote(self, target: float) -> None:
        """Set the best prices around the reference, and the quantities there."""
        bid, ask = self.bids.best_ticks, self.asks.best_ticks
        spread = 1
        if self._random() < self.shape.wide_share:
            table = self.shape.wide_excess_ticks
            spread += table[int(self._random() * len(table))]
        if ask - bid != spread or not bid - QUOTE_SLACK <= target <= ask + QUOTE_SLACK:
            bid = max(int(target - (spread - 1) / 2), 1)
            ask = bid + spread
        self._set_best(self.bids, bid)
        self._set_best(self.asks, -ask)

    def _set_best(self, ladder: Ladder, key: int) -> None:
        old = ladder.keys[-1]
        if key == old:
            if self._random() < BEST_REDRAW:
                ladder.put(key, self._lots(0))
            else:
                lots = int(ladder.lots[key] * (0.8 + 0.4 * self._random()))
                ladder.put(key, max(lots, self.shape.lots_min))
            return
        if key > old:
            self._follow_up(ladder, old, key)
        else:
            ladder.drop_above(key)
        ladder.put(key, self._lots(0))

    def _follow_up(self, ladder: Ladder, old: int, key: int) -> None:
        """The queue moves up with the best price, and others close up behind it."""
        distances, gap = self.shape.distances, key - old
        count = bisect_left(distances, gap)
        ladder.put(old, self._lots(min(count, len(distances) - 1)))
        for rank in range(1, min(count, FOLLOWERS_MAX)):
            near = distances[rank - 1]
            away = near + (distances[rank] - near) * 2 * self._random()
            if 1 <= away < gap:
                ladder.put(key - int(away), self._lots(rank))

    # ---------------------------------------------------------------- limit orders and cancels

    def _arrive(self, ladder: Ladder, activity: float) -> None:
        """Limit orders arrive, grow, shrink and leave behind the best level."""
        shape, random = self.shape, self._random
        keys, lots = ladder.keys, ladder.lots
        ranks, distances = shape.change_ranks, shape.distances
        mean = shape.changes_per_step * 0.25 * (1 + min(activity, 5.0))
        for _ in range(int(mean + random())):
            rank = ranks[int(random() * len(ranks))]
            held = len(keys)
            if rank >= held:
                continue
            key = keys[held - 1 - rank]
            if random() < shape.modify_share:
                lots[key] = ladder.changed[key] = self._lots(rank)
                continue
            distance = keys[-1] - key
            if distance > distances[rank] * (0.5 + random()):
                new_key = key + int(random() * distance)
                ladder.put(new_key, self._lots(rank))
            else:
                ladder.drop(keys[held - 1 - int(random() * rank) - 1])

    def _hold_size(self, ladder: Ladder) -> None:
        """Keep the number of levels: prices move in at one end, and out at the other."""
        distances = self.shape.distances
        wanted = len(distances)
        slack = wanted // 20
        excess = len(ladder) - wanted
        if excess > 2 * slack:
            ladder.drop_worst(slack)
        elif excess < 0:
            gap = max(distances[-1] / wanted, 1.0)
            for _ in range(slack):
                key = ladder.keys[0] - 1 - int(2 * self._random() * (gap - 1))
                if ladder.sign == BID and key < 1:
                    return
                ladder.put(key, self._lots(wanted - 1))
