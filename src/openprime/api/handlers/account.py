"""The account and asset routes (rest-trading 3, rest-admin 4.1)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.parameters.account import Mode, SymFilter
from openprime.api.parameters.history import ListQuery
from openprime.api.parameters.table import NoParameters
from openprime.api.services import Services
from openprime.api.wire.accounts import account_row, asset_row, empty_asset_row
from openprime.desk.commands import SetPositionMode
from openprime.desk.desk import Desk
from openprime.desk.state import Account, Portfolio
from openprime.desk.views import account_view, asset_view
from openprime.errors import Refusal
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import Exchange

FUNDING_VENUE = "LTP"


def accounts_of(portfolio: Portfolio, exchange: Exchange | None) -> list[Account]:
    """A portfolio's accounts, all or that of one exchange."""
    return [a for a in portfolio.accounts.values() if exchange in (None, a.exchange)]


async def overview(
    services: Services, caller: Caller, asked: SymFilter
) -> list[wire.Row] | Refusal:
    """GET account: one row an exchange."""

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        portfolio = caller.reach(desk.state, asked.portfolio_id, writes=False)
        if isinstance(portfolio, Refusal):
            return portfolio
        accounts = accounts_of(portfolio, asked.exchange)
        return [account_row(account_view(desk, account)) for account in accounts]

    return await services.read(render)


async def set_mode(services: Services, caller: Caller, asked: Mode) -> wire.Row | Refusal:
    """POST account: one position a symbol, or two legs."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    outcome = await services.sequencer.submit(
        SetPositionMode(portfolio.portfolio_id, asked.exchange, asked.mode)
    )
    return outcome.refusal or {}


def asset_rows(desk: Desk, portfolio: Portfolio, exchange: Exchange | None) -> list[wire.Row]:
    """The wallets of a portfolio: every coin ever credited, and the valuation coin always."""
    rows = []
    for account in accounts_of(portfolio, exchange):
        if VALUATION_COIN not in account.wallets:
            rows.append(
                empty_asset_row(
                    portfolio.portfolio_id,
                    account.exchange,
                    VALUATION_COIN,
                    portfolio.created_at_ms,
                )
            )
        rows += [asset_row(asset_view(desk, account, coin)) for coin in account.wallets]
    return rows


async def assets(services: Services, caller: Caller, asked: ListQuery) -> wire.Row | Refusal:
    """GET portfolio/assets."""

    def render(desk: Desk) -> wire.Row | Refusal:
        portfolio = caller.reach(desk.state, asked.portfolio_id, writes=False)
        if isinstance(portfolio, Refusal):
            return portfolio
        rows = asset_rows(desk, portfolio, asked.exchange)
        return wire.page_of(rows, asked.page, asked.page_size)

    return await services.read(render)


async def assets_of_user(services: Services, caller: Caller, asked: NoParameters) -> wire.Row:
    """GET user/asset: the wallets of every portfolio of the user."""

    def render(desk: Desk) -> wire.Row:
        return {
            str(portfolio.portfolio_id): asset_rows(desk, portfolio, None)
            for portfolio in desk.state.portfolios.values()
            if portfolio.user_id == caller.user.user_id and not portfolio.closed
        }

    return await services.read(render)


async def trade_accounts(services: Services, caller: Caller, asked: NoParameters) -> list[wire.Row]:
    """GET tradeAccount/list: the funding account, known by the user's own id."""
    return [
        {
            "accountId": caller.user.user_id,
            "venues": FUNDING_VENUE,
            "label": "Funding Account",
            "exchangeUid": 0,
            "accountNote": "",
        }
    ]
