"""What becomes of algo orders by what happens to orders, positions and prices."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from openprime.desk.agenda import schedule
from openprime.desk.algo_book import leave, tell
from openprime.desk.algo_checks import CLOSING
from openprime.desk.algo_state import AlgoOrder
from openprime.desk.attached import follow_parent
from openprime.desk.events import OrderChanged, PositionReduced
from openprime.desk.slices import end_schedule
from openprime.desk.state import Order, PositionHistory, TaskKind, leg_key
from openprime.desk.suborders import place_sub_order
from openprime.desk.triggers import disarm, price_of, reached, watch_key
from openprime.desk.turn import Turn
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    CANCELLED,
    FAIL,
    GTC,
    LIMIT,
    MARKET,
    NET,
    NO_SIDE,
    PARTIAL_CLOSED,
    PERP,
    REJECT,
    AlgoState,
    ConditionType,
    WatchedPrice,
)

# How many orders a tick sets off itself.
SET_OFF_AT_ONCE = 20


def follow(turn: Turn) -> None:
    """Go through what the command brought about, and what comes of that."""
    done = 0
    while done < len(turn.events):
        event = turn.events[done]
        done += 1
        if type(event) is OrderChanged:
            order = event.order
            if order.algo_order_id:
                _sub_order_changed(turn, order, event.finished)
            elif order.attached is not None:
                follow_parent(turn, order, event.finished)
        elif type(event) is PositionReduced and event.row.closed_type is not PARTIAL_CLOSED:
            _position_gone(turn, event.row)


def price_moved(turn: Turn, watched: WatchedPrice, sym: str, low: Decimal, high: Decimal) -> None:
    """A price was between `low` and `high`: what waited for it is set off, the nearest at once. If
    they are many, the others go on the agenda, so that no tick takes long.
    """
    for place, (algo, leg) in enumerate(reached(turn, watched, sym, low, high)):
        disarm(turn, algo)
        algo.state, algo.fired = AlgoState.PROCESSING, leg
        if place < SET_OFF_AT_ONCE:
            set_off(turn, algo.algo_order_id)
        else:
            schedule(turn, turn.now_ms, TaskKind.SET_OFF, algo.algo_order_id)


def marks_moved(turn: Turn, syms: Collection[str], coins: Iterable[str]) -> None:
    """Marks of PERP symbols and indexes of coins are new: a coin's index is the mark of what trades
    it otherwise.
    """
    if not turn.state.watches:
        return
    moved, prefix = set(coins), watch_key(WatchedPrice.MARK_PRICE, "")
    for key in list(turn.state.watches):
        if not key.startswith(prefix):
            continue
        sym = key.removeprefix(prefix)
        instrument = turn.reference.instruments[sym]
        if sym in syms if instrument.is_perp else instrument.base in moved:
            mark = price_of(turn, sym)
            price_moved(turn, WatchedPrice.MARK_PRICE, sym, mark, mark)


def set_off(turn: Turn, algo_order_id: int) -> None:
    """Place the order of the trigger that fired, unless the algo order has been ended since."""
    algo = turn.state.algos.get(algo_order_id)
    if algo is None or algo.fired is None:
        return
    trigger = algo.triggers[algo.fired]
    place_sub_order(
        turn,
        algo,
        side=algo.side,
        order_type=LIMIT if trigger.order_price else MARKET,
        time_in_force=GTC,
        quantity=_quantity(turn, algo),
        quote_quantity=ZERO,
        limit_price=trigger.order_price,
        reduce_only=algo.reduce_only,
    )
    tell(turn, algo)


def _quantity(turn: Turn, algo: AlgoOrder) -> Decimal:
    """What the order trades: as asked, and of a position no more than there is."""
    if algo.condition not in CLOSING:
        return algo.quantity
    account = turn.state.portfolios[algo.portfolio_id].accounts[algo.exchange]
    position = account.positions.get(leg_key(algo.sym, algo.position_side))
    held = abs(position.quantity) if position else ZERO
    whole = algo.condition is ConditionType.ENTIRE_CLOSE_POSITION
    return held if whole else min(algo.quantity, held)


def _sub_order_changed(turn: Turn, order: Order, finished: bool) -> None:
    """Count what an algo's order filled, and tell of it; a TPSL ends with its order, a schedule
    goes on.
    """
    algo = turn.state.algos.get(order.algo_order_id)
    if algo is None:
        return
    grown = _count(algo, order)
    if finished:
        algo.working.pop(order.order_id, None)
        _sub_order_ended(turn, algo, order)
    if grown and algo.algo_order_id in turn.state.algos:
        tell(turn, algo)


def _count(algo: AlgoOrder, order: Order) -> bool:
    """Add what an order filled since it was last looked at; whether that is anything."""
    known = algo.working.get(order.order_id)
    if known is None or known.executed_quantity == order.executed_quantity:
        return False
    algo.executed_quantity += order.executed_quantity - known.executed_quantity
    algo.executed_amount += order.executed_amount - known.executed_amount
    known.executed_quantity = order.executed_quantity
    known.executed_amount = order.executed_amount
    return True


def _sub_order_ended(turn: Turn, algo: AlgoOrder, order: Order) -> None:
    if algo.state is AlgoState.PENDING_CANCEL:
        if not algo.working:
            leave(turn, algo, AlgoState.CANCELLED)
    elif algo.schedule is None:
        _end_with(turn, algo, order)
    elif not algo.schedule.slices_left and not algo.working and turn.now_ms >= algo.schedule.end_ms:
        end_schedule(turn, algo)


def _end_with(turn: Turn, algo: AlgoOrder, order: Order) -> None:
    if order.state in (FAIL, REJECT):
        leave(turn, algo, AlgoState.FAILED, order.reason, order.reason_code)
    elif order.state is CANCELLED and not order.executed_quantity:
        leave(turn, algo, AlgoState.CANCELLED, order.reason, order.reason_code)
    else:
        leave(turn, algo, AlgoState.COMPLETED)


def _position_gone(turn: Turn, row: PositionHistory) -> None:
    """A position has ended: what waited to close it has nothing left to do."""
    portfolio = turn.state.portfolios[row.portfolio_id]
    for algo_order_id in list(portfolio.algo_orders):
        algo = turn.state.algos[algo_order_id]
        side = NO_SIDE if row.position_mode is NET else row.side
        same_leg = algo.sym == row.sym and algo.position_side is side
        waits = algo.state is AlgoState.NEW and algo.reduce_only and algo.schedule is None
        perp = turn.reference.instruments[algo.sym].business is PERP
        if same_leg and waits and perp:
            leave(turn, algo, AlgoState.CANCELLED)
