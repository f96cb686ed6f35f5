"""The syntax of the order routes: every code of the tables, its text, and which one wins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openprime.api.settings import ApiSettings
from tests.api.kit import BTC, ORDER, SPOT, Broker, base_order, refuses

ID = "1000000000000000"

# The changes to the base order, and the code that they bring.
PLACE_REFUSALS: list[tuple[dict[str, Any], int]] = [
    ({"portfolioId": "abc"}, 401000),
    ({"portfolioId": "123"}, 401000),
    ({"clientOrderId": "a" * 64}, 401001),
    ({"clientOrderId": "a b#"}, 401051),
    ({"clientOrderId": "é"}, 401051),
    ({"side": None}, 401002),
    ({"side": "HOLD"}, 401002),
    ({"side": "ſell"}, 401002),
    ({"side": " BUY"}, 401002),
    ({"orderType": None}, 401003),
    ({"orderType": "STOP"}, 401003),
    ({"timeInForce": "DAY"}, 401004),
    ({"orderType": "MARKET", "timeInForce": "GTX"}, 401042),
    ({"orderQty": None}, 401005),
    ({"orderQty": ""}, 401005),
    ({"orderQty": "0"}, 401005),
    ({"orderQty": "0.000"}, 401005),
    ({"orderQty": "-1"}, 401005),
    ({"orderQty": "+1"}, 401005),
    ({"orderQty": "1e-3"}, 401005),
    ({"orderQty": "NaN"}, 401005),
    ({"orderQty": "Infinity"}, 401005),
    ({"orderQty": "1_000"}, 401005),
    ({"orderQty": ".5"}, 401005),
    ({"orderQty": "5."}, 401005),
    ({"orderQty": "１"}, 401005),
    ({"orderQty": "1" * 19}, 401005),
    ({"orderQty": "1." + "1" * 19}, 401005),
    ({"orderType": "MARKET", "orderQty": None}, 401005),
    ({"orderType": "MARKET", "orderQty": None, "quoteOrderQty": "100"}, 401005),
    ({"orderType": "MARKET", "side": "SELL", "sym": SPOT, "orderQty": None}, 401005),
    ({"quoteOrderQty": "abc"}, 401021),
    ({"quoteOrderQty": "0"}, 401021),
    ({"quoteOrderQty": "100"}, 401024),
    ({"orderType": "MARKET", "quoteOrderQty": "100"}, 401024),
    ({"orderType": "MARKET", "sym": SPOT}, 401024),
    ({"orderType": "MARKET", "sym": SPOT, "quoteOrderQty": "100"}, 401024),
    ({"orderType": "MARKET", "sym": SPOT, "orderQty": None}, 401024),
    ({"orderType": "MARKET", "side": "SELL", "sym": SPOT, "quoteOrderQty": "100"}, 401024),
    ({"limitPrice": None}, 401006),
    ({"limitPrice": "0"}, 401006),
    ({"limitPrice": "6e4"}, 401006),
    ({"reduceOnly": "yes"}, 401049),
    ({"reduceOnly": "true", "sym": SPOT}, 401049),
    ({"positionSide": "UP"}, 400000),
    ({"syncMode": "maybe"}, 400000),
    ({"tpTriggerType": "INDEX"}, 400000),
    ({"slTriggerType": "INDEX"}, 400000),
    ({"sym": None}, 400009),
    ({"sym": ""}, 400009),
    ({"tpTriggerPrice": "abc"}, 400000),
    ({"slTriggerPrice": "0"}, 400000),
    ({"side": True}, 400000),
    ({"sym": ["x"]}, 400000),
    ({"orderQty": {"a": 1}}, 400000),
    ({"side": "HOLD", "sym": True}, 400000),
    ({"portfolioId": "9999999999999999"}, 401010),
]


@pytest.fixture(scope="module")
def broker() -> Any:
    """One broker for all refusals: nothing is left of a refused request."""
    made = Broker()
    made.fund()
    yield made
    made.close()


@pytest.mark.parametrize(("changes", "code"), PLACE_REFUSALS)
def test_place_refusals(broker: Broker, changes: dict[str, Any], code: int) -> None:
    refuses(place(broker, changes), code)


def place(broker: Broker, changes: dict[str, Any]) -> Any:
    params = base_order(**changes)
    texts = {key: printed(value) for key, value in params.items()}
    signed = "&".join(f"{key}={texts[key]}" for key in sorted(texts)) + f"&{broker.nonce}"
    return broker.send("POST", ORDER, broker.headers(signed), body=json.dumps(params).encode())


def printed(value: Any) -> str:
    if isinstance(value, dict):
        return '{"a":1}'
    return ",".join(value) if isinstance(value, list) else str(value)


def test_place_finds_errors_in_their_order(broker: Broker) -> None:
    """All are wrong at once; the first is put right, and the next one shows."""
    fixes: list[tuple[int, dict[str, Any]]] = [
        (401000, {"portfolioId": None}),
        (401001, {"clientOrderId": "a b"}),
        (401051, {"clientOrderId": None}),
        (401002, {"side": "BUY"}),
        (401003, {"orderType": "MARKET"}),
        (401004, {"timeInForce": "GTX"}),
        (401042, {"orderType": "LIMIT"}),
        (401005, {"orderQty": "0.01"}),
        (401021, {"quoteOrderQty": "5"}),
        (401024, {"quoteOrderQty": None}),
        (401006, {"limitPrice": "60000"}),
        (401049, {"reduceOnly": None}),
        (400000, {"positionSide": None}),
        (400000, {"tpTriggerPrice": None}),
        (400009, {"sym": BTC}),
    ]
    changes: dict[str, Any] = {
        "portfolioId": "x",
        "clientOrderId": "#" * 64,
        "side": "HOLD",
        "orderType": "STOP",
        "timeInForce": "DAY",
        "orderQty": "-1",
        "quoteOrderQty": "abc",
        "limitPrice": "x",
        "reduceOnly": "maybe",
        "positionSide": "UP",
        "sym": None,
        "tpTriggerPrice": "x",
    }
    for code, fix in fixes:
        refuses(broker.call("POST", ORDER, base_order(**changes)), code)
        changes |= fix
    assert broker.call("POST", ORDER, base_order(**changes)).json["code"] == 200000


ACCEPTED: list[dict[str, Any]] = [
    {},
    {"side": "buy", "orderType": "limit", "timeInForce": "gtc"},
    {"clientOrderId": "a-B_9" + "x" * 58},
    {"clientOrderId": ""},
    {"reduceOnly": "FALSE", "positionSide": "NONE", "syncMode": "false"},
    {"positionSide": "long"},
    {"tpTriggerPrice": "", "tpTriggerType": "MarkPrice", "slTriggerType": "MARKET_PRICE"},
    {"orderQty": "0.0100", "limitPrice": "60000.00"},
    {"orderType": "MARKET", "limitPrice": "nonsense", "timeInForce": "IOC"},
    {"orderType": "MARKET", "limitPrice": None, "timeInForce": None},
    {"exchangeType": "FTX", "unknown": "1"},
]


@pytest.mark.parametrize("changes", ACCEPTED)
def test_place_accepts(changes: dict[str, Any]) -> None:
    broker = Broker()
    broker.fund()
    assert broker.call("POST", ORDER, base_order(**changes)).json["code"] == 200000
    broker.close()


def test_strict_profile_takes_letters_and_digits_only() -> None:
    broker = Broker(ApiSettings(strict_client_order_ids=True))
    broker.fund()
    refuses(broker.call("POST", ORDER, base_order(clientOrderId="a-1")), 401051)
    assert broker.place(clientOrderId="aB1")
    broker.close()


NAME_REFUSALS: list[tuple[dict[str, str], int]] = [
    ({"portfolioId": "abc"}, 401000),
    ({}, 401008),
    ({"orderId": "", "clientOrderId": ""}, 401008),
    ({"orderId": "ABCDEFGHIJKLMNOP"}, 401020),
    ({"orderId": "-100000000000000"}, 401020),
    ({"orderId": "0000000000000001"}, 401020),
    ({"orderId": "１000000000000000"}, 401020),
    ({"orderId": "123"}, 401007),
    ({"orderId": "0"}, 401007),
    ({"orderId": "1" * 17}, 401007),
    ({"orderId": "1" * 4000}, 401007),
    ({"orderId": ID, "portfolioId": "9999999999999999"}, 401010),
    ({"orderId": ID}, 401018),
    ({"clientOrderId": "never"}, 401018),
    ({"clientOrderId": "x" * 4000}, 401018),
]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(("params", "code"), NAME_REFUSALS)
def test_query_and_cancel_refusals(
    broker: Broker, method: str, params: dict[str, str], code: int
) -> None:
    refuses(broker.call(method, ORDER, params), code)


REPLACE_REFUSALS: list[tuple[dict[str, str], int]] = [
    ({"replaceQty": "1"}, 401008),
    ({"orderId": "x", "replaceQty": "1"}, 401020),
    ({"orderId": "1", "replaceQty": "1"}, 401007),
    ({"orderId": ID}, 400009),
    ({"orderId": ID, "replaceQty": "", "replacePrice": ""}, 400009),
    ({"orderId": ID, "replaceQty": "-1", "replacePrice": "x"}, 401005),
    ({"orderId": ID, "replacePrice": "1e3"}, 401006),
    ({"orderId": ID, "replacePrice": "0"}, 401006),
    ({"orderId": ID, "replaceQty": "1"}, 401018),
]


@pytest.mark.parametrize(("params", "code"), REPLACE_REFUSALS)
def test_replace_refusals(broker: Broker, params: dict[str, str], code: int) -> None:
    refuses(broker.call("PUT", ORDER, params), code)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"portfolioId": "1", "exchangeType": "FTX"}, 401000),
        ({"exchangeType": "FTX", "sym": "FAKE"}, 401023),
        ({"sym": "BINANCE_PERP_FAKE_USDT"}, 401011),
    ],
)
def test_cancel_all_refusals(broker: Broker, params: dict[str, str], code: int) -> None:
    refuses(broker.call("DELETE", "/api/v1/trading/cancelAll", params), code)
