"""Frames about an account's risk: margin calls and liquidations (websocket 1.4, resolutions 177 to
181).

What a liquidation tells goes to the account's portfolio, and as ...ByUser to the user's
MainPortfolio for all of the user's portfolios.
"""

from typing import Any

import msgspec

from openprime.api import wire
from openprime.api.wire import algos as algo_wire
from openprime.api.wire.accounts import account_row, asset_row
from openprime.api.wire.orders import order_push
from openprime.desk.desk import Desk
from openprime.desk.events import LiquidationReduced, LiquidationStepped, MarginCalled
from openprime.desk.state import Account
from openprime.desk.views import account_view, asset_view
from openprime.model.numbers import text

MARGIN_CALL = "MarginCall"
LIQUIDATION_EVENT = "LiquidationEvent"
LIQUIDATION_POSITION = "LiquidationPosition"
BY_USER = "ByUser"

LiquidationTold = LiquidationStepped | LiquidationReduced
COPIED = (LiquidationStepped, LiquidationReduced)


class Copied(msgspec.Struct, frozen=True):
    """An event as the user's MainPortfolio hears of it."""

    event: LiquidationTold


RiskTold = MarginCalled | LiquidationTold | Copied


def risk_frame(desk: Desk, told: RiskTold, now_ms: int) -> dict[str, Any]:
    """The frame of one event; accounts are shown as they are now."""
    if isinstance(told, MarginCalled):
        account = desk.state.portfolios[told.portfolio_id].accounts[told.exchange]
        row = _account_row(desk, account, now_ms) | {"accountStatus": told.status}
        return {"channel": MARGIN_CALL, "data": row}
    event = told.event if isinstance(told, Copied) else told
    stepped = isinstance(event, LiquidationStepped)
    channel = LIQUIDATION_EVENT if stepped else LIQUIDATION_POSITION
    if isinstance(told, Copied):
        channel += BY_USER
    if isinstance(event, LiquidationStepped):
        return {"channel": channel, "data": _event_row(desk, event, now_ms)}
    return {"channel": channel, "data": _reduced_row(event)}


def _account_row(desk: Desk, account: Account, now_ms: int) -> wire.Row:
    return account_row(account_view(desk, account)) | {"updateAt": str(now_ms)}


def _event_row(desk: Desk, event: LiquidationStepped, now_ms: int) -> wire.Row:
    portfolio = desk.state.portfolios[event.portfolio_id]
    account = portfolio.accounts[event.exchange]
    orders = [
        desk.state.orders[order_id]
        for exposure in account.exposures.values()
        for order_id in exposure.orders
    ]
    instruments = desk.reference.instruments
    return {
        "liquidationEventId": str(event.event_id),
        "portfolioId": str(event.portfolio_id),
        "exchangeType": event.exchange,
        "stage": event.step,
        "accountStatus": event.status,
        "createAt": now_ms,
        "account": _account_row(desk, account, now_ms),
        "assets": [asset_row(asset_view(desk, account, coin)) for coin in account.wallets],
        "positions": [
            algo_wire.open_position_row(desk, account, position)
            for position in account.positions.values()
        ],
        "orders": [order_push(o, instruments[o.sym].contract_size) for o in orders],
    }


def _reduced_row(event: LiquidationReduced) -> wire.Row:
    told = event.reduced
    return {
        "liquidationEventId": str(told.event_id),
        "portfolioId": str(told.portfolio_id),
        "exchangeType": told.exchange,
        "sym": told.sym,
        "positionSide": told.position_side,
        "positionId": str(told.position_id),
        "orderId": str(told.order_id),
        "reduceQty": text(told.quantity),
        "closedPnl": wire.exact(told.closed_pnl),
        "liqFee": text(told.liquidation_fee),
        "totalTradingFee": text(told.trading_fee),
        "createAt": told.created_at_ms,
        "updateAt": told.updated_at_ms,
    }
