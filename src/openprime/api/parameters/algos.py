"""The parameters of the algo routes (rest-trading 7.1, resolutions 79, 80, 174)."""

from decimal import Decimal

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.history import (
    BUSINESS,
    PAGES,
    RECENT_DAYS,
    ListQuery,
    time_range,
)
from openprime.api.parameters.orders import (
    EXCHANGE,
    PORTFOLIO_ID,
    POSITION_SIDE,
    SYM,
    SYM_REQUIRED,
    client_order_id_fields,
)
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.api.parameters.triggers import TRIGGERS, read_triggers
from openprime.desk.algo_state import Trigger
from openprime.desk.slices import SLICES_MAX, slices_of
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    AlgoType,
    Business,
    ConditionType,
    Exchange,
    PositionSide,
    Side,
    TriggerLeg,
)

PROVIDER = "ABEX"
CLOSING = (ConditionType.ENTIRE_CLOSE_POSITION, ConditionType.PARTIAL_CLOSE_POSITION)
TWO_LEGS = (TriggerLeg.TAKE_PROFIT, TriggerLeg.STOP_LOSS)

ALGO_TYPE = Field("algo_type", ("algoOrderType",), readers.one_of(AlgoType), 400000)
CONDITION = Field("condition", ("conditionType",), readers.one_of(ConditionType), 400000)


class PlaceAlgo(msgspec.Struct, frozen=True):
    """Times are in ms; unused quantities and times are 0."""

    algo_type: AlgoType
    sym: str
    side: Side | None = None
    portfolio_id: int | None = None
    client_order_id: str = ""
    condition: ConditionType | None = None
    provider: str = PROVIDER
    quantity: Decimal = ZERO
    limit_price: Decimal = ZERO
    start_ms: int = 0
    end_ms: int = 0
    interval_ms: int = 0
    reduce_only: bool = False
    position_side: PositionSide | None = None
    triggers: dict[TriggerLeg, Trigger] = {}


def _is_tpsl(values: Values) -> bool:
    return values["algo_type"] is AlgoType.TPSL


def _side_given(raw: Raw, values: Values, now_ms: int) -> int | None:
    closes = readers.one_of(ConditionType)(str(raw.get("conditionType") or "")) in CLOSING
    return None if "side" in values or closes else 401002


def _provider(text: str) -> str | None:
    return PROVIDER if text.upper() == PROVIDER else None


def _interval_ms(text: str) -> int | None:
    """Whole seconds, as ms."""
    seconds = readers.whole(text)
    return None if seconds is None else seconds * 1000


def _quantity_given(raw: Raw, values: Values, now_ms: int) -> int | None:
    if values.get("condition") is ConditionType.ENTIRE_CLOSE_POSITION and _is_tpsl(values):
        values.pop("quantity", None)
        return None
    return None if "quantity" in values else 401005


def _schedule_ordered(raw: Raw, values: Values, now_ms: int) -> int | None:
    if _is_tpsl(values) or "end_ms" not in values:
        return None
    return 400004 if values.get("start_ms", 0) >= values["end_ms"] else None


def _schedule_ahead(raw: Raw, values: Values, now_ms: int) -> int | None:
    if _is_tpsl(values) or "end_ms" not in values:
        return None
    return 400006 if values["end_ms"] <= now_ms else None


def _reduce_only_is_perp(raw: Raw, values: Values, now_ms: int) -> int | None:
    perp = f"_{Business.PERP}_" in str(raw.get("sym") or "")
    return None if perp or not values.get("reduce_only") else 401049


def _complete(raw: Raw, values: Values, now_ms: int) -> int | None:
    """400009 for what its kind needs and was not sent; 400000 for too many slices."""
    if _is_tpsl(values):
        return _triggers_complete(values)
    if "end_ms" not in values or "interval_ms" not in values:
        return 400009
    start_ms = max(values.get("start_ms", 0), now_ms)
    slices = slices_of(start_ms, values["end_ms"], values["interval_ms"])
    return 400000 if slices > SLICES_MAX else None


def _triggers_complete(values: Values) -> int | None:
    triggers, condition = values["triggers"], values.get("condition")
    if condition is None:
        return 400009
    if condition is ConditionType.CONDITIONAL:
        values["triggers"] = kept = {
            leg: t for leg, t in triggers.items() if leg is TriggerLeg.CONDITIONAL
        }
        return None if kept else 400009
    values["triggers"] = kept = {leg: t for leg, t in triggers.items() if leg in TWO_LEGS}
    needed = len(TWO_LEGS) if condition is ConditionType.OCO else 1
    return None if len(kept) >= needed else 400009


def place_table(strict_client_order_ids: bool = False) -> Table[PlaceAlgo]:
    """The lines of an algo order."""
    return Table(
        PlaceAlgo,
        PORTFOLIO_ID,
        *client_order_id_fields(strict_client_order_ids),
        Field("side", ("side",), readers.one_of(Side), 401002),
        Rule(_side_given, (401002,)),
        Field("algo_type", ("algoOrderType",), readers.one_of(AlgoType), 400000, absent=400009),
        CONDITION,
        Field("provider", ("algoProvider",), _provider, 400000),
        Field("interval_ms", ("interval",), _interval_ms, 400000),
        Field("quantity", ("orderQty",), readers.amount, 401005),
        Rule(_quantity_given, (401005,)),
        Field("limit_price", ("limitPrice",), readers.amount_or_zero, 401006),
        Field("start_ms", ("startTime",), readers.moment, 400000),
        Field("end_ms", ("endTime",), readers.moment, 400000),
        Rule(_schedule_ordered, (400004,)),
        Rule(_schedule_ahead, (400006,)),
        Field("reduce_only", ("reduceOnly",), readers.boolean, 401049),
        Rule(_reduce_only_is_perp, (401049,)),
        POSITION_SIDE,
        *TRIGGERS,
        Rule(read_triggers, (400000,)),
        SYM_REQUIRED,
        Rule(_complete, (400009, 400000)),
    )


class AlgoName(msgspec.Struct, frozen=True):
    """One algo order by one of its names."""

    portfolio_id: int | None = None
    algo_order_id: int | None = None
    attached_order_id: int | None = None
    client_order_id: str = ""


def _named(raw: Raw, values: Values, now_ms: int) -> int | None:
    return None if raw.get("algoOrderId") or raw.get("clientOrderId") else 401008


def _named_or_attached(raw: Raw, values: Values, now_ms: int) -> int | None:
    return None if raw.get("attachedOrderId") else _named(raw, values, now_ms)


_ALGO_ID = (
    Field("algo_order_id", ("algoOrderId",), readers.id_value, 401020),
    Field("algo_order_id", ("algoOrderId",), readers.id_length, 401007),
    Field("client_order_id", ("clientOrderId",), readers.text),
)

ALGO_NAME = Table(AlgoName, PORTFOLIO_ID, Rule(_named, (401008,)), *_ALGO_ID)
ALGO_QUERY = Table(
    AlgoName,
    PORTFOLIO_ID,
    Rule(_named_or_attached, (401008,)),
    *_ALGO_ID,
    Field("attached_order_id", ("attachedOrderId",), readers.id_value, 401020),
    Field("attached_order_id", ("attachedOrderId",), readers.id_length, 401007),
)


class ReplaceAlgo(msgspec.Struct, frozen=True):
    portfolio_id: int | None = None
    algo_order_id: int | None = None
    client_order_id: str = ""
    quantity: Decimal | None = None
    triggers: dict[TriggerLeg, Trigger] = {}


def _something_new(raw: Raw, values: Values, now_ms: int) -> int | None:
    return None if "quantity" in values or values["triggers"] else 400009


REPLACE = Table(
    ReplaceAlgo,
    PORTFOLIO_ID,
    Rule(_named, (401008,)),
    *_ALGO_ID,
    Field("quantity", ("orderQty", "replaceQty"), readers.amount, 401005),
    *TRIGGERS,
    Rule(read_triggers, (400000,)),
    Rule(_something_new, (400009,)),
)


class CancelAlgos(msgspec.Struct, frozen=True):
    portfolio_id: int | None = None
    business: Business | None = None
    exchange: Exchange | None = None
    algo_type: AlgoType | None = None
    condition: ConditionType | None = None
    sym: str | None = None


CANCEL_ALL = Table(CancelAlgos, PORTFOLIO_ID, BUSINESS, EXCHANGE, ALGO_TYPE, CONDITION, SYM)


class AlgoList(ListQuery, frozen=True):
    algo_type: AlgoType | None = None


OPEN_ORDERS = Table(
    AlgoList,
    PORTFOLIO_ID,
    BUSINESS,
    EXCHANGE,
    ALGO_TYPE,
    *time_range(RECENT_DAYS, None),
    *PAGES,
    SYM,
)
HISTORY = Table(
    AlgoList,
    PORTFOLIO_ID,
    BUSINESS,
    EXCHANGE,
    ALGO_TYPE,
    *time_range(RECENT_DAYS, RECENT_DAYS),
    *PAGES,
    SYM,
)


class SubOrders(msgspec.Struct, frozen=True):
    algo_order_id: int
    portfolio_id: int | None = None
    client_order_id: str = ""
    page: int = 1
    page_size: int = 1000


SUB_ORDERS = Table(
    SubOrders,
    PORTFOLIO_ID,
    Field("algo_order_id", ("algoOrderId",), readers.id_value, 401020, absent=401008),
    Field("algo_order_id", ("algoOrderId",), readers.id_length, 401007),
    *PAGES,
)
