"""What happened in an account, as the slow model is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from openprime.model.vocabulary import PositionSide, Side

Amounts = dict[str, Decimal]


@dataclass(frozen=True)
class PaidIn:
    """Money from outside; `loan` is what of it is lent by RapidX."""

    coin: str
    amount: Decimal
    loan: Decimal = Decimal(0)


@dataclass(frozen=True)
class HourEnded:
    """The end of an hour and what follows of it, with marks and funding rates as they were."""

    time_ms: int
    marks: Amounts
    rates: Amounts


@dataclass(frozen=True)
class Held:
    """What orders hold back from here on, by coin."""

    frozen: Amounts


@dataclass(frozen=True)
class Filled:
    """A fill, and what orders still hold back with it."""

    sym: str
    leg: PositionSide
    side: Side
    quantity: Decimal
    price: Decimal
    maker: bool
    frozen: Amounts


Fact = PaidIn | HourEnded | Held | Filled
