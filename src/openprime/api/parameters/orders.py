"""The parameters of the order routes (rest-trading 1, errors 4, resolutions 32 to 35, 57 to 62)."""

from decimal import Decimal

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.api.parameters.triggers import TWO_TRIGGERS, read_attached
from openprime.desk.algo_state import Attached
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    Business,
    Exchange,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
)

PORTFOLIO_ID = Field("portfolio_id", ("portfolioId",), readers.portfolio_id, 401000)
SYM = Field("sym", ("sym",), readers.text)
SYM_REQUIRED = Field("sym", ("sym",), readers.text, absent=400009)
EXCHANGE = Field("exchange", ("exchangeType", "exchange"), readers.one_of(Exchange), 401023)
ORDER_ID_VALUE = Field("order_id", ("orderId",), readers.id_value, 401020)
ORDER_ID_LENGTH = Field("order_id", ("orderId",), readers.id_length, 401007)
POSITION_SIDE = Field("position_side", ("positionSide",), readers.one_of(PositionSide), 400000)


class Place(msgspec.Struct, frozen=True):
    side: Side
    order_type: OrderType
    sym: str
    portfolio_id: int | None = None
    client_order_id: str = ""
    time_in_force: TimeInForce = TimeInForce.GTC
    quantity: Decimal = ZERO
    quote_quantity: Decimal = ZERO
    limit_price: Decimal = ZERO
    reduce_only: bool = False
    position_side: PositionSide | None = None
    sync_mode: bool = True
    attached: Attached | None = None


def _business(raw: Raw) -> str:
    """The business that the symbol names; "" where it names none."""
    parts = str(raw.get("sym") or "").split("_", 2)
    return parts[1] if len(parts) > 1 else ""


def _bought_by_amount(raw: Raw, values: Values) -> bool:
    """Whether the order is a market buy of SPOT or MARGIN, which states what it spends."""
    return (
        values["order_type"] is OrderType.MARKET
        and values["side"] is Side.BUY
        and _business(raw) in (Business.SPOT, Business.MARGIN)
    )


def _market_is_not_post_only(raw: Raw, values: Values, now_ms: int) -> int | None:
    market = values["order_type"] is OrderType.MARKET
    return 401042 if market and values.get("time_in_force") is TimeInForce.GTX else None


def _quantity_given(raw: Raw, values: Values, now_ms: int) -> int | None:
    if "quantity" in values or _bought_by_amount(raw, values):
        return None
    needed = (
        values["order_type"] is OrderType.LIMIT
        or values["side"] is Side.SELL
        or _business(raw) == Business.PERP
    )
    return 401005 if needed else None


def _quote_quantity_fits(raw: Raw, values: Values, now_ms: int) -> int | None:
    given = "quote_quantity" in values
    if _bought_by_amount(raw, values):
        return None if given and "quantity" not in values else 401024
    market_buy = values["order_type"] is OrderType.MARKET and values["side"] is Side.BUY
    fits = market_buy and _business(raw) != Business.PERP
    return 401024 if given and not fits else None


def _limit_price_fits(raw: Raw, values: Values, now_ms: int) -> int | None:
    """A LIMIT order needs a price; that of a MARKET order is not even looked at."""
    text = values.pop("limit_price", "")
    if values["order_type"] is OrderType.MARKET:
        return None
    price = readers.amount(text)
    if price is None:
        return 401006
    values["limit_price"] = price
    return None


def _reduce_only_is_perp(raw: Raw, values: Values, now_ms: int) -> int | None:
    spot = _business(raw) in (Business.SPOT, Business.MARGIN)
    return 401049 if values.get("reduce_only") and spot else None


def client_order_id_fields(strict: bool) -> tuple[Field, Field]:
    """The lines of a client's own id; the strict profile takes fewer characters."""
    letters = readers.client_order_id_strict if strict else readers.client_order_id_letters
    name, wire = "client_order_id", ("clientOrderId",)
    return (
        Field(name, wire, readers.client_order_id_length, 401001),
        Field(name, wire, letters, 401051),
    )


def place_table(strict_client_order_ids: bool = False) -> Table[Place]:
    """The lines of place order; the strict profile takes fewer characters in client order ids."""
    return Table(
        Place,
        PORTFOLIO_ID,
        *client_order_id_fields(strict_client_order_ids),
        Field("side", ("side",), readers.one_of(Side), 401002, absent=401002),
        Field("order_type", ("orderType",), readers.one_of(OrderType), 401003, absent=401003),
        Field("time_in_force", ("timeInForce",), readers.one_of(TimeInForce), 401004),
        Rule(_market_is_not_post_only, (401042,)),
        Field("quantity", ("orderQty",), readers.amount, 401005),
        Rule(_quantity_given, (401005,)),
        Field("quote_quantity", ("quoteOrderQty",), readers.amount, 401021),
        Rule(_quote_quantity_fits, (401024,)),
        Field("limit_price", ("limitPrice",), readers.text),
        Rule(_limit_price_fits, (401006,)),
        Field("reduce_only", ("reduceOnly",), readers.boolean, 401049),
        Rule(_reduce_only_is_perp, (401049,)),
        POSITION_SIDE,
        Field("sync_mode", ("syncMode",), readers.boolean, 400000),
        *TWO_TRIGGERS,
        Rule(read_attached, (400000,)),
        SYM_REQUIRED,
    )


class OrderName(msgspec.Struct, frozen=True):
    """One order by either id."""

    portfolio_id: int | None = None
    order_id: int | None = None
    client_order_id: str = ""


def _order_named(raw: Raw, values: Values, now_ms: int) -> int | None:
    return None if raw.get("orderId") or raw.get("clientOrderId") else 401008


_ORDER_NAMED = Rule(_order_named, (401008,))
_CLIENT_ORDER_ID = Field("client_order_id", ("clientOrderId",), readers.text)

ORDER_NAME = Table(
    OrderName,
    PORTFOLIO_ID,
    _ORDER_NAMED,
    ORDER_ID_VALUE,
    ORDER_ID_LENGTH,
    _CLIENT_ORDER_ID,
)


class Replace(msgspec.Struct, frozen=True):
    portfolio_id: int | None = None
    order_id: int | None = None
    client_order_id: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None


def _something_new(raw: Raw, values: Values, now_ms: int) -> int | None:
    return None if raw.get("replaceQty") or raw.get("replacePrice") else 400009


REPLACE = Table(
    Replace,
    PORTFOLIO_ID,
    _ORDER_NAMED,
    ORDER_ID_VALUE,
    ORDER_ID_LENGTH,
    _CLIENT_ORDER_ID,
    Rule(_something_new, (400009,)),
    Field("quantity", ("replaceQty",), readers.amount, 401005),
    Field("price", ("replacePrice",), readers.amount, 401006),
)


class CancelAll(msgspec.Struct, frozen=True):
    portfolio_id: int | None = None
    exchange: Exchange | None = None
    sym: str | None = None


CANCEL_ALL = Table(CancelAll, PORTFOLIO_ID, EXCHANGE, SYM)
