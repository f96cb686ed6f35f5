"""What an operator does with margin accounts: money, holds, and the status that is shown."""

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum

from openprime.api import wire
from openprime.api.handlers.account import accounts_of, asset_rows
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Unfit, done
from openprime.api.services import Services
from openprime.api.wire.accounts import account_row
from openprime.desk.commands import (
    BanTrading,
    Credit,
    PinStatus,
    RestrictAccount,
    SeizeFrozen,
)
from openprime.desk.desk import Desk
from openprime.desk.state import Account, Portfolio
from openprime.desk.views import account_view
from openprime.errors import Refusal
from openprime.model.numbers import LEDGER_PLACES, ZERO, text
from openprime.model.vocabulary import AccountStatus, Exchange

FUND_MAX = Decimal(10) ** 15
# Some ms of work, in which nothing else is done.
PORTFOLIOS_AT_ONCE = 50


class OfPortfolio(Asked, frozen=True):
    """Rows of one portfolio, or of all; of one exchange, or of all."""

    portfolio_id: int | None = None
    exchange: Exchange | None = None


class Funding(Asked, frozen=True):
    portfolio_id: int
    exchange: Exchange
    coin: str
    amount: Decimal


class Ban(Asked, frozen=True):
    portfolio_id: int
    exchange: Exchange
    banned: bool = True


class AccountState(StrEnum):
    """The state of an account's row (errors 6.2)."""

    NORMAL = "NORMAL"
    RESTRICTED = "RESTRICTED"


class StateAsked(Asked, frozen=True):
    portfolio_id: int
    exchange: Exchange
    state: AccountState = AccountState.RESTRICTED


class Status(Asked, frozen=True):
    """No status lets the account's own count again."""

    portfolio_id: int
    exchange: Exchange
    status: AccountStatus | None = None


async def _of_portfolios(
    services: Services, asked: OfPortfolio, rows: Callable[[Desk, Portfolio], Iterable[wire.Row]]
) -> list[wire.Row]:
    """Rows of the portfolios asked for, some at a time: all that there are may be very many, and
    clients go on meanwhile.
    """
    wanted = asked.portfolio_id
    portfolio_ids = list(services.desk.state.portfolios) if wanted is None else [wanted]
    found: list[wire.Row] = []
    for begin in range(0, len(portfolio_ids), PORTFOLIOS_AT_ONCE):
        some = portfolio_ids[begin : begin + PORTFOLIOS_AT_ONCE]

        def render(desk: Desk, some: list[int] = some) -> list[wire.Row]:
            known = [desk.state.portfolios[one] for one in some if one in desk.state.portfolios]
            return [row for portfolio in known for row in rows(desk, portfolio)]

        found += await services.read(render)
        await asyncio.sleep(0)
    return found


def _account_row(desk: Desk, account: Account) -> wire.Row:
    return account_row(account_view(desk, account)) | {
        "initialised": account.initialised,
        "restricted": account.restricted,
        "tradeBanned": account.trade_banned,
        "pinnedStatus": account.pinned_status or "",
    }


async def accounts(services: Services, asked: OfPortfolio) -> list[wire.Row]:
    """Margin accounts as clients see them, with what the operator set."""

    def rows(desk: Desk, portfolio: Portfolio) -> list[wire.Row]:
        found = accounts_of(portfolio, asked.exchange)
        return [_account_row(desk, account) for account in found]

    return await _of_portfolios(services, asked, rows)


async def wallets(services: Services, asked: OfPortfolio) -> list[wire.Row]:
    """Wallets as clients see them."""

    def rows(desk: Desk, portfolio: Portfolio) -> list[wire.Row]:
        return asset_rows(desk, portfolio, asked.exchange)

    return await _of_portfolios(services, asked, rows)


def unfit_amount(amount: Decimal) -> Unfit | None:
    """Why the books take no such amount."""
    places = -int(amount.as_tuple().exponent) if amount.is_finite() else LEDGER_PLACES + 1
    if amount.is_finite() and ZERO < amount <= FUND_MAX and places <= LEDGER_PLACES:
        return None
    return Unfit(
        f"expected amount above 0, at most {text(FUND_MAX)}, with at most "
        f"{LEDGER_PLACES} decimals; found {amount}"
    )


async def fund(services: Services, asked: Funding) -> Refusal | Unfit | None:
    """Money from outside."""
    coins = services.reference.coins()
    unfit = unfit_amount(asked.amount)
    if unfit is not None:
        return unfit
    if asked.coin not in coins:
        return Unfit(f"expected coin to be one of {', '.join(coins)}; found {asked.coin!r}")
    return await done(
        services, Credit(asked.portfolio_id, asked.exchange, asked.coin, asked.amount)
    )


async def ban(services: Services, asked: Ban) -> Refusal | None:
    return await done(services, BanTrading(asked.portfolio_id, asked.exchange, asked.banned))


async def set_state(services: Services, asked: StateAsked) -> Refusal | None:
    restricted = asked.state is AccountState.RESTRICTED
    command = RestrictAccount(asked.portfolio_id, asked.exchange, restricted)
    return await done(services, command)


async def seize(services: Services, asked: Funding) -> Refusal | Unfit | None:
    """Frozen money, out of the reserves of orders and transfers."""
    unfit = unfit_amount(asked.amount)
    if unfit is not None:
        return unfit
    refusal = await done(
        services, SeizeFrozen(asked.portfolio_id, asked.exchange, asked.coin, asked.amount)
    )
    if refusal is not None and refusal.code == 401057:
        return Unfit(f"expected at most what is frozen of {asked.coin} there, found {asked.amount}")
    return refusal


async def pin_status(services: Services, asked: Status) -> Refusal | None:
    return await done(services, PinStatus(asked.portfolio_id, asked.exchange, asked.status))


_ACCOUNTS = f"{PREFIX}accounts"

ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "POST",
        f"{PREFIX}portfolios/fund",
        "Bring money in from outside; the first of it opens the account",
        Funding,
        fund,
    ),
    AdminRow(
        "GET",
        _ACCOUNTS,
        "Margin accounts",
        OfPortfolio,
        accounts,
        "[account with initialised, restricted, tradeBanned, pinnedStatus]",
    ),
    AdminRow("GET", f"{PREFIX}wallets", "Wallets", OfPortfolio, wallets, "[asset]"),
    AdminRow(
        "POST",
        f"{_ACCOUNTS}/ban",
        "Refuse every order of an account (401045), or take them again",
        Ban,
        ban,
    ),
    AdminRow(
        "POST",
        f"{_ACCOUNTS}/state",
        "Restrict an account: orders answer 401045, what closes 401053; or make it NORMAL again",
        StateAsked,
        set_state,
    ),
    AdminRow(
        "POST",
        f"{_ACCOUNTS}/seize",
        "Take money that orders and transfers hold back (401057), the oldest orders' first",
        Funding,
        seize,
    ),
    AdminRow(
        "POST",
        f"{_ACCOUNTS}/status",
        "Hold an account's status, whatever its margin says (401045), or let it go",
        Status,
        pin_status,
    ),
)
