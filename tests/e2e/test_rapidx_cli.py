"""The vendor's own client, unmodified, against a running broker: every command does its work.

Left out: algo orders. `broker` is a fixture: a live server on its synthetic market, a funded
portfolio, and the key of a broker user's main portfolio.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rapidx_cli import RapidxCli, Result

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(300)]

BTC = "BINANCE_PERP_BTC_USDT"
ETH = "BINANCE_PERP_ETH_USDT"
SOL = "BINANCE_PERP_SOL_USDT"
BTC_SPOT = "BINANCE_SPOT_BTC_USDT"
BTC_OKX = "OKX_PERP_BTC_USDT"
VENUES = {"BINANCE", "OKX"}
MINUTE = 60_000

SELF_CHECKS = [
    "discovery",
    "schema-compatibility",
    "public-market",
    "credential-auth",
    "account-balance",
    "order-list",
    "position-list",
]
ACCOUNT_FIELDS = """
    portfolioId exchangeType equity maintainMargin positionValue uniMMR accountStatus marginValue
    frozenMargin perpMargin debtMargin openLossMargin validMargin availableMargin upnl positionMode
""".split()
SYMBOL_FIELDS = """
    sym state pricePrecision qtyPrecision minNotional maxLimitSize lotSize tickSize maxNumOrders
    contractSize maxMarketSize minSize originalSymbol defaultLeverage liquidationFee
""".split()


@pytest.fixture
def cli(broker: Any, tmp_path: Path) -> RapidxCli:
    return RapidxCli(broker.rest_url, broker.access_key, broker.secret_key, tmp_path)


# ---------------------------------------------------------------- helpers


def fresh_id(what: str) -> str:
    return f"e2e-{what}-{uuid.uuid4().hex[:12]}"


def number(text: Any) -> Decimal:
    """A plain decimal in a string: what every amount on the wire has to be."""
    assert isinstance(text, str), text
    assert text, "empty"
    assert not set(text) - set("-.0123456789"), text
    return Decimal(text)


def near(a: Decimal, b: Decimal, tolerance: str = "0.00001") -> bool:
    return abs(a - b) <= Decimal(tolerance)


def one(rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    found = [row for row in rows if all(row.get(key) == wanted[key] for key in wanted)]
    assert len(found) == 1, (wanted, rows)
    return found[0]


def eventually(question: Callable[[], Any], seconds: float = 5) -> Any:
    """The first answer that is true; the broker's states may follow its reply."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)
    return answer


def rules(cli: RapidxCli, symbol: str) -> dict[str, Any]:
    row: dict[str, Any] = cli.run("market get-symbol-info", symbol=symbol).rows[symbol]
    return row


def step(value: Decimal, size: str, rounding: str) -> Decimal:
    unit = Decimal(size)
    return (value / unit).to_integral_value(rounding) * unit


def best(cli: RapidxCli, symbol: str) -> tuple[Decimal, Decimal]:
    book = cli.run("market get-orderbook", symbol=symbol, depth=5).data
    return number(book["bestBid"]["price"]), number(book["bestAsk"]["price"])


def leg(cli: RapidxCli) -> dict[str, str]:
    """What an order on a hedged account needs beyond one on a netted account."""
    row = one(cli.run("portfolio overview").rows, exchangeType="BINANCE")
    return {"positionSide": "LONG"} if row["positionMode"] == "BOTH" else {}


def resting_buy(cli: RapidxCli, symbol: str, what: str) -> dict[str, Any]:
    """A limit buy 5 % under the market, of somewhat more than the smallest allowed value."""
    rule = rules(cli, symbol)
    price = step(best(cli, symbol)[0] * Decimal("0.95"), rule["tickSize"], ROUND_FLOOR)
    value = number(rule["minNotional"]) * Decimal("1.2")
    quantity = step(value / price, rule["lotSize"], ROUND_CEILING)
    return {
        "symbol": symbol,
        "side": "BUY",
        "orderType": "LIMIT",
        "price": f"{price:f}",
        "quantity": f"{quantity:f}",
        "maxNotional": f"{price * quantity * 2:f}",
        "clientOrderId": fresh_id(what),
        **leg(cli),
    }


def market_buy(cli: RapidxCli, symbol: str, what: str) -> dict[str, Any]:
    order = resting_buy(cli, symbol, what)
    del order["price"]
    return {**order, "orderType": "MARKET"}


def query(cli: RapidxCli, order_id: str) -> dict[str, Any]:
    row: dict[str, Any] = cli.run("order query", orderId=order_id).rows
    return row


def filled(cli: RapidxCli, order_id: str) -> dict[str, Any]:
    def done() -> dict[str, Any] | None:
        row = query(cli, order_id)
        return row if row["orderState"] == "FILLED" else None

    row: dict[str, Any] = eventually(done)
    return row


def positions(cli: RapidxCli, symbol: str) -> list[dict[str, Any]]:
    rows = cli.run("position query", symbol=symbol).rows
    return [row for row in rows if number(row["positionQty"]) != 0]


# ---------------------------------------------------------------- self-check


def test_self_check_passes(cli: RapidxCli) -> None:
    report = cli.run("self-check").data
    assert report["status"] == "PASS"
    assert [check["name"] for check in report["checks"]] == SELF_CHECKS
    assert {check["status"] for check in report["checks"]} == {"PASS"}
    assert report["notVerifiedItems"] == []


def test_self_check_sees_a_wrong_secret(cli: RapidxCli) -> None:
    cli.secret_key = "not-the-secret"
    result = cli.run("self-check")
    assert not result.ok
    assert result.status == "FAIL"
    checks = {check["name"]: check for check in result.envelope["data"]["checks"]}
    assert checks["public-market"]["status"] == "PASS"
    for name in SELF_CHECKS[3:]:
        assert checks[name]["status"] == "FAIL"
        assert "business error 2000" in checks[name]["message"]


def test_an_unknown_key_is_told_so(cli: RapidxCli) -> None:
    cli.access_key = "nobody"
    result = cli.run("portfolio overview")
    assert result.upstream_code == "100018", str(result)


# ---------------------------------------------------------------- market


@pytest.mark.parametrize(
    ("symbol", "original"),
    [(BTC, "BTCUSDT"), (BTC_SPOT, "BTCUSDT"), (BTC_OKX, "BTC-USDT-SWAP")],
)
def test_ticker(cli: RapidxCli, symbol: str, original: str) -> None:
    ticker = cli.run("market get-ticker", symbol=symbol).data
    assert ticker["symbol"] == symbol
    assert ticker["originalSymbol"] == original
    assert 0 < number(ticker["lowPrice"]) <= number(ticker["lastPrice"])
    assert number(ticker["lastPrice"]) <= number(ticker["highPrice"])
    assert number(ticker["volume"]) >= 0
    assert number(ticker["quoteVolume"]) >= 0
    if symbol != BTC_OKX:
        number(ticker["priceChange"])
        number(ticker["priceChangePercent"])


def test_ticker_takes_the_old_name_of_an_okx_swap(cli: RapidxCli) -> None:
    ticker = cli.run("market get-ticker", symbol="OKX_SWAP_BTC_USDT").data
    assert ticker["symbol"] == BTC_OKX
    assert ticker["inputSymbol"] == "OKX_SWAP_BTC_USDT"
    assert number(ticker["lastPrice"]) > 0


@pytest.mark.parametrize("symbol", [BTC, BTC_SPOT, BTC_OKX])
def test_orderbook(cli: RapidxCli, symbol: str) -> None:
    book = cli.run("market get-orderbook", symbol=symbol, depth=5).data
    assert book["symbol"] == symbol
    bids = [number(level["price"]) for level in book["bids"]]
    asks = [number(level["price"]) for level in book["asks"]]
    assert 1 <= len(bids) <= 5
    assert 1 <= len(asks) <= 5
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] < asks[0]
    assert all(number(level["quantity"]) > 0 for level in book["bids"] + book["asks"])
    assert book["bestBid"] == book["bids"][0]
    assert book["bestAsk"] == book["asks"][0]


@pytest.mark.parametrize(
    ("symbol", "limit"),
    # A limit above the venue's page makes the client page backwards in time.
    [(BTC, 10), (BTC, 1500), (BTC_SPOT, 1200), (BTC_OKX, 10), (BTC_OKX, 700)],
)
def test_klines(cli: RapidxCli, symbol: str, limit: int) -> None:
    data = cli.run("market get-klines", symbol=symbol, interval="1m", limit=limit).data
    candles = data["candles"]
    assert data["symbol"] == symbol
    assert data["interval"] == "1m"
    assert 1 <= data["count"] == len(candles) <= limit
    times = [int(candle[0]) for candle in candles]
    assert all(moment % MINUTE == 0 for moment in times)
    assert all(before < after for before, after in itertools.pairwise(times))
    for candle in candles:
        opened, high, low, closed, volume = (number(text) for text in candle[1:6])
        assert 0 < low <= min(opened, closed)
        assert max(opened, closed) <= high
        assert volume >= 0
    assert {len(candle) for candle in candles} == {9 if symbol == BTC_OKX else 12}


def test_klines_of_other_intervals(cli: RapidxCli) -> None:
    for symbol in (BTC, BTC_OKX):
        data = cli.run("market get-klines", symbol=symbol, limit=3).data
        assert data["interval"] == "1h"
        assert all(int(candle[0]) % (60 * MINUTE) == 0 for candle in data["candles"])
        assert cli.run("market get-klines", symbol=symbol, interval="1d", limit=3).data["count"]


@pytest.mark.parametrize("symbol", [BTC, BTC_OKX])
def test_open_interest(cli: RapidxCli, symbol: str) -> None:
    data = cli.run("market get-open-interest", symbol=symbol).data
    assert data["symbol"] == symbol
    if symbol == BTC:
        assert data["originalSymbol"] == "BTCUSDT"
        assert number(data["openInterest"]) >= 0
        assert isinstance(data["time"], int)
    else:
        assert data["originalSymbol"] == data["instId"] == "BTC-USDT-SWAP"
        assert number(data["oi"]) >= 0
        assert number(data["oiCcy"]) >= 0
        assert data["ts"].isdigit()


@pytest.mark.parametrize("symbol", [BTC, BTC_OKX])
def test_funding_rate(cli: RapidxCli, symbol: str) -> None:
    row = one(cli.run("market get-funding-rate", symbol=symbol).rows, sym=symbol)
    assert abs(number(row["fundingRate"])) < Decimal("0.05")
    assert int(row["fundingTime"]) < int(row["nextFundingTime"])


@pytest.mark.parametrize("symbol", [BTC, BTC_OKX])
def test_mark_price(cli: RapidxCli, symbol: str) -> None:
    row = one(cli.run("market get-mark-price", symbol=symbol).rows, sym=symbol)
    assert row["publicChannelTypeEnum"] == "MARK_PRICE"
    assert isinstance(row["time"], int)
    last = number(cli.run("market get-ticker", symbol=symbol).data["lastPrice"])
    assert near(number(row["markPrice"]) / last, Decimal(1), "0.05")


@pytest.mark.parametrize(
    ("symbol", "original"),
    [(BTC, "BTCUSDT"), (BTC_SPOT, "BTCUSDT"), (BTC_OKX, "BTC-USDT-SWAP")],
)
def test_symbol_info(cli: RapidxCli, symbol: str, original: str) -> None:
    found = cli.run("market get-symbol-info", symbol=symbol).rows
    assert list(found) == [symbol]
    row = found[symbol]
    assert row["sym"] == symbol
    assert row["originalSymbol"] == original
    assert row["state"] == "live"
    assert all(isinstance(row[name], str) and row[name] for name in SYMBOL_FIELDS), row
    assert all(number(row[name]) > 0 for name in ("tickSize", "lotSize", "minSize"))


def test_unknown_symbols(cli: RapidxCli) -> None:
    binance = cli.run("market get-ticker", symbol="BINANCE_PERP_NOSUCH_USDT")
    assert binance.envelope["message"] == "Public market API error 400", str(binance)
    okx = cli.run("market get-ticker", symbol="OKX_PERP_NOSUCH_USDT")
    assert okx.envelope["message"].startswith("OKX API error: 51001"), str(okx)
    broker = cli.run("market get-mark-price", symbol="BINANCE_PERP_NOSUCH_USDT")
    assert broker.upstream_code == "401011", str(broker)


# ---------------------------------------------------------------- account


def test_overview(cli: RapidxCli, broker: Any) -> None:
    rows = cli.run("portfolio overview").rows
    assert {row["exchangeType"] for row in rows} == VENUES
    assert len(rows) == len(VENUES)
    for row in rows:
        assert row["portfolioId"] == broker.portfolio_id
        assert all(isinstance(row[name], str) and row[name] for name in ACCOUNT_FIELDS), row
        assert row["accountStatus"] == "NORMAL"
        assert row["positionMode"] in {"NET", "BOTH"}
        money = {name: number(row[name]) for name in ACCOUNT_FIELDS[2:6] + ACCOUNT_FIELDS[7:15]}
        assert near(money["validMargin"], money["marginValue"] - money["openLossMargin"])
        assert near(money["frozenMargin"], money["perpMargin"] + money["debtMargin"])
        assert near(money["availableMargin"], money["validMargin"] - money["frozenMargin"])
        assert money["uniMMR"] > 1
    assert number(one(rows, exchangeType="BINANCE")["equity"]) > 0


def test_assets(cli: RapidxCli, broker: Any) -> None:
    everything = cli.run("portfolio assets").rows
    assert everything["page"] == 1
    assert everything["totalSize"] == len(everything["list"])
    page = cli.run("portfolio assets", exchangeType="BINANCE", page=1, pageSize=500).rows
    assert (page["page"], page["pageSize"], page["pageNum"]) == (1, 500, 1)
    for row in page["list"]:
        assert row["portfolioId"] == broker.portfolio_id
        assert row["exchangeType"] == "BINANCE"
        parts = sum(number(row[name]) for name in ("available", "frozen", "upnl"))
        assert near(number(row["equity"]), Decimal(parts))
        assert near(number(row["debt"]), max(Decimal(0), -number(row["equity"])))
        assert number(row["indexPrice"]) > 0
    tether = one(page["list"], coin="USDT")
    assert number(tether["available"]) > 0
    assert number(tether["maxTransferable"]) <= number(tether["available"])


def test_statement(cli: RapidxCli, broker: Any) -> None:
    now = int(time.time() * 1000)
    page = cli.run(
        "portfolio statement",
        coin="USDT",
        exchange="BINANCE",
        startTime=str(now - 86_400_000),
        endTime=str(now),
        page=1,
        pageSize=50,
    ).rows
    assert (page["page"], page["pageSize"]) == (1, 50)
    assert page["pageNum"] == -(-page["totalSize"] // 50)
    assert len(page["list"]) == min(50, page["totalSize"])
    for row in page["list"]:
        assert str(row["portfolioId"]) == broker.portfolio_id
        assert (row["coin"], row["exchangeType"]) == ("USDT", "BINANCE")
        number(row["beforeAvailable"])
        number(row["afterAvailable"])
    wrong = cli.run("portfolio statement", statementType="NOSUCH")
    assert wrong.upstream_code == "401050", str(wrong)


def test_user_fee_rate(cli: RapidxCli) -> None:
    rows = cli.run("portfolio user-fee-rate").rows
    assert rows
    for row in rows:
        assert row["exchange"] in {"BINANCE", "OKX", "EDX"}
        assert row["instType"]
        assert Decimal("-0.01") < number(row["maker"]) <= number(row["taker"]) < Decimal("0.01")


def test_position_bracket(cli: RapidxCli) -> None:
    found = cli.run("portfolio position-bracket", symbol=BTC).rows
    assert list(found) == [BTC]
    tiers = found[BTC]
    assert number(tiers[0]["minNotionalValue"]) == 0
    assert {tier["sym"] for tier in tiers} == {BTC}
    assert [tier["riskLevel"] for tier in tiers] == [str(n + 1) for n in range(len(tiers))]
    for lower, upper in itertools.pairwise(tiers):
        assert number(lower["maxNotionalValue"]) == number(upper["minNotionalValue"])
        assert number(lower["mmRate"]) <= number(upper["mmRate"])
        assert number(lower["maxLeverage"]) >= number(upper["maxLeverage"])


# ---------------------------------------------------------------- orders


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


# ---------------------------------------------------------------- positions, executions


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
    now = int(time.time() * 1000)
    window = {"begin": str(now - 3_600_000), "end": str(now + 5_000)}
    listed = cli.run("transaction executions", symbol=SOL, limit=100, **window).rows
    assert {fill["transactionId"] for fill in fills} <= {fill["transactionId"] for fill in listed}
    times = [int(fill["createAt"]) for fill in listed]
    assert times == sorted(times, reverse=True)
    history = cli.run("order history", symbol=SOL, filterExecuted=True).rows["list"]
    assert one(history, orderId=order_id)["orderState"] == "FILLED"

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
