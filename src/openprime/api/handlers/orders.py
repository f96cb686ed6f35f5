"""The order routes: place, replace, cancel, query, cancel all (rest-trading 1)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.handlers.lookup import NOT_FOUND, working_or_ended
from openprime.api.parameters.orders import CancelAll, OrderName, Place, Replace
from openprime.api.services import Services
from openprime.api.wire.orders import cancelled_row, placed_row, replaced_row
from openprime.desk.commands import CancelOrder, CancelOrders, PlaceOrder, ReplaceOrder
from openprime.desk.desk import Desk
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order, Portfolio, State
from openprime.errors import Refusal

COMPLETED = Refusal(401117)


def order_of(outcome: Outcome) -> Order:
    """The order that an accepted order command replies with."""
    order = outcome.reply
    assert isinstance(order, Order), "an order command replies with its order"
    return order


async def place(services: Services, caller: Caller, asked: Place) -> wire.Row | Refusal:
    """POST order. The desk's codes follow those of the parameters (errors 4)."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    outcome = await services.sequencer.submit(
        PlaceOrder(
            portfolio_id=portfolio.portfolio_id,
            sym=asked.sym,
            side=asked.side,
            order_type=asked.order_type,
            time_in_force=asked.time_in_force,
            quantity=asked.quantity,
            quote_quantity=asked.quote_quantity,
            limit_price=asked.limit_price,
            client_order_id=asked.client_order_id,
            reduce_only=asked.reduce_only,
            position_side=asked.position_side,
            synchronous=asked.sync_mode,
            attached=asked.attached,
        )
    )
    return outcome.refusal or placed_row(order_of(outcome))


async def replace(services: Services, caller: Caller, asked: Replace) -> wire.Row | Refusal:
    """PUT order."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    outcome = await services.sequencer.submit(
        ReplaceOrder(
            portfolio_id=portfolio.portfolio_id,
            order_id=asked.order_id,
            client_order_id=asked.client_order_id,
            price=asked.price,
            quantity=asked.quantity,
        )
    )
    if outcome.refusal is not None:
        return await _explained(services, portfolio, asked, outcome.refusal)
    return replaced_row(order_of(outcome))


async def cancel(services: Services, caller: Caller, asked: OrderName) -> wire.Row | Refusal:
    """DELETE order. A venue in this process has usually confirmed by the time of the reply."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    outcome = await services.sequencer.submit(
        CancelOrder(portfolio.portfolio_id, asked.order_id, asked.client_order_id)
    )
    if outcome.refusal is not None:
        return await _explained(services, portfolio, asked, outcome.refusal)
    order = order_of(outcome)
    if order.order_id in services.desk.state.orders:
        return cancelled_row(order)
    await services.sequencer.settled()
    ended = services.finished.get(order.order_id)
    lost = services.sequencer.broken is not None
    return cancelled_row(order if lost or ended is None else ended)


async def cancel_all(services: Services, caller: Caller, asked: CancelAll) -> wire.Row | Refusal:
    """DELETE cancelAll; having nothing to cancel is a success."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    refusal = services.sym_refusal(asked.sym)
    if refusal is not None:
        return refusal
    outcome = await services.sequencer.submit(
        CancelOrders(portfolio.portfolio_id, asked.exchange, asked.sym)
    )
    return outcome.refusal or {}


async def query(services: Services, caller: Caller, asked: OrderName) -> wire.Row | Refusal:
    """GET order: at work, or from history."""

    def working(desk: Desk, portfolio_id: int) -> wire.Row | None:
        return services.rendered(working_order(desk.state, portfolio_id, asked))

    async def ended(portfolio_id: int) -> wire.Row | None:
        return services.rendered(await finished_order(services, portfolio_id, asked))

    return await working_or_ended(services, caller, asked.portfolio_id, working, ended)


def working_order(state: State, portfolio_id: int, asked: OrderName | Replace) -> Order | None:
    """The portfolio's working order of that name; two ids must agree."""
    order_id = asked.order_id
    if asked.client_order_id:
        portfolio = state.portfolios[portfolio_id]
        order_id = portfolio.client_order_ids.get(asked.client_order_id)
        if asked.order_id is not None and asked.order_id != order_id:
            return None
    order = state.orders.get(order_id) if order_id is not None else None
    return order if order is not None and order.portfolio_id == portfolio_id else None


async def finished_order(
    services: Services, portfolio_id: int, asked: OrderName | Replace
) -> Order | None:
    """The portfolio's finished order of that name."""
    await services.sequencer.settled()
    read, history = services.store.read, services.history
    if asked.order_id is None:
        return await read(history.order_by_client_id, portfolio_id, asked.client_order_id)
    order = await read(history.order, portfolio_id, asked.order_id)
    if order is None or asked.client_order_id in ("", order.client_order_id):
        return order
    return None


async def _explained(
    services: Services, portfolio: Portfolio, asked: OrderName | Replace, refusal: Refusal
) -> Refusal:
    """401018 where there never was such an order, 401117 where it has ended."""
    if refusal.code != NOT_FOUND.code:
        return refusal
    ended = await finished_order(services, portfolio.portfolio_id, asked)
    return refusal if ended is None else COMPLETED
