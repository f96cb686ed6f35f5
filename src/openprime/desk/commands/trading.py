"""What clients ask for: orders, positions, leverage, position mode."""

from decimal import Decimal

import msgspec

from openprime.desk.algo_state import Attached
from openprime.model.vocabulary import (
    Exchange,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
)


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
    attached: Attached | None = None


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


class SetCoinLeverage(msgspec.Struct, frozen=True, tag=True):
    """The leverage of MARGIN orders that borrow the coin, and of what is owed of it."""

    portfolio_id: int
    exchange: Exchange
    coin: str
    leverage: int


class SetPositionMode(msgspec.Struct, frozen=True, tag=True):
    portfolio_id: int
    exchange: Exchange
    mode: PositionMode


TradingCommand = (
    PlaceOrder
    | ReplaceOrder
    | CancelOrder
    | CancelOrders
    | ClosePosition
    | SetLeverage
    | SetCoinLeverage
    | SetPositionMode
)
