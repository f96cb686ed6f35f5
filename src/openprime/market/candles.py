"""Candles of one price: kept while the market runs, invented for the time before it.

Where a desk has run longer than its bars reach (bars.py), there is a hole between them and the
invented past; what lies in it is not told.
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

import msgspec

from openprime.market.bars import Bar, LiveBars, flat
from openprime.market.intervals import (
    DAY_MS,
    HOUR_MS,
    LENGTHS_MS,
    MINUTE_MS,
    MONTH,
    next_open,
    open_of,
    previous_open,
)
from openprime.market.past import BEGIN_MS, Past
from openprime.market.past_view import PAST_LEVEL, PastView

# So many parts of the past are made at a stretch: a few ms of work.
PARTS_PER_PIECE = 48


class CandleKind(StrEnum):
    """Of which price a candle is."""

    TRADE = "trade"
    MARK = "mark"
    INDEX = "index"


class Candle(msgspec.Struct, frozen=True):
    """A candle as clients see it; volumes in order units and in quote coin."""

    open_time_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume_base: Decimal
    volume_quote: Decimal
    trades: int
    closed: bool


class Chart:
    """All candles of one price: the past up to the start, and live bars from there on."""

    def __init__(
        self, past: Past, price: int, lots_per_day: int = 0, trades_per_day: int = 0
    ) -> None:
        """`price` holds until `start` gives the first live one."""
        self._past = past
        self._lots_per_day = lots_per_day
        self._trades_per_day = trades_per_day
        self._day_before: tuple[int, Bar | None] = (-1, None)
        self.started = False
        self._begin(price)

    @property
    def start_price(self) -> int:
        """Where the past ends and the live bars begin."""
        return self._view.price

    def start(self, price: int) -> None:
        """The first live price: the past ends at it and the first live bar opens at it."""
        self.started = True
        self._begin(price)

    def _begin(self, price: int) -> None:
        self.live = LiveBars(self._past.end_ms, price)
        self._view = PastView(self._past, price, self._lots_per_day, self._trades_per_day)
        self._day_before = (-1, None)

    def bars(self, interval: str, end_ms: int, limit: int, now_ms: int) -> list[Bar]:
        """At most `limit` bars that begin at or before `end_ms` and `now_ms`, oldest first."""
        return [bar for piece in self.pieces(interval, end_ms, limit, now_ms) for bar in piece]

    def pieces(self, interval: str, end_ms: int, limit: int, now_ms: int) -> Iterator[list[Bar]]:
        """The same bars, a few at a time: what is invented for them is made as they are taken."""
        if limit <= 0:
            return
        last_ms = open_of(interval, min(end_ms, now_ms))
        first_ms = self._first(interval, last_ms, limit)
        first_ms = max(first_ms, self._earliest(interval, last_ms))
        while first_ms <= last_ms:
            until_ms = last_ms
            if interval != MONTH:
                until_ms = min(last_ms, first_ms + _piece_ms(interval))
            yield self._between(interval, first_ms, until_ms)
            first_ms = next_open(interval, until_ms)

    def _first(self, interval: str, last_ms: int, limit: int) -> int:
        """Where the first of `limit` bars opens."""
        if interval != MONTH:
            return last_ms - (limit - 1) * LENGTHS_MS[interval]
        first_ms = last_ms
        for _ in range(limit - 1):
            first_ms = previous_open(interval, first_ms)
            if first_ms <= BEGIN_MS:
                break
        return first_ms

    def day(self, now_ms: int) -> Bar:
        """The last 24 hours, to the minute."""
        minute_ms = now_ms - now_ms % MINUTE_MS
        hour_ms = now_ms - now_ms % HOUR_MS
        made_ms, before = self._day_before
        if made_ms != minute_ms:
            before = self._day_before_hour(minute_ms - DAY_MS, hour_ms)
            self._day_before = (minute_ms, before)
        bars = self._known_between("1h", hour_ms, hour_ms)
        return _joined([before, *bars] if before else bars) or flat(minute_ms, self.live.price)

    def _day_before_hour(self, from_ms: int, hour_ms: int) -> Bar | None:
        """From a minute to the beginning of an hour: minutes up to the first full hour."""
        first_hour_ms = -(-from_ms // HOUR_MS) * HOUR_MS
        return _joined(
            [
                *self._known_between("1m", from_ms, first_hour_ms - MINUTE_MS),
                *self._known_between("1h", first_hour_ms, hour_ms - HOUR_MS),
            ]
        )

    def _known_between(self, interval: str, first_ms: int, last_ms: int) -> list[Bar]:
        """The bars that begin in first_ms <= open <= last_ms, as far back as there are any."""
        first_ms = max(first_ms, self._earliest(interval, last_ms))
        return self._between(interval, first_ms, last_ms) if first_ms <= last_ms else []

    def _between(self, interval: str, first_ms: int, last_ms: int) -> list[Bar]:
        """The bars that begin in first_ms <= open <= last_ms, none left out."""
        begin_ms = self.live.begin_ms
        bars: list[Bar] = []
        if first_ms < begin_ms:
            end_ms = min(begin_ms, next_open(interval, last_ms))
            bars = self._view.bars(interval, first_ms, end_ms)
            if end_ms < begin_ms:
                return bars
        close, live = self.live.bars(interval, first_ms, last_ms)
        if bars and live and bars[-1].open_ms == live[0].open_ms:
            bars[-1].take_in(live.pop(0))
        return _filled(interval, [*bars, *live], close, first_ms, last_ms)

    def _earliest(self, interval: str, last_ms: int) -> int:
        """How far back bars reach without a hole, from a bar that is asked for."""
        oldest_ms = self.live.oldest_ms(interval)
        begin_ms = open_of(interval, self.live.begin_ms)
        if oldest_ms > begin_ms and last_ms >= begin_ms:
            return oldest_ms
        if self._past.end_ms <= BEGIN_MS:
            return begin_ms
        first_ms = open_of(interval, BEGIN_MS)
        return first_ms if first_ms >= BEGIN_MS else next_open(interval, first_ms)


def _piece_ms(interval: str) -> int:
    """From the first to the last opening of the bars that are made at a stretch."""
    length_ms = LENGTHS_MS[interval]
    parts_per_bar = length_ms // (PAST_LEVEL[interval] or length_ms)
    return (max(1, PARTS_PER_PIECE // parts_per_bar) - 1) * length_ms


def _filled(
    interval: str, bars: list[Bar], close: int | None, first_ms: int, last_ms: int
) -> list[Bar]:
    """The bars with flat ones between them; `close` is the price before the first."""
    filled: list[Bar] = []
    known = iter(bars)
    bar = next(known, None)
    open_ms = first_ms
    while open_ms <= last_ms:
        if bar is not None and bar.open_ms == open_ms:
            filled.append(bar)
            close = bar.close
            bar = next(known, None)
        elif close is not None:
            filled.append(flat(open_ms, close))
        open_ms = next_open(interval, open_ms)
    return filled


def _joined(bars: list[Bar]) -> Bar | None:
    if not bars:
        return None
    joined = bars[0].copy_at(bars[0].open_ms)
    for bar in bars[1:]:
        joined.take_in(bar)
    return joined
