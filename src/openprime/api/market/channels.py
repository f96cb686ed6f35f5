"""The channels of the market socket: one row a channel, and how each makes its stream.

Times and counts are texts, levels exactly (price, quantity), candle rows arrays that begin with
an integer (resolutions 185 to 190). Prices that are no whole ticks (mark, index) print as they are.
"""

import re
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

import msgspec

from openprime.api.market.frames import Printer
from openprime.api.market.reading import (
    INDEXED,
    INTERVALS,
    MARKED,
    TRADED,
    candles_of,
    ticker_of,
)
from openprime.api.market.streams import (
    BookStream,
    CandleStream,
    StateStream,
    Stream,
    TradeStream,
)
from openprime.market.book import Book
from openprime.market.candles import CandleKind
from openprime.market.state import MarketState
from openprime.model.instrument import Instrument
from openprime.model.numbers import round_half_up, text

BOOK_DEPTHS = (50, 200)
SYM_FORM = re.compile(r"(BINANCE|OKX|EDX)_(SPOT|MARGIN|PERP)_[A-Z0-9]+_[A-Z0-9]+")


class View(msgspec.Struct, frozen=True):
    """What a channel is drawn from: the market, the instrument, its printer, the interval or depth
    that was asked for.
    """

    market: MarketState
    instrument: Instrument
    printer: Printer
    detail: str | int
    clock_ms: Callable[[], int]

    @property
    def book(self) -> Book:
        """The book that the instrument trades on."""
        return self.market.books[self.instrument.book_sym]


class Wake(Enum):
    """What gives a stream something to say."""

    BEST = "the best prices may have changed"
    TRADES = "the market has traded"
    BOOK = "the book has changed, looked at once a cadence"
    CLOCK = "a cadence has passed"


Draw = Callable[[View], Any | None]


class Channel(msgspec.Struct, frozen=True):
    """One channel. `detail` names its further parameter; `cadence_ms` counts for those that the
    clock wakes.
    """

    name: str
    perp_only: bool
    wakes: tuple[Wake, ...]
    make: Callable[[View], Stream]
    cadence_ms: int = 0
    detail: str = ""


def state(
    name: str,
    draw: Draw,
    perp_only: bool = False,
    cadence_ms: int = 0,
    changes_only: bool = False,
) -> Channel:
    """A channel of pictures of the present; without a cadence a change of the best wakes it."""

    def make(view: View) -> Stream:
        return StateStream(_arg(name, view), partial(draw, view), changes_only)

    wake = Wake.CLOCK if cadence_ms else Wake.BEST
    return Channel(name, perp_only, (wake,), make, cadence_ms)


def candles(name: str, kind: CandleKind) -> Channel:
    """A channel of candles; only trades have candles outside perpetuals."""

    def make(view: View) -> Stream:
        arg = _arg(name, view) | {"interval": view.detail}
        return CandleStream(arg, partial(_candles, kind, view), changes_only=True)

    return Channel(name, kind is not TRADED, (Wake.CLOCK,), make, 1000, "interval")


def _arg(name: str, view: View) -> dict[str, Any]:
    return {"channel": name, "sym": view.instrument.sym}


def _trades(view: View) -> Stream:
    return TradeStream(_arg("TRADE", view), view.printer)


def _book(view: View) -> Stream:
    arg = _arg("ORDER_BOOK", view) | {"level": view.detail}
    return BookStream(arg, view.book, int(view.detail), view.printer, view.clock_ms())


def _best(view: View) -> Any | None:
    book = view.market.books.get(view.instrument.book_sym)
    if book is None:
        return None
    bid, ask = book.best_bid(), book.best_ask()
    price, quantity = view.printer.price, view.printer.quantity
    return {
        "bid": price(bid[0]) if bid else "0",
        "bidqty": quantity(bid[1]) if bid else "0",
        "ask": price(ask[0]) if ask else "0",
        "askqty": quantity(ask[1]) if ask else "0",
        "ts": str(book.time_ms),
    }


def _ticker(view: View) -> Any | None:
    ticker = ticker_of(view.market, view.instrument.book_sym)
    return {
        "last": text(ticker.last),
        "open24h": text(ticker.open),
        "high24h": text(ticker.high),
        "low24h": text(ticker.low),
        "vol24h": text(ticker.volume_quote),
        "vol24v": text(ticker.volume_base),
        "chg": text(round_half_up(ticker.change_ratio)),
        "ts": str(view.clock_ms()),
    }


def _mark_price(view: View) -> Any | None:
    mark = view.market.mark(view.instrument.sym)
    return None if mark is None else {"markpx": text(mark), "ts": str(view.clock_ms())}


def _index_price(view: View) -> Any | None:
    index = view.market.index(view.instrument.base)
    return None if index is None else {"indexpx": text(index), "ts": str(view.clock_ms())}


def _open_interest(view: View) -> Any | None:
    interest = view.market.open_interest(view.instrument.sym)
    if not interest:
        return None
    return {"open_interest": text(interest), "ts": str(view.clock_ms())}


def _candles(kind: CandleKind, view: View) -> Any | None:
    """The rows of the last two candles, the one before the running one and this."""
    sym = view.instrument.book_sym if kind is TRADED else view.instrument.sym
    now_ms = view.clock_ms()
    rows = candles_of(view.market, sym, str(view.detail), now_ms, 2, kind)
    return [
        [
            row.open_ms,
            text(row.open),
            text(row.high),
            text(row.low),
            text(row.close),
            text(row.volume_base),
            row.end_ms <= now_ms,
        ]
        for row in rows
    ] or None


BOOK_CADENCE_MS = 250

CHANNELS: dict[str, Channel] = {
    row.name: row
    for row in (
        state("BBO", _best, changes_only=True),
        Channel("TRADE", False, (Wake.TRADES,), _trades),
        Channel("ORDER_BOOK", False, (Wake.BOOK,), _book, detail="level"),
        state("TICKER", _ticker, cadence_ms=2000),
        state("MARK_PRICE", _mark_price, perp_only=True, cadence_ms=1000),
        state("INDEX_PRICE", _index_price, perp_only=True, cadence_ms=1000),
        state("OPEN_INTEREST", _open_interest, True, 1000, changes_only=True),
        candles("KLINE", TRADED),
        candles("MARK_PRICE_KLINE", MARKED),
        candles("INDEX_KLINE", INDEXED),
    )
}


def read_interval(value: Any) -> str | None:
    """The interval that a text names, None where it names none."""
    if not isinstance(value, str):
        return None
    if value in INTERVALS:
        return value
    lowered = value.lower()
    # h, d and w in any case; "1M" is a month and "1m" a minute, so those two keep theirs.
    return lowered if lowered in INTERVALS and not lowered.endswith("m") else None


def read_depth(value: Any) -> int | None:
    """The book depth that a number or text names, the default where none is given."""
    if value is None or value == "":
        return BOOK_DEPTHS[0]
    for depth in BOOK_DEPTHS:
        if value == str(depth) or (type(value) is int and value == depth):
            return depth
    return None
