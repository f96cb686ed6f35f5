"""TWAP and VWAP: an order cut into slices that trade one interval after the other.

A TWAP trades the same at every slice. A VWAP trades more where the market does: a slice is what is
left, spread over the slices left, times the volume of the last interval over the mean of all so
far. What a slice leaves unfilled is spread over those to come; the last takes the rest.
"""

from decimal import Decimal

from openprime.desk.agenda import schedule
from openprime.desk.algo_book import leave, tell
from openprime.desk.algo_state import AlgoOrder, Schedule
from openprime.desk.state import TaskKind
from openprime.desk.suborders import place_sub_order, take_back
from openprime.desk.turn import Turn
from openprime.model.numbers import ONE, ZERO, floor_to
from openprime.model.vocabulary import IOC, LIMIT, MARKET, AlgoState, AlgoType

SLICES_MAX = 1000
# However busy an interval was, a slice is at most this many even ones.
WEIGHT_MAX = Decimal(3)


def slices_of(start_ms: int, end_ms: int, interval_ms: int) -> int:
    """How many slices fit between two moments."""
    return max((end_ms - start_ms) // interval_ms, 1)


def begin_schedule(
    turn: Turn, algo: AlgoOrder, start_ms: int, end_ms: int, interval_ms: int
) -> None:
    """Set the first slice on the agenda; a start that is past is now."""
    start_ms = max(start_ms, turn.now_ms)
    count = slices_of(start_ms, end_ms, interval_ms)
    algo.schedule = Schedule(start_ms, end_ms, interval_ms, count, count)
    if algo.algo_type is AlgoType.VWAP:
        volume = turn.state.volumes.setdefault(algo.sym, ZERO)
        algo.schedule.volume_begun = algo.schedule.volume_seen = volume
    _note_next(turn, algo, algo.schedule, start_ms)


def _note_next(turn: Turn, algo: AlgoOrder, plan: Schedule, time_ms: int) -> None:
    plan.next_ms = time_ms
    schedule(turn, time_ms, TaskKind.RUN_SLICE, algo.algo_order_id)


def run_slice(turn: Turn, algo_order_id: int) -> None:
    """Trade the next slice, or end what has traded its last."""
    algo = turn.state.algos.get(algo_order_id)
    if algo is None or algo.schedule is None or algo.state is AlgoState.PENDING_CANCEL:
        return
    plan = algo.schedule
    if not plan.slices_left:
        _end(turn, algo)
        return
    begins = algo.state is not AlgoState.PROCESSING
    algo.state = AlgoState.PROCESSING
    quantity = _quantity(turn, algo, plan)
    plan.slices_left -= 1
    plan.volume_seen = turn.state.volumes.get(algo.sym, ZERO)
    if quantity:
        place_sub_order(
            turn,
            algo,
            side=algo.side,
            order_type=LIMIT if algo.limit_price else MARKET,
            time_in_force=IOC,
            quantity=quantity,
            quote_quantity=ZERO,
            limit_price=algo.limit_price,
            reduce_only=algo.reduce_only,
        )
    if quantity or begins:
        tell(turn, algo)
    last = not plan.slices_left
    next_ms = plan.end_ms if last else turn.now_ms + plan.interval_ms
    _note_next(turn, algo, plan, max(next_ms, turn.now_ms))


def _quantity(turn: Turn, algo: AlgoOrder, plan: Schedule) -> Decimal:
    """What the next slice trades: whole lots, and 0 where that is less than may be traded."""
    left = algo.remaining
    wanted = left
    if plan.slices_left > 1:
        wanted = left / plan.slices_left * _weight(turn, algo, plan)
    rules = turn.rules[algo.sym]
    quantity = min(floor_to(wanted, rules.quantity_step), left)
    return quantity if quantity >= rules.instrument.min_size else ZERO


def _weight(turn: Turn, algo: AlgoOrder, plan: Schedule) -> Decimal:
    """The volume of the last interval over the mean so far; 1 for a TWAP and for a first slice."""
    done = plan.slices - plan.slices_left
    traded = turn.state.volumes.get(algo.sym, ZERO) - plan.volume_begun
    if algo.algo_type is not AlgoType.VWAP or not done or not traded:
        return ONE
    last = turn.state.volumes[algo.sym] - plan.volume_seen
    return min(last * done / traded, WEIGHT_MAX)


def _end(turn: Turn, algo: AlgoOrder) -> None:
    """The schedule is over: what is still at the venue is taken back first."""
    if not algo.working:
        end_schedule(turn, algo)
        return
    take_back(turn, algo)


def end_schedule(turn: Turn, algo: AlgoOrder) -> None:
    """COMPLETED where all has traded, else EXPIRED."""
    done = algo.executed_quantity >= algo.quantity
    leave(turn, algo, AlgoState.COMPLETED if done else AlgoState.EXPIRED)
