"""The algo routes (rest-trading 7, resolutions 35, 50, 79, 80)."""

from typing import Any, NamedTuple

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.handlers.lookup import NOT_FOUND, working_or_ended
from openprime.api.parameters.algos import (
    AlgoList,
    AlgoName,
    CancelAlgos,
    PlaceAlgo,
    ReplaceAlgo,
    SubOrders,
)
from openprime.api.services import Services
from openprime.api.wire import algos as algo_wire
from openprime.desk.algo_state import AlgoOrder
from openprime.desk.commands import (
    CancelAlgoOrder,
    CancelAlgoOrders,
    PlaceAlgoOrder,
    ReplaceAlgoOrder,
)
from openprime.desk.desk import Desk
from openprime.desk.outcome import Outcome
from openprime.desk.state import Portfolio
from openprime.errors import Refusal
from openprime.store.history import Filter

COMPLETED = Refusal(401117)


def algo_of(outcome: Outcome) -> AlgoOrder:
    """The algo order that an accepted command replies with."""
    algo = outcome.reply
    assert isinstance(algo, AlgoOrder), "an algo command replies with its algo order"
    return algo


async def place(services: Services, caller: Caller, asked: PlaceAlgo) -> wire.Row | Refusal:
    """POST algo/order."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    outcome = await services.sequencer.submit(
        PlaceAlgoOrder(
            portfolio_id=portfolio.portfolio_id,
            sym=asked.sym,
            algo_type=asked.algo_type,
            provider=asked.provider,
            side=asked.side,
            quantity=asked.quantity,
            limit_price=asked.limit_price,
            client_order_id=asked.client_order_id,
            reduce_only=asked.reduce_only,
            position_side=asked.position_side,
            condition=asked.condition,
            triggers=asked.triggers,
            start_ms=asked.start_ms,
            end_ms=asked.end_ms,
            interval_ms=asked.interval_ms,
        )
    )
    return outcome.refusal or algo_wire.placed(algo_of(outcome))


async def replace(services: Services, caller: Caller, asked: ReplaceAlgo) -> wire.Row | Refusal:
    """PUT algo/order."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    command = ReplaceAlgoOrder(
        portfolio.portfolio_id,
        asked.algo_order_id,
        asked.client_order_id,
        asked.quantity,
        asked.triggers,
    )
    name = AlgoName(None, asked.algo_order_id, None, asked.client_order_id)
    return await _changed(services, portfolio, name, command)


async def cancel(services: Services, caller: Caller, asked: AlgoName) -> wire.Row | Refusal:
    """DELETE algo/order."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    command = CancelAlgoOrder(portfolio.portfolio_id, asked.algo_order_id, asked.client_order_id)
    return await _changed(services, portfolio, asked, command)


async def _changed(
    services: Services,
    portfolio: Portfolio,
    name: AlgoName,
    command: ReplaceAlgoOrder | CancelAlgoOrder,
) -> wire.Row | Refusal:
    """401018 where there never was such an algo order, 401117 where it has ended."""
    outcome = await services.sequencer.submit(command)
    if outcome.refusal is None:
        return algo_wire.placed(algo_of(outcome))
    if outcome.refusal != NOT_FOUND:
        return outcome.refusal
    ended = await _ended(services, portfolio.portfolio_id, name)
    return outcome.refusal if ended is None else COMPLETED


async def _ended(services: Services, portfolio_id: int, asked: AlgoName) -> AlgoOrder | None:
    await services.sequencer.settled()
    return await services.store.read(
        services.algo_history.algo,
        portfolio_id,
        asked.algo_order_id,
        asked.client_order_id,
        asked.attached_order_id,
    )


async def cancel_all(
    services: Services, caller: Caller, asked: CancelAlgos
) -> list[wire.Row] | Refusal:
    """DELETE algo/cancelAll: what fits everything that is named."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    refusal = portfolio if isinstance(portfolio, Refusal) else services.sym_refusal(asked.sym)
    if isinstance(portfolio, Refusal) or refusal is not None:
        return refusal or NOT_FOUND
    command = CancelAlgoOrders(
        portfolio.portfolio_id,
        asked.exchange,
        asked.sym,
        asked.business,
        asked.algo_type,
        asked.condition,
    )
    outcome = await services.sequencer.submit(command)
    if outcome.refusal is not None:
        return outcome.refusal
    assert isinstance(outcome.reply, list), "cancel all replies with what it ended"
    return [algo_wire.placed(algo) for algo in outcome.reply]


async def query(services: Services, caller: Caller, asked: AlgoName) -> wire.Row | Refusal:
    """GET algo/order: at work, or from history."""

    def working(desk: Desk, portfolio_id: int) -> wire.Row | None:
        named = (algo for algo in _at_work(desk, portfolio_id) if _is_named(algo, asked))
        return next((_row(services, algo) for algo in named), None)

    async def ended(portfolio_id: int) -> wire.Row | None:
        algo = await _ended(services, portfolio_id, asked)
        return None if algo is None else _row(services, algo)

    return await working_or_ended(services, caller, asked.portfolio_id, working, ended)


def _at_work(desk: Desk, portfolio_id: int) -> list[AlgoOrder]:
    """The portfolio's algo orders at work, newest first."""
    named = desk.state.portfolios[portfolio_id].algo_orders
    return [desk.state.algos[algo_order_id] for algo_order_id in reversed(named)]


def _is_named(algo: AlgoOrder, asked: AlgoName) -> bool:
    given: list[tuple[Any, Any]] = [
        (asked.algo_order_id, algo.algo_order_id),
        (asked.client_order_id or None, algo.client_order_id),
        (asked.attached_order_id, algo.attached_order_id),
    ]
    return all(wanted is None or wanted == found for wanted, found in given)


def _row(services: Services, algo: AlgoOrder) -> wire.Row:
    return algo_wire.algo_row(algo, services.reference.instruments[algo.sym].contract_size)


async def open_orders(
    services: Services, caller: Caller, asked: AlgoList
) -> list[wire.Row] | Refusal:
    """GET algo/openOrders: an array, cut to the page asked for."""

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        portfolio = caller.reach(desk.state, asked.portfolio_id, writes=False)
        if isinstance(portfolio, Refusal):
            return portfolio
        refusal = services.sym_refusal(asked.sym)
        if refusal is not None:
            return refusal
        found = [a for a in _at_work(desk, portfolio.portfolio_id) if _is_listed(a, asked)]
        first = (asked.page - 1) * asked.page_size
        return [_row(services, algo) for algo in found[first : first + asked.page_size]]

    return await services.read(render)


def _is_listed(algo: AlgoOrder, asked: AlgoList) -> bool:
    filters: list[tuple[Any, Any]] = [
        (asked.sym, algo.sym),
        (asked.exchange, algo.exchange),
        (asked.business, wire.business_of(algo.sym)),
        (asked.algo_type, algo.algo_type),
    ]
    timely = asked.begin_ms <= algo.created_at_ms <= asked.end_ms
    return timely and all(wanted is None or wanted == found for wanted, found in filters)


async def finished(services: Services, caller: Caller, asked: AlgoList) -> wire.Row | Refusal:
    """GET algo/history/orders: those that ended in the last 7 days."""
    portfolio = await services.read(
        lambda desk: caller.reach(desk.state, asked.portfolio_id, writes=False)
    )
    if isinstance(portfolio, Refusal):
        return portfolio
    refusal = services.sym_refusal(asked.sym)
    if refusal is not None:
        return refusal
    filter = Filter(
        portfolio_id=portfolio.portfolio_id,
        begin_ms=asked.begin_ms,
        end_ms=asked.end_ms,
        exchange=asked.exchange,
        business=asked.business,
        syms=(asked.sym,) if asked.sym else (),
    )
    found = await services.store.read(
        services.algo_history.algos, filter, asked.algo_type, asked.page, asked.page_size
    )
    rows = [_row(services, algo) for algo in found.rows]
    return wire.page(rows, found.total, asked.page, asked.page_size)


async def finished_sub_orders(
    services: Services, caller: Caller, asked: SubOrders
) -> wire.Row | Refusal:
    """GET algo/history/subOrders: the finished orders of one algo order."""
    known = await _sub_orders(services, caller, asked)
    if isinstance(known, Refusal):
        return known
    found = await services.store.read(services.algo_history.orders, known.portfolio_id, known.ids)
    first = (asked.page - 1) * asked.page_size
    rows = [services.order_row(order) for order in found[first : first + asked.page_size]]
    return wire.page(rows, len(found), asked.page, asked.page_size)


async def open_sub_orders(
    services: Services, caller: Caller, asked: SubOrders
) -> list[wire.Row] | Refusal:
    """GET algo/openSubOrders: the orders that an algo order has at the venue."""
    known = await _sub_orders(services, caller, asked)
    return known if isinstance(known, Refusal) else known.working


class _SubOrders(NamedTuple):
    """The orders of one algo order: the ids of all, and those that work."""

    portfolio_id: int
    ids: list[int]
    working: list[wire.Row]


async def _sub_orders(services: Services, caller: Caller, asked: SubOrders) -> _SubOrders | Refusal:
    """Those of the algo order that is asked about. Codes: 401010, 401018."""

    def working(desk: Desk, portfolio_id: int) -> _SubOrders | None:
        algo = desk.state.algos.get(asked.algo_order_id)
        if algo is None or algo.portfolio_id != portfolio_id:
            return None
        orders = desk.state.orders
        rows = [services.order_row(orders[one]) for one in algo.working if one in orders]
        return _SubOrders(portfolio_id, list(algo.sub_order_ids), rows)

    async def ended(portfolio_id: int) -> _SubOrders | None:
        algo = await _ended(services, portfolio_id, AlgoName(None, asked.algo_order_id))
        return None if algo is None else _SubOrders(portfolio_id, algo.sub_order_ids, [])

    return await working_or_ended(services, caller, asked.portfolio_id, working, ended)
