"""What an operator does with the pool of venue accounts (errors 6.5)."""

import re
from decimal import Decimal

import msgspec

from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit
from openprime.api.services import Services
from openprime.api.wire import Row
from openprime.desk.commands import (
    AddVenueAccount,
    Allocate,
    ChangeVenueAccount,
    Command,
    SetAccountGroup,
    SetRoute,
    SetRouteTag,
)
from openprime.desk.desk import Desk
from openprime.desk.outcome import Reply
from openprime.desk.pool import DEFAULT_TAG
from openprime.desk.pool_books import default_pool
from openprime.desk.pool_state import Pool, VenueAccount, VenueTerms
from openprime.errors import Refusal
from openprime.model.numbers import ZERO, text
from openprime.model.vocabulary import Business, Exchange, PositionMode, VenueHealth

AMOUNT_MAX = Decimal(10) ** 15
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
GROUP_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


Changed = Reply | Refusal | Unfit


class Group(Asked, frozen=True):
    name: str
    exchange: Exchange
    business_type: Business
    enabled: bool = True


class Route(Asked, frozen=True):
    """The owner is a portfolio's id or a tag. No group takes the route away."""

    exchange: Exchange
    business_type: Business
    owner: str = DEFAULT_TAG
    group: str | None = None


class Tag(Asked, frozen=True):
    portfolio_id: int
    tag: str = DEFAULT_TAG


class Terms(Asked, frozen=True):
    """What a venue account takes; what is not named stays as it is. Empty lists and zeros allow
    everything, and so does `anyPositionMode`.
    """

    enabled: bool | None = None
    health: VenueHealth | None = None
    businesses: list[Business] | None = None
    position_mode: PositionMode | None = None
    any_position_mode: bool = False
    syms_allowed: list[str] | None = None
    syms_denied: list[str] | None = None
    max_leverage: int | None = None
    max_open_orders: int | None = None
    max_notional: Decimal | None = None


class NewAccount(Terms, frozen=True, kw_only=True):
    group: str


class ChangedAccount(Terms, frozen=True, kw_only=True):
    account_id: int


class Balance(Asked, frozen=True):
    """What the account holds of a coin; without an amount it is not counted."""

    account_id: int
    coin: str
    amount: Decimal | None = None


class Margin(Asked, frozen=True):
    """The margin that the account has available; without an amount it is not counted."""

    account_id: int
    amount: Decimal | None = None


class Share(Asked, frozen=True):
    """A user's share of a coin of an account; without an amount it is taken away."""

    user_id: int
    account_id: int
    coin: str
    amount: Decimal | None = None
    credit: Decimal = ZERO


# -- what there is


async def pool(services: Services, asked: Nothing) -> Row:
    """All tables of the pool; where nobody changed any, the default."""

    def render(desk: Desk) -> Row:
        return _pool_row(desk.state.pool or default_pool(desk.turn))

    return await services.read(render)


def _pool_row(pool: Pool) -> Row:
    return {
        "groups": [
            {
                "name": group.name,
                "exchange": group.exchange,
                "businessType": group.business,
                "enabled": group.enabled,
            }
            for group in pool.groups.values()
        ],
        "routes": [{"route": key, "group": name} for key, name in pool.routes.items()],
        "tags": [{"portfolioId": str(key), "tag": tag} for key, tag in pool.tags.items()],
        "accounts": [_account_row(account) for account in pool.accounts.values()],
        "allocations": [
            {
                "userId": str(share.user_id),
                "accountId": share.account_id,
                "coin": share.coin,
                "amount": text(share.amount),
                "credit": text(share.credit),
            }
            for by_coin in pool.allocations.values()
            for shares in by_coin.values()
            for share in shares.values()
        ],
        "orders": [
            {"orderId": str(order_id), "accountId": hold.account_id}
            for order_id, hold in pool.holds.items()
        ],
    }


def _account_row(account: VenueAccount) -> Row:
    terms = account.terms
    margin = account.margin_available
    return {
        "accountId": account.account_id,
        "exchange": account.exchange,
        "group": account.group,
        "enabled": terms.enabled,
        "health": terms.health,
        "businesses": terms.businesses,
        "positionMode": terms.position_mode or "",
        "symsAllowed": terms.syms_allowed,
        "symsDenied": terms.syms_denied,
        "maxLeverage": terms.max_leverage,
        "maxOpenOrders": terms.max_open_orders,
        "maxNotional": text(terms.max_notional),
        "balances": {coin: text(amount) for coin, amount in account.balances.items()},
        "marginAvailable": "" if margin is None else text(margin),
        "openOrders": account.open_orders,
        "notional": text(account.notional),
    }


# -- changes


async def _change(services: Services, command: Command) -> Changed:
    """Submit a change; what names nothing that there is, is said in one line."""
    outcome = await services.sequencer.submit(command)
    refusal = outcome.refusal
    if refusal is not None and refusal.code == 400000:
        return Unfit(
            "expected ids and names of what GET /admin/v1/pool lists, a group's own exchange and "
            "businessType, and room for one more; found another"
        )
    return refusal or outcome.reply


async def set_group(services: Services, asked: Group) -> Changed:
    unfit = _bad_name("name", asked.name, GROUP_NAME)
    command = SetAccountGroup(asked.name, asked.exchange, asked.business_type, asked.enabled)
    return unfit or await _change(services, command)


async def set_route(services: Services, asked: Route) -> Changed:
    unfit = _bad_name("owner", asked.owner)
    command = SetRoute(asked.owner, asked.exchange, asked.business_type, asked.group)
    return unfit or await _change(services, command)


async def set_tag(services: Services, asked: Tag) -> Changed:
    unfit = _bad_name("tag", asked.tag)
    return unfit or await _change(services, SetRouteTag(asked.portfolio_id, asked.tag))


async def add_account(services: Services, asked: NewAccount) -> Row | Refusal | Unfit:
    terms = _terms(VenueTerms(), asked)
    if isinstance(terms, Unfit):
        return terms
    added = await _change(services, AddVenueAccount(asked.group, terms))
    return added if isinstance(added, Refusal | Unfit) else {"accountId": added}


async def change_account(services: Services, asked: ChangedAccount) -> Changed:
    desk = services.desk
    account = (desk.state.pool or default_pool(desk.turn)).accounts.get(asked.account_id)
    terms = _terms(account.terms if account else VenueTerms(), asked)
    if isinstance(terms, Unfit):
        return terms
    return await _change(services, ChangeVenueAccount(asked.account_id, terms))


async def set_balance(services: Services, asked: Balance) -> Changed:
    unfit = _bad_coin(services, asked.coin) or _bad_amount("amount", asked.amount)
    command = ChangeVenueAccount(asked.account_id, balances={asked.coin: asked.amount})
    return unfit or await _change(services, command)


async def set_margin(services: Services, asked: Margin) -> Changed:
    command = ChangeVenueAccount(asked.account_id, tells_margin=True, margin_available=asked.amount)
    return _bad_amount("amount", asked.amount) or await _change(services, command)


async def allocate(services: Services, asked: Share) -> Changed:
    unfit = (
        _bad_coin(services, asked.coin)
        or _bad_amount("amount", asked.amount)
        or _bad_amount("credit", asked.credit)
    )
    command = Allocate(asked.user_id, asked.account_id, asked.coin, asked.amount, asked.credit)
    return unfit or await _change(services, command)


def _terms(before: VenueTerms, asked: Terms) -> VenueTerms | Unfit:
    names = ("enabled", "health", "businesses", "position_mode", "syms_allowed", "syms_denied")
    limits = ("max_leverage", "max_open_orders", "max_notional")
    named = {
        name: getattr(asked, name) for name in (*names, *limits) if getattr(asked, name) is not None
    }
    for name in limits:
        limit = Decimal(named.get(name, 0))
        if not limit.is_finite() or not ZERO <= limit <= AMOUNT_MAX:
            return Unfit(f"expected {name} from 0 (no limit) to 10^15, found {named[name]}")
    if asked.any_position_mode:
        named["position_mode"] = None
    return msgspec.structs.replace(before, **named)


def _bad_name(field: str, name: str, pattern: re.Pattern[str] = NAME) -> Unfit | None:
    if pattern.fullmatch(name):
        return None
    return Unfit(f"expected {field} to be {pattern.pattern}, found {name!r:.80}")


def _bad_coin(services: Services, coin: str) -> Unfit | None:
    coins = services.reference.coins()
    if coin in coins:
        return None
    return Unfit(f"expected coin to be one of {', '.join(coins)}; found {coin!r:.40}")


def _bad_amount(field: str, amount: Decimal | None) -> Unfit | None:
    if amount is None or (amount.is_finite() and ZERO <= amount <= AMOUNT_MAX):
        return None
    return Unfit(f"expected {field} from 0 to {text(AMOUNT_MAX)}, found {amount}")


_POOL = f"{PREFIX}pool"

ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "GET",
        _POOL,
        "The pool of venue accounts: groups, routes, tags, accounts, allocations, working orders",
        Nothing,
        pool,
        "{groups, routes, tags, accounts, allocations, orders: [{orderId, accountId}]}",
    ),
    AdminRow(
        "POST", f"{_POOL}/groups", "Make a group, or switch it on or off (401066)", Group, set_group
    ),
    AdminRow(
        "POST",
        f"{_POOL}/routes",
        "Route a market of a portfolio or tag to a group, or to none (401066)",
        Route,
        set_route,
    ),
    AdminRow("POST", f"{_POOL}/tags", "Let a portfolio go by the routes of a tag", Tag, set_tag),
    AdminRow(
        "POST",
        f"{_POOL}/accounts",
        "Add a venue account to a group",
        NewAccount,
        add_account,
        "{accountId}",
    ),
    AdminRow(
        "POST",
        f"{_POOL}/accounts/change",
        "Change what a venue account takes: health, symbols, limits (401064)",
        ChangedAccount,
        change_account,
    ),
    AdminRow(
        "POST",
        f"{_POOL}/accounts/balance",
        "Say what a venue account holds of a coin (401065)",
        Balance,
        set_balance,
    ),
    AdminRow(
        "POST",
        f"{_POOL}/accounts/margin",
        "Say what margin a venue account has available (401063)",
        Margin,
        set_margin,
    ),
    AdminRow(
        "POST",
        f"{_POOL}/allocations",
        "Give a user a share of a coin of a venue account (401062)",
        Share,
        allocate,
    ),
)
