"""How near an account is to liquidation (risk-model 12, resolutions 104 to 109).

The status is a function of uniMMR alone; what a status forbids is one table.
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
    """Whether a fresh account without loans is so far from a margin call that cut sums would say no
    other, and nobody holds its status.
    """
    if account.pinned_status is not None or account.loan_coins:
        return False
    worth = account.margin_value - account.perp_open_loss - account.spot_open_loss
    maintenance = account.perp_maintenance + account.debt_maintenance
    return worth - CUT_MAX > settings.margin_call_uni_mmr * maintenance


def account_status(account: Account, sums: Totals, settings: DeskSettings) -> AccountStatus:
    """The account's status: the one that the operator holds it at, or its own."""
    return account.pinned_status or standing(account, sums, settings)


def standing(account: Account, sums: Totals, settings: DeskSettings) -> AccountStatus:
    """What the sums say, or the liquidation that is under way until it ends (risk-model 12)."""
    liquidation = account.liquidation
    if liquidation is None:
        return status_of(sums, settings)
    return AccountStatus.TAKEOVER if liquidation.taking_over else AccountStatus.LIQUIDATING
