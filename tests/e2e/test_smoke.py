"""The first minutes of a newcomer: an order, its fill, a position, a refusal."""

from tests.served import ServedBroker

SYM = "BINANCE_PERP_BTC_USDT"


def test_a_market_order_fills_and_makes_a_position(broker: ServedBroker) -> None:
    client = broker.client()
    placed = client.data(
        "POST", "/api/v1/trading/order",
        sym=SYM, side="BUY", orderType="MARKET", orderQty="0.01",
    )  # fmt: skip
    order = client.data("GET", "/api/v1/trading/order", orderId=placed["orderId"])
    assert order["orderState"] == "FILLED"
    assert order["executedQty"] == "0.01"
    positions = client.data("GET", "/api/v1/trading/position", sym=SYM)
    assert [row["positionQty"] for row in positions] == ["0.01"]
    executions = client.data("GET", "/api/v1/trading/executions", orderId=placed["orderId"])
    assert sum(float(row["quantity"]) for row in executions) == 0.01
    closed = client.data("DELETE", "/api/v1/trading/position", sym=SYM)
    assert len(closed["orderId"]) == 16
    assert client.data("GET", "/api/v1/trading/position", sym=SYM) == []


def test_a_wrong_key_is_refused_in_the_catalogue_s_words(broker: ServedBroker) -> None:
    client = broker.client()
    client.access_key = "nope"
    answer = client.call("GET", "/api/v1/trading/account")
    assert answer == {"code": 100018, "message": "API not exist", "data": {}}
