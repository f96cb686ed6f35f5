"""Users, portfolios, keys and money from outside: who may trade and with what."""

from openprime.desk.commands import (
    CreateKey,
    CreatePortfolio,
    CreateUser,
    Credit,
    DeleteKey,
    FreezeKey,
)
from openprime.desk.events import KeyChanged
from openprime.desk.ledger import OUTSIDE, wallet_of
from openprime.desk.state import ApiKey, Portfolio, User
from openprime.desk.statements import post_with_statement
from openprime.desk.turn import Turn, open_accounts
from openprime.errors import Refusal
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import StatementType, UserState

MAIN_PORTFOLIO = "MainPortfolio"


def create_user(turn: Turn, command: CreateUser) -> int:
    """Make a user and its MainPortfolio; returns the user id."""
    user_id = turn.new_id()
    turn.state.users[user_id] = User(user_id, command.kind, UserState.ACTIVE, turn.now_ms)
    _open_portfolio(turn, user_id, MAIN_PORTFOLIO, is_main=True)
    return user_id


def create_portfolio(turn: Turn, command: CreatePortfolio) -> int:
    """Make one more portfolio of a user; returns its id."""
    return _open_portfolio(turn, command.user_id, command.name, is_main=False)


def _open_portfolio(turn: Turn, user_id: int, name: str, is_main: bool) -> int:
    portfolio = Portfolio(
        portfolio_id=turn.new_id(),
        user_id=user_id,
        name=name,
        is_main=is_main,
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
    )
    turn.state.portfolios[portfolio.portfolio_id] = portfolio
    open_accounts(turn, portfolio)
    return portfolio.portfolio_id


def create_key(turn: Turn, command: CreateKey) -> str | Refusal:
    """Make a key. Codes: 402006 where the portfolio is unknown, 400000 where the key exists."""
    portfolio = turn.state.portfolios.get(command.portfolio_id)
    if portfolio is None:
        return Refusal(402006)
    if command.access_key in turn.state.keys:
        return Refusal(400000)
    turn.state.keys[command.access_key] = ApiKey(
        access_key=command.access_key,
        sealed_secret=command.sealed_secret,
        user_id=portfolio.user_id,
        portfolio_id=portfolio.portfolio_id,
        name=command.name,
        permissions=list(command.permissions),
        addresses=list(command.addresses),
        frozen=False,
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
    )
    turn.events.append(KeyChanged(command.access_key))
    return command.access_key


def freeze_key(turn: Turn, command: FreezeKey) -> Refusal | None:
    """Freeze or free a key. Code: 405001 where it is unknown."""
    key = turn.state.keys.get(command.access_key)
    if key is None:
        return Refusal(405001)
    key.frozen = command.frozen
    key.updated_at_ms = turn.now_ms
    turn.events.append(KeyChanged(command.access_key))
    return None


def delete_key(turn: Turn, command: DeleteKey) -> Refusal | None:
    """Forget a key. Code: 405001 where it is unknown."""
    if turn.state.keys.pop(command.access_key, None) is None:
        return Refusal(405001)
    turn.events.append(KeyChanged(command.access_key))
    return None


def credit(turn: Turn, command: Credit) -> Refusal | None:
    """Bring money in from outside; the first credit initialises the account (resolutions 145).

    Code: 402006 where the portfolio is unknown.
    """
    portfolio = turn.state.portfolios.get(command.portfolio_id)
    if portfolio is None or command.exchange not in portfolio.accounts:
        return Refusal(402006)
    account = portfolio.accounts[command.exchange]
    account.initialised = True
    wallet_of(turn, account, VALUATION_COIN)
    transfer_id = str(turn.new_id())
    post_with_statement(
        turn,
        account,
        command.coin,
        command.amount,
        OUTSIDE,
        StatementType.TRANSFER,
        transfer_id,
    )
    turn.touch_account(account)
    return None
