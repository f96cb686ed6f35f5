"""Money: every change is a double entry between a client's wallet and a house account.

Per coin, the sum over all wallets and house accounts is zero, always. `check_balanced` says so,
and tests ask it after every command.
"""

from decimal import Decimal

from openprime.desk.lending import note_debtor
from openprime.desk.state import Account, Order, State, Wallet
from openprime.desk.turn import Turn, hold
from openprime.desk.watched import watch
from openprime.model.numbers import ZERO, positive_part

OUTSIDE = "outside"
VENUE = "venue"
IN_TRANSIT = "in_transit"
SEIZED = "seized"
FEES = "fees"
INTEREST = "interest"
LENT = "lent"
INSURANCE = "insurance"
BROKER = "broker"


def wallet_of(turn: Turn, account: Account, coin: str) -> Wallet:
    """The wallet of a coin, made when the coin first comes."""
    wallet = account.wallets.get(coin)
    if wallet is None:
        wallet = Wallet(coin=coin, created_at_ms=turn.now_ms, updated_at_ms=turn.now_ms)
        account.wallets[coin] = wallet
        hold(turn.state, coin, account)
        turn.touch_wallet(account, coin)
    return wallet


def post(
    turn: Turn,
    account: Account,
    coin: str,
    amount: Decimal,
    counterparty: str,
    may_borrow: bool = False,
) -> None:
    """Move `amount` of a coin from a house account into a wallet (out of it where negative).

    With `may_borrow` the part by which cash falls below what it was, or below zero, becomes an
    explicit borrow; all other shortfall is overdraw (resolutions 133).
    """
    if not amount:
        return
    wallet = wallet_of(turn, account, coin)
    wallet.cash += amount
    if may_borrow:
        before = wallet.cash - amount + wallet.borrowed
        short = min(ZERO, before) - (before + amount)
        if short > ZERO:
            wallet.borrowed += short
            note_debtor(turn, account, wallet)
    house = turn.state.house.setdefault(counterparty, {})
    house[coin] = house.get(coin, ZERO) - amount
    wallet.updated_at_ms = turn.now_ms
    if wallet.borrowed:
        repay(wallet)
    if wallet.cash < frozen(wallet):
        watch(turn, account)
    turn.touch_wallet(account, coin)
    if account.spot_orders:
        account.spot_orders_stale = True


def repay(wallet: Wallet) -> None:
    """Use free cash to pay back what is borrowed; cash itself does not change by it."""
    if wallet.borrowed:
        free = wallet.cash + wallet.borrowed - wallet.order_frozen - wallet.transfer_frozen
        if free > ZERO:
            wallet.borrowed -= min(wallet.borrowed, free)


def set_freeze(turn: Turn, account: Account, order: Order, amount: Decimal) -> None:
    """Make the reserve of an order `amount` of its frozen coin."""
    if amount == order.frozen:
        return
    wallet = wallet_of(turn, account, order.frozen_coin)
    wallet.order_frozen += amount - order.frozen
    order.frozen = amount
    wallet.updated_at_ms = turn.now_ms
    repay(wallet)
    if wallet.cash < frozen(wallet):
        watch(turn, account)
    turn.touch_wallet(account, order.frozen_coin)


def frozen(wallet: Wallet) -> Decimal:
    """F: what orders and transfers hold back."""
    return wallet.order_frozen + wallet.transfer_frozen


def equity(wallet: Wallet) -> Decimal:
    """E: cash and unrealised profit."""
    return wallet.cash + wallet.upnl


def available(wallet: Wallet) -> Decimal:
    """V: what can be spent."""
    return positive_part(wallet.cash + wallet.borrowed - frozen(wallet))


def overdraw(wallet: Wallet) -> Decimal:
    """O: negative cash that is not an explicit borrow."""
    cash = wallet.cash + wallet.borrowed
    return -cash if cash < ZERO else ZERO


def liability(wallet: Wallet) -> Decimal:
    """L: what the account owes in this coin, counting what resting MARGIN orders would borrow."""
    return positive_part(frozen(wallet) - equity(wallet))


def balances(state: State) -> dict[str, Decimal]:
    """Per coin, the sum over all wallets and house accounts: zero, or the books are wrong."""
    sums: dict[str, Decimal] = {}
    for portfolio in state.portfolios.values():
        for account in portfolio.accounts.values():
            for wallet in account.wallets.values():
                sums[wallet.coin] = sums.get(wallet.coin, ZERO) + wallet.cash
    for user in state.users.values():
        for funding in user.funding_wallets.values():
            sums[funding.coin] = sums.get(funding.coin, ZERO) + funding.cash
    for house in state.house.values():
        for coin, amount in house.items():
            sums[coin] = sums.get(coin, ZERO) + amount
    return sums


def check_balanced(state: State) -> None:
    """Raise where money was made or lost: expected zero for every coin."""
    wrong = {coin: amount for coin, amount in balances(state).items() if amount}
    if wrong:
        raise AssertionError(f"ledger: expected every coin to sum to 0, found {wrong}")
