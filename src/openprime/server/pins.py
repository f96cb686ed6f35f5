"""Prices that the operator holds, told to the market: so all who look at it see the same."""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

from openprime.desk.commands import Envelope, PinPrices
from openprime.desk.outcome import Outcome
from openprime.desk.state import State
from openprime.market.state import MarketState


class PinnedPrices:
    """Holds the market's prices where the desk holds its own: an observer of the sequencer."""

    def __init__(self, state: State, market: MarketState) -> None:
        self._market = market
        self._pin(state.pinned_marks, state.pinned_indexes)

    def observe(self, envelope: Envelope, outcome: Outcome) -> None:
        command = envelope.command
        if type(command) is PinPrices:
            self._pin(command.marks, command.indexes)

    def _pin(
        self, marks: Mapping[str, Decimal | None], indexes: Mapping[str, Decimal | None]
    ) -> None:
        # What the market makes no price of, the desk holds alone.
        for sym, mark in marks.items():
            with suppress(KeyError):
                self._market.pin_mark(sym, mark)
        for coin, index in indexes.items():
            with suppress(KeyError):
                self._market.pin_index(coin, index)
