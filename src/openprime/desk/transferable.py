"""What may leave a margin account (risk-model 7, resolutions 129)."""

from decimal import Decimal

from openprime.desk.ledger import available
from openprime.desk.loan_worth import collateral, loans_value
from openprime.desk.margin import UNLISTED_DISCOUNT, refresh
from openprime.desk.state import Account, Wallet
from openprime.desk.turn import Turn
from openprime.model.numbers import ZERO, positive_part, truncate


def max_transferable(turn: Turn, account: Account, wallet: Wallet) -> Decimal:
    """What may leave a wallet; the account must be refreshed.

    From the sums before they are cut: a single coin with nothing against it may leave whole.
    """
    free = positive_part(available(wallet) - wallet.loan)
    discount = turn.reference.discounts.get(wallet.coin, UNLISTED_DISCOUNT)
    weight = (turn.index_price(wallet.coin) or ZERO) * discount
    if not weight:
        return free
    room = truncate(_margin_room(turn, account) / weight)
    return positive_part(min(free, room))


def stands_without(turn: Turn, account: Account, wallet: Wallet, amount: Decimal) -> bool:
    """Whether the account keeps free margin, and the uniMMR that transfers must leave, once
    `amount` is gone: found by taking it away and putting it back.

    `max_transferable` values a coin by its discount. Where the unrealised loss of a position makes
    its equity negative it counts in full, and then this test is the narrower one.
    """
    worth, cash = account.margin_value - account.debt_margin, wallet.cash
    _suppose(turn, account, wallet, cash - amount)
    unmoved = account.margin_value - account.debt_margin == worth
    stands = unmoved or _margin_room(turn, account) >= ZERO
    # The very number that was there: adding what was taken could end in other digits.
    _suppose(turn, account, wallet, cash)
    return stands


def _suppose(turn: Turn, account: Account, wallet: Wallet, cash: Decimal) -> None:
    wallet.cash = cash
    account.stale_coins[wallet.coin] = None
    account.spot_orders_stale = bool(account.spot_orders)
    refresh(turn, account)


def _margin_room(turn: Turn, account: Account) -> Decimal:
    """How much margin value may go before free margin is gone, uniMMR at its floor, or the loans
    too much for the collateral.
    """
    valid = account.margin_value - account.perp_open_loss - account.spot_open_loss
    margin = account.perp_margin + account.debt_margin
    maintenance = account.perp_maintenance + account.debt_maintenance
    room = valid - max(margin, turn.settings.transfer_out_min_uni_mmr * maintenance)
    if account.loan_coins:
        needed = loans_value(account) / turn.settings.loan_ltv_transfer
        room = min(room, collateral(account) - needed)
    return room
