"""Algo orders and what they set off, on the wire (rest-trading 7.2, websocket 2)."""

from decimal import Decimal

from openprime.api.wire import Row, business_of
from openprime.api.wire.orders import order_push, trade_push, two_triggers
from openprime.api.wire.positions import position_row
from openprime.desk.algo_state import AlgoOrder
from openprime.desk.desk import Desk
from openprime.desk.events import Trade
from openprime.desk.state import Account, Order, Position
from openprime.desk.views import position_view
from openprime.model.numbers import AMOUNT_PLACES, ZERO, round_half_up, text
from openprime.model.vocabulary import AlgoState, AlgoType, TriggerLeg

_NO_CONDITION = {
    "conditionalTriggerPrice": "",
    "conditionalTriggerPriceType": "",
    "conditionalPrice": "",
}


def placed(algo: AlgoOrder) -> Row:
    """The reply to a placed, changed or cancelled algo order."""
    return {"algoOrderId": str(algo.algo_order_id), "clientOrderId": algo.client_order_id}


def algo_row(algo: AlgoOrder, contract_size: Decimal) -> Row:
    """An algo order as REST tells it: reduceOnly is a text there."""
    row = _algo_fields(algo, contract_size)
    row["reduceOnly"] = "true" if algo.reduce_only else "false"
    return row


def algo_push(algo: AlgoOrder, contract_size: Decimal, last: Decimal, mark: Decimal) -> Row:
    """An algo order as the ALGO_ORDER channel tells it."""
    row = _algo_fields(algo, contract_size)
    row["lastPrice"], row["markPrice"] = text(last), text(mark)
    return row


def _algo_fields(algo: AlgoOrder, contract_size: Decimal) -> Row:
    units = algo.executed_quantity * contract_size
    average = round_half_up(algo.executed_amount / units, AMOUNT_PLACES) if units else ZERO
    plan = algo.schedule
    return {
        "portfolioId": str(algo.portfolio_id),
        "algoOrderId": str(algo.algo_order_id),
        "algoOrderType": algo.algo_type,
        "algoProvider": algo.provider,
        "clientOrderId": algo.client_order_id,
        "sym": algo.sym,
        "exchangeType": algo.exchange,
        "businessType": business_of(algo.sym),
        "side": algo.side or "",
        "limitPrice": text(algo.limit_price),
        "orderQty": text(algo.quantity),
        "positionSide": algo.position_side,
        "reduceOnly": algo.reduce_only,
        "orderState": algo.state,
        "reason": algo.reason,
        "reasonCode": algo.reason_code,
        "executedQty": text(algo.executed_quantity),
        "executedAmount": text(algo.executed_amount),
        "executedAvgPrice": text(average),
        "conditionType": algo.condition or "",
        **_condition(algo),
        "attachedOrderId": str(algo.attached_order_id) if algo.attached_order_id else "",
        **two_triggers(
            algo.triggers.get(TriggerLeg.TAKE_PROFIT), algo.triggers.get(TriggerLeg.STOP_LOSS)
        ),
        "startTime": str(plan.start_ms) if plan else "",
        "endTime": str(plan.end_ms) if plan else "",
        "interval": str(plan.interval_ms // 1000) if plan else "",
        "createAt": str(algo.created_at_ms),
        "updateAt": str(algo.updated_at_ms),
    }


def _condition(algo: AlgoOrder) -> Row:
    trigger = algo.triggers.get(TriggerLeg.CONDITIONAL)
    if trigger is None:
        return _NO_CONDITION
    values = (text(trigger.price), trigger.watched, text(trigger.order_price))
    return dict(zip(_NO_CONDITION, values, strict=True))


def closes_position(algo: AlgoOrder) -> bool:
    """Whether a position's row lists the algo order: it waits to close the position."""
    waits = algo.algo_type is AlgoType.TPSL and algo.state is AlgoState.NEW
    return waits and algo.reduce_only


def sub_order_push(order: Order, contract_size: Decimal) -> Row:
    """An order of an algo order as the SUB_ORDER channel tells it."""
    row = order_push(order, contract_size)
    row["algoOrderId"] = str(order.algo_order_id)
    return row


def sub_trade_push(trade: Trade) -> Row:
    """A fill of such an order as the SUB_TRADE channel tells it."""
    return {**trade_push(trade), "algoOrderId": str(trade.algo_order_id)}


def open_position_row(desk: Desk, account: Account, position: Position) -> Row:
    """An open position with the algo orders that wait to close it."""
    portfolio = desk.state.portfolios[account.portfolio_id]
    algos = [desk.state.algos[algo_order_id] for algo_order_id in portfolio.algo_orders]
    contract_size = desk.reference.instruments[position.sym].contract_size
    row = position_row(position_view(desk, account, position))
    row["tpslOrder"] = [
        algo_row(algo, contract_size)
        for algo in algos
        if closes_position(algo) and (algo.sym, algo.position_side) == (position.sym, position.side)
    ]
    return row
