"""Orders and their fills as rows on the wire (rest-trading 1.9, 4)."""

from decimal import Decimal

from openprime.api.wire import Row, business_of, exact
from openprime.desk.algo_state import Attached, Trigger
from openprime.desk.events import Trade
from openprime.desk.state import Order
from openprime.model.numbers import AMOUNT_PLACES, ZERO, round_half_up, text

_NO_TRIGGERS = {
    "tpTriggerPrice": "",
    "tpTriggerType": "",
    "tpPrice": "",
    "slTriggerPrice": "",
    "slTriggerType": "",
    "slPrice": "",
}


def average_price(order: Order, contract_size: Decimal) -> Decimal:
    """The mean price of an order's fills, to eight decimals; 0 where there are none."""
    if not order.executed_quantity:
        return ZERO
    units = order.executed_quantity * contract_size
    return round_half_up(order.executed_amount / units, AMOUNT_PLACES)


def order_row(order: Order, contract_size: Decimal, portfolio_name: str) -> Row:
    """An order as REST tells it."""
    row = _order_fields(order, contract_size)
    row["portfolioName"] = portfolio_name
    row["algoOrderId"] = str(order.algo_order_id) if order.algo_order_id else ""
    row["leverage"] = order.leverage
    return row


def order_push(order: Order, contract_size: Decimal) -> Row:
    """An order as the Orders channel tells it: leverage is a text there."""
    row = _order_fields(order, contract_size)
    row["leverage"] = str(order.leverage)
    return row


def attached_fields(attached: Attached) -> Row:
    """The take profit and stop loss that an order brought along."""
    return two_triggers(attached.take_profit, attached.stop_loss)


def two_triggers(take_profit: Trigger | None, stop_loss: Trigger | None) -> Row:
    """A take profit and a stop loss; "" for what there is none of."""
    values = [cell for trigger in (take_profit, stop_loss) for cell in _trigger_cells(trigger)]
    return dict(zip(_NO_TRIGGERS, values, strict=True))


def _trigger_cells(trigger: Trigger | None) -> tuple[str, str, str]:
    if trigger is None:
        return "", "", ""
    return text(trigger.price), trigger.watched, text(trigger.order_price)


def _order_fields(order: Order, contract_size: Decimal) -> Row:
    attached = order.attached
    return {
        "portfolioId": str(order.portfolio_id),
        "orderId": str(order.order_id),
        "clientOrderId": order.client_order_id,
        "orderState": order.state,
        "sym": order.sym,
        "side": order.side,
        "exchangeType": order.exchange,
        "businessType": business_of(order.sym),
        "exchangeOrderType": order.order_type,
        "orderType": order.origin,
        "orderQty": text(order.quantity),
        "quoteOrderQty": text(order.quote_quantity),
        "limitPrice": text(order.limit_price),
        "timeInForce": order.time_in_force,
        "executedQty": text(order.executed_quantity),
        "executedAmount": text(order.executed_amount),
        "executedAvgPrice": text(average_price(order, contract_size)),
        "lastExecutedQty": text(order.last_quantity),
        "lastExecutedPrice": text(order.last_price),
        "lastExecutedAmount": text(order.last_amount),
        "fee": text(order.fee),
        "feeCoin": order.fee_coin,
        "rebate": text(order.rebate),
        "rebateCoin": order.rebate_coin,
        "reason": order.reason,
        "reasonCode": order.reason_code,
        "action": order.action,
        "actionMsg": order.action_message,
        "cancelType": order.cancel_type,
        "amendType": order.amend_type,
        "reduceOnly": order.reduce_only,
        "borrowAmount": text(order.borrow_amount),
        "borrowAsset": order.borrow_coin,
        "positionSide": order.position_side,
        **(_NO_TRIGGERS if attached is None else attached_fields(attached)),
        "createAt": str(order.created_at_ms),
        "updateAt": str(order.updated_at_ms),
    }


def placed_row(order: Order) -> Row:
    """The reply to a placed order."""
    return {"orderId": str(order.order_id), "clientOrderId": order.client_order_id}


def replaced_row(order: Order) -> Row:
    """The reply to a changed order."""
    return {"orderId": str(order.order_id), "orderState": order.state}


def cancelled_row(order: Order) -> Row:
    """The reply to a cancel request, as the order stands (resolutions 65)."""
    return {
        "orderId": str(order.order_id),
        "clientOrderId": order.client_order_id,
        "orderState": order.state,
        "action": order.action,
        "actionMsg": order.action_message,
    }


def execution_row(trade: Trade) -> Row:
    """A fill as REST tells it: fee and rebate apart."""
    return {
        **_execution_fields(trade),
        "algoOrderId": str(trade.algo_order_id),
        "tradingFee": text(trade.fee),
        "tradingFeeCoin": trade.fee_coin,
        "fee": text(trade.fee),
        "feeCoin": trade.fee_coin,
        "rebate": text(trade.rebate),
        "rebateCoin": trade.rebate_coin,
        "tradeSource": "",
    }


def trade_push(trade: Trade) -> Row:
    """A fill as the Trades channel tells it: one signed fee, a rebate below 0."""
    return {
        **_execution_fields(trade),
        "tradingFee": text(trade.fee - trade.rebate),
        "tradingFeeCoin": trade.fee_coin or trade.rebate_coin,
    }


def _execution_fields(trade: Trade) -> Row:
    return {
        "transactionId": str(trade.transaction_id),
        "portfolioId": str(trade.portfolio_id),
        "orderId": str(trade.order_id),
        "clientOrderId": trade.client_order_id,
        "exchangeType": trade.exchange,
        "businessType": trade.business,
        "sym": trade.sym,
        "side": trade.side,
        "quantity": text(trade.quantity),
        "price": text(trade.price),
        "rpnl": exact(trade.realised_pnl),
        "execType": trade.liquidity,
        "createAt": str(trade.time_ms),
    }
