"""The operator changes the pool of venue accounts (errors 6.5). Code everywhere: 400000 for what
names no group, account, portfolio or user, and where the pool is full.
"""

from collections.abc import Callable
from typing import TypeVar

from openprime.desk.commands import (
    AddVenueAccount,
    Allocate,
    ChangeVenueAccount,
    SetAccountGroup,
    SetRoute,
    SetRouteTag,
)
from openprime.desk.pool_books import default_pool
from openprime.desk.pool_state import AccountGroup, Allocation, Pool, VenueAccount
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.reference import market_key

ROWS_MAX = 10_000

_UNFIT = Refusal(400000)

C = TypeVar("C")


def _on_pool(
    act: Callable[[Turn, Pool, C], int | Refusal | None],
) -> Callable[[Turn, C], int | Refusal | None]:
    """Let a handler act on the pool, on the default one where there is none; that one comes to stay
    with the first change.
    """

    def handle(turn: Turn, command: C) -> int | Refusal | None:
        pool = turn.state.pool
        if pool is None:
            pool = default_pool(turn)
        result = act(turn, pool, command)
        if not isinstance(result, Refusal):
            turn.state.pool = pool
        return result

    return handle


@_on_pool
def set_group(turn: Turn, pool: Pool, command: SetAccountGroup) -> Refusal | None:
    """Make a group, or switch one on or off."""
    groups = pool.groups
    known = groups.get(command.name)
    if known is None:
        if len(groups) >= ROWS_MAX or not command.name:
            return _UNFIT
        groups[command.name] = AccountGroup(
            command.name, command.exchange, command.business, command.enabled
        )
        return None
    if (known.exchange, known.business) != (command.exchange, command.business):
        return _UNFIT
    known.enabled = command.enabled
    return None


@_on_pool
def set_route(turn: Turn, pool: Pool, command: SetRoute) -> Refusal | None:
    """Send a market's orders to a group, or to none."""
    key = f"{command.owner}:{market_key(command.exchange, command.business)}"
    if command.group is None:
        pool.routes.pop(key, None)
        return None
    group = pool.groups.get(command.group)
    market = (command.exchange, command.business)
    if group is None or (group.exchange, group.business) != market or not command.owner:
        return _UNFIT
    if key not in pool.routes and len(pool.routes) >= ROWS_MAX:
        return _UNFIT
    pool.routes[key] = command.group
    return None


@_on_pool
def set_route_tag(turn: Turn, pool: Pool, command: SetRouteTag) -> Refusal | None:
    """Let a portfolio go by the routes of a tag."""
    if command.portfolio_id not in turn.state.portfolios or not command.tag:
        return _UNFIT
    pool.tags[command.portfolio_id] = command.tag
    return None


@_on_pool
def add_account(turn: Turn, pool: Pool, command: AddVenueAccount) -> int | Refusal:
    """Add an account to a group; returns its id."""
    group = pool.groups.get(command.group)
    if group is None or len(pool.accounts) >= ROWS_MAX:
        return _UNFIT
    pool.last_account_id += 1
    account_id = pool.last_account_id
    pool.accounts[account_id] = VenueAccount(account_id, group.exchange, group.name, command.terms)
    return account_id


@_on_pool
def change_account(turn: Turn, pool: Pool, command: ChangeVenueAccount) -> Refusal | None:
    """Change what an account takes, and put its books to what the venue says."""
    account = pool.accounts.get(command.account_id)
    if account is None:
        return _UNFIT
    if command.terms is not None:
        account.terms = command.terms
    for coin, amount in command.balances.items():
        if amount is None:
            account.balances.pop(coin, None)
        else:
            account.balances[coin] = amount
    if command.tells_margin:
        account.margin_available = command.margin_available
    return None


@_on_pool
def allocate(turn: Turn, pool: Pool, command: Allocate) -> Refusal | None:
    """Give a user a share of a coin of an account, or take it away."""
    if command.account_id not in pool.accounts or command.user_id not in turn.state.users:
        return _UNFIT
    by_coin = pool.allocations.setdefault(command.account_id, {})
    shares = by_coin.setdefault(command.coin, {})
    if command.amount is None:
        shares.pop(command.user_id, None)
    else:
        shares[command.user_id] = Allocation(
            command.user_id, command.account_id, command.coin, command.amount, command.credit
        )
    if not shares:
        del by_coin[command.coin]
    return None
