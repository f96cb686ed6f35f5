"""What both venues' public routes share: finding instruments, reading parameters, printing.

The routes answer as Binance and OKX do, from our own market, so that a client which reads a
venue's public data can be pointed here and needs nothing from outside.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from openprime.api.market.reading import TRADED, Candle, candle_pieces, candles_of
from openprime.market.state import MarketState
from openprime.model.instrument import Instrument
from openprime.model.reference import Reference
from openprime.model.vocabulary import Business, Exchange, Side

T = TypeVar("T")
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
# What it returns is the answer, or what gives the answer when awaited.
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


async def candle_rows(
    source: VenueSource,
    instrument: Instrument,
    interval: str,
    end_ms: int | None,
    limit: int,
    draw: Callable[[Candle], T | None],
) -> list[T]:
    """At most `limit` candles that began at or before `end_ms`, drawn, oldest first; those that
    are drawn as None are left out. Others are served in between.
    """
    until_ms = source.clock_ms() if end_ms is None else min(end_ms, source.clock_ms())
    rows: list[T] = []
    for piece in candle_pieces(
        source.market, instrument.book_sym, interval, until_ms, limit, TRADED
    ):
        rows += [row for row in map(draw, piece) if row is not None]
        await asyncio.sleep(0)
    return rows


async def one_by_one(rows: Iterable[T]) -> list[T]:
    """Rows that each cost something to make; others are served in between."""
    made: list[T] = []
    for row in rows:
        made.append(row)
        await asyncio.sleep(0)
    return made


def hours_of(source: VenueSource, instrument: Instrument, count: int) -> list[Candle]:
    """The last so many hours, oldest first: few enough to be had at once."""
    sym, now_ms = instrument.book_sym, source.clock_ms()
    return candles_of(source.market, sym, "1h", now_ms, count, TRADED)


def depth_levels(
    source: VenueSource, instrument: Instrument, side: Side, depth: int
) -> list[tuple[Decimal, Decimal]]:
    """The best levels as (price, quantity)."""
    book = source.market.books[instrument.book_sym]
    return [
        (instrument.price(ticks), instrument.quantity(lots))
        for ticks, lots in book.levels(side, depth)
    ]
