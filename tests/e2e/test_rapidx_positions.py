"""The vendor's own client, unmodified: positions and what was executed."""

from __future__ import annotations

import time
from decimal import ROUND_CEILING, Decimal
from typing import Any

import pytest

from tests.e2e.rapidx_cli import RapidxCli, Result
from tests.e2e.rapidx_kit import (
    BTC_OKX,
    ETH,
    SOL,
    best,
    eventually,
    filled,
    fresh_id,
    leg,
    market_buy,
    near,
    number,
    one,
    positions,
    rules,
    step,
)

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(300)]


def _last_hour() -> dict[str, str]:
    now = int(time.time() * 1000)
    return {"begin": str(now - 3_600_000), "end": str(now + 5_000)}


def _are_told(cli: RapidxCli, broker: Any, order: dict[str, Any], row: dict[str, Any]) -> None:
    """The fills of a filled order, by its id and in the list, and the order in its history."""
    order_id, quantity = row["orderId"], number(row["executedQty"])
    fills = cli.run("transaction executions", orderId=order_id).rows
    assert sum(number(fill["quantity"]) for fill in fills) == quantity
    amount = sum(number(fill["quantity"]) * number(fill["price"]) for fill in fills)
    assert near(Decimal(amount), number(row["executedAmount"]))
    assert len({fill["transactionId"] for fill in fills}) == len(fills)
    for fill in fills:
        assert (fill["portfolioId"], fill["orderId"]) == (broker.portfolio_id, order_id)
        assert (fill["sym"], fill["side"], fill["execType"]) == (SOL, "BUY", "TAKER")
        assert (fill["exchangeType"], fill["businessType"]) == ("BINANCE", "PERP")
        assert fill["clientOrderId"] == order["clientOrderId"]
        assert number(fill["tradingFee"]) > 0
        assert fill["tradingFeeCoin"]
    listed = cli.run("transaction executions", symbol=SOL, limit=100, **_last_hour()).rows
    assert {fill["transactionId"] for fill in fills} <= {fill["transactionId"] for fill in listed}
    times = [int(fill["createAt"]) for fill in listed]
    assert times == sorted(times, reverse=True)
    history = cli.run("order history", symbol=SOL, filterExecuted=True).rows["list"]
    assert one(history, orderId=order_id)["orderState"] == "FILLED"


def test_the_life_of_a_position(cli: RapidxCli, broker: Any) -> None:
    assert positions(cli, SOL) == [], "an earlier test left a position"

    # leverage, while nothing is open
    before = one(cli.run("position get-leverage", symbol=SOL).rows, sym=SOL)["leverage"]
    wanted = 7 if before != "7" else 8
    cli.submit("position set-leverage", symbol=SOL, leverage=wanted).reply()
    row = eventually(
        lambda: (
            (r := cli.run("position get-leverage", symbol=SOL).rows)[0]["leverage"] != before and r
        )
    )
    assert row == [{**row[0], "sym": SOL, "leverage": str(wanted)}]

    order = market_buy(cli, SOL, "open")
    order_id = cli.submit("order place", **order).rows["orderId"]
    row = filled(cli, order_id)
    quantity = number(row["executedQty"])
    assert quantity == Decimal(order["quantity"])
    assert row["exchangeOrderType"] == "MARKET"

    _are_told(cli, broker, order, row)

    (position,) = eventually(lambda: positions(cli, SOL))
    assert position["portfolioId"] == broker.portfolio_id
    assert position["positionSide"] == leg(cli).get("positionSide", "NONE")
    assert number(position["positionQty"]) == quantity
    assert near(number(position["avgPrice"]), number(row["executedAvgPrice"]))
    assert position["leverage"] == str(wanted)
    value = number(position["markPrice"]) * quantity
    assert near(number(position["positionValue"]), value, "0.001")
    assert near(number(position["positionMargin"]), value / wanted, "0.001")
    overview = one(cli.run("portfolio overview").rows, exchangeType="BINANCE")
    assert number(overview["perpMargin"]) > 0
    everything = cli.run("position query").rows
    assert one(everything, positionId=position["positionId"])["sym"] == SOL

    close = {"symbol": SOL, "reduceOnly": True, "maxNotional": "1000", **leg(cli)}
    readback = cli.preview("position close", **close).data["positionReadback"]
    assert readback["positionId"] == position["positionId"]
    closed = cli.submit("position close", **close)
    assert closed.data["closePosition"] is True
    closing = filled(cli, closed.rows["orderId"])
    assert (closing["side"], closing["reduceOnly"]) == ("SELL", True)
    assert number(closing["executedQty"]) == quantity
    eventually(lambda: not positions(cli, SOL))

    # The client sends begin and end here under other names of its own.
    window = _last_hour()
    past = cli.run(
        "position history", symbol=SOL, startTime=window["begin"], endTime=window["end"]
    ).rows
    assert past["pageSize"] == 100
    row = one(past["list"], positionId=position["positionId"])
    assert (row["closedType"], row["positionHistorySide"]) == ("COMPLETE_CLOSED", "LONG")
    assert number(row["closedQty"]) == number(row["maxPositionQty"]) == quantity
    assert near(number(row["openAvgPrice"]), number(position["avgPrice"]))
    assert near(number(row["closedAvgPrice"]), number(closing["executedAvgPrice"]))

    nothing = cli.preview("position close", **close)
    assert nothing.status == "BLOCKED"
    assert "NO_POSITION_TO_CLOSE" in nothing.envelope["message"]
    cli.submit("position set-leverage", symbol=SOL, leverage=int(before)).reply()


def test_the_legs_of_a_hedged_account(cli: RapidxCli) -> None:
    def switched(mode: str) -> Result:
        return cli.submit("portfolio set-position-mode", mode=mode, exchange="OKX")

    def mode() -> str:
        return str(one(cli.run("portfolio overview").rows, exchangeType="OKX")["positionMode"])

    assert switched("BOTH").reply()["data"] == {}
    assert mode() == "BOTH"
    order = {
        "symbol": BTC_OKX,
        "orderType": "MARKET",
        "quantity": rules(cli, BTC_OKX)["minSize"],
        "maxNotional": "100000",
    }
    nameless = cli.submit("order place", **order, side="BUY", clientOrderId=fresh_id("none"))
    assert nameless.upstream_code == "400009", str(nameless)
    sides = {"LONG": "BUY", "SHORT": "SELL"}
    for named, side in sides.items():
        placed = cli.submit(
            "order place", **order, side=side, positionSide=named, clientOrderId=fresh_id("leg")
        )
        row = filled(cli, placed.rows["orderId"])
        assert (row["positionSide"], row["reduceOnly"]) == (named, False)
    held = {row["positionSide"]: row for row in positions(cli, BTC_OKX)}
    assert held.keys() == sides.keys()
    assert number(held["LONG"]["positionQty"]) == -number(held["SHORT"]["positionQty"]) > 0
    back = switched("NET")
    assert back.upstream_code == "406012", str(back)

    for named, row in held.items():
        close = {"symbol": BTC_OKX, "positionSide": named, "reduceOnly": True}
        closed = cli.submit("position close", **close, maxNotional="100000")
        closing = filled(cli, closed.rows["orderId"])
        assert (closing["positionSide"], closing["reduceOnly"]) == (named, True)
        past = cli.run("position history", symbol=BTC_OKX).rows["list"]
        found = one(past, positionId=row["positionId"])
        assert (found["positionHistorySide"], found["positionMode"]) == (named, "BOTH")
    assert positions(cli, BTC_OKX) == []
    switched("NET").reply()
    assert mode() == "NET"


def test_too_much_leverage_is_refused(cli: RapidxCli) -> None:
    most = int(cli.run("portfolio position-bracket", symbol=SOL).rows[SOL][0]["maxLeverage"])
    result = cli.submit("position set-leverage", symbol=SOL, leverage=min(most + 1, 125))
    assert result.upstream_code == "401034", str(result)


@pytest.mark.parametrize("how", ["listed", "all"])
def test_close_all(cli: RapidxCli, how: str) -> None:
    symbols = {ETH, SOL}
    for symbol in sorted(symbols):
        placed = cli.submit("order place", **market_buy(cli, symbol, "many")).rows
        filled(cli, placed["orderId"])
    which: dict[str, Any] = (
        {"symbolList": ",".join(sorted(symbols))}
        if how == "listed"
        else {"closeAllPositions": True, "exchangeType": "BINANCE"}
    )
    result = cli.submit("position close-all", **which)
    rows = {row["sym"]: row for row in result.rows}
    assert symbols == set(rows) if how == "listed" else symbols <= set(rows)
    for symbol in symbols:
        assert rows[symbol]["success"] == "true", str(result)
        assert filled(cli, rows[symbol]["orderId"])["reduceOnly"] is True
        eventually(lambda symbol=symbol: not positions(cli, symbol))
    if how == "all":
        assert cli.submit("position close-all", **which).rows == []


def test_verify_live(cli: RapidxCli) -> None:
    """The client's own acceptance run: rules, a post-only order, its cancellation, a clean end."""
    rule, bid = rules(cli, ETH), best(cli, ETH)[0]
    minimum = number(rule["minNotional"])
    quantity = step(minimum / bid, rule["lotSize"], ROUND_CEILING)
    # It prices the order at most at bound / quantity: just under the market, so it never fills.
    bound = max(minimum * Decimal("1.001"), quantity * bid * Decimal("0.98")).quantize(
        Decimal("0.01"), ROUND_CEILING
    )
    report = cli.run(
        "trade verify-live",
        symbol=ETH,
        side="BUY",
        maxNotional=f"{bound:f}",
        clientOrderId=fresh_id("verify"),
        explicitUserConsent=True,
        acceptedRiskText=(
            f"I authorize a real verification order for {ETH} BUY LONG maxNotional {bound:f} "
            "with cancel cleanup."
        ),
        **leg(cli),
    ).data
    assert (report["status"], report["cleanupStatus"]) == ("PASS", "PASS")
    assert report["submittedRealOrder"] is True
    steps = {step["name"]: step["status"] for step in report["steps"]}
    assert steps.pop("replace") == "EXPECTED_ERROR"  # it skips that one itself
    assert steps == dict.fromkeys(
        ["self-check", "market", "preview", "place", "query", "cancel", "cleanup-check"], "PASS"
    )
