"""What an operator does with users, their portfolios and their keys (errors 6.1, 7)."""

from openprime.api.handlers.portfolio_keys import key_row
from openprime.api.handlers.portfolios import portfolio_row
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit, done
from openprime.api.parameters import portfolios as fields
from openprime.api.services import Services
from openprime.api.wire import Row
from openprime.desk.commands import (
    ClosePortfolio,
    CreateUser,
    DeleteKey,
    DeleteUser,
    ForbidTrading,
    FreezeKey,
    SetUserState,
)
from openprime.desk.desk import Desk
from openprime.desk.keys import keys_of
from openprime.desk.owners import main_portfolio
from openprime.desk.state import ApiKey, Portfolio, User
from openprime.errors import Refusal
from openprime.model.vocabulary import UserKind, UserState
from openprime.store.new_keys import new_key


class NewUser(Asked, frozen=True):
    kind: UserKind = UserKind.NORMAL


class OneUser(Asked, frozen=True):
    user_id: int


class UserStateAsked(OneUser, frozen=True):
    state: UserState


class OfUser(Asked, frozen=True):
    """Rows of one user; of all where none is named."""

    user_id: int | None = None


class PortfolioClosing(Asked, frozen=True):
    portfolio_id: int
    closed: bool = True


class PortfolioForbidding(Asked, frozen=True):
    portfolio_id: int
    forbidden: bool = True


class NewKey(Asked, frozen=True):
    """`ip` and `permission` as clients write them: lists between commas."""

    portfolio_id: int
    name: str = "operator"
    ip: str = ""
    permission: str = "READ,TRADE,TRANSFER,WITHDRAW"


class KeyFreezing(Asked, frozen=True):
    access_key: str
    frozen: bool = True


class OneKey(Asked, frozen=True):
    access_key: str


def _user_row(user: User, main: Portfolio) -> Row:
    return {
        "userId": user.user_id,
        "kind": user.kind,
        "state": user.state,
        "mainPortfolioId": main.portfolio_id,
        "createAt": user.created_at_ms,
    }


def _portfolio_row(portfolio: Portfolio) -> Row:
    return portfolio_row(portfolio) | {
        "userId": portfolio.user_id,
        "closed": portfolio.closed,
        "tradeForbidden": portfolio.trade_forbidden,
    }


def _key_row(key: ApiKey) -> Row:
    return key_row(key) | {"userId": key.user_id}


async def users(services: Services, asked: Nothing) -> list[Row]:
    """Every user."""

    def render(desk: Desk) -> list[Row]:
        mains = {p.user_id: p for p in desk.state.portfolios.values() if p.is_main}
        return [_user_row(user, mains[user.user_id]) for user in desk.state.users.values()]

    return await services.read(render)


async def portfolios(services: Services, asked: OfUser) -> list[Row]:
    """The portfolios of a user or of all, closed ones too."""

    def render(desk: Desk) -> list[Row]:
        return [
            _portfolio_row(portfolio)
            for portfolio in desk.state.portfolios.values()
            if portfolio.user_id in desk.state.users and asked.user_id in (None, portfolio.user_id)
        ]

    return await services.read(render)


async def keys(services: Services, asked: OfUser) -> list[Row]:
    """The keys of a user or of all, without their secrets."""

    def render(desk: Desk) -> list[Row]:
        state = desk.state
        wanted = [key for key in state.keys.values() if asked.user_id in (None, key.user_id)]
        return [_key_row(key) for key in wanted]

    return await services.read(render)


async def create_user(services: Services, asked: NewUser) -> Row | Refusal:
    """A new user, who has a MainPortfolio and no key."""
    outcome = await services.sequencer.submit(CreateUser(asked.kind))
    if outcome.refusal is not None:
        return outcome.refusal
    state = services.desk.state
    user = state.users[int(str(outcome.reply))]
    return _user_row(user, main_portfolio(state, user.user_id))


async def set_user_state(services: Services, asked: UserStateAsked) -> Refusal | Unfit | None:
    if asked.user_id not in services.desk.state.users:
        return _no_user(asked.user_id)
    return await done(services, SetUserState(asked.user_id, asked.state))


async def delete_user(services: Services, asked: OneUser) -> Refusal | Unfit | None:
    if asked.user_id not in services.desk.state.users:
        return _no_user(asked.user_id)
    refusal = await done(services, DeleteUser(asked.user_id))
    if refusal is not None and refusal.code == 400000:
        return Unfit("expected a user without positions and money, found some in its portfolios")
    return refusal


async def close_portfolio(services: Services, asked: PortfolioClosing) -> Refusal | None:
    return await done(services, ClosePortfolio(asked.portfolio_id, asked.closed))


async def forbid_trading(services: Services, asked: PortfolioForbidding) -> Refusal | None:
    return await done(services, ForbidTrading(asked.portfolio_id, asked.forbidden))


async def create_key(services: Services, asked: NewKey) -> Row | Refusal | Unfit:
    """A key of any portfolio. The answer alone tells its secret."""
    addresses = fields.addresses(asked.ip)
    permissions = fields.permissions(asked.permission)
    if isinstance(addresses, Refusal):
        return Unfit(
            f"expected ip to be at most {fields.ADDRESSES_MAX} addresses or CIDR ranges between "
            f"commas, found {asked.ip!r}"
        )
    if isinstance(permissions, Refusal):
        return Unfit(
            "expected permission to be of READ, TRADE, TRANSFER, WITHDRAW between commas, "
            f"found {asked.permission!r}"
        )
    state = services.desk.state
    keys_max = services.desk.turn.settings.portfolio_keys_max
    if len(keys_of(state, asked.portfolio_id)) >= keys_max:
        return Unfit(f"expected a portfolio with fewer than {keys_max} keys, found {keys_max}")
    vault = services.store.vault
    command, secret = new_key(vault, asked.portfolio_id, asked.name, permissions, addresses)
    outcome = await services.sequencer.submit(command)
    if outcome.refusal is not None:
        return outcome.refusal
    return _key_row(services.desk.state.keys[command.access_key]) | {"secretKey": secret}


async def freeze_key(services: Services, asked: KeyFreezing) -> Refusal | None:
    return await done(services, FreezeKey(asked.access_key, asked.frozen))


async def delete_key(services: Services, asked: OneKey) -> Refusal | None:
    return await done(services, DeleteKey(asked.access_key))


def _no_user(user_id: int) -> Unfit:
    return Unfit(f"expected userId to be one of the list of users, found {user_id}")


_USERS, _PORTFOLIOS, _KEYS = f"{PREFIX}users", f"{PREFIX}portfolios", f"{PREFIX}keys"
_USER_SHAPE = "{userId, kind, state, mainPortfolioId, createAt}"
_PORTFOLIO_SHAPE = (
    "{portfolioId, name, belongingTo, createAt, updateAt, userId, closed, tradeForbidden}"
)
_KEY_MEMBERS = (
    "portfolioId, apiName, accessKey, status, ip, permission, createdAt, updatedAt, userId"
)

ROWS: tuple[AdminRow, ...] = (
    AdminRow("GET", _USERS, "All users", Nothing, users, f"[{_USER_SHAPE}]"),
    AdminRow(
        "POST",
        _USERS,
        "Make a user, NORMAL or BROKER, with its MainPortfolio",
        NewUser,
        create_user,
        _USER_SHAPE,
    ),
    AdminRow(
        "POST",
        f"{_USERS}/state",
        "Let a user in (ACTIVE) or keep it out (100002); SUSPENDED freezes its portfolio keys",
        UserStateAsked,
        set_user_state,
    ),
    AdminRow(
        "POST",
        f"{_USERS}/delete",
        "Delete a user without orders, positions and money; its keys answer 401022 for a while",
        OneUser,
        delete_user,
    ),
    AdminRow(
        "GET",
        _PORTFOLIOS,
        "The portfolios of a user, or of all",
        OfUser,
        portfolios,
        f"[{_PORTFOLIO_SHAPE}]",
    ),
    AdminRow(
        "POST",
        f"{_PORTFOLIOS}/close",
        "Close a portfolio and cancel its orders (100001), or open it again",
        PortfolioClosing,
        close_portfolio,
    ),
    AdminRow(
        "POST",
        f"{_PORTFOLIOS}/forbid",
        "Refuse new orders of a portfolio (401061), or take them again",
        PortfolioForbidding,
        forbid_trading,
    ),
    AdminRow("GET", _KEYS, "The keys of a user, or of all", OfUser, keys, f"[{{{_KEY_MEMBERS}}}]"),
    AdminRow(
        "POST",
        _KEYS,
        "Make a key of a portfolio; its secret is told this once",
        NewKey,
        create_key,
        f"{{{_KEY_MEMBERS}, secretKey}}",
    ),
    AdminRow(
        "POST",
        f"{_KEYS}/freeze",
        "Freeze a key (100041), or free it",
        KeyFreezing,
        freeze_key,
    ),
    AdminRow("POST", f"{_KEYS}/delete", "Delete a key (100018)", OneKey, delete_key),
)
