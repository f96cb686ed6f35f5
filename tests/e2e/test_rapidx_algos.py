"""The vendor's own client, unmodified: its algo commands against a running broker."""

from __future__ import annotations

import time
import uuid

import pytest

from tests.e2e.rapidx_cli import RapidxCli

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(300)]

BTC = "BINANCE_PERP_BTC_USDT"


def test_life_of_a_condition(cli: RapidxCli) -> None:
    placed = cli.submit(
        "algo place", symbol=BTC, side="BUY", orderType="MARKET", quantity="0.01",
        maxNotional="1000", clientOrderId=f"e2e-algo-{uuid.uuid4().hex[:12]}",
        algoType="TPSL", conditionType="CONDITIONAL", triggerPrice="66000",
        triggerType="MARK_PRICE",
    ).rows  # fmt: skip
    named = {"algoOrderId": placed["algoOrderId"]}
    waiting = cli.run("algo query", **named).rows
    assert (waiting["orderState"], waiting["conditionalTriggerPrice"]) == ("NEW", "66000")
    listed = cli.run("algo open-orders", symbol=BTC).rows
    assert named["algoOrderId"] in [row["algoOrderId"] for row in listed]
    cli.submit("algo replace", **named, triggerPrice="67000").reply()
    assert cli.run("algo query", **named).rows["conditionalTriggerPrice"] == "67000"
    assert cli.submit("algo cancel", **named).rows["algoOrderId"] == named["algoOrderId"]
    ended = cli.run("algo query", **named).rows
    assert ended["orderState"] == "CANCELLED"
    begin = str(int(time.time() * 1000) - 3_600_000)
    history = cli.run("algo history", symbol=BTC, begin=begin).rows
    assert named["algoOrderId"] in [row["algoOrderId"] for row in history["list"]]
