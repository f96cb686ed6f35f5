"""The routes of deposits (rest-admin 5)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.handlers.transfers import filter_of
from openprime.api.parameters.funds import Address, DepositExchange, FundsQuery, Owner
from openprime.api.parameters.table import NoParameters
from openprime.api.services import UNAVAILABLE, Services
from openprime.api.wire.funds import (
    FUNDING_TYPE,
    deposit_address_row,
    deposit_route_row,
    deposit_row,
)
from openprime.desk.addresses import address_key
from openprime.desk.commands import MakeDepositAddress, SetDepositExchange
from openprime.desk.desk import Desk
from openprime.desk.funds import DepositAddress
from openprime.errors import Refusal

_PORTFOLIO_TYPE = "portfolio"


async def address(services: Services, caller: Caller, asked: Address) -> wire.Row | Refusal:
    """GET deposit/address: a primary key's funding account unless it asks for its portfolio, any
    other key's own portfolio. The first asking makes the address.

    Codes: 2002 for a funding account out of reach, 403010 and 400000 for coin and network.
    """
    owner = asked.owner or (Owner.FUNDING if caller.is_primary else Owner.PORTFOLIO)
    if owner is Owner.FUNDING and not caller.is_primary:
        return Refusal(2002)
    of_portfolio = owner is Owner.PORTFOLIO
    account_id = caller.portfolio.portfolio_id if of_portfolio else caller.user.user_id
    key = address_key(account_id, asked.coin, asked.network)

    def known(desk: Desk) -> DepositAddress | None:
        return desk.state.deposit_addresses.get(key)

    found = await services.read(known)
    if found is None:
        command = MakeDepositAddress(account_id, asked.coin, asked.network)
        outcome = await services.sequencer.submit(command)
        found = known(services.desk)
        if outcome.refusal is not None or found is None:
            return outcome.refusal or UNAVAILABLE
    minimum = services.reference.currencies[asked.coin].minimum
    return deposit_address_row(found, minimum, _PORTFOLIO_TYPE if of_portfolio else FUNDING_TYPE)


async def exchanges(services: Services, caller: Caller, asked: NoParameters) -> wire.Row | Refusal:
    """GET deposit/exchange: where deposits of the key's portfolio go; what is as the default is
    left out.
    """

    def render(desk: Desk) -> wire.Row | Refusal:
        portfolio = caller.own(desk.state)
        if isinstance(portfolio, Refusal):
            return portfolio
        default = portfolio.deposit_exchange
        routes = portfolio.deposit_routes.values()
        return {
            "defaultExchange": default,
            "specifics": [deposit_route_row(r) for r in routes if r.exchange is not default],
        }

    return await services.read(render)


async def set_exchange(
    services: Services, caller: Caller, asked: DepositExchange
) -> wire.Row | Refusal:
    """POST deposit/exchange. Codes: 401066, 403010, 400000."""
    outcome = await services.sequencer.submit(
        SetDepositExchange(caller.portfolio.portfolio_id, asked.exchange, asked.coin, asked.network)
    )
    return outcome.refusal or {}


async def get_all(services: Services, caller: Caller, asked: FundsQuery) -> list[wire.Row]:
    """GET deposit/list: the key's own portfolio's, of a primary key the funding account's too."""
    await services.sequencer.settled()
    accounts: tuple[int, ...] = (caller.portfolio.portfolio_id,)
    if caller.is_primary:
        accounts += (caller.user.user_id,)
    wanted = filter_of(caller, asked, accounts)
    found = await services.store.read(services.funds.deposits, wanted, asked.page, asked.page_size)
    return [deposit_row(deposit) for deposit in found]
