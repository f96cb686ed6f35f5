"""What an operator holds a portfolio to: a value of the state."""

from decimal import Decimal

import msgspec

from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import Exchange


class TradeLimits(msgspec.Struct, frozen=True):
    """Limits of one portfolio. An empty list of `exchanges` or `syms` allows all.

    `tradable` false is a portfolio that only holds money; `markets_off` are kinds of business,
    EXCHANGE:BUSINESS, that it is not offered; `max_notional` caps its notional in a symbol, in
    USDT, 0 being no cap.
    """

    tradable: bool = True
    exchanges: list[Exchange] = []
    syms: list[str] = []
    markets_off: list[str] = []
    max_notional: Decimal = ZERO

    def allows(self, instrument: Instrument) -> bool:
        """Whether the portfolio may trade an instrument (errors 401061)."""
        if not self.tradable or (self.exchanges and instrument.exchange not in self.exchanges):
            return False
        return not self.syms or instrument.sym in self.syms


def notional_limit(limits: TradeLimits | None, everybody: Decimal) -> Decimal:
    """A portfolio's cap of notional: its own, or else everybody's; 0 is none."""
    return limits.max_notional if limits and limits.max_notional else everybody
