"""The take profit and stop loss that an order brings along (rest-trading 1.1).

They come to life with the order's first fill, as an algo order of the other side, and grow with its
further fills. Whichever of the two fires first takes the other along.
"""

from openprime.desk.algo_book import enter, tell
from openprime.desk.algo_state import AlgoOrder
from openprime.desk.state import Order
from openprime.desk.triggers import arm
from openprime.desk.turn import Turn
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    AlgoState,
    AlgoType,
    ConditionType,
    TriggerLeg,
)

PROVIDER = "ABEX"


def follow_parent(turn: Turn, order: Order, finished: bool) -> None:
    """Bring the algo order of a parent in line with what of the parent is filled."""
    attached = turn.state.attached_orders
    if order.order_id not in attached:
        return
    algo_order_id = attached[order.order_id]
    if order.executed_quantity and not algo_order_id:
        attached[order.order_id] = _begin(turn, order)
    elif algo_order_id:
        _grow(turn, algo_order_id, order)
    if finished:
        del attached[order.order_id]


def _begin(turn: Turn, order: Order) -> int:
    assert order.attached is not None, "the order brought something along"
    found = {
        TriggerLeg.TAKE_PROFIT: order.attached.take_profit,
        TriggerLeg.STOP_LOSS: order.attached.stop_loss,
    }
    algo = AlgoOrder(
        algo_order_id=0,
        client_order_id="",
        portfolio_id=order.portfolio_id,
        exchange=order.exchange,
        sym=order.sym,
        algo_type=AlgoType.TPSL,
        provider=PROVIDER,
        condition=ConditionType.OCO,
        side=order.side.opposite,
        position_side=order.position_side,
        quantity=order.executed_quantity,
        limit_price=ZERO,
        reduce_only=turn.reference.instruments[order.sym].is_perp,
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
        triggers={leg: trigger for leg, trigger in found.items() if trigger is not None},
        attached_order_id=order.order_id,
    )
    enter(turn, algo)
    arm(turn, algo)
    tell(turn, algo)
    return algo.algo_order_id


def _grow(turn: Turn, algo_order_id: int, order: Order) -> None:
    """More of the parent is filled; once a trigger has fired it is too late to add to it."""
    algo = turn.state.algos.get(algo_order_id)
    if algo is None or algo.state is not AlgoState.NEW:
        return
    if algo.quantity != order.executed_quantity:
        algo.quantity = order.executed_quantity
        tell(turn, algo)
