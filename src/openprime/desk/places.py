"""Places of money: funding accounts and margin accounts behind one face.

Whoever moves money asks here what a place may give, holds it back, takes it out and brings it in.
Every movement has a house account on its other side, and leaves a statement row at a margin
account.
"""

from decimal import Decimal

from openprime.desk.funding_account import funding_wallet, post_funding
from openprime.desk.funds import FundingWallet, Place
from openprime.desk.ledger import repay, wallet_of
from openprime.desk.margin import refresh, totals
from openprime.desk.pool import NO_GROUP, transfer_code
from openprime.desk.pool_books import move_money
from openprime.desk.risk import account_status
from openprime.desk.state import Account, Portfolio, State, User, Wallet
from openprime.desk.statements import post_with_statement
from openprime.desk.transferable import max_transferable, stands_without
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.numbers import text
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import AccountStatus, Exchange, StatementType

# How clients name the funding account's type; a portfolio's type is its exchange.
FUNDING_TYPES = ("", "PB", "FUNDING", "LTP")

# Transfers, or withdrawals, that a user may have under way at once.
UNDER_WAY_MAX = 1000


def place_of(user_id: int, account_id: int, account_type: str) -> Place | None:
    """The place that an account's id and type name; None where the type does not fit the id."""
    name = account_type.upper() if account_type.isascii() else account_type
    if account_id == user_id:
        return Place(user_id) if name in FUNDING_TYPES else None
    return Place(account_id, Exchange(name)) if name in Exchange.__members__ else None


def reaches(user: User, reach: int | None, account_id: int) -> Refusal | None:
    """2002 where a key that is limited to a portfolio names the funding account."""
    return Refusal(2002) if reach is not None and account_id == user.user_id else None


def portfolio_in_reach(
    state: State, user: User, reach: int | None, account_id: int
) -> Portfolio | None:
    """The user's open portfolio of that id, if the asking key may name it (resolutions 82)."""
    portfolio = state.portfolios.get(account_id)
    if portfolio is None or portfolio.closed or portfolio.user_id != user.user_id:
        return None
    return portfolio if reach in (None, account_id) else None


def account_at(state: State, place: Place) -> Account | None:
    """The margin account of a place; None for a funding account and where nothing is traded."""
    if place.exchange is None:
        return None
    return state.portfolios[place.account_id].accounts.get(place.exchange)


def _wallet_at(turn: Turn, place: Place, coin: str) -> Wallet | FundingWallet:
    account = account_at(turn.state, place)
    if account is None:
        return funding_wallet(turn, turn.state.users[place.account_id], coin)
    return wallet_of(turn, account, coin)


def giving_refusal(turn: Turn, place: Place, coin: str, amount: Decimal) -> Refusal | None:
    """Why a place cannot give so much. Codes: 401035 (never held there), 401045 (the broker has
    taken the account over), 403013 with what may be moved.

    An exchange where nothing is traded is left to the choice of a venue account.
    """
    if place.exchange is None:
        wallet = turn.state.users[place.account_id].funding_wallets.get(coin)
        free = wallet.available if wallet else Decimal(0)
        return Refusal(403013, (text(free),)) if amount > free else None
    account = account_at(turn.state, place)
    if account is None:
        return None
    held = account.wallets.get(coin)
    if held is None:
        return Refusal(401035)
    refresh(turn, account)
    status = account_status(account, totals(account), turn.settings)
    if status is AccountStatus.TAKEOVER:
        return Refusal(401045)
    free = max_transferable(turn, account, held)
    if amount > free or not stands_without(turn, account, held, amount):
        return Refusal(403013, (text(free),))
    return None


def venue_refusal(turn: Turn, place: Place, coin: str, amount: Decimal) -> Refusal | None:
    """Why the venue accounts behind a place cannot give so much; 0 asks whether they could take.

    Codes: 401066 (nothing is traded there, or no group), 401062, 401065.
    """
    if place.exchange is None:
        return None
    portfolio = turn.state.portfolios[place.account_id]
    if place.exchange not in portfolio.accounts:
        return Refusal(NO_GROUP)
    code = transfer_code(turn, portfolio, place.exchange, coin, amount)
    if code is None or (not amount and code != NO_GROUP):
        return None
    return Refusal(code)


def hold_back(turn: Turn, place: Place, coin: str, amount: Decimal) -> None:
    """Freeze what is about to leave a place."""
    wallet = _wallet_at(turn, place, coin)
    wallet.transfer_frozen += amount
    _touch(turn, place, wallet)


def leaving_refusal(turn: Turn, place: Place, coin: str, amount: Decimal) -> Refusal | None:
    """Why so much that was held back may not leave after all. Codes: 401057 (it was taken
    meanwhile), else those of `giving_refusal`: what is held back goes on counting as margin, and
    orders, losses and loans that came since may need it (risk-model 7).
    """
    wallet = _wallet_at(turn, place, coin)
    if wallet.transfer_frozen < amount:
        return Refusal(401057)
    held = wallet.transfer_frozen
    _suppose_held(turn, place, wallet, held - amount)
    refusal = giving_refusal(turn, place, coin, amount)
    _suppose_held(turn, place, wallet, held)
    return refusal


def _suppose_held(
    turn: Turn, place: Place, wallet: Wallet | FundingWallet, amount: Decimal
) -> None:
    wallet.transfer_frozen = amount
    account = account_at(turn.state, place)
    if account is not None:
        account.stale_coins[wallet.coin] = None


def let_go(turn: Turn, place: Place, coin: str, amount: Decimal) -> None:
    """Free what was frozen, or what is left of it."""
    wallet = _wallet_at(turn, place, coin)
    wallet.transfer_frozen -= min(amount, wallet.transfer_frozen)
    if isinstance(wallet, Wallet):
        repay(wallet)
    _touch(turn, place, wallet)


def _touch(turn: Turn, place: Place, wallet: Wallet | FundingWallet) -> None:
    wallet.updated_at_ms = turn.now_ms
    account = account_at(turn.state, place)
    if account is not None:
        turn.touch_wallet(account, wallet.coin)
        turn.touch_account(account)


def take_out(
    turn: Turn,
    place: Place,
    coin: str,
    amount: Decimal,
    counterparty: str,
    request_id: int,
    frozen: bool,
) -> None:
    """Move money out of a place; `frozen` where it was held back for this."""
    if frozen:
        # Without repaying by it: what is freed here leaves at once.
        _wallet_at(turn, place, coin).transfer_frozen -= amount
    _post(turn, place, coin, -amount, counterparty, request_id)


def bring_in(
    turn: Turn, place: Place, coin: str, amount: Decimal, counterparty: str, request_id: int
) -> None:
    """Move money into a place; the first money initialises a margin account (resolutions 145)."""
    account = account_at(turn.state, place)
    if account is not None:
        account.initialised = True
        wallet_of(turn, account, VALUATION_COIN)
    _post(turn, place, coin, amount, counterparty, request_id)


def _post(
    turn: Turn, place: Place, coin: str, amount: Decimal, counterparty: str, request_id: int
) -> None:
    account = account_at(turn.state, place)
    if account is None:
        post_funding(turn, turn.state.users[place.account_id], coin, amount, counterparty)
        return
    post_with_statement(
        turn, account, coin, amount, counterparty, StatementType.TRANSFER, str(request_id)
    )
    portfolio = turn.state.portfolios[account.portfolio_id]
    move_money(turn, portfolio, account.exchange, coin, amount)
    turn.touch_account(account)
