"""Margin accounts, their wallets and their statement as rows on the wire (rest-trading 3, 5.1)."""

from decimal import Decimal

from openprime.api.wire import Row, amount, exact
from openprime.desk.events import Statement
from openprime.desk.views import AccountView, AssetView
from openprime.model.numbers import AMOUNT_PLACES, round_half_up, text, truncate
from openprime.model.vocabulary import Exchange

NO_MAINTENANCE = "999999"
UNI_MMR_PLACES = 10
RISK_RATIO_PLACES = 4

_ASSET_AMOUNTS = """
    balance available frozen debt equity borrow overdraw virtualBorrow indexPrice marginValue upnl
    debtMargin perpMargin maxTransferable equityValue
""".split()


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
