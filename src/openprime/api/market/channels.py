"""The channels of the market socket: one row a channel, and how each draws its data.

Times and counts are texts, levels exactly (price, quantity), candle rows arrays that begin with
an integer (resolutions 185 to 190). Prices that are no whole ticks (mark, index) print as they are.
"""

import re
from collections.abc import Callable
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
from openprime.market.candles import CandleKind
from openprime.market.state import MarketState
from openprime.model.instrument import Instrument
from openprime.model.numbers import round_half_up, text

BOOK_DEPTHS = (50, 200)
SYM_FORM = re.compile(r"(BINANCE|OKX|EDX)_(SPOT|MARGIN|PERP)_[A-Z0-9]+_[A-Z0-9]+")


class View(msgspec.Struct, frozen=True):
    """What a channel is drawn from: the market, the instrument, its printer, the detail asked."""

    market: MarketState
    instrument: Instrument
    printer: Printer
    interval: str
    clock_ms: Callable[[], int]


Draw = Callable[[View], Any | None]


class Channel(msgspec.Struct, frozen=True):
    """One channel. `cadence_ms` 0 means at every change; `detail` names its further parameter.

    `draw` is None where frames are made of events (TRADE) or of differences (ORDER_BOOK).
    """

    name: str
    perp_only: bool
    cadence_ms: int
    detail: str = ""
    changes_only: bool = False
    draw: Draw | None = None


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


def _candles_of(kind: CandleKind) -> Draw:
    def draw(view: View) -> Any | None:
        """The rows of the last two candles, the one before the running one and this."""
        sym = view.instrument.book_sym if kind is TRADED else view.instrument.sym
        now_ms = view.clock_ms()
        rows = candles_of(view.market, sym, view.interval, now_ms, 2, kind)
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

    return draw


CHANNELS: dict[str, Channel] = {
    row.name: row
    for row in (
        Channel("BBO", perp_only=False, cadence_ms=0, draw=_best, changes_only=True),
        Channel("TRADE", perp_only=False, cadence_ms=0),
        Channel("ORDER_BOOK", perp_only=False, cadence_ms=250, detail="level"),
        Channel("TICKER", perp_only=False, cadence_ms=2000, draw=_ticker),
        Channel("MARK_PRICE", perp_only=True, cadence_ms=1000, draw=_mark_price),
        Channel("INDEX_PRICE", perp_only=True, cadence_ms=1000, draw=_index_price),
        Channel(
            "OPEN_INTEREST",
            perp_only=True,
            cadence_ms=1000,
            draw=_open_interest,
            changes_only=True,
        ),
        Channel(
            "KLINE",
            perp_only=False,
            cadence_ms=1000,
            detail="interval",
            draw=_candles_of(TRADED),
            changes_only=True,
        ),
        Channel(
            "MARK_PRICE_KLINE",
            perp_only=True,
            cadence_ms=1000,
            detail="interval",
            draw=_candles_of(MARKED),
            changes_only=True,
        ),
        Channel(
            "INDEX_KLINE",
            perp_only=True,
            cadence_ms=1000,
            detail="interval",
            draw=_candles_of(INDEXED),
            changes_only=True,
        ),
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
