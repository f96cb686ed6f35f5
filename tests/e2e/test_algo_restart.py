"""Algo orders outlive the process: what waited waits on, what was half done is done to the end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.served import Client, ServedBroker

BTC = "BINANCE_PERP_BTC_USDT"
ALGO = "/api/v1/algo/order"
WAIT_SECONDS = 30.0


def eventually(client: Client, algo_order_id: str, **wanted: Any) -> dict[str, Any]:
    """The algo order once it is as wanted."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        row: dict[str, Any] = client.data("GET", ALGO, algoOrderId=algo_order_id)
        if all(row[name] == value for name, value in wanted.items()):
            return row
        assert time.monotonic() < deadline, row
        time.sleep(0.02)


@pytest.mark.slow
def test_algo_orders_outlive_a_kill(tmp_path: Path) -> None:
    broker = ServedBroker(tmp_path).start()
    client = broker.client()
    waits = client.data(
        "POST", ALGO, algoOrderType="TPSL", conditionType="CONDITIONAL", sym=BTC, side="BUY",
        orderQty="0.01", conditionalTriggerPrice="66000", conditionalTriggerType="MARK_PRICE",
    )["algoOrderId"]  # fmt: skip
    end_ms = int(time.time() * 1000) + 6000
    slices = client.data(
        "POST", ALGO, algoOrderType="TWAP", sym=BTC, side="BUY", orderQty="0.06",
        endTime=str(end_ms), interval="1",
    )["algoOrderId"]  # fmt: skip
    before = eventually(client, slices, orderState="PROCESSING")
    broker.kill()
    broker.start()
    client = broker.client()
    assert client.data("GET", ALGO, algoOrderId=waits)["orderState"] == "NEW"
    after = client.data("GET", ALGO, algoOrderId=slices)
    assert float(after["executedQty"]) >= float(before["executedQty"])
    eventually(client, slices, orderState="COMPLETED", executedQty="0.06")
    orders = client.data("GET", "/api/v1/algo/history/subOrders", algoOrderId=slices)["list"]
    assert sum(float(row["executedQty"]) for row in orders) == pytest.approx(0.06)
    position = client.data("GET", "/api/v1/trading/position", sym=BTC)
    assert [row["positionQty"] for row in position] == ["0.06"]
    assert broker.stop() == 0, broker.log()
