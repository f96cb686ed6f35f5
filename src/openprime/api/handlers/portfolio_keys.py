"""The routes of the API keys of portfolios (rest-admin 8.2, resolutions 28 to 30, 85, 131)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.parameters import portfolios as fields
from openprime.api.parameters.portfolios import KeyFields, KeyQuery
from openprime.api.services import Services
from openprime.desk.commands import DeleteKey, UpdateKey
from openprime.desk.desk import Desk
from openprime.desk.owners import portfolios_of
from openprime.desk.portfolios import owned
from openprime.desk.state import ApiKey, State
from openprime.errors import Refusal
from openprime.store.new_keys import new_key

NORMAL, FROZEN = 1, 2
NOT_FOUND = Refusal(405001)
MISSING = Refusal(400009)


def key_row(key: ApiKey) -> wire.Row:
    """A key as lists show it: without its secret."""
    return {
        "portfolioId": key.portfolio_id,
        "apiName": key.name,
        "accessKey": key.access_key,
        "status": FROZEN if key.is_frozen else NORMAL,
        "ip": ",".join(key.addresses),
        "permission": ",".join(key.permissions),
        "createdAt": key.created_at_ms,
        "updatedAt": key.updated_at_ms,
    }


async def create(services: Services, caller: Caller, asked: KeyFields) -> wire.Row | Refusal:
    """POST apiKey/portfolio: the only answer that tells the secret.

    Codes behind the portfolio's: 400009 without a name, 400000 for what cannot be read and for one
    key too many.
    """
    portfolio = owned(services.desk.state, caller.user.user_id, asked.portfolio_id)
    if isinstance(portfolio, Refusal):
        return await services.told(portfolio)
    name = fields.key_name(asked.name or "")
    addresses = fields.addresses(asked.addresses or "")
    permissions = fields.permissions(asked.permissions or "")
    if isinstance(name, Refusal):
        return name
    if isinstance(addresses, Refusal):
        return addresses
    if isinstance(permissions, Refusal):
        return permissions
    vault = services.store.vault
    command, secret = new_key(vault, portfolio.portfolio_id, name, permissions, addresses)
    outcome = await services.sequencer.submit(command)
    if outcome.refusal is not None:
        return outcome.refusal
    return {**key_row(services.desk.state.keys[command.access_key]), "secretKey": secret}


async def update(services: Services, caller: Caller, asked: KeyFields) -> wire.Row | Refusal:
    """PUT apiKey/portfolio: what is not sent is kept; an empty ip clears the list, an empty
    permission leaves READ. Codes behind the portfolio's: 400009, 405001, 400000.
    """
    key = _named(services.desk.state, caller, asked)
    if isinstance(key, Refusal):
        return await services.told(key)
    name = None if asked.name is None else fields.key_name(asked.name)
    addresses = None if asked.addresses is None else fields.addresses(asked.addresses)
    permissions = None if asked.permissions is None else fields.permissions(asked.permissions)
    if isinstance(name, Refusal):
        return name
    if isinstance(addresses, Refusal):
        return addresses
    if isinstance(permissions, Refusal):
        return permissions
    command = UpdateKey(key.access_key, name, permissions, addresses)
    outcome = await services.sequencer.submit(command)
    return outcome.refusal or key_row(key)


async def delete(services: Services, caller: Caller, asked: KeyFields) -> wire.Row | Refusal:
    """DELETE apiKey/portfolio. Codes behind the portfolio's: 400009, 405001."""
    key = _named(services.desk.state, caller, asked)
    if isinstance(key, Refusal):
        return await services.told(key)
    outcome = await services.sequencer.submit(DeleteKey(key.access_key))
    if outcome.refusal is not None:
        return outcome.refusal
    row = key_row(key)
    return {name: row[name] for name in ("portfolioId", "apiName", "accessKey", "updatedAt")}


async def query(services: Services, caller: Caller, asked: KeyQuery) -> wire.Row | Refusal:
    """GET apiKey/portfolio: a portfolio's keys, or the one that is named, in any open portfolio of
    the user. Code behind the portfolio's: 405001 where the named key is not there.
    """

    def render(desk: Desk) -> wire.Row | Refusal:
        state, user_id = desk.state, caller.user.user_id
        if asked.portfolio_id is not None:
            portfolio = owned(state, user_id, asked.portfolio_id)
            if isinstance(portfolio, Refusal):
                return portfolio
            wanted = {portfolio.portfolio_id}
        else:
            wanted = {p.portfolio_id for p in portfolios_of(state, user_id) if not p.closed}
        keys = [key for key in state.keys.values() if key.portfolio_id in wanted]
        if asked.access_key:
            keys = [key for key in keys if key.access_key == asked.access_key]
            if not keys:
                return NOT_FOUND
        rows = [key_row(key) for key in keys]
        return wire.page_of(rows, asked.page, asked.page_size)

    return await services.read(render)


def _named(state: State, caller: Caller, asked: KeyFields) -> ApiKey | Refusal:
    """The key of a portfolio of the caller's that is meant. Codes: 402006, 402003, 400009, 405001;
    a key of another portfolio is as good as absent.
    """
    portfolio = owned(state, caller.user.user_id, asked.portfolio_id)
    if isinstance(portfolio, Refusal):
        return portfolio
    if not asked.access_key:
        return MISSING
    key = state.keys.get(asked.access_key)
    if key is None or key.portfolio_id != portfolio.portfolio_id:
        return NOT_FOUND
    return key
