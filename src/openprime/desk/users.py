"""Users: made, let in or kept out, and deleted (errors 6.1)."""

from openprime.desk.commands import CreateUser, DeleteUser, SetUserState
from openprime.desk.keys import follow
from openprime.desk.owners import portfolios_of
from openprime.desk.portfolios import MAIN_PORTFOLIO, open_portfolio
from openprime.desk.state import Portfolio, User
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.vocabulary import UserState


def create_user(turn: Turn, command: CreateUser) -> int:
    """Make a user and its MainPortfolio; returns the user id."""
    user_id = turn.new_id()
    turn.state.users[user_id] = User(user_id, command.kind, UserState.ACTIVE, turn.now_ms)
    open_portfolio(turn, user_id, MAIN_PORTFOLIO, is_main=True)
    return user_id


def set_user_state(turn: Turn, command: SetUserState) -> Refusal | None:
    """Let a user in or keep it out. Code: 401022 where the user is unknown.

    What works goes on working. Portfolio keys are frozen for as long as their user is suspended
    (see keys.follow), so activation frees those that nobody froze one by one.
    """
    user = turn.state.users.get(command.user_id)
    if user is None:
        return Refusal(401022)
    user.state = command.state
    follow(turn, portfolios_of(turn.state, user.user_id))
    return None


def delete_user(turn: Turn, command: DeleteUser) -> Refusal | None:
    """Forget a user and its keys. Codes: 401022 where it is unknown, 401043 where an order works,
    400000 where a position or money is left, or money is under way.

    Its portfolios stay as empty rows that nobody owns, for history names them. No event says that
    the keys are gone: whoever remembers one still takes it for good, and meets 401022 at the
    second look (resolutions 23).
    """
    state = turn.state
    if command.user_id not in state.users:
        return Refusal(401022)
    owned = portfolios_of(state, command.user_id)
    accounts = [account for portfolio in owned for account in portfolio.accounts.values()]
    if any(account.order_count for account in accounts) or any(p.algo_orders for p in owned):
        return Refusal(401043)
    if _moves_money(turn, command.user_id) or any(map(_holds_something, owned)):
        return Refusal(400000)
    for access_key in [k.access_key for k in state.keys.values() if k.user_id == command.user_id]:
        del state.keys[access_key]
    del state.users[command.user_id]
    return None


def _moves_money(turn: Turn, user_id: int) -> bool:
    """Whether anything is in a user's funding account, or on its way from the user."""
    state = turn.state
    movers = {transfer.user_id for transfer in state.transfers.values()}
    movers |= {withdrawal.user_id for withdrawal in state.withdrawals.values()}
    wallets = state.users[user_id].funding_wallets.values()
    return user_id in movers or any(wallet.cash or wallet.transfer_frozen for wallet in wallets)


def _holds_something(portfolio: Portfolio) -> bool:
    """Whether a position or any amount of a coin is left in a portfolio."""
    return any(
        account.positions
        or any(
            wallet.cash or wallet.borrowed or wallet.loan or wallet.transfer_frozen
            for wallet in account.wallets.values()
        )
        for account in portfolio.accounts.values()
    )
