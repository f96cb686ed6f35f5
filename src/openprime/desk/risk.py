"""How near an account is to liquidation (risk-model 12, resolutions 104 to 109).

The status is a function of uniMMR, and of loans where there are any; what a status forbids is one
table.
"""

from decimal import Decimal

from openprime.desk.loan_worth import loan_status
from openprime.desk.margin import CUT_MAX, Totals
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import AccountStatus

SEVERITY = tuple(AccountStatus)

# Status: (an order that adds exposure, an order that reduces it) may be placed.
ORDERS_ALLOWED = {
    AccountStatus.NORMAL: (True, True),
    AccountStatus.MARGIN_CALL: (True, True),
    AccountStatus.CANCEL_OPEN: (False, True),
    AccountStatus.CANCEL_ALL: (False, False),
    AccountStatus.LIQUIDATING: (False, False),
    AccountStatus.TAKEOVER: (False, False),
}


def uni_mmr(sums: Totals) -> Decimal | None:
    """validMargin over maintainMargin; None where nothing needs maintenance."""
    if not sums.maintenance:
        return None
    return sums.valid / sums.maintenance


def status_of(sums: Totals, settings: DeskSettings) -> AccountStatus:
    """The worst status whose threshold the account has reached."""
    if not sums.maintenance:
        return AccountStatus.TAKEOVER if sums.valid < ZERO else AccountStatus.NORMAL
    if sums.valid > settings.margin_call_uni_mmr * sums.maintenance:
        return AccountStatus.NORMAL
    ladder = (
        (settings.takeover_uni_mmr, AccountStatus.TAKEOVER),
        (settings.liquidating_uni_mmr, AccountStatus.LIQUIDATING),
        (settings.cancel_all_uni_mmr, AccountStatus.CANCEL_ALL),
        (settings.cancel_open_uni_mmr, AccountStatus.CANCEL_OPEN),
    )
    for threshold, status in ladder:
        if sums.valid <= threshold * sums.maintenance:
            return status
    return AccountStatus.MARGIN_CALL


def surely_normal(account: Account, settings: DeskSettings) -> bool:
    """Whether a fresh account is NORMAL beyond doubt: far from a margin call, with its status held
    neither by the operator nor by a liquidation.
    """
    if account.pinned_status is not None or account.liquidation is not None:
        return False
    return far_from_call(account, settings)


def far_from_call(account: Account, settings: DeskSettings) -> bool:
    """Whether a fresh account without loans is so far from a margin call that cut sums would say no
    other.
    """
    if account.loan_coins:
        return False
    worth = account.margin_value - account.perp_open_loss - account.spot_open_loss
    maintenance = account.perp_maintenance + account.debt_maintenance
    return worth - CUT_MAX > settings.margin_call_uni_mmr * maintenance


def account_status(account: Account, sums: Totals, settings: DeskSettings) -> AccountStatus:
    """The account's status: the one that the operator holds it at, or its own."""
    return account.pinned_status or standing(account, sums, settings)


def standing(account: Account, sums: Totals, settings: DeskSettings) -> AccountStatus:
    """The worse of what the sums and the loans say, or the liquidation that is under way until it
    ends (risk-model 9.5, 12).
    """
    liquidation = account.liquidation
    if liquidation is None:
        status = status_of(sums, settings)
        if account.loan_coins:
            return max(status, loan_status(account, settings), key=SEVERITY.index)
        return status
    return AccountStatus.TAKEOVER if liquidation.taking_over else AccountStatus.LIQUIDATING
