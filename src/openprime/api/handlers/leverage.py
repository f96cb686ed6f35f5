"""The leverage routes: of PERP symbols and of the debts in a coin (rest-trading 2.5, 2.6, 2.8)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.handlers.account import accounts_of
from openprime.api.parameters.account import CoinLeverage, Leverage, SymFilter
from openprime.api.parameters.history import ListQuery
from openprime.api.services import Services
from openprime.desk.commands import SetCoinLeverage, SetLeverage
from openprime.desk.desk import Desk
from openprime.desk.views import leverage_view
from openprime.errors import Refusal


async def set_leverage(services: Services, caller: Caller, asked: Leverage) -> wire.Row | Refusal:
    """POST position/leverage."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    outcome = await services.sequencer.submit(
        SetLeverage(portfolio.portfolio_id, asked.sym, asked.leverage)
    )
    return outcome.refusal or {}


async def leverages(
    services: Services, caller: Caller, asked: SymFilter
) -> list[wire.Row] | Refusal:
    """GET perp/leverage: of one symbol, or of every live PERP (resolutions 126); without the
    symbols that have none yet (401037)."""
    instruments = services.reference.instruments

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        portfolio = caller.reach(desk.state, asked.portfolio_id, writes=False)
        if isinstance(portfolio, Refusal):
            return portfolio
        refusal = services.sym_refusal(asked.sym)
        if refusal is not None:
            return refusal
        if asked.sym is not None and not instruments[asked.sym].is_perp:
            return Refusal(401041)
        return [
            {"sym": i.sym, "leverage": str(leverage)}
            for i in instruments.values()
            if i.is_perp
            and (i.live if asked.sym is None else i.sym == asked.sym)
            and asked.exchange in (None, i.exchange)
            and (account := portfolio.accounts.get(i.exchange)) is not None
            and (leverage := leverage_view(desk, account, i.sym))
        ]

    return await services.read(render)


async def set_coin_leverage(
    services: Services, caller: Caller, asked: CoinLeverage
) -> wire.Row | Refusal:
    """POST margin/leverage."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    outcome = await services.sequencer.submit(
        SetCoinLeverage(portfolio.portfolio_id, asked.exchange, asked.coin, asked.leverage)
    )
    return outcome.refusal or {}


async def coin_leverages(
    services: Services, caller: Caller, asked: ListQuery
) -> wire.Row | Refusal:
    """GET margin/leverage: of each coin with a wallet or a setting (resolutions 127)."""

    def render(desk: Desk) -> wire.Row | Refusal:
        portfolio = caller.reach(desk.state, asked.portfolio_id, writes=False)
        if isinstance(portfolio, Refusal):
            return portfolio
        rows = [
            {
                "coin": coin,
                "exchangeType": account.exchange,
                "leverage": str(account.coin_leverage.get(coin, 1)),
            }
            for account in accounts_of(portfolio, asked.exchange)
            for coin in dict.fromkeys((*account.wallets, *account.coin_leverage))
            if asked.coin in (None, coin)
        ]
        return wire.page_of(rows, asked.page, asked.page_size)

    return await services.read(render)
