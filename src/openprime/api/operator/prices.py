"""Instruments as they stand, and prices that the operator holds (resolutions 153)."""

from collections.abc import Mapping
from decimal import Decimal

from openprime.api import wire
from openprime.api.handlers.reference import symbol_row
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit, done
from openprime.api.services import Services
from openprime.desk.commands import Note, PinPrices
from openprime.desk.desk import Desk
from openprime.errors import Refusal
from openprime.model.numbers import AMOUNT_PLACES, ZERO, text, truncate

PRICE_MAX = Decimal(10) ** 12

# How far a market may be moved, in parts of its price, and how long that may take.
MOVE_MIN, MOVE_MAX = Decimal("-0.95"), Decimal(10)
MOVE_MS_MAX = 86_400_000


class OfSym(Asked, frozen=True):
    """One symbol, or all."""

    sym: str | None = None


class MarkPin(Asked, frozen=True):
    sym: str
    price: Decimal


class MarkRelease(Asked, frozen=True):
    sym: str


class IndexPin(Asked, frozen=True):
    coin: str
    price: Decimal


class IndexRelease(Asked, frozen=True):
    coin: str


class Move(Asked, frozen=True):
    """A coin's market, to a part of its price above where it would be, within so many ms."""

    coin: str
    part: Decimal
    over_ms: int = 0


async def instruments(services: Services, asked: OfSym) -> list[wire.Row] | Refusal:
    """The symbols and their rules in force."""
    refusal = services.sym_refusal(asked.sym)
    if refusal is not None:
        return refusal
    found = services.reference.instruments.values()
    return [symbol_row(i) for i in found if asked.sym in (None, i.sym)]


def _price_rows(
    name: str, prices: Mapping[str, Decimal], pinned: Mapping[str, Decimal]
) -> list[wire.Row]:
    return [
        {name: key, "price": text(price), "pinned": key in pinned} for key, price in prices.items()
    ]


async def marks(services: Services, asked: Nothing) -> list[wire.Row]:
    """The marks that the desk goes by."""

    def render(desk: Desk) -> list[wire.Row]:
        return _price_rows("sym", desk.state.marks, desk.state.pinned_marks)

    return await services.read(render)


async def indexes(services: Services, asked: Nothing) -> list[wire.Row]:
    """The indexes that the desk goes by."""

    def render(desk: Desk) -> list[wire.Row]:
        return _price_rows("coin", desk.state.indexes, desk.state.pinned_indexes)

    return await services.read(render)


def _bad_price(price: Decimal) -> Unfit | None:
    """A price of the market's own form; with more decimals sums would no longer be exact."""
    if not price.is_finite() or not ZERO < price <= PRICE_MAX:
        return Unfit(f"expected price above 0 and at most {text(PRICE_MAX)}, found {price}")
    if price != truncate(price, AMOUNT_PLACES):
        return Unfit(f"expected price with at most {AMOUNT_PLACES} decimals, found {price}")
    return None


async def pin_mark(services: Services, asked: MarkPin) -> Refusal | Unfit | None:
    bad = _bad_price(asked.price)
    return bad or await done(services, PinPrices(marks={asked.sym: asked.price}))


async def release_mark(services: Services, asked: MarkRelease) -> Refusal | None:
    return await done(services, PinPrices(marks={asked.sym: None}))


async def pin_index(services: Services, asked: IndexPin) -> Refusal | Unfit | None:
    bad = _bad_price(asked.price)
    return bad or await done(services, PinPrices(indexes={asked.coin: asked.price}))


async def release_index(services: Services, asked: IndexRelease) -> Refusal | None:
    return await done(services, PinPrices(indexes={asked.coin: None}))


async def move(services: Services, asked: Move) -> wire.Row | Unfit | Refusal:
    """Move a coin's books and trades, and with them marks and indexes."""
    if not (asked.part.is_finite() and MOVE_MIN <= asked.part <= MOVE_MAX):
        return Unfit(f"expected part from {MOVE_MIN} to {MOVE_MAX}, found {asked.part}")
    if not 0 <= asked.over_ms <= MOVE_MS_MAX:
        return Unfit(f"expected overMs from 0 to {MOVE_MS_MAX}, found {asked.over_ms}")
    mover = services.mover
    syms = mover.movable(asked.coin) if mover else []
    if not mover or not syms:
        return Unfit(f"expected a coin whose market has a price, found {asked.coin!r}")
    # The market is no part of the books: only its row in the audit is kept, and that first.
    outcome = await services.sequencer.submit(Note())
    if outcome.refusal is not None:
        return outcome.refusal
    mover.move(syms, asked.part, asked.over_ms)
    return {"syms": syms}


_MARKS, _INDEXES = f"{PREFIX}marks", f"{PREFIX}indexes"

ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "GET",
        f"{PREFIX}instruments",
        "The symbols and their rules in force",
        OfSym,
        instruments,
        "[symbol]",
    ),
    AdminRow("GET", _MARKS, "Marks", Nothing, marks, "[{sym, price, pinned}]"),
    AdminRow("POST", f"{_MARKS}/pin", "Hold a mark at a price in USDT", MarkPin, pin_mark),
    AdminRow("POST", f"{_MARKS}/release", "Let a mark go", MarkRelease, release_mark),
    AdminRow("GET", _INDEXES, "Indexes", Nothing, indexes, "[{coin, price, pinned}]"),
    AdminRow("POST", f"{_INDEXES}/pin", "Hold an index at a price in USDT", IndexPin, pin_index),
    AdminRow("POST", f"{_INDEXES}/release", "Let an index go", IndexRelease, release_index),
    AdminRow(
        "POST",
        f"{PREFIX}market/move",
        "Move a coin's market to a part of its price off its source, -0.1 for a tenth below",
        Move,
        move,
        "{syms}",
    ),
)
