"""Placing, changing, cancelling and finding orders, in one process from request to reply."""

from __future__ import annotations

from openprime.desk.commands import CreatePortfolio, CreateUser, Credit
from openprime.model.vocabulary import Exchange, UserKind
from tests.api.kit import BTC, DAY_MS, ETH, ORDER, Broker, base_order, refuses

OPEN = "/api/v1/trading/orders"
HISTORY = "/api/v1/trading/history/orders"
CANCEL_ALL = "/api/v1/trading/cancelAll"

# What the strictest typed reader wants of an order (clients table 3); texts but for two.
ORDER_KEYS = """
    portfolioId portfolioName orderId clientOrderId orderState sym side exchangeType businessType
    exchangeOrderType orderType orderQty quoteOrderQty limitPrice timeInForce executedQty
    executedAmount executedAvgPrice lastExecutedQty lastExecutedPrice lastExecutedAmount fee
    feeCoin rebate rebateCoin reason reasonCode action actionMsg cancelType amendType reduceOnly
    leverage borrowAmount borrowAsset positionSide algoOrderId tpTriggerPrice tpTriggerType tpPrice
    slTriggerPrice slTriggerType slPrice createAt updateAt
""".split()


def listed(broker: Broker, path: str = OPEN, **params: str) -> list[str]:
    return [row["orderId"] for row in broker.call("GET", path, params).data["list"]]


def test_place_answers_both_ids(broker: Broker) -> None:
    data = broker.call("POST", ORDER, base_order(clientOrderId="mine-1")).data
    assert data.keys() == {"orderId", "clientOrderId"}
    assert data["clientOrderId"] == "mine-1"
    assert len(data["orderId"]) == 16
    own = broker.call("POST", ORDER, base_order()).data
    assert own["clientOrderId"] == own["orderId"]


def test_place_envelope(broker: Broker) -> None:
    answer = broker.call("POST", ORDER, base_order())
    assert answer.json["code"] == 200000
    assert answer.json["message"] == "Success"
    assert answer.status == 200


def test_order_row(broker: Broker) -> None:
    order_id = broker.place(limitPrice="59000.50", clientOrderId="c1")
    row = broker.call("GET", ORDER, {"orderId": order_id}).data
    assert set(row) == set(ORDER_KEYS)
    texts = {k: v for k, v in row.items() if k not in ("reduceOnly", "leverage", "reasonCode")}
    assert all(isinstance(value, str) for value in texts.values())
    assert row["reduceOnly"] is False
    assert row["leverage"] == 5
    assert row["reasonCode"] == 0
    assert (row["limitPrice"], row["orderQty"], row["quoteOrderQty"]) == ("59000.5", "0.01", "0")
    assert (row["orderState"], row["orderType"]) == ("OPEN", "DMA")
    assert (row["portfolioName"], row["portfolioId"]) == ("MainPortfolio", str(broker.main_id))


def test_filled_market_order(broker: Broker) -> None:
    order_id = broker.place(orderType="MARKET", limitPrice=None, timeInForce=None)
    row = broker.call("GET", ORDER, {"orderId": order_id}).data
    assert row["orderState"] == "FILLED"
    assert (row["limitPrice"], row["timeInForce"]) == ("0", "IOC")
    assert (row["executedQty"], row["executedAmount"]) == ("0.01", "600")
    assert (row["executedAvgPrice"], row["fee"], row["feeCoin"]) == ("60000", "0.21", "USDT")


def test_duplicate_client_order_id(broker: Broker) -> None:
    broker.place(clientOrderId="dup1")
    refuses(broker.call("POST", ORDER, base_order(clientOrderId="dup1")), 401009)
    assert broker.place(clientOrderId="DUP1")


def test_cancelled_id_stays_taken(broker: Broker) -> None:
    order_id = broker.place(clientOrderId="once")
    broker.call("DELETE", ORDER, {"orderId": order_id})
    refuses(broker.call("POST", ORDER, base_order(clientOrderId="once")), 401009)


def test_cancel_confirmed_at_once(broker: Broker) -> None:
    order_id = broker.place(clientOrderId="c1")
    assert broker.call("DELETE", ORDER, {"orderId": order_id}).data == {
        "orderId": order_id,
        "clientOrderId": "c1",
        "orderState": "CANCELLED",
        "action": "CANCEL_COMPLETE",
        "actionMsg": "",
    }


def test_cancel_not_yet_confirmed(broker: Broker) -> None:
    order_id = broker.place()
    broker.venue.silent = True
    data = broker.call("DELETE", ORDER, {"orderId": order_id}).data
    assert (data["orderState"], data["action"]) == ("OPEN", "CANCEL_PENDING")
    refuses(broker.call("DELETE", ORDER, {"orderId": order_id}), 401019)


def test_finished_order_is_completed_for_cancel_and_replace(broker: Broker) -> None:
    order_id = broker.place(clientOrderId="done")
    broker.call("DELETE", ORDER, {"orderId": order_id})
    for name in ({"orderId": order_id}, {"clientOrderId": "done"}):
        refuses(broker.call("DELETE", ORDER, name), 401117)
        refuses(broker.call("PUT", ORDER, name | {"replaceQty": "1"}), 401117)
    broker.clock_ms += 8 * DAY_MS
    refuses(broker.call("DELETE", ORDER, {"clientOrderId": "done"}), 401117)


def test_order_that_never_was(broker: Broker) -> None:
    for method in ("GET", "DELETE"):
        refuses(broker.call(method, ORDER, {"orderId": "1000000000000000"}), 401018)


def test_two_ids_must_agree(broker: Broker) -> None:
    first, second = broker.place(clientOrderId="a"), broker.place(clientOrderId="b")
    both = {"orderId": first, "clientOrderId": "b"}
    refuses(broker.call("GET", ORDER, both), 401018)
    refuses(broker.call("DELETE", ORDER, both), 401018)
    assert broker.call("GET", ORDER, both | {"orderId": second}).data["orderId"] == second
    for order_id in (first, second):
        broker.call("DELETE", ORDER, {"orderId": order_id})
    refuses(broker.call("GET", ORDER, both), 401018)
    refuses(broker.call("DELETE", ORDER, both), 401018)


def test_orders_of_other_portfolios_are_invisible(broker: Broker) -> None:
    order_id = broker.place(clientOrderId="mine")
    for name in ({"orderId": order_id}, {"clientOrderId": "mine"}):
        refuses(broker.call("GET", ORDER, name, broker.sub_key), 401018)
        refuses(broker.call("DELETE", ORDER, name, broker.sub_key), 401018)
    broker.call("DELETE", ORDER, {"orderId": order_id})
    refuses(broker.call("GET", ORDER, {"orderId": order_id}, broker.sub_key), 401018)
    refuses(broker.call("DELETE", ORDER, {"orderId": order_id}, broker.sub_key), 401018)


def test_query_finds_finished_orders_by_either_id(broker: Broker) -> None:
    order_id = broker.place(clientOrderId="gone")
    broker.call("DELETE", ORDER, {"orderId": order_id})
    for name in ({"orderId": order_id}, {"clientOrderId": "gone"}):
        row = broker.call("GET", ORDER, name).data
        assert (row["orderId"], row["orderState"]) == (order_id, "CANCELLED")
        assert row["cancelType"] == "USER"
        assert set(row) == set(ORDER_KEYS)


def test_replace(broker: Broker) -> None:
    order_id = broker.place()
    data = broker.call("PUT", ORDER, {"orderId": order_id, "replacePrice": "59000"}).data
    assert data == {"orderId": order_id, "orderState": "OPEN"}
    row = broker.call("GET", ORDER, {"orderId": order_id}).data
    assert (row["limitPrice"], row["orderQty"]) == ("59000", "0.01")
    assert (row["action"], row["amendType"]) == ("AMEND_COMPLETED", "USER")


def test_replace_finds_what_is_wrong_with_the_change(broker: Broker) -> None:
    order_id = broker.place()
    for change, code in (
        ({"replaceQty": "0.0105"}, 401013),
        ({"replacePrice": "60000.01"}, 401015),
        ({"replacePrice": "90000"}, 401012),
    ):
        refuses(broker.call("PUT", ORDER, {"orderId": order_id} | change), code)


def test_cancel_all_and_its_scope(broker: Broker) -> None:
    first, second = broker.place(), broker.place(sym=ETH, limitPrice="2500", orderQty="0.1")
    broker.do(Credit(broker.sub_id, Exchange.BINANCE, "USDT", broker.services.market.mark(BTC)))
    other = broker.place(key=broker.sub_key)
    assert broker.call("DELETE", CANCEL_ALL, {"exchangeType": "OKX"}).data == {}
    assert broker.call("DELETE", CANCEL_ALL, {"exchangeType": "EDX"}).data == {}
    assert listed(broker) == [second, first]
    assert broker.call("DELETE", CANCEL_ALL, {"sym": ETH}).data == {}
    assert listed(broker) == [first]
    assert broker.call("DELETE", CANCEL_ALL).data == {}
    assert listed(broker) == []
    assert broker.call("DELETE", CANCEL_ALL).data == {}
    portfolio = {"portfolioId": str(broker.sub_id)}
    assert listed(broker, **portfolio) == [other]


def test_open_orders_filters_and_pages(broker: Broker) -> None:
    ids = [broker.place(limitPrice=str(59000 + n)) for n in range(5)]
    broker.clock_ms += 1000
    eth = broker.place(sym=ETH, limitPrice="2500", orderQty="0.1")
    newest_first = [eth, *reversed(ids)]
    assert listed(broker) == newest_first
    assert listed(broker, sym=ETH) == [eth]
    assert listed(broker, symbol="ETH_USDT", businessType="PERP") == [eth]
    assert listed(broker, businessType="SPOT") == []
    assert listed(broker, exchange="OKX") == []
    assert listed(broker, begin=str(broker.clock_ms - 1)) == [eth]
    assert listed(broker, end=str(broker.clock_ms - 1)) == list(reversed(ids))
    page = broker.call("GET", OPEN, {"page": "2", "pageSize": "4"}).data
    assert {key: page[key] for key in page if key != "list"} == {
        "page": 2,
        "pageSize": 4,
        "pageNum": 2,
        "totalSize": 6,
    }
    assert [row["orderId"] for row in page["list"]] == newest_first[4:]
    empty = broker.call("GET", OPEN, {"sym": "OKX_PERP_BTC_USDT"}).data
    assert (empty["pageNum"], empty["totalSize"], empty["list"]) == (0, 0, [])


def test_finished_orders_filters_and_pages(broker: Broker) -> None:
    cancelled = broker.place()
    broker.call("DELETE", ORDER, {"orderId": cancelled})
    broker.clock_ms += 1000
    filled = broker.place(orderType="MARKET", limitPrice=None)
    working = broker.place(limitPrice="59000")
    for path in (HISTORY, "/api/v1/trading/archive/history/orders"):
        assert listed(broker, path) == [filled, cancelled]
        assert listed(broker, path, filterExecuted="TRUE") == [filled]
        assert listed(broker, path, sym=ETH) == []
        assert listed(broker, path, symbol="BTC_USDT", businessType="PERP") == [filled, cancelled]
        assert listed(broker, path, page="2", pageSize="1") == [cancelled]
        assert listed(broker, path, page="3", pageSize="1") == []
        pages = {"symbol": "BTC_USDT", "businessType": "PERP", "page": "2", "pageSize": "1"}
        assert listed(broker, path, **pages) == [cancelled]
    assert listed(broker) == [working]


def test_deep_page_of_a_pair_of_several_exchanges(broker: Broker) -> None:
    params = {"symbol": "BTC_USDT", "businessType": "PERP", "page": "101"}
    assert listed(broker, HISTORY, **params) == []
    assert listed(broker, HISTORY, exchange="BINANCE", **params) == []


def test_primary_key_reads_all_portfolios_of_its_user_and_writes_its_own(broker: Broker) -> None:
    other = {"portfolioId": str(broker.sub_id)}
    assert listed(broker, **other) == []
    refuses(broker.call("POST", ORDER, base_order(**other)), 401010)
    refuses(broker.call("GET", OPEN, {"portfolioId": str(broker.main_id)}, broker.sub_key), 401010)
    assert broker.call("GET", OPEN, other, broker.sub_key).data["list"] == []


def test_portfolio_of_another_user_is_as_good_as_absent(broker: Broker) -> None:
    stranger = int(broker.do(CreateUser(UserKind.NORMAL)))
    portfolio = int(broker.do(CreatePortfolio(stranger, "Theirs")))
    refuses(broker.call("GET", OPEN, {"portfolioId": str(portfolio)}), 401010)


def test_desk_refusals_reach_the_client(broker: Broker) -> None:
    for changes, code in (
        ({"sym": "BINANCE_PERP_FAKE_USDT"}, 401011),
        ({"sym": "EDX_PERP_BTC_USDT"}, 401011),
        ({"sym": "nonsense"}, 401011),
        ({"orderQty": "0.0105"}, 401013),
        ({"orderQty": "0.001", "limitPrice": "52000"}, 401017),
        ({"limitPrice": "120000"}, 401012),
        ({"limitPrice": "60000.01"}, 401015),
        ({"side": "SELL", "reduceOnly": "true"}, 401048),
        ({"orderQty": "900"}, 401058),
        ({"sym": "BINANCE_SPOT_BTC_USDT", "side": "SELL"}, 401035),
    ):
        answer = broker.call("POST", ORDER, base_order(**changes))
        assert answer.json["code"] == code, (changes, answer.json)
    refuses(broker.call("POST", ORDER, base_order(), broker.sub_key), 401046)
