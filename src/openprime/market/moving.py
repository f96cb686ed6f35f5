"""Moving a market: whatever its source says, the whole book and the trades some way off.

A book moves by whole ticks, so every level stays where it is among the others. It moves in steps;
each step is a snapshot of the book as it is displayed, further on, and what comes after it moves as
far. Nothing is known of the source, which goes on as it would have.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.model.numbers import ZERO

# A market that moves takes a step so often.
STEP_MS = 250

Levels = list[tuple[int, int]]


class _Moved(msgspec.Struct):
    """How far one book is off its source: `ticks` now, going from part `begin` of `mid_ticks` to
    part `end` between two moments in ms. `snapshots` are those that its source does not know of.
    """

    mid_ticks: Decimal
    begin: Decimal
    end: Decimal
    begins_ms: int
    ends_ms: int
    ticks: int = 0
    snapshots: int = 0

    def part(self, now_ms: int) -> Decimal:
        if now_ms >= self.ends_ms:
            return self.end
        gone = Decimal(now_ms - self.begins_ms) / (self.ends_ms - self.begins_ms)
        return self.begin + (self.end - self.begin) * gone


class MovedMarket:
    """The books that are off their sources."""

    def __init__(self, books: Mapping[str, Book]) -> None:
        self._books = books
        self._moved: dict[str, _Moved] = {}
        self._next_step_ms = 0

    def can_move(self, sym: str) -> bool:
        """Whether a book has, or had, a price to be moved from."""
        return sym in self._moved or self._mid_ticks(sym) is not None

    def _mid_ticks(self, sym: str) -> Decimal | None:
        book = self._books[sym]
        bid, ask = book.best_bid(), book.best_ask()
        return None if bid is None or ask is None else Decimal(bid[0] + ask[0]) / 2

    def move(self, sym: str, part: Decimal, now_ms: int, over_ms: int) -> bool:
        """Let a book go, from where it is now, to a part of its price above its source (below it
        where negative) within so many ms. False for a book that has no price yet.
        """
        moved = self._moved.get(sym)
        if moved is None:
            mid_ticks = self._mid_ticks(sym)
            if mid_ticks is None:
                return False
            moved = self._moved[sym] = _Moved(mid_ticks, ZERO, ZERO, now_ms, now_ms)
        moved.begin, moved.end = moved.part(now_ms), part
        moved.begins_ms, moved.ends_ms = now_ms, now_ms + over_ms
        self._next_step_ms = now_ms
        return True

    def advance(self, delta_ms: int) -> None:
        """The desk's clock jumped ahead by `delta_ms` and the market stood still meanwhile."""
        for moved in self._moved.values():
            moved.begins_ms += delta_ms
            moved.ends_ms += delta_ms

    def steps(self, now_ms: int) -> list[DepthSnapshot]:
        """The snapshots of the books that have come further since the last step."""
        if not self._moved or now_ms < self._next_step_ms:
            return []
        self._next_step_ms = now_ms + STEP_MS
        snapshots = []
        for sym, moved in self._moved.items():
            ticks = int(moved.mid_ticks * moved.part(now_ms))
            if ticks != moved.ticks:
                further, moved.ticks = ticks - moved.ticks, ticks
                moved.snapshots += 1
                snapshots.append(_further(self._books[sym], now_ms, further))
        return snapshots

    def shown(self, event: MarketEvent) -> MarketEvent:
        """An event of a source as the market has it."""
        moved = self._moved.get(event.sym)
        if moved is None:
            return event
        if isinstance(event, MarketTrade):
            price_ticks = max(event.price_ticks + moved.ticks, 1)
            return msgspec.structs.replace(event, price_ticks=price_ticks)
        kind = DepthSnapshot if isinstance(event, DepthSnapshot) else DepthChange
        return kind(
            event.sym,
            event.time_ms,
            event.update_id + moved.snapshots,
            _shifted(event.bids, moved.ticks),
            _shifted(event.asks, moved.ticks),
        )


def _further(book: Book, now_ms: int, ticks: int) -> DepthSnapshot:
    shown = book.snapshot(now_ms)
    return DepthSnapshot(
        shown.sym,
        now_ms,
        shown.update_id + 1,
        _shifted(shown.bids, ticks),
        _shifted(shown.asks, ticks),
    )


def _shifted(levels: Levels, ticks: int) -> Levels:
    """Levels so many ticks off; what would have no price is not shown."""
    return [(price + ticks, lots) for price, lots in levels if price + ticks > 0]
