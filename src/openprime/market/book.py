"""An order book: levels in ticks and lots, as a venue displays them.

Two needs pull apart: a recording changes some sixty levels a message, and readers want the best
levels in order after each. A tree keeps order at every change and pays for it at every change.
Here a side is a dictionary, which takes a change in one step, and order is made only as far as
somebody looks. New prices wait in a short list, whose best is found by looking through it, and
are sorted in when the list is full or the side is walked. Prices that are gone stay in the order
as dead entries that a reader drops or skips. The order is kept worst to best, so that what
happens near the best price, which is nearly everything, moves only the end of a list.
"""

from bisect import insort
from collections.abc import Iterator

from openprime.market.events import DepthChange, DepthSnapshot
from openprime.model.vocabulary import Side

# Up to so many new prices are inserted one by one; more are sorted in at once. An insertion
# costs a third of a microsecond, a sort runs over the whole order of some thousands.
INSERT_ONE_BY_ONE_MAX = 96

# So many new prices may wait; looking through them for the best costs a microsecond or two.
WAITING_MAX = 256

# The order may hold so many entries beyond twice the living levels before it is made anew.
SLACK_ENTRIES = 256


class Ladder:
    """One side of a book. Keys of the order are price * sign, so the best is always the last."""

    __slots__ = ("_best", "_fresh", "_order", "_sign", "lots_by_price")

    def __init__(self, side: Side) -> None:
        self.lots_by_price: dict[int, int] = {}
        self._sign = side.sign
        self._order: list[int] = []
        self._fresh: list[int] = []
        self._best: tuple[int, int] | None = None

    def replace(self, levels: list[tuple[int, int]]) -> None:
        """Hold these levels and no others."""
        self.lots_by_price = {price: lots for price, lots in levels if lots}
        self._rebuild()

    def change(self, levels: list[tuple[int, int]]) -> None:
        """Take new quantities; 0 lots removes a level."""
        lots_by_price = self.lots_by_price
        fresh = self._fresh
        self._best = None
        for price_ticks, lots in levels:
            if not lots:
                lots_by_price.pop(price_ticks, None)
            elif price_ticks in lots_by_price:
                lots_by_price[price_ticks] = lots
            else:
                lots_by_price[price_ticks] = lots
                fresh.append(price_ticks)
        if len(fresh) > WAITING_MAX:
            self._merge()

    def best(self) -> tuple[int, int] | None:
        """The best level as (price_ticks, lots), or None where the side is empty."""
        if self._best is None:
            self._best = self._find_best()
        return self._best

    def _find_best(self) -> tuple[int, int] | None:
        order = self._order
        lots_by_price = self.lots_by_price
        while order and order[-1] * self._sign not in lots_by_price:
            order.pop()
        fresh = self._fresh
        if fresh:
            price_ticks = max(fresh) if self._sign > 0 else min(fresh)
            if not order or price_ticks * self._sign > order[-1]:
                if price_ticks in lots_by_price:
                    return price_ticks, lots_by_price[price_ticks]
                # It came and went; once sorted in it is dropped like any other.
                self._merge()
                return self._find_best()
        if not order:
            return None
        price_ticks = order[-1] * self._sign
        return price_ticks, lots_by_price[price_ticks]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Levels as (price_ticks, lots) from the best on. Not to be used across a change."""
        if self._fresh:
            self._merge()
        sign = self._sign
        lots_by_price = self.lots_by_price
        previous = None
        for key in reversed(self._order):
            # A price that went and came back has two entries, side by side.
            if key != previous:
                previous = key
                lots = lots_by_price.get(key * sign)
                if lots is not None:
                    yield key * sign, lots

    def top(self, depth: int) -> list[tuple[int, int]]:
        """The first `depth` levels as (price_ticks, lots), best first."""
        if depth <= 0:
            return []
        levels: list[tuple[int, int]] = []
        for level in self:
            levels.append(level)
            if len(levels) == depth:
                break
        return levels

    def _merge(self) -> None:
        """Sort in the new prices that are still there; make the order anew if it is too old."""
        sign = self._sign
        lots_by_price = self.lots_by_price
        keys = [price * sign for price in self._fresh if price in lots_by_price]
        self._fresh.clear()
        if len(self._order) + len(keys) > 2 * len(lots_by_price) + SLACK_ENTRIES:
            self._rebuild()
        elif len(keys) > INSERT_ONE_BY_ONE_MAX:
            self._order.extend(keys)
            self._order.sort()
        else:
            for key in keys:
                insort(self._order, key)

    def _rebuild(self) -> None:
        self._order = sorted([price * self._sign for price in self.lots_by_price])
        self._fresh.clear()
        self._best = None


class Book:
    """The displayed book of one symbol."""

    __slots__ = ("_asks", "_bids", "sym", "time_ms", "update_id")

    def __init__(self, sym: str) -> None:
        self.sym = sym
        self.update_id = 0
        self.time_ms = 0
        self._bids = Ladder(Side.BUY)
        self._asks = Ladder(Side.SELL)

    @property
    def bids(self) -> dict[int, int]:
        """Lots by price in ticks, in no order. To be read, not written."""
        return self._bids.lots_by_price

    @property
    def asks(self) -> dict[int, int]:
        """Lots by price in ticks, in no order. To be read, not written."""
        return self._asks.lots_by_price

    def best_bid(self) -> tuple[int, int] | None:
        """The highest bid as (price_ticks, lots)."""
        return self._bids.best()

    def best_ask(self) -> tuple[int, int] | None:
        """The lowest ask as (price_ticks, lots)."""
        return self._asks.best()

    def side(self, side: Side) -> Ladder:
        """The bids for BUY, the asks for SELL; iterating gives (price_ticks, lots) best first."""
        return self._bids if side is Side.BUY else self._asks

    def levels(self, side: Side, depth: int) -> list[tuple[int, int]]:
        """The best `depth` levels of a side as (price_ticks, lots), best first."""
        return self.side(side).top(depth)

    def quantity_at(self, side: Side, price_ticks: int) -> int:
        """Lots displayed at a price, 0 where there is no level."""
        return self.side(side).lots_by_price.get(price_ticks, 0)

    def apply_snapshot(self, snapshot: DepthSnapshot) -> None:
        """Show what the snapshot shows and nothing else."""
        self._bids.replace(snapshot.bids)
        self._asks.replace(snapshot.asks)
        self.update_id = snapshot.update_id
        self.time_ms = snapshot.time_ms

    def apply_change(self, change: DepthChange) -> None:
        """Take new quantities of some levels; 0 lots removes a level."""
        self._bids.change(change.bids)
        self._asks.change(change.asks)
        self.update_id = change.update_id
        self.time_ms = change.time_ms

    def snapshot(self, time_ms: int) -> DepthSnapshot:
        """The whole book as an event of `time_ms`."""
        return DepthSnapshot(
            sym=self.sym,
            time_ms=time_ms,
            update_id=self.update_id,
            bids=list(self._bids),
            asks=list(self._asks),
        )
