"""What clients hold, added to the market's open interest (resolutions 156).

An observer of the sequencer: each position that changed moves the sum of its symbol by the
difference, so a tick costs nothing however many positions there are.
"""

from decimal import Decimal

from openprime.desk.commands import Envelope
from openprime.desk.desk import Desk
from openprime.desk.events import PositionChanged
from openprime.desk.outcome import Outcome
from openprime.desk.state import State
from openprime.model.numbers import ZERO, positive_part


class ClientLongs:
    """Keeps `longs`, the clients' long quantity in order units by symbol, up to date."""

    def __init__(self, desk: Desk, longs: dict[str, Decimal]) -> None:
        self._state: State = desk.state
        self._longs = longs
        self._counted: dict[tuple[int, str], Decimal] = {}
        for portfolio in desk.state.portfolios.values():
            for account in portfolio.accounts.values():
                for leg, position in account.positions.items():
                    self._count(portfolio.portfolio_id, account.exchange, position.sym, leg)

    def observe(self, envelope: Envelope, outcome: Outcome) -> None:
        for event in outcome.events:
            if type(event) is PositionChanged:
                self._count(event.portfolio_id, event.exchange, event.sym, event.key)

    def _count(self, portfolio_id: int, exchange: str, sym: str, leg: str) -> None:
        position = self._state.portfolios[portfolio_id].accounts[exchange].positions.get(leg)
        held = positive_part(position.quantity) if position else ZERO
        key = (portfolio_id, leg)
        self._longs[sym] = self._longs.get(sym, ZERO) + held - self._counted.get(key, ZERO)
        if held:
            self._counted[key] = held
        else:
            self._counted.pop(key, None)
