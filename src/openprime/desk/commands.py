"""What the desk can be asked to do, and the envelope that a command travels in.

Commands carry values that already passed the syntax checks of the surface they came through.
"""

from decimal import Decimal

import msgspec

from openprime.desk.settings import DeskSettings
from openprime.model.venue import VenueReport
from openprime.model.vocabulary import (
    Exchange,
    OrderType,
    Permission,
    PositionSide,
    Side,
    TimeInForce,
    UserKind,
)


class CreateUser(msgspec.Struct, frozen=True, tag=True):
    """A new user with its MainPortfolio."""

    kind: UserKind


class CreatePortfolio(msgspec.Struct, frozen=True, tag=True):
    user_id: int
    name: str


class CreateKey(msgspec.Struct, frozen=True, tag=True):
    """A new key of a portfolio. The secret arrives sealed: the desk never sees it."""

    portfolio_id: int
    access_key: str
    sealed_secret: bytes
    name: str
    permissions: list[Permission]
    addresses: list[str] = []


class FreezeKey(msgspec.Struct, frozen=True, tag=True):
    access_key: str
    frozen: bool


class DeleteKey(msgspec.Struct, frozen=True, tag=True):
    access_key: str


class Credit(msgspec.Struct, frozen=True, tag=True):
    """Money from outside into an account, which this initialises. `amount` in coin, above 0."""

    portfolio_id: int
    exchange: Exchange
    coin: str
    amount: Decimal


class PlaceOrder(msgspec.Struct, frozen=True, tag=True):
    """A client's order. Unused quantities and prices are 0; "" means no client order id.

    `synchronous` false: a refusal for margin or by the venue is no refusal of the command, but the
    end of the order that was made (resolutions 53).
    """

    portfolio_id: int
    sym: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    quote_quantity: Decimal
    limit_price: Decimal
    client_order_id: str = ""
    reduce_only: bool = False
    position_side: PositionSide | None = None
    synchronous: bool = True


class ReplaceOrder(msgspec.Struct, frozen=True, tag=True):
    """New price or new total quantity of a working order; None leaves a value as it is."""

    portfolio_id: int
    order_id: int | None
    client_order_id: str
    price: Decimal | None
    quantity: Decimal | None


class CancelOrder(msgspec.Struct, frozen=True, tag=True):
    portfolio_id: int
    order_id: int | None
    client_order_id: str


class CancelOrders(msgspec.Struct, frozen=True, tag=True):
    """Cancel the portfolio's own orders, all or those of an exchange or symbol."""

    portfolio_id: int
    exchange: Exchange | None
    sym: str | None


class ClosePosition(msgspec.Struct, frozen=True, tag=True):
    portfolio_id: int
    sym: str
    position_side: PositionSide | None


class SetLeverage(msgspec.Struct, frozen=True, tag=True):
    portfolio_id: int
    sym: str
    leverage: int


class VenueReports(msgspec.Struct, frozen=True, tag=True):
    """What a venue said, in its order."""

    reports: list[VenueReport]


class SetPrices(msgspec.Struct, frozen=True, tag=True):
    """New mark prices by PERP symbol and index prices by coin, in USDT."""

    marks: dict[str, Decimal]
    indexes: dict[str, Decimal]


class Configure(msgspec.Struct, frozen=True, tag=True):
    """New parameters of the risk model and the order rules, from here on."""

    settings: DeskSettings


class ResumeOrders(msgspec.Struct, frozen=True, tag=True):
    """After a restart: tell the venue again of every order that is at work."""


Command = (
    CreateUser
    | CreatePortfolio
    | CreateKey
    | FreezeKey
    | DeleteKey
    | Credit
    | PlaceOrder
    | ReplaceOrder
    | CancelOrder
    | CancelOrders
    | ClosePosition
    | SetLeverage
    | VenueReports
    | SetPrices
    | Configure
    | ResumeOrders
)


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """Best prices of the order's symbol when the command was stamped, in ticks; None if none."""

    bid_ticks: int | None
    ask_ticks: int | None


NO_QUOTE = Quote(None, None)


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """A command with its place and moment: the only clock the desk reads."""

    sequence: int
    time_ms: int
    command: Command
    quote: Quote = NO_QUOTE
