"""The desk: one command in, its outcome out.

`Desk.apply` is the only way in which state changes. It is deterministic: the same envelopes in
the same order give the same events, ids and state on every machine and in every run, so the
journal of envelopes is all that recovery needs. A command that is refused changes nothing.

Reads go through views.py. They may bring an account's sums up to date, which changes no fact:
the sums are a cache of orders, positions, wallets and prices (see margin.py).
"""

from collections.abc import Callable
from typing import Any

import msgspec

from openprime.desk import changes, closing, leverage, orders, prices, registry, reports
from openprime.desk.commands import (
    CancelOrder,
    CancelOrders,
    ClosePosition,
    Configure,
    CreateKey,
    CreatePortfolio,
    CreateUser,
    Credit,
    DeleteKey,
    Envelope,
    FreezeKey,
    PlaceOrder,
    ReplaceOrder,
    ResumeOrders,
    SetLeverage,
    SetPrices,
    VenueReports,
)
from openprime.desk.margin import forget_sums
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Order, State
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.reference import Reference
from openprime.model.vocabulary import (
    BY_SYSTEM,
    CANCEL_PENDING,
    CANCELLED,
    FOK,
    IOC,
    NEW,
    Exchange,
)


def _resume_orders(turn: Turn, command: ResumeOrders) -> None:
    """Tell the venue again of all that was at work; what it has already ended it will say."""
    for order in list(turn.state.orders.values()):
        if order.time_in_force in (IOC, FOK) and order.state is not NEW:
            # The venue had it and cannot have let it rest: what it did not fill is lost.
            orders.finish(turn, order, CANCELLED, cancel_type=BY_SYSTEM)
            continue
        instrument = turn.reference.instruments[order.sym]
        told = order.venue_quantity
        if order.amendment is not None:
            order.venue_quantity = order.amendment.venue_quantity_before
        resting = order.state is not NEW
        turn.requests.append(orders.venue_order(turn, instrument, order, resumed=resting))
        if order.amendment is not None:
            # The change was acknowledged, so it is asked for again.
            order.venue_quantity = told
            turn.requests.append(changes.venue_change(instrument, order))
        if order.action is CANCEL_PENDING:
            orders.request_cancel(turn, order)


def _configure(turn: Turn, command: Configure) -> None:
    """Go on under other parameters; every sum is made anew under them."""
    turn.state.settings = command.settings
    turn.configure(command.settings)
    for portfolio in turn.state.portfolios.values():
        for account in portfolio.accounts.values():
            for exposure in account.exposures.values():
                instrument = turn.reference.instruments[exposure.sym]
                exposure.leverage = turn.leverage(account, instrument)
    forget_sums(turn.state)


# What a handler returns is the reply: an order only as a copy that nothing will change.
Handler = Callable[[Turn, Any], Order | int | str | Refusal | None]

HANDLERS: dict[type, Handler] = {
    PlaceOrder: orders.place,
    VenueReports: reports.take_reports,
    CancelOrder: changes.cancel,
    ReplaceOrder: changes.replace,
    CancelOrders: changes.cancel_all,
    ClosePosition: closing.close_position,
    SetLeverage: leverage.set_leverage,
    SetPrices: prices.set_prices,
    CreateUser: registry.create_user,
    CreatePortfolio: registry.create_portfolio,
    CreateKey: registry.create_key,
    FreezeKey: registry.freeze_key,
    DeleteKey: registry.delete_key,
    Credit: registry.credit,
    Configure: _configure,
    ResumeOrders: _resume_orders,
}


class Desk:
    """State and rules, and the one function that changes the state."""

    def __init__(
        self,
        reference: Reference,
        settings: DeskSettings | None = None,
        state: State | None = None,
    ) -> None:
        """A desk with the state given, or a new one with `settings`."""
        self.state = state if state is not None else State(settings=settings or DeskSettings())
        self.reference = reference
        self.turn = Turn(self.state, reference)

    def apply(self, envelope: Envelope) -> Outcome:
        """Do one command. A refused one leaves sequence, time and everything else as they were."""
        turn, state, command = self.turn, self.state, envelope.command
        turn.begin(envelope.time_ms, envelope.quote)
        result = HANDLERS[type(command)](turn, command)
        if isinstance(result, Refusal):
            return Outcome(result)
        state.sequence = envelope.sequence
        state.time_ms = envelope.time_ms
        if envelope.time_ms >= state.next_purge_ms:
            orders.purge_client_order_ids(turn)
        return Outcome(None, turn.all_events(), turn.requests, result)

    def find_account(self, portfolio_id: int, exchange: Exchange) -> Account | None:
        """The account of a portfolio at an exchange, None where there is none."""
        portfolio = self.state.portfolios.get(portfolio_id)
        return portfolio.accounts.get(exchange) if portfolio else None

    def snapshot(self) -> bytes:
        """The state as bytes: equal for desks that did the same, whoever has read from them."""
        forget_sums(self.state)
        return msgspec.msgpack.encode(self.state)
