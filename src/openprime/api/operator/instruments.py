"""What an operator does with symbols and kinds of business (resolutions 206), and what it lets a
portfolio trade.
"""

from decimal import Decimal

import msgspec

from openprime.api.operator.action import PREFIX, AdminRow, Asked, Unfit, done
from openprime.api.operator.rates import put
from openprime.api.services import Services
from openprime.desk.commands import LimitPortfolio
from openprime.desk.effective import LISTED, STEPS
from openprime.desk.limits import TradeLimits
from openprime.desk.overrides import INSTRUMENTS
from openprime.errors import Refusal
from openprime.model.numbers import ZERO
from openprime.model.reference import NO_RULES, UNTOLD_FIELDS, market_key
from openprime.model.vocabulary import Business, Exchange

_MARKETS = "markets"


class Rules(Asked, frozen=True):
    """Fields of sym/info by name, or of those that it does not tell; null gives one back."""

    sym: str
    changes: dict[str, str | None] = msgspec.field(default_factory=dict)


class Listing(Asked, frozen=True):
    """Without `tickSize` and `lotSize` among its rules the symbol has none (401031)."""

    sym: str
    rules: dict[str, str] = msgspec.field(default_factory=dict)


class OneSym(Asked, frozen=True):
    sym: str


class Known(OneSym, frozen=True):
    known: bool = False


class Market(Asked, frozen=True):
    exchange: Exchange
    business_type: Business
    offered: bool = False


class Limits(Asked, frozen=True):
    """All limits of a portfolio; an empty list allows all, and 0 is no cap."""

    portfolio_id: int
    tradable: bool = True
    exchanges: tuple[Exchange, ...] = ()
    syms: tuple[str, ...] = ()
    markets_off: tuple[str, ...] = ()
    max_notional: Decimal = ZERO


async def change_rules(services: Services, asked: Rules) -> Refusal | Unfit | None:
    refusal = services.sym_refusal(asked.sym)
    return refusal or await put(services, INSTRUMENTS, asked.sym, asked.changes)


async def list_symbol(services: Services, asked: Listing) -> Refusal | Unfit | None:
    if asked.sym in services.reference.instruments:
        return Unfit(f"expected a symbol that is not listed, found {asked.sym}")
    return await put(services, INSTRUMENTS, asked.sym, asked.rules)


async def suspend(services: Services, asked: OneSym) -> Refusal | Unfit | None:
    return await change_rules(services, Rules(sym=asked.sym, changes={"state": "suspend"}))


async def resume(services: Services, asked: OneSym) -> Refusal | Unfit | None:
    return await change_rules(services, Rules(sym=asked.sym, changes={"state": "live"}))


async def set_known(services: Services, asked: Known) -> Refusal | Unfit | None:
    changes = {"rules": None if asked.known else NO_RULES}
    return await change_rules(services, Rules(sym=asked.sym, changes=changes))


async def offer(services: Services, asked: Market) -> Refusal | Unfit | None:
    key = market_key(asked.exchange, asked.business_type)
    return await put(services, _MARKETS, key, asked.offered)


async def limit(services: Services, asked: Limits) -> Refusal | Unfit | None:
    markets = [market_key(exchange, business) for exchange in Exchange for business in Business]
    unknown = [name for name in asked.markets_off if name not in markets]
    if unknown:
        return Unfit(f"expected marketsOff of {', '.join(markets)}; found {unknown[0]!r}")
    unlisted = [sym for sym in asked.syms if sym not in services.reference.instruments]
    if unlisted:
        return Unfit(f"expected syms to be of sym/info, found {unlisted[0]!r}")
    if not (asked.max_notional.is_finite() and asked.max_notional >= ZERO):
        return Unfit(f"expected maxNotional at or above 0, found {asked.max_notional}")
    limits = TradeLimits(
        asked.tradable,
        list(asked.exchanges),
        list(asked.syms),
        list(asked.markets_off),
        asked.max_notional,
    )
    return await done(services, LimitPortfolio(asked.portfolio_id, limits))


_INSTRUMENTS = f"{PREFIX}instruments"
_UNTOLD = ", ".join(name for name in UNTOLD_FIELDS if name not in (*STEPS.values(), "rules"))

ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "POST",
        f"{_INSTRUMENTS}/rules",
        f"Change fields of a symbol's rules: those of sym/info and {_UNTOLD}",
        Rules,
        change_rules,
    ),
    AdminRow(
        "POST",
        f"{_INSTRUMENTS}/add",
        f"List a symbol that no venue has; {', '.join(LISTED)} need not be told",
        Listing,
        list_symbol,
    ),
    AdminRow(
        "POST",
        f"{_INSTRUMENTS}/suspend",
        "Take only closing orders in a symbol (401011)",
        OneSym,
        suspend,
    ),
    AdminRow("POST", f"{_INSTRUMENTS}/resume", "Take every order again", OneSym, resume),
    AdminRow(
        "POST",
        f"{_INSTRUMENTS}/known",
        "Drop a symbol's rules (401031), or have them again",
        Known,
        set_known,
    ),
    AdminRow(
        "POST",
        f"{PREFIX}markets",
        "Stop offering a kind of business on an exchange (401067), or offer it",
        Market,
        offer,
    ),
    AdminRow(
        "POST",
        f"{PREFIX}portfolios/limits",
        "What a portfolio may trade (401061, 401067), and its cap of notional (401070)",
        Limits,
        limit,
    ),
)
