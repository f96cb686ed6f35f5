"""Algo orders at work: how they come in, are told of, and leave."""

from openprime.desk.agenda import call_off
from openprime.desk.algo_state import AlgoOrder, copy_of_algo
from openprime.desk.events import AlgoChanged
from openprime.desk.state import Portfolio, TaskKind
from openprime.desk.triggers import disarm
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.vocabulary import AlgoState, AlgoType

ENDED = (
    AlgoState.CANCELLED,
    AlgoState.COMPLETED,
    AlgoState.REJECTED,
    AlgoState.FAILED,
    AlgoState.EXPIRED,
)


def enter(turn: Turn, algo: AlgoOrder) -> None:
    """Name an algo order and take it into the state."""
    portfolio = turn.state.portfolios[algo.portfolio_id]
    names = portfolio.algo_client_ids
    algo_order_id = turn.new_id()
    while (name := str(algo_order_id)) in names:
        algo_order_id = turn.new_id()
    algo.algo_order_id = algo_order_id
    algo.client_order_id = algo.client_order_id or name
    portfolio.algo_ids_blocked_until_ms.pop(algo.client_order_id, None)
    names[algo.client_order_id] = algo_order_id
    portfolio.algo_orders[algo_order_id] = None
    turn.state.algos[algo_order_id] = algo


def tell(turn: Turn, algo: AlgoOrder) -> AlgoOrder:
    """Say that an algo order changed; returns the copy that was told."""
    algo.updated_at_ms = turn.now_ms
    told = copy_of_algo(algo)
    turn.events.append(AlgoChanged(told, finished=algo.state in ENDED))
    return told


def leave(
    turn: Turn, algo: AlgoOrder, state: AlgoState, reason: str = "", reason_code: int = 0
) -> AlgoOrder:
    """End an algo order; its client's own id stays blocked for a while."""
    disarm(turn, algo)
    if algo.schedule is not None:
        call_off(turn, algo.schedule.next_ms, TaskKind.RUN_SLICE, algo.algo_order_id)
    portfolio = turn.state.portfolios[algo.portfolio_id]
    del turn.state.algos[algo.algo_order_id]
    del portfolio.algo_orders[algo.algo_order_id]
    _retire_name(turn, portfolio, algo)
    if algo.algo_type is AlgoType.VWAP and not _volume_wanted(turn, algo.sym):
        turn.state.volumes.pop(algo.sym, None)
    algo.state, algo.reason, algo.reason_code = state, reason, reason_code
    return tell(turn, algo)


def _retire_name(turn: Turn, portfolio: Portfolio, algo: AlgoOrder) -> None:
    name = algo.client_order_id
    if name == str(algo.algo_order_id):
        del portfolio.algo_client_ids[name]
        return
    until_ms = turn.now_ms + turn.settings.client_order_id_blocked_ms
    portfolio.algo_ids_blocked_until_ms[name] = until_ms


def name_taken(turn: Turn, portfolio: Portfolio, client_order_id: str) -> bool:
    """Whether a client's own id may not be used again yet (resolutions 34, 35)."""
    if not client_order_id or client_order_id not in portfolio.algo_client_ids:
        return False
    until_ms = portfolio.algo_ids_blocked_until_ms.get(client_order_id)
    return until_ms is None or until_ms > turn.now_ms


def _volume_wanted(turn: Turn, sym: str) -> bool:
    return any(
        algo.algo_type is AlgoType.VWAP and algo.sym == sym for algo in turn.state.algos.values()
    )


def find_algo(
    turn: Turn, portfolio: Portfolio, algo_order_id: int | None, client_order_id: str
) -> AlgoOrder | Refusal:
    """The portfolio's algo order at work of either id; both must agree. Codes: 401018, 401117."""
    if client_order_id:
        named = portfolio.algo_client_ids.get(client_order_id)
        if named is None or algo_order_id not in (None, named):
            return Refusal(401018)
        if named not in turn.state.algos:
            return Refusal(401117)
        algo_order_id = named
    algo = turn.state.algos.get(algo_order_id or 0)
    if algo is None or algo.portfolio_id != portfolio.portfolio_id:
        return Refusal(401018)
    return algo
