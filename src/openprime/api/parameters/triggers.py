"""Triggers on the wire: conditional, take profit, stop loss (rest-trading 1.1, 7.1)."""

from openprime.api.parameters import readers
from openprime.api.parameters.table import Field, Raw, Values
from openprime.desk.algo_state import Attached, Trigger
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import TriggerLeg, WatchedPrice

# The editions of the API spell the watched prices in five ways (resolutions 58).
_WATCHED = {
    "LAST_PRICE": WatchedPrice.LAST_PRICE,
    "LASTPRICE": WatchedPrice.LAST_PRICE,
    "MARKET_PRICE": WatchedPrice.LAST_PRICE,
    "MARK_PRICE": WatchedPrice.MARK_PRICE,
    "MARKPRICE": WatchedPrice.MARK_PRICE,
}

# Each trigger's names on the wire: its price, what it watches, the price of its order.
NAMES: dict[TriggerLeg, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    TriggerLeg.CONDITIONAL: (
        ("conditionalTriggerPrice",),
        ("conditionalTriggerType", "conditionalTriggerPriceType"),
        ("conditionalPrice", "conditionPrice"),
    ),
    TriggerLeg.TAKE_PROFIT: (("tpTriggerPrice",), ("tpTriggerType",), ("tpPrice",)),
    TriggerLeg.STOP_LOSS: (("slTriggerPrice",), ("slTriggerType",), ("slPrice",)),
}


def _watched(text: str) -> WatchedPrice | None:
    return _WATCHED.get(text.upper()) if text.isascii() else None


def _fields(leg: TriggerLeg) -> tuple[Field, Field, Field]:
    price, watched, order_price = NAMES[leg]
    return (
        Field(f"{leg}_price", price, readers.amount, 400000),
        Field(f"{leg}_watched", watched, _watched, 400000),
        Field(f"{leg}_order_price", order_price, readers.amount_or_zero, 400000),
    )


TRIGGERS = tuple(field for leg in TriggerLeg for field in _fields(leg))
TWO_TRIGGERS = (*_fields(TriggerLeg.TAKE_PROFIT), *_fields(TriggerLeg.STOP_LOSS))
_PARTS = frozenset(field.name for field in TRIGGERS)


def read_triggers(raw: Raw, values: Values, now_ms: int) -> int | None:
    """Gathers the parts of each trigger under `triggers`; 400000 for parts without a price."""
    triggers = {}
    for leg in TriggerLeg:
        price = values.pop(f"{leg}_price", None)
        watched = values.pop(f"{leg}_watched", None)
        order_price = values.pop(f"{leg}_order_price", None)
        if price is not None:
            triggers[leg] = Trigger(price, watched or WatchedPrice.LAST_PRICE, order_price or ZERO)
        elif order_price:
            return 400000
    values["triggers"] = triggers
    return None


def read_attached(raw: Raw, values: Values, now_ms: int) -> int | None:
    """The same for an order's own take profit and stop loss, under `attached`."""
    if _PARTS.isdisjoint(values):
        return None  # as nearly every order
    code = read_triggers(raw, values, now_ms)
    triggers = values.pop("triggers", {})
    if code is None and triggers:
        take, stop = TriggerLeg.TAKE_PROFIT, TriggerLeg.STOP_LOSS
        values["attached"] = Attached(triggers.get(take), triggers.get(stop))
    return code
