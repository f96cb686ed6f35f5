"""Candles of one price: kept while the market runs, invented for the time before it.

Inside, candles are bars of whole ticks and lots. Only what happened is kept: a minute without a
trade has no bar, and gets a flat one, at the price before it, when somebody asks. So a jump of
the clock costs nothing, and memory is bounded by BARS_KEPT an interval, some 1,500 bars as the
venues give at most. Where a desk has run longer than its bars reach, there is a hole between
them and the invented past; what lies in it is not told.

A trade touches the bar of its minute only; the longer intervals take in a minute once it is over.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum

import msgspec

from openprime.market.intervals import (
    DAY_MS,
    HOUR_MS,
    INTERVALS,
    LENGTHS_MS,
    MINUTE_MS,
    MONTH,
    next_open,
    open_of,
    previous_open,
)
from openprime.market.past import BEGIN_MS, END_PRICE, UNITS_PER_DAY, Past
from openprime.market.past_sketch import Part

BARS_KEPT = 1_500

# So many parts of the past are made at a stretch: a few ms of work.
PARTS_PER_PIECE = 48

# Of which parts of the past (past.LEVELS_MS) an interval is made; None: months.
_PAST_LEVEL: dict[str, int | None] = {
    "1m": MINUTE_MS,
    "3m": MINUTE_MS,
    "5m": MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 15 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": HOUR_MS,
    "4h": HOUR_MS,
    "6h": HOUR_MS,
    "12h": DAY_MS // 2,
    "1d": DAY_MS,
    "1w": DAY_MS,
    MONTH: None,
}


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


class PastView(msgspec.Struct, frozen=True):
    """A coin's past in the ticks and lots of one symbol: it ends at `price`."""

    past: Past
    price: int
    lots_per_day: int = 0
    trades_per_day: int = 0

    def bars(self, interval: str, from_ms: int, to_ms: int) -> list[Bar]:
        """The bars that begin in from_ms <= open < to_ms, without a hole."""
        bars: list[Bar] = []
        for part in self.past.parts(_PAST_LEVEL[interval], from_ms, to_ms):
            open_ms = open_of(interval, part.open_ms)
            if bars and bars[-1].open_ms == open_ms:
                bars[-1].take_in(self._bar(part, open_ms))
            else:
                bars.append(self._bar(part, open_ms))
        return bars

    def _bar(self, part: Part, open_ms: int) -> Bar:
        before, after = part.volume_before, part.volume_before + part.volume
        quote_before, quote_after = part.quote_before, part.quote_before + part.quote
        return Bar(
            open_ms,
            self._ticks(part.open),
            self._ticks(part.high),
            self._ticks(part.low),
            self._ticks(part.close),
            self._lots(after) - self._lots(before),
            self._quote(quote_after) - self._quote(quote_before),
            self._trades(after) - self._trades(before),
        )

    def _ticks(self, price: int) -> int:
        """Half-up, so that END_PRICE is exactly this view's price; never under one tick."""
        return max(1, (2 * price * self.price + END_PRICE) // (2 * END_PRICE))

    def _lots(self, volume: int) -> int:
        return volume * self.lots_per_day // UNITS_PER_DAY

    def _quote(self, quote: int) -> int:
        return quote * self.lots_per_day * self.price // (UNITS_PER_DAY * END_PRICE)

    def _trades(self, volume: int) -> int:
        return volume * self.trades_per_day // UNITS_PER_DAY


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
    parts_per_bar = length_ms // (_PAST_LEVEL[interval] or length_ms)
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
