"""The channels of the older public sockets: what each draws, in both editions (websocket 4, 5).

The first edition prints prices and quantities as JSON numbers, the second as texts. Times are in
nanoseconds but for mark prices, which are stamped in milliseconds.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from openprime.api.legacy.streams import FlatStream, NumberBook, TextBook, exchange_name, number
from openprime.api.market.channels import Channel, View, Wake
from openprime.api.market.streams import Stream
from openprime.model.numbers import text

NS_PER_MS = 1_000_000
MARK_CADENCE_MS = 1000

Level = tuple[int, int] | None


def _level(view: View, level: Level, as_number: bool) -> dict[str, Any]:
    printed = ("0", "0")
    if level is not None:
        printed = (view.printer.price(level[0]), view.printer.quantity(level[1]))
    price, quantity = map(number, printed) if as_number else printed
    return {"price": price, "qty": quantity}


def _best(kind: str, as_number: bool, view: View) -> Any | None:
    """The best prices; `kind` is the member that names the channel."""
    book, instrument = view.book, view.instrument
    row: dict[str, Any] = {
        "instId": instrument.sym,
        kind: "BBO",
        "localTs": view.clock_ms() * NS_PER_MS,
        "exchangeTs": book.time_ms * NS_PER_MS,
        "seqNum": book.update_id,
        "exchange": exchange_name(instrument),
        "bid": _level(view, book.best_bid(), as_number),
        "ask": _level(view, book.best_ask(), as_number),
    }
    return row | {"symbol": instrument.original_symbol} if as_number else row


def _mark_first(view: View) -> Any | None:
    mark = view.market.mark(view.instrument.sym)
    if mark is None:
        return None
    return {
        "publicChannelTypeEnum": "MARK_PRICE",
        "sym": view.instrument.sym,
        "markPrice": text(mark),
        "time": view.clock_ms(),
    }


def _mark_second(view: View) -> Any | None:
    mark = view.market.mark(view.instrument.sym)
    if mark is None:
        return None
    return {
        "channel": "MARK_PRICE",
        "localTs": view.clock_ms(),
        "instId": view.instrument.sym,
        "markPrice": text(mark),
    }


def _flat(draw: Callable[[View], Any | None], changes_only: bool, name: str, view: View) -> Stream:
    arg = {"channel": name, "instId": view.instrument.sym}
    return FlatStream(arg, partial(draw, view), changes_only)


def _best_row(draw: Callable[[View], Any | None]) -> Channel:
    return Channel("BBO", False, (Wake.BEST,), partial(_flat, draw, True, "BBO"))


def _mark_row(draw: Callable[[View], Any | None]) -> Channel:
    make = partial(_flat, draw, False, "MARK_PRICE")
    return Channel("MARK_PRICE", True, (Wake.CLOCK,), make, MARK_CADENCE_MS)


def _book_row(make: Callable[[View], Stream]) -> Channel:
    return Channel("ORDER_BOOK", False, (Wake.BOOK, Wake.TRADES), make)


# By the name under which the hub knows them: edition and channel.
LEGACY_CHANNELS: dict[str, Channel] = {
    "v1 BBO": _best_row(partial(_best, "publicChannelTypeEnum", True)),
    "v1 MARK_PRICE": _mark_row(_mark_first),
    "v1 ORDER_BOOK": _book_row(NumberBook),
    "v2 BBO": _best_row(partial(_best, "channel", False)),
    "v2 MARK_PRICE": _mark_row(_mark_second),
    "v2 ORDER_BOOK": _book_row(TextBook),
}
