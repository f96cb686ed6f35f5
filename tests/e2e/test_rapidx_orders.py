"""The vendor's own client, unmodified: orders, from their preview to their end."""

from __future__ import annotations

import time
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest

from tests.e2e.rapidx_cli import RapidxCli
from tests.e2e.rapidx_kit import (
    ETH,
    SOL,
    best,
    eventually,
    fresh_id,
    number,
    one,
    query,
    resting_buy,
    rules,
    step,
)

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(300)]


def test_the_life_of_a_resting_order(cli: RapidxCli, broker: Any) -> None:
    order = resting_buy(cli, ETH, "life")

    preview = cli.preview("order place", **order).data
    assert preview["marketRules"]["symbol"] == ETH
    assert preview["marketRules"]["minNotional"] == rules(cli, ETH)["minNotional"]
    assert preview["marketRulesCache"]["status"] == "MISS_REFRESHED"

    placed = cli.submit("order place", **order, postOnly=True).rows
    order_id = placed["orderId"]
    assert order_id.isdigit()
    assert len(order_id) == 16
    assert placed["clientOrderId"] == order["clientOrderId"]

    row = query(cli, order_id)
    assert row["orderState"] in {"NEW", "OPEN"}
    assert (row["portfolioId"], row["sym"], row["side"]) == (broker.portfolio_id, ETH, "BUY")
    assert (row["exchangeType"], row["businessType"]) == ("BINANCE", "PERP")
    assert (row["exchangeOrderType"], row["timeInForce"]) == ("LIMIT", "GTX")
    assert number(row["limitPrice"]) == Decimal(order["price"])
    assert number(row["orderQty"]) == Decimal(order["quantity"])
    assert number(row["executedQty"]) == 0
    assert row["reduceOnly"] is False
    by_client_id = cli.run("order query", clientOrderId=order["clientOrderId"], symbol=ETH).rows
    assert by_client_id["orderId"] == order_id

    listed = cli.run("order open-orders", symbol=ETH, exchange="BINANCE", businessType="PERP").rows
    assert (listed["page"], listed["pageSize"], listed["pageNum"]) == (1, 1000, 1)
    assert one(listed["list"], orderId=order_id)["clientOrderId"] == order["clientOrderId"]

    tick = rules(cli, ETH)["tickSize"]
    price = step(Decimal(order["price"]) * Decimal("0.99"), tick, ROUND_FLOOR)
    quantity = Decimal(order["quantity"]) * 2
    change = {"orderId": order_id, "price": f"{price:f}", "quantity": f"{quantity:f}"}
    readback = cli.preview("order replace", **change).data["orderReadback"]
    assert (readback["orderId"], readback["sym"]) == (order_id, ETH)
    assert cli.submit("order replace", **change).rows["orderId"] == order_id
    row = eventually(lambda: (r := query(cli, order_id))["limitPrice"] != order["price"] and r)
    assert number(row["limitPrice"]) == price
    assert number(row["orderQty"]) == quantity

    cancelled = cli.submit("order cancel", orderId=order_id)
    assert cancelled.data["cancelAccepted"] is True
    assert cancelled.rows["orderId"] == order_id
    assert cancelled.rows["clientOrderId"] == order["clientOrderId"]
    eventually(lambda: query(cli, order_id)["orderState"] == "CANCELLED")
    listed = cli.run("order open-orders", symbol=ETH).rows
    assert order_id not in {row["orderId"] for row in listed["list"]}

    now = int(time.time() * 1000)
    history = cli.run(
        "order history", symbol=ETH, begin=str(now - 3_600_000), end=str(now + 5_000), pageSize=100
    ).rows
    row = one(history["list"], orderId=order_id)
    assert (row["orderState"], history["pageSize"]) == ("CANCELLED", 100)
    executed = cli.run("order history", symbol=ETH, filterExecuted=True).rows["list"]
    assert order_id not in {row["orderId"] for row in executed}

    again = cli.preview("order cancel", orderId=order_id)
    assert again.status == "BLOCKED"
    assert "ORDER_NOT_OPEN" in again.envelope["message"]


def test_orders_by_their_client_id(cli: RapidxCli) -> None:
    order = resting_buy(cli, ETH, "client")
    placed = cli.submit("order place", **order).rows
    reference = {"clientOrderId": order["clientOrderId"]}
    quantity = Decimal(order["quantity"]) * 2
    cli.submit("order replace", **reference, quantity=f"{quantity:f}").reply()
    row = eventually(
        lambda: number((r := query(cli, placed["orderId"]))["orderQty"]) == quantity and r
    )
    assert number(row["limitPrice"]) == Decimal(order["price"])
    assert cli.submit("order cancel", **reference).rows["orderId"] == placed["orderId"]
    eventually(lambda: query(cli, placed["orderId"])["orderState"] == "CANCELLED")


def test_cancel_all(cli: RapidxCli) -> None:
    ids = {
        cli.submit("order place", **resting_buy(cli, symbol, "all")).rows["orderId"]: symbol
        for symbol in (ETH, ETH, SOL)
    }

    def working() -> set[str]:
        return {row["orderId"] for row in cli.run("order open-orders").rows["list"]} & set(ids)

    assert working() == set(ids)
    assert cli.submit("order cancel-all", symbol=ETH).rows == {}
    eventually(lambda: working() == {key for key, symbol in ids.items() if symbol == SOL})
    assert cli.submit("order cancel-all", exchangeType="OKX").rows == {}
    assert len(working()) == 1
    assert cli.submit("order cancel-all", exchangeType="BINANCE").rows == {}
    eventually(lambda: not working())


def test_paging_of_open_orders(cli: RapidxCli) -> None:
    ids = [
        cli.submit("order place", **resting_buy(cli, SOL, "page")).rows["orderId"] for _ in range(3)
    ]
    pages = [
        cli.run("order open-orders", symbol=SOL, page=page, pageSize=2).rows for page in (1, 2)
    ]
    assert [(p["page"], p["pageSize"], p["pageNum"], p["totalSize"]) for p in pages] == [
        (1, 2, 2, 3),
        (2, 2, 2, 3),
    ]
    # newest first, none twice
    assert [row["orderId"] for page in pages for row in page["list"]] == ids[::-1]
    cli.submit("order cancel-all", symbol=SOL).reply()


def test_refused_orders(cli: RapidxCli) -> None:
    nobody = cli.run("order query", orderId="1000000000000000")
    assert (nobody.status, nobody.upstream_code) == ("NOT_FOUND", "401018"), str(nobody)
    nobody = cli.preview("order cancel", clientOrderId=fresh_id("none"))
    assert (nobody.status, nobody.upstream_code) == ("NOT_FOUND", "401018"), str(nobody)

    order = resting_buy(cli, ETH, "twice")
    cli.submit("order place", **order).reply()
    twice = cli.submit("order place", **order)
    assert (twice.status, twice.upstream_code) == ("BUSINESS_ERROR", "401009"), str(twice)
    cli.submit("order cancel", clientOrderId=order["clientOrderId"]).reply()

    tick = rules(cli, ETH)["tickSize"]
    crossing = step(best(cli, ETH)[1] * Decimal("1.02"), tick, ROUND_FLOOR)
    taker = {**resting_buy(cli, ETH, "gtx"), "price": f"{crossing:f}", "postOnly": True}
    refused = cli.submit("order place", **taker)
    assert (refused.status, refused.upstream_code) == ("BUSINESS_ERROR", "401052"), str(refused)

    # Found by the client's own look at the symbol's rules, which it has from us.
    odd = cli.preview("order place", **{**order, "price": order["price"] + "0001"})
    assert "INVALID_PRICE_TICK" in odd.envelope["message"], str(odd)
    tiny = {**order, "quantity": rules(cli, ETH)["minSize"]}
    small = cli.preview("order place", **tiny)
    assert "MIN_NOTIONAL_NOT_MET" in small.envelope["message"], str(small)


def test_an_automation_session_trades(cli: RapidxCli) -> None:
    """The client reads sym, limitPrice and orderQty back from us to keep to its own limits."""
    order = resting_buy(cli, ETH, "auto")
    session = cli.run(
        "automation start",
        symbols=[ETH],
        maxNotionalPerOrder="1000",
        maxTotalNotional="5000",
        explicitUserConsent=True,
        acceptedRiskText="I authorize this session.",
    ).data
    bound = cli.preview("order place", **order).data
    assert bound["automationSession"]["automationSessionId"] == session["automationSessionId"]
    order_id = cli.submit("order place", **order).rows["orderId"]
    quantity = Decimal(order["quantity"]) * 2
    cli.submit("order replace", orderId=order_id, quantity=f"{quantity:f}").reply()
    cli.submit("order cancel", orderId=order_id).reply()
    used = cli.run("automation status", automationSessionId=session["automationSessionId"]).data
    expected = Decimal(order["maxNotional"]) + Decimal(order["price"]) * quantity
    assert number(used["usedNotional"]) == expected
