"""Positions, open and closed, and their tiers as rows on the wire (rest-trading 2, 6.9)."""

from openprime.api.wire import RATE_PLACES, Row, exact, ratio
from openprime.desk.state import PositionHistory
from openprime.desk.views import PositionView, TierView
from openprime.model.numbers import round_half_up, text


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
