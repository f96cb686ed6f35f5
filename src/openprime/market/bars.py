"""Bars: candles of one price in whole ticks and lots, as they are kept while the market runs.

Only what happened is kept: a minute without a trade has no bar, and gets a flat one, at the price
before it, when somebody asks. So a jump of the clock costs nothing, and memory is bounded by
BARS_KEPT an interval, some 1,500 bars as the venues give at most.

A trade touches the bar of its minute only; the longer intervals take in a minute once it is over.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from openprime.market.intervals import (
    INTERVALS,
    MINUTE_MS,
    open_of,
)

BARS_KEPT = 1_500


class Bar(msgspec.Struct, gc=False):
    """A candle in ticks and lots; `quote` is the sum of ticks times lots."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    lots: int = 0
    quote: int = 0
    trades: int = 0

    def take_in(self, later: "Bar") -> None:
        """Become the bar of both."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.lots += later.lots
        self.quote += later.quote
        self.trades += later.trades

    def copy_at(self, open_ms: int) -> "Bar":
        return Bar(
            open_ms, self.open, self.high, self.low, self.close, self.lots, self.quote, self.trades
        )


def flat(open_ms: int, price: int) -> Bar:
    """The bar of a time in which nothing happened."""
    return Bar(open_ms, price, price, price, price)


class LiveBars:
    """What happened since the start, interval by interval."""

    def __init__(self, begin_ms: int, price: int) -> None:
        """Begin at a whole minute with a price, which is the open of the first bar."""
        self.begin_ms = begin_ms
        self._minute = flat(begin_ms, price)
        self._close_before = price
        self._closed: dict[str, deque[Bar]] = {name: deque(maxlen=BARS_KEPT) for name in INTERVALS}
        # Bars of the longer intervals, of the minutes that are over.
        self._running: dict[str, Bar] = {}

    @property
    def price(self) -> int:
        """The latest price."""
        return self._minute.close

    def add(self, time_ms: int, price: int, lots: int = 0) -> None:
        """Take in a trade, or a new value of a price that does not trade (0 lots)."""
        bar = self._minute
        open_ms = time_ms - time_ms % MINUTE_MS
        if open_ms > bar.open_ms:
            self._close_minute()
            bar = self._minute = flat(open_ms, price)
        elif price > bar.high:
            bar.high = price
        elif price < bar.low:
            bar.low = price
        bar.close = price
        if lots:
            bar.lots += lots
            bar.quote += price * lots
            bar.trades += 1

    def _close_minute(self) -> None:
        minute = self._minute
        self._closed["1m"].append(minute)
        for interval in INTERVALS[1:]:
            open_ms = open_of(interval, minute.open_ms)
            running = self._running.get(interval)
            if running is not None and running.open_ms == open_ms:
                running.take_in(minute)
                continue
            if running is not None:
                self._closed[interval].append(running)
            self._running[interval] = self._begun(open_ms)
        self._close_before = minute.close

    def _begun(self, open_ms: int) -> Bar:
        """A longer bar that the present minute is the first to trade in.

        Minutes of it that are over are flat at the price before, and it agrees with them.
        """
        bar = self._minute.copy_at(open_ms)
        if self._minute.open_ms != open_ms:
            bar.open = self._close_before
            bar.high = max(bar.high, bar.open)
            bar.low = min(bar.low, bar.open)
        return bar

    def oldest_ms(self, interval: str) -> int:
        """From when on nothing is missing."""
        closed = self._closed[interval]
        return closed[0].open_ms if len(closed) == BARS_KEPT else open_of(interval, self.begin_ms)

    def bars(self, interval: str, from_ms: int, to_ms: int) -> tuple[int | None, list[Bar]]:
        """The bars that begin in from_ms <= open <= to_ms, and the close before them."""
        found: list[Bar] = []
        for bar in self._newest_first(interval):
            if bar.open_ms < from_ms:
                return bar.close, found[::-1]
            if bar.open_ms <= to_ms:
                found.append(bar)
        return None, found[::-1]

    def _newest_first(self, interval: str) -> Iterable[Bar]:
        minute = self._minute
        running = self._running.get(interval)
        open_ms = open_of(interval, minute.open_ms)
        if running is not None and running.open_ms == open_ms:
            newest = running.copy_at(open_ms)
            newest.take_in(minute)
            yield newest
        else:
            yield self._begun(open_ms)
            if running is not None:
                yield running
        yield from reversed(self._closed[interval])
