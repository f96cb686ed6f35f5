"""The routes of portfolio management (rest-admin 8.1, resolutions 52, 85, 130, 131).

What a name may be, and whether it is free, the desk decides: of two requests that race for a name
or for the last place one wins.
"""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.parameters.portfolios import (
    MAIN,
    OTHER,
    NewPortfolio,
    PortfolioChange,
    PortfolioQuery,
)
from openprime.api.services import Services
from openprime.desk.commands import CreatePortfolio, UpdatePortfolio
from openprime.desk.desk import Desk
from openprime.desk.owners import portfolios_of
from openprime.desk.portfolios import owned
from openprime.desk.state import Portfolio
from openprime.errors import Refusal


def _belonging_to(portfolio: Portfolio) -> int:
    return MAIN if portfolio.is_main else OTHER


def portfolio_row(portfolio: Portfolio) -> wire.Row:
    """A portfolio in a list; its id is an integer here."""
    return {
        "portfolioId": portfolio.portfolio_id,
        "name": portfolio.name,
        "belongingTo": _belonging_to(portfolio),
        "createAt": portfolio.created_at_ms,
        "updateAt": portfolio.updated_at_ms,
    }


async def create(services: Services, caller: Caller, asked: NewPortfolio) -> wire.Row | Refusal:
    """POST trading/portfolio."""
    outcome = await services.sequencer.submit(CreatePortfolio(caller.user.user_id, asked.name))
    return outcome.refusal or {"portfolioId": outcome.reply, "name": asked.name}


async def update(services: Services, caller: Caller, asked: PortfolioChange) -> wire.Row | Refusal:
    """PUT trading/portfolio: another name."""
    outcome = await services.sequencer.submit(
        UpdatePortfolio(caller.user.user_id, asked.portfolio_id, asked.name)
    )
    return outcome.refusal or {"portfolioId": asked.portfolio_id, "name": asked.name}


async def query(services: Services, caller: Caller, asked: PortfolioQuery) -> wire.Row | Refusal:
    """GET trading/portfolio: the open portfolios of the user, the oldest first."""

    def render(desk: Desk) -> wire.Row | Refusal:
        user_id = caller.user.user_id
        if asked.portfolio_id is not None:
            found = owned(desk.state, user_id, asked.portfolio_id)
            if isinstance(found, Refusal):
                return found
        rows = [
            portfolio_row(portfolio)
            for portfolio in portfolios_of(desk.state, user_id)
            if not portfolio.closed
            and asked.portfolio_id in (None, portfolio.portfolio_id)
            and asked.name in (None, portfolio.name)
            and asked.belonging_to in (None, _belonging_to(portfolio))
        ]
        return wire.page_of(rows, asked.page, asked.page_size)

    return await services.read(render)
