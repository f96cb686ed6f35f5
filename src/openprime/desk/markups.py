"""What a broker adds to the fees of its sub-portfolios, as values (resolutions 150)."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from openprime.model.numbers import ZERO

POINTS_PER_UNIT = Decimal(10_000)
PERCENT_PER_UNIT = Decimal(100)


class MarkupKind(StrEnum):
    """How a markup is stated: in basis points, or as percent of the rate it is put on."""

    ABSOLUTE = "ABSOLUTE"
    PERCENTAGE = "PERCENTAGE"


class MarkupPart(msgspec.Struct, frozen=True):
    """A markup on one rate."""

    kind: MarkupKind = MarkupKind.ABSOLUTE
    amount: Decimal = ZERO

    def on(self, rate: Decimal) -> Decimal:
        """What is added to a rate; a rebate is no rate to take a share of."""
        if self.kind is MarkupKind.ABSOLUTE:
            return self.amount / POINTS_PER_UNIT
        return max(rate, ZERO) * self.amount / PERCENT_PER_UNIT


class Markup(msgspec.Struct, frozen=True):
    """What is added in one market, and since when, in ms."""

    taker: MarkupPart = MarkupPart()
    maker: MarkupPart = MarkupPart()
    since_ms: int = 0


class MarkupChange(msgspec.Struct, frozen=True):
    """A markup that comes into force at `from_ms`; a part that is None stays as it is then.

    `market` is an exchange and a kind of instrument, such as BINANCE_SPOT; MARGIN goes with SPOT.
    """

    market: str
    from_ms: int
    taker: MarkupPart | None
    maker: MarkupPart | None
