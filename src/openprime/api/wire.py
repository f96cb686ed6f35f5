"""From the desk's values to rows on the wire (rest-trading 1.9, 2 to 5; clients table 3).

Every number is a text, but where a client would break on it; nothing is null. Sums of an account
are cut to eight decimals, as the API prints them (resolutions 18, 19, 71 to 73, 109, 135).
"""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

from openprime.desk.algo_state import Attached, Trigger
from openprime.desk.events import Statement, Trade
from openprime.desk.state import Order, PositionHistory
from openprime.desk.views import AccountView, AssetView, PositionView, TierView
from openprime.model.numbers import (
    AMOUNT_PLACES,
    LEDGER_PLACES,
    ZERO,
    round_half_up,
    text,
    truncate,
)
from openprime.model.vocabulary import Exchange

Row = dict[str, Any]

FIFTEEN_DIGITS = Context(prec=15)
# Maintenance rates are printed as the venues print them.
RATE_PLACES = 4

NO_MAINTENANCE = "999999"
UNI_MMR_PLACES = 10
RISK_RATIO_PLACES = 4

_NO_TRIGGERS = {
    "tpTriggerPrice": "",
    "tpTriggerType": "",
    "tpPrice": "",
    "slTriggerPrice": "",
    "slTriggerType": "",
    "slPrice": "",
}
_ASSET_AMOUNTS = """
    balance available frozen debt equity borrow overdraw virtualBorrow indexPrice marginValue upnl
    debtMargin perpMargin maxTransferable equityValue
""".split()


def amount(value: Decimal) -> str:
    """An amount of an account, or of a statement: cut to eight decimals."""
    return text(truncate(value, AMOUNT_PLACES))


def exact(value: Decimal) -> str:
    """An amount with all digits that the ledger has, which are eighteen decimals."""
    return text(truncate(value, LEDGER_PLACES))


def ratio(value: Decimal) -> str:
    """A ratio, to fifteen significant digits."""
    return text(FIFTEEN_DIGITS.plus(value))


def business_of(sym: str) -> str:
    """The business that a symbol's name carries."""
    return sym.split("_", 2)[1]


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


def placed(order: Order) -> Row:
    """The reply to a placed order."""
    return {"orderId": str(order.order_id), "clientOrderId": order.client_order_id}


def replaced(order: Order) -> Row:
    """The reply to a changed order."""
    return {"orderId": str(order.order_id), "orderState": order.state}


def cancelled(order: Order) -> Row:
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


def account_row(view: AccountView) -> Row:
    """One margin account (rest-trading 3.1).

    Eight sums are cut to eight decimals and all others follow from these, so that the printed
    fields add up (resolutions 135).
    """
    margin_value, open_loss = _cut(view.margin_value), _cut(view.open_loss_margin)
    perp, debt = _cut(view.perp_margin), _cut(view.debt_margin)
    maintenance = _cut(view.maintain_margin)
    valid = margin_value - open_loss
    frozen = perp + debt
    return {
        "portfolioId": str(view.portfolio_id),
        "exchangeType": view.exchange,
        "equity": amount(view.equity),
        "maintainMargin": text(maintenance),
        "positionValue": amount(view.position_value),
        "uniMMR": _uni_mmr(valid, maintenance),
        "riskRatio": text(round_half_up(view.risk_ratio, RISK_RATIO_PLACES)),
        "accountStatus": view.account_status,
        "marginValue": text(margin_value),
        "frozenMargin": text(frozen),
        "perpMargin": text(perp),
        "debtMargin": text(debt),
        "openLossMargin": text(open_loss),
        "validMargin": text(valid),
        "availableMargin": text(valid - frozen),
        "upnl": amount(view.upnl),
        "positionMode": view.position_mode,
    }


def _cut(value: Decimal) -> Decimal:
    return truncate(value, AMOUNT_PLACES)


def _uni_mmr(valid: Decimal, maintenance: Decimal) -> str:
    if not maintenance:
        return NO_MAINTENANCE
    return text(truncate(valid / maintenance, UNI_MMR_PLACES))


def asset_row(view: AssetView) -> Row:
    """One wallet (rest-trading 3.2)."""
    return {
        "portfolioId": str(view.portfolio_id),
        "coin": view.coin,
        "exchangeType": view.exchange,
        "balance": exact(view.balance),
        "available": exact(view.available),
        "frozen": exact(view.frozen),
        "debt": exact(view.debt),
        "equity": exact(view.equity),
        "borrow": exact(view.borrow),
        "overdraw": exact(view.overdraw),
        "virtualBorrow": exact(view.virtual_borrow),
        "indexPrice": text(view.index_price),
        "marginValue": text(view.margin_value),
        "upnl": exact(view.upnl),
        "debtMargin": exact(view.debt_margin),
        "perpMargin": exact(view.perp_margin),
        "maxTransferable": exact(view.max_transferable),
        "equityValue": exact(view.equity_value),
        "createAt": str(view.created_at_ms),
        "updateAt": str(view.updated_at_ms),
    }


def empty_asset_row(portfolio_id: int, exchange: Exchange, coin: str, time_ms: int) -> Row:
    """The row of a valuation coin that the account never held."""
    zeros = dict.fromkeys(_ASSET_AMOUNTS, "0")
    return {
        "portfolioId": str(portfolio_id),
        "coin": coin,
        "exchangeType": exchange,
        **zeros,
        "indexPrice": "1",
        "createAt": str(time_ms),
        "updateAt": str(time_ms),
    }


def position_row(view: PositionView) -> Row:
    """One open position (rest-trading 2.1)."""
    return {
        "positionId": str(view.position_id),
        "portfolioId": str(view.portfolio_id),
        "exchangeType": view.exchange,
        "sym": view.sym,
        "positionSide": view.side,
        "positionMargin": exact(view.margin),
        "positionMM": exact(view.maintenance),
        "positionQty": text(view.quantity),
        "positionValue": exact(view.value),
        "unrealizedPNL": exact(view.upnl),
        "unrealizedPNLRate": ratio(view.upnl_rate),
        "avgPrice": text(view.average_price),
        "markPrice": text(view.mark_price),
        "leverage": str(view.leverage),
        "maxLeverage": str(view.max_leverage),
        "riskLevel": view.risk_level,
        "fee": text(view.fee),
        "fundingFee": text(view.funding_fee),
        "liqPrice": "" if view.liq_price is None else exact(view.liq_price),
        "tpslOrder": [],
        "createAt": str(view.created_at_ms),
        "updateAt": str(view.updated_at_ms),
    }


def tier_row(view: TierView) -> Row:
    """One bracket of position size (rest-trading 6.9)."""
    return {
        "sym": view.sym,
        "minNotionalValue": exact(view.floor),
        "maxNotionalValue": exact(view.cap),
        "maxLeverage": str(view.max_leverage),
        "mmRate": format(round_half_up(view.mm_rate, RATE_PLACES), "f"),
        "riskLevel": view.level,
    }


def position_history_row(row: PositionHistory, portfolio_name: str) -> Row:
    """A position that was reduced or closed (rest-trading 2.2)."""
    return {
        "positionId": str(row.position_id),
        "portfolioId": str(row.portfolio_id),
        "portfolioName": portfolio_name,
        "exchangeType": row.exchange,
        "sym": row.sym,
        "closedType": row.closed_type,
        "closedPnl": exact(row.closed_pnl),
        "closedPnlRatio": ratio(row.closed_pnl_ratio),
        "closedAvgPrice": exact(row.closed_average_price),
        "maxPositionQty": text(row.max_quantity),
        "closedQty": text(row.closed_quantity),
        "liqFee": text(row.liquidation_fee),
        "fundingFee": text(row.funding_fee),
        "fee": text(row.fee),
        "openAvgPrice": exact(row.open_average_price),
        "leverage": str(row.leverage),
        "positionHistorySide": row.side,
        "positionMode": row.position_mode,
        "createAt": str(row.created_at_ms),
        "updateAt": str(row.updated_at_ms),
    }


def statement_row(row: Statement, numeric_ids: bool) -> Row:
    """A row of the account statement (rest-trading 5.1, resolutions 47)."""
    return {
        "portfolioId": row.portfolio_id if numeric_ids else str(row.portfolio_id),
        "requestId": row.request_id,
        "statementId": str(row.statement_id),
        "coin": row.coin,
        "sym": row.sym,
        "statementType": row.statement_type,
        "exchangeType": row.exchange,
        "businessType": row.business,
        "beforeAvailable": exact(row.before_available),
        "afterAvailable": exact(row.after_available),
        "beforeOverdraw": exact(row.before_overdraw),
        "afterOverdraw": exact(row.after_overdraw),
        "beforeBorrow": exact(row.before_borrow),
        "afterBorrow": exact(row.after_borrow),
        "deltaAmount": amount(row.delta),
        "createAt": row.time_ms if numeric_ids else str(row.time_ms),
    }


def page(rows: Sequence[Row], total: int, number: int, size: int) -> Row:
    """One page of a list; pageNum is the number of pages (resolutions 36)."""
    return {
        "page": number,
        "pageSize": size,
        "pageNum": -(-total // size),
        "totalSize": total,
        "list": rows,
    }


def page_of(rows: Sequence[Row], number: int, size: int) -> Row:
    """One page of a list whose rows are all at hand."""
    first = (number - 1) * size
    return page(rows[first : first + size], len(rows), number, size)
