"""Measure a stream of market events: the numbers that a synthetic book is fitted to.

The same code measures recordings and generated streams, so the two can be compared.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log, sqrt
from statistics import fmean, median, pstdev, pvariance, variance

from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.synthetic_fit import BAND_EDGES, ORDER_GROUPS, PROBABILITIES, BookFit
from openprime.market.synthetic_ladder import ASK, BID, Ladder

SAMPLE_MS = 100
DEPTH_LEVELS = (1, 5, 10, 20)
RATE_WINDOWS_MS = (100, 1000, 10_000)


def quantiles(values: Iterable[float]) -> tuple[float, ...]:
    """The values at PROBABILITIES; zeros where there is nothing to measure."""
    ordered = sorted(values) or [0.0]
    last = len(ordered) - 1
    return tuple(ordered[round(p * last)] for p in PROBABILITIES)


class Order:
    """The trades of one side in one millisecond: what one taker did, as far as one can see."""

    def __init__(self, time_ms: int, buyer_is_maker: bool) -> None:
        self.time_ms = time_ms
        self.buyer_is_maker = buyer_is_maker
        self.trades_usdt: list[float] = []

    @property
    def usdt(self) -> float:
        return sum(self.trades_usdt)


class Profiler:
    """Follows one book and measures it every 100 ms of market time."""

    def __init__(self, tick: float, lot: float) -> None:
        """`tick` in quote coin, `lot` in base coin."""
        self.tick, self.lot = tick, lot
        self.bids, self.asks = Ladder(BID), Ladder(ASK)
        # Beyond the last level of the snapshot only some levels are known: those that changed.
        self.known_from = {BID: 0, ASK: 0}
        self.first_ms = self.last_ms = self.next_ms = 0
        self.mids: list[float] = []
        self.spreads: list[int] = []
        self.distances: list[list[int]] = [[] for _ in BAND_EDGES]
        self.levels: list[list[int]] = [[] for _ in BAND_EDGES[1:]]
        self.depths: list[list[int]] = [[] for _ in DEPTH_LEVELS]
        self.trades_usdt: list[float] = []
        self.orders: list[Order] = []
        self.message_count = self.change_count = self.modify_count = 0
        self.change_ranks: list[int] = []

    def feed(self, event: MarketEvent) -> None:
        if isinstance(event, MarketTrade):
            self._trade(event)
            return
        if not self.ready:
            self.first_ms = self.next_ms = event.time_ms
        while self.ready and self.next_ms < event.time_ms:
            self._sample()
            self.next_ms += SAMPLE_MS
        self.last_ms = event.time_ms
        if isinstance(event, DepthSnapshot):
            self.bids, self.asks = Ladder(BID), Ladder(ASK)
            self._set(event.bids, event.asks)
            self.known_from = {BID: self.bids.keys[0], ASK: self.asks.keys[0]}
        else:
            self._change(event)

    @property
    def ready(self) -> bool:
        return bool(self.bids.keys and self.asks.keys)

    @property
    def mid_ticks(self) -> float:
        return (self.bids.best_ticks + self.asks.best_ticks) / 2

    def _set(self, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]) -> None:
        for ladder, levels in ((self.bids, bids), (self.asks, asks)):
            for ticks, lots in levels:
                key = ladder.sign * ticks
                if lots:
                    ladder.put(key, lots)
                elif key in ladder.lots:
                    ladder.drop(key)
            ladder.take_changes()

    def _change(self, event: DepthChange) -> None:
        self.message_count += 1
        for ladder, levels in ((self.bids, event.bids), (self.asks, event.asks)):
            for ticks, lots in levels:
                key = ladder.sign * ticks
                known = key in ladder.lots
                if known or lots:
                    self.change_count += 1
                    self.modify_count += known and lots > 0
                    self.change_ranks.append(ladder.rank(key))
        self._set(event.bids, event.asks)

    def _trade(self, trade: MarketTrade) -> None:
        usdt = trade.price_ticks * self.tick * trade.quantity_lots * self.lot
        self.trades_usdt.append(usdt)
        last = self.orders[-1] if self.orders else None
        if (
            last is None
            or last.time_ms != trade.time_ms
            or last.buyer_is_maker != trade.buyer_is_maker
        ):
            last = Order(trade.time_ms, trade.buyer_is_maker)
            self.orders.append(last)
        last.trades_usdt.append(usdt)

    def _sample(self) -> None:
        self.mids.append(self.mid_ticks * self.tick)
        self.spreads.append(self.asks.best_ticks - self.bids.best_ticks)
        for ladder in (self.bids, self.asks):
            keys, lots = ladder.keys, ladder.lots
            held = len(keys) - bisect_left(keys, self.known_from[ladder.sign])
            for band, first in enumerate(BAND_EDGES):
                if held >= first:
                    self.distances[band].append(keys[-1] - keys[-first])
            for band, (first, after) in enumerate(pairwise(BAND_EDGES)):
                # A few levels of a wide band say as much as all of them.
                for rank in range(first, min(after, held + 1), max(1, (after - first) // 7)):
                    self.levels[band].append(lots[keys[-rank]])
            for place, count in enumerate(DEPTH_LEVELS):
                self.depths[place].append(sum(lots[key] for key in keys[-count:]))

    def result(self) -> BookFit:
        """The measured numbers. Needs at least some seconds with depth and trades."""
        seconds = (self.last_ms - self.first_ms) / 1000
        mid = fmean(self.mids)
        tick_bp = self.tick / mid * 1e4
        level_usdt = self.lot * mid
        wide = [s - 1 for s in self.spreads if s > 1]
        level_means = [fmean(v) if v else 0.0 for v in self.levels]
        returns = [
            log(b / a) * 1e4 for a, b in zip(self.mids[::10], self.mids[10::10], strict=False)
        ]
        orders = self.orders
        return BookFit(
            mid_price=mid,
            tick_bp=tick_bp,
            spread_mean_bp=fmean(self.spreads) * tick_bp,
            spread_median_bp=median(self.spreads) * tick_bp,
            wide_share=len(wide) / len(self.spreads),
            wide_excess_bp=tuple(q * tick_bp for q in quantiles(wide)),
            distance_bp=tuple(fmean(d) * tick_bp if d else 0.0 for d in self.distances),
            level_usdt=tuple(m * level_usdt for m in level_means),
            level_shape=tuple(
                tuple(q / m for q in quantiles(v)) if m else quantiles([])
                for v, m in zip(self.levels, level_means, strict=True)
            ),
            depth_usdt=tuple(fmean(d) * level_usdt for d in self.depths),
            orders_per_s=len(orders) / seconds,
            order_usdt=quantiles(o.usdt for o in orders),
            order_mean_usdt=fmean(o.usdt for o in orders),
            trades_per_order=_trades_by_size(orders),
            same_side_share=_same_side_share(orders),
            trades_per_s=len(self.trades_usdt) / seconds,
            trade_usdt=quantiles(self.trades_usdt),
            trade_mean_usdt=fmean(self.trades_usdt),
            trade_spread=_trade_spread(orders),
            rate_variance=tuple(_rate_variance(orders, w) for w in RATE_WINDOWS_MS),
            volatility_1s_bp=pstdev(returns),
            kurtosis_1s=_kurtosis(returns),
            messages_per_s=self.message_count / seconds,
            changes_per_message=self.change_count / self.message_count,
            changes_per_s=self.change_count / seconds,
            modify_share=self.modify_count / self.change_count,
            change_rank=quantiles(self.change_ranks),
        )


def _kurtosis(returns: Sequence[float]) -> float:
    """How fat the tails are: 3 for a normal distribution."""
    squares = [r * r for r in returns]
    return fmean([s * s for s in squares]) / (fmean(squares) ** 2 or 1.0)


def _trades_by_size(orders: Sequence[Order]) -> tuple[float, ...]:
    """Mean trades an order, in groups of orders from the smallest to the largest."""
    ordered = sorted(orders, key=lambda o: o.usdt)
    edges = [round(share * len(ordered)) for share in (0.0, *ORDER_GROUPS)]
    groups = [ordered[first:after] for first, after in pairwise(edges)]
    return tuple(fmean(len(o.trades_usdt) for o in group) if group else 1.0 for group in groups)


def _trade_spread(orders: Sequence[Order]) -> float:
    """Deviation, within an order, of the logarithm of its trades' amounts."""
    variances = [
        (variance([log(usdt) for usdt in o.trades_usdt]), len(o.trades_usdt))
        for o in orders
        if len(o.trades_usdt) > 1
    ]
    weight = sum(count for _, count in variances)
    return sqrt(sum(v * count for v, count in variances) / weight) if weight else 0.0


def _same_side_share(orders: Sequence[Order]) -> float:
    pairs = list(pairwise(orders))
    return sum(a.buyer_is_maker == b.buyer_is_maker for a, b in pairs) / max(len(pairs), 1)


def _rate_variance(orders: Sequence[Order], window_ms: int) -> float:
    counts = Counter(o.time_ms // window_ms for o in orders)
    # The windows at both ends are cut short by the recording.
    whole = [counts.get(w, 0) for w in range(min(counts) + 1, max(counts))]
    mean = fmean(whole) if whole else 0.0
    return max(pvariance(whole) - mean, 0.0) / mean**2 if mean else 0.0
