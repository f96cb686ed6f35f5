"""The pool of venue accounts as it is kept (errors 6.5): plain data, a part of the state."""

from decimal import Decimal

import msgspec

from openprime.model.numbers import ZERO
from openprime.model.vocabulary import Business, Exchange, PositionMode, VenueHealth


class VenueTerms(msgspec.Struct, frozen=True):
    """Which orders a venue account takes. Empty lists, zeros and no mode allow everything."""

    enabled: bool = True
    health: VenueHealth = VenueHealth.UP
    businesses: list[Business] = []
    position_mode: PositionMode | None = None
    syms_allowed: list[str] = []
    syms_denied: list[str] = []
    max_leverage: int = 0
    max_open_orders: int = 0
    max_notional: Decimal = ZERO


class VenueAccount(msgspec.Struct):
    """An account of the broker's at a venue, and how much of it is spoken for.

    `balances` and `margin_available` are shadow books: told by the operator, then moved by what
    orders take and give back. A coin that is not named, and margin that is None, are not counted
    and never run short. `open_orders` and `notional` are what clients have here.
    """

    account_id: int
    exchange: Exchange
    group: str
    terms: VenueTerms = VenueTerms()
    balances: dict[str, Decimal] = {}
    margin_available: Decimal | None = None
    open_orders: int = 0
    notional: Decimal = ZERO


class AccountGroup(msgspec.Struct):
    """Venue accounts that orders of one kind of business may go to."""

    name: str
    exchange: Exchange
    business: Business
    enabled: bool = True


class Allocation(msgspec.Struct):
    """A user's share of a coin of a venue account, and how far beyond it the user may go.

    Where a coin of an account has any allocation, who has none of it has nothing.
    """

    user_id: int
    account_id: int
    coin: str
    amount: Decimal
    credit: Decimal = ZERO


class Hold(msgspec.Struct):
    """What an order, or the position of a symbol, takes of a venue account.

    `amount` is in `coin`: margin for a PERP, else the coin that the order spends. `booked` of it
    was taken from the account's books and `shared` from the user's share: less where these were
    not counted at the time.
    """

    account_id: int
    user_id: int
    coin: str
    is_margin: bool
    amount: Decimal = ZERO
    notional: Decimal = ZERO
    booked: Decimal = ZERO
    shared: Decimal = ZERO


class Pool(msgspec.Struct):
    """All of it. Groups are by name; routes, to a group's name, by OWNER:EXCHANGE:BUSINESS, where
    the owner is a portfolio's id or its tag; allocations by account, coin and user; holds of orders
    by order id, those of positions by PORTFOLIO:SYM.
    """

    accounts: dict[int, VenueAccount] = {}
    groups: dict[str, AccountGroup] = {}
    routes: dict[str, str] = {}
    tags: dict[int, str] = {}
    allocations: dict[int, dict[str, dict[int, Allocation]]] = {}
    holds: dict[int, Hold] = {}
    stakes: dict[str, Hold] = {}
    last_account_id: int = 0
