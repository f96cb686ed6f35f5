"""What both venues' public routes share: finding instruments, reading parameters, printing.

The routes answer as Binance and OKX do, from our own market, so that a client which reads a
venue's public data can be pointed here and needs nothing from outside.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from openprime.api.market.reading import TRADED, Candle, candles_of
from openprime.market.state import MarketState
from openprime.model.instrument import Instrument
from openprime.model.reference import Reference
from openprime.model.vocabulary import Business, Exchange, Side

Parameters = Mapping[str, Any]

OK = 200
BAD_REQUEST = 400


class VenueSource(msgspec.Struct, frozen=True):
    """What the routes are answered from."""

    market: MarketState
    reference: Reference
    clock_ms: Callable[[], int]


class VenueError(Exception):
    """A parameter that the venue would refuse: its HTTP status and its own answer."""

    def __init__(self, status: int, answer: Any) -> None:
        super().__init__(status)
        self.status = status
        self.answer = answer


Answer = tuple[int, Any]
VenueHandler = Callable[[VenueSource, Parameters], Any]


def listed(source: VenueSource, exchange: Exchange, business: Business) -> dict[str, Instrument]:
    """The instruments of one market that are fed, by the venue's own name of them."""
    books = source.market.books
    return {
        instrument.original_symbol: instrument
        for instrument in source.reference.instruments.values()
        if instrument.exchange is exchange
        and instrument.business is business
        and instrument.live
        and instrument.book_sym in books
        and books[instrument.book_sym].update_id
    }


def whole_number(parameters: Parameters, name: str) -> int | None:
    """A parameter of digits, None where it is absent or no such number."""
    value = parameters.get(name)
    if value is None or not (str(value).isascii() and str(value).isdigit()):
        return None
    return int(str(value)[:18])


def fixed(value: Decimal, places: int) -> str:
    """A decimal with exactly so many places, as venues print prices and quantities."""
    return f"{value:.{places}f}"


def places_of(step: Decimal) -> int:
    """The decimals of a step: 2 for 0.01, 0 for 1 or 10."""
    exponent = step.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def candle_rows(
    source: VenueSource,
    instrument: Instrument,
    interval: str,
    end_ms: int | None,
    limit: int,
) -> list[Candle]:
    """At most `limit` candles that began at or before `end_ms`, oldest first."""
    until_ms = source.clock_ms() if end_ms is None else min(end_ms, source.clock_ms())
    return candles_of(source.market, instrument.book_sym, interval, until_ms, limit, TRADED)


def depth_levels(
    source: VenueSource, instrument: Instrument, side: Side, depth: int
) -> list[tuple[Decimal, Decimal]]:
    """The best levels as (price, quantity)."""
    book = source.market.books[instrument.book_sym]
    return [
        (instrument.price(ticks), instrument.quantity(lots))
        for ticks, lots in book.levels(side, depth)
    ]
