"""The desk: one command in, its outcome out.

`Desk.apply` is the only way in which state changes. It is deterministic: the same envelopes in
the same order give the same events, ids and state on every machine and in every run, so the
journal of envelopes is all that recovery needs. A command that is refused changes nothing.

Reads go through views.py. They may bring an account's sums up to date, which changes no fact:
the sums are a cache of orders, positions, wallets and prices (see margin.py).
"""

import msgspec

from openprime.desk import orders
from openprime.desk.auditing import note_down
from openprime.desk.commands import Envelope, PlaceOrder
from openprime.desk.following import follow
from openprime.desk.forcing import first_of
from openprime.desk.handlers import HANDLERS
from openprime.desk.ladder import settle
from openprime.desk.margin import forget_sums
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, State
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.reference import Reference
from openprime.model.vocabulary import Exchange


class Desk:
    """State and rules, and the one function that changes the state."""

    def __init__(
        self,
        reference: Reference,
        settings: DeskSettings | None = None,
        state: State | None = None,
    ) -> None:
        """A desk with the state given, or a new one with `settings`, under the venues' rules."""
        self.state = state if state is not None else State(settings=settings or DeskSettings())
        self.turn = Turn(self.state, reference)

    @property
    def reference(self) -> Reference:
        """The rules in force: the venues' own with the operator's overrides."""
        return self.turn.reference

    def apply(self, envelope: Envelope) -> Outcome:
        """Do one command. A refused one leaves sequence, time and everything else as they were."""
        turn, state, command = self.turn, self.state, envelope.command
        turn.begin(envelope.time_ms, envelope.quote)
        turn.forced = envelope.forced
        if turn.forced is not None and type(command) is not PlaceOrder:
            return Outcome(first_of(self._tried(envelope), turn.forced))
        result = HANDLERS[type(command)](turn, command)
        if isinstance(result, Refusal):
            return Outcome(result)
        if turn.moved:
            settle(turn)
        if state.algos or state.attached_orders:
            follow(turn)
            settle(turn)
        state.sequence = envelope.sequence
        state.time_ms = envelope.time_ms
        if envelope.time_ms >= state.next_purge_ms:
            orders.purge_client_order_ids(turn)
        if envelope.note is not None:
            note_down(turn, envelope.note)
        return Outcome(None, turn.all_events(), turn.requests, result)

    def _tried(self, envelope: Envelope) -> Refusal | None:
        """What speaks against a command, tried on a copy of the state: faults alone pay for it."""
        state = msgspec.msgpack.decode(self.snapshot(), type=State)
        tried = msgspec.structs.replace(envelope, forced=None, note=None)
        return Desk(self.turn.base, state=state).apply(tried).refusal

    def find_account(self, portfolio_id: int, exchange: Exchange) -> Account | None:
        """The account of a portfolio at an exchange, None where there is none."""
        portfolio = self.state.portfolios.get(portfolio_id)
        return portfolio.accounts.get(exchange) if portfolio else None

    def snapshot(self) -> bytes:
        """The state as bytes: equal for desks that did the same, whoever has read from them."""
        forget_sums(self.state)
        return msgspec.msgpack.encode(self.state)
