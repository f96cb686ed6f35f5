"""What the operator does with the pool of venue accounts (errors 6.5)."""

from decimal import Decimal

import msgspec

from openprime.desk.pool_state import VenueTerms
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import Business, Exchange


class SetAccountGroup(msgspec.Struct, frozen=True, tag=True):
    """Make a group, or put one into use or out of it. Its exchange and business never change."""

    name: str
    exchange: Exchange
    business: Business
    enabled: bool = True


class SetRoute(msgspec.Struct, frozen=True, tag=True):
    """Send the orders of an owner in a market to a group; None takes the route away.

    The owner is a portfolio's id or a tag; a portfolio's own route goes before its tag's.
    """

    owner: str
    exchange: Exchange
    business: Business
    group: str | None


class SetRouteTag(msgspec.Struct, frozen=True, tag=True):
    """Give a portfolio the routes of a tag."""

    portfolio_id: int
    tag: str


class AddVenueAccount(msgspec.Struct, frozen=True, tag=True):
    """A new account in a group."""

    group: str
    terms: VenueTerms = VenueTerms()


class ChangeVenueAccount(msgspec.Struct, frozen=True, tag=True):
    """Other terms for an account, None leaving them as they are; and what the venue says it holds:
    of the coins named, with None for a coin that is counted no more, and of margin where
    `tells_margin`.
    """

    account_id: int
    terms: VenueTerms | None = None
    balances: dict[str, Decimal | None] = {}
    tells_margin: bool = False
    margin_available: Decimal | None = None


class Allocate(msgspec.Struct, frozen=True, tag=True):
    """Give a user a share of a coin of an account; None takes the share away."""

    user_id: int
    account_id: int
    coin: str
    amount: Decimal | None
    credit: Decimal = ZERO


PoolCommand = (
    SetAccountGroup | SetRoute | SetRouteTag | AddVenueAccount | ChangeVenueAccount | Allocate
)
