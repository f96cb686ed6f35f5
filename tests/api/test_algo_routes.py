"""The algo routes, in one process from request to reply (rest-trading 7, resolutions 79, 80)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openprime.desk.commands import CreatePortfolio, RunAgenda, SetPrices
from tests.api.kit import BTC, NOW_MS, ORDER, SPOT, Broker, Json, base_order, refuses

ALGO = "/api/v1/algo/order"
OPEN = "/api/v1/algo/openOrders"
HISTORY = "/api/v1/algo/history/orders"
SUB_ORDERS = "/api/v1/algo/history/subOrders"
OPEN_SUB_ORDERS = "/api/v1/algo/openSubOrders"
CANCEL_ALL = "/api/v1/algo/cancelAll"

ALGO_KEYS = """
    portfolioId algoOrderId algoOrderType algoProvider clientOrderId sym exchangeType businessType
    side limitPrice orderQty positionSide reduceOnly orderState reason reasonCode executedQty
    executedAmount executedAvgPrice conditionType conditionalTriggerPrice
    conditionalTriggerPriceType conditionalPrice attachedOrderId tpTriggerPrice tpTriggerType
    tpPrice slTriggerPrice slTriggerType slPrice startTime endTime interval createAt updateAt
""".split()


def condition(**changes: Any) -> Json:
    """A buy at the market once the mark is at 61,000, but for the changes."""
    asked = {
        "algoOrderType": "TPSL",
        "conditionType": "CONDITIONAL",
        "sym": BTC,
        "side": "BUY",
        "orderQty": "0.01",
        "conditionalTriggerPrice": "61000",
        "conditionalTriggerType": "MARK_PRICE",
    } | changes
    return {name: value for name, value in asked.items() if value is not None}


def twap(**changes: Any) -> Json:
    asked = {
        "algoOrderType": "TWAP",
        "sym": BTC,
        "side": "BUY",
        "orderQty": "0.03",
        "endTime": str(NOW_MS + 180_000),
        "interval": "60",
    } | changes
    return {name: value for name, value in asked.items() if value is not None}


def place(broker: Broker, asked: Json) -> str:
    algo_order_id: str = broker.call("POST", ALGO, asked).data["algoOrderId"]
    return algo_order_id


def mark(broker: Broker, price: str) -> None:
    broker.do(SetPrices({BTC: Decimal(price)}, {}))


def test_place_answers_both_ids(broker: Broker) -> None:
    data = broker.call("POST", ALGO, condition(clientOrderId="mine")).data
    assert data["clientOrderId"] == "mine"
    assert len(data["algoOrderId"]) == 16
    own = broker.call("POST", ALGO, condition()).data
    assert own["clientOrderId"] == own["algoOrderId"]


def test_a_waiting_row(broker: Broker) -> None:
    algo_order_id = place(broker, condition(conditionalPrice="61500"))
    row = broker.call("GET", ALGO, {"algoOrderId": algo_order_id}).data
    assert set(row) == set(ALGO_KEYS)
    assert all(isinstance(v, str) for name, v in row.items() if name != "reasonCode")
    assert (row["orderState"], row["reduceOnly"], row["algoProvider"]) == ("NEW", "false", "ABEX")
    assert (row["conditionalTriggerPrice"], row["conditionalPrice"]) == ("61000", "61500")
    assert row["conditionalTriggerPriceType"] == "MARK_PRICE"
    assert (row["tpTriggerPrice"], row["startTime"], row["attachedOrderId"]) == ("", "", "")
    assert broker.call("GET", OPEN).data == [row]


def test_from_trigger_to_history(broker: Broker) -> None:
    algo_order_id = place(broker, condition(clientOrderId="mine"))
    mark(broker, "61000")
    row = broker.call("GET", ALGO, {"clientOrderId": "mine"}).data
    assert (row["orderState"], row["executedQty"]) == ("COMPLETED", "0.01")
    assert row["executedAvgPrice"] == "60000"
    assert broker.call("GET", OPEN).data == []
    page = broker.call("GET", HISTORY).data
    assert ([r["algoOrderId"] for r in page["list"]], page["totalSize"]) == ([algo_order_id], 1)
    (order,) = broker.call("GET", SUB_ORDERS, {"algoOrderId": algo_order_id}).data["list"]
    assert (order["algoOrderId"], order["orderState"]) == (algo_order_id, "FILLED")
    (execution,) = broker.call("GET", "/api/v1/trading/executions").data
    assert (execution["algoOrderId"], execution["orderId"]) == (algo_order_id, order["orderId"])


def test_a_schedule_runs_by_the_clock(broker: Broker) -> None:
    algo_order_id = place(broker, twap())
    for minute in range(4):
        broker.clock_ms = NOW_MS + minute * 60_000
        broker.do(RunAgenda())
    row = broker.call("GET", ALGO, {"algoOrderId": algo_order_id}).data
    assert (row["orderState"], row["executedQty"], row["interval"]) == ("COMPLETED", "0.03", "60")
    assert (row["startTime"], row["endTime"]) == (str(NOW_MS), str(NOW_MS + 180_000))
    page = broker.call("GET", SUB_ORDERS, {"algoOrderId": algo_order_id, "pageSize": "2"}).data
    assert (len(page["list"]), page["totalSize"], page["pageNum"]) == (2, 3, 2)


def test_orders_of_a_schedule_that_work(broker: Broker) -> None:
    broker.venue.silent = True
    algo_order_id = place(broker, twap())
    broker.do(RunAgenda())
    (order,) = broker.call("GET", OPEN_SUB_ORDERS, {"algoOrderId": algo_order_id}).data
    assert (order["algoOrderId"], order["orderQty"]) == (algo_order_id, "0.01")


def test_what_an_order_brings_along(broker: Broker) -> None:
    asked = base_order(
        orderType="MARKET", limitPrice=None, timeInForce=None,
        tpTriggerPrice="66000", tpPrice="65900", slTriggerPrice="55000", slTriggerType="MarkPrice",
    )  # fmt: skip
    order_id = broker.call("POST", ORDER, asked).data["orderId"]
    order = broker.call("GET", ORDER, {"orderId": order_id}).data
    assert (order["tpTriggerPrice"], order["tpTriggerType"]) == ("66000", "LAST_PRICE")
    assert (order["tpPrice"], order["slPrice"]) == ("65900", "0")
    assert (order["slTriggerPrice"], order["slTriggerType"]) == ("55000", "MARK_PRICE")
    (position,) = broker.call("GET", "/api/v1/trading/position").data
    (algo,) = position["tpslOrder"]
    assert (algo["attachedOrderId"], algo["side"], algo["reduceOnly"]) == (order_id, "SELL", "true")
    assert broker.call("GET", ALGO, {"attachedOrderId": order_id}).data == algo
    mark(broker, "54000")
    assert broker.call("GET", "/api/v1/trading/position").data == []
    ended = broker.call("GET", ALGO, {"attachedOrderId": order_id}).data
    assert (ended["orderState"], ended["executedQty"]) == ("COMPLETED", "0.01")


def test_a_changed_trigger(broker: Broker) -> None:
    algo_order_id = place(broker, condition())
    changed = {"algoOrderId": algo_order_id, "conditionalTriggerPrice": "62000", "orderQty": "0.02"}
    data = broker.call("PUT", ALGO, changed).data
    assert data == {"algoOrderId": algo_order_id, "clientOrderId": algo_order_id}
    row = broker.call("GET", ALGO, {"algoOrderId": algo_order_id}).data
    assert (row["conditionalTriggerPrice"], row["orderQty"]) == ("62000", "0.02")


def test_cancel_and_cancel_all(broker: Broker) -> None:
    first, second = place(broker, condition()), place(broker, condition())
    place(broker, twap())
    spot = place(broker, condition(sym=SPOT, conditionalPrice="60500"))
    assert broker.call("DELETE", ALGO, {"algoOrderId": first}).data["algoOrderId"] == first
    refuses(broker.call("DELETE", ALGO, {"algoOrderId": first}), 401117)
    ended = broker.call("DELETE", CANCEL_ALL, {"businessType": "PERP"}).data
    assert [row["algoOrderId"] for row in ended] == [second]
    left = broker.call("GET", OPEN).data
    assert [row["algoOrderType"] for row in left] == ["TPSL", "TWAP"]
    assert left[0]["algoOrderId"] == spot
    states = {row["orderState"] for row in broker.call("GET", HISTORY).data["list"]}
    assert states == {"CANCELLED"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"portfolioId": "abc"}, 401000),
        ({"clientOrderId": "a" * 64}, 401001),
        ({"clientOrderId": "a b"}, 401051),
        ({"side": "HOLD"}, 401002),
        ({"side": None}, 401002),
        ({"algoOrderType": "ICEBERG"}, 400000),
        ({"algoOrderType": None}, 400009),
        ({"conditionType": "MAYBE"}, 400000),
        ({"conditionType": None}, 400009),
        ({"algoProvider": "SOMEBODY"}, 400000),
        ({"orderQty": "-1"}, 401005),
        ({"orderQty": None}, 401005),
        ({"limitPrice": "abc"}, 401006),
        ({"reduceOnly": "yes"}, 401049),
        ({"sym": SPOT, "reduceOnly": "true"}, 401049),
        ({"positionSide": "UP"}, 400000),
        ({"conditionalTriggerPrice": "abc"}, 400000),
        ({"conditionalTriggerType": "INDEX"}, 400000),
        ({"conditionalTriggerPrice": None}, 400009),
        ({"conditionType": "OCO", "tpTriggerPrice": "66000"}, 400009),
        ({"sym": None}, 400009),
        ({"portfolioId": "9999999999999999"}, 401010),
        ({"sym": "BINANCE_PERP_FAKE_USDT"}, 401011),
        ({"sym": "BINANCE_MARGIN_BTC_USDT"}, 401067),
        ({"conditionType": "ENTIRE_CLOSE_POSITION", "slTriggerPrice": "1"}, 401032),
    ],
)
def test_what_a_condition_is_refused_for(broker: Broker, changes: Json, code: int) -> None:
    before = broker.state_bytes()
    refuses(broker.call("POST", ALGO, condition(**changes)), code)
    assert broker.state_bytes() == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"interval": "1.5"}, 400000),
        ({"interval": None}, 400009),
        ({"endTime": None}, 400009),
        ({"startTime": str(NOW_MS + 180_000)}, 400004),
        ({"startTime": str(NOW_MS - 60_000), "endTime": str(NOW_MS - 1000)}, 400006),
        ({"interval": "1", "endTime": str(NOW_MS + 86_400_000)}, 400000),
        ({"orderQty": "90"}, 401058),
    ],
)
def test_what_a_schedule_is_refused_for(broker: Broker, changes: Json, code: int) -> None:
    before = broker.state_bytes()
    refuses(broker.call("POST", ALGO, twap(**changes)), code)
    assert broker.state_bytes() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "GET"])
def test_which_algo_order_is_meant(broker: Broker, method: str) -> None:
    change = {"orderQty": "0.02"} if method == "PUT" else {}
    refuses(broker.call(method, ALGO, change), 401008)
    refuses(broker.call(method, ALGO, {"algoOrderId": "ABCDEFGHIJKLMNOP", **change}), 401020)
    refuses(broker.call(method, ALGO, {"algoOrderId": "123", **change}), 401007)
    refuses(broker.call(method, ALGO, {"algoOrderId": "1000000000000000", **change}), 401018)


def test_a_client_order_id_is_used_once(broker: Broker) -> None:
    place(broker, condition(clientOrderId="mine"))
    refuses(broker.call("POST", ALGO, condition(clientOrderId="mine")), 406010)
    broker.place(clientOrderId="mine")


def test_another_portfolio_s_algo_orders_are_not_there(broker: Broker) -> None:
    algo_order_id = place(broker, condition())
    assert broker.do(CreatePortfolio(broker.user_id, "Sub02"))
    for method in ("GET", "DELETE"):
        asked = {"algoOrderId": algo_order_id}
        refuses(broker.call(method, ALGO, asked, broker.sub_key), 401018)
    for path in (SUB_ORDERS, OPEN_SUB_ORDERS):
        asked = {"algoOrderId": algo_order_id}
        refuses(broker.call("GET", path, asked, broker.sub_key), 401018)
    assert broker.call("GET", OPEN, {}, broker.sub_key).data == []
