"""Positions, leverage, accounts, assets, executions, statements, statistics and rules."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from openprime.model.vocabulary import UserKind
from tests.api.kit import (
    BTC,
    DAY_MS,
    ETH,
    NOW_MS,
    ORDER,
    REFERENCE,
    SPOT,
    Broker,
    base_order,
    refuses,
)

T = "/api/v1/trading/"
POSITION = f"{T}position"
POSITIONS = f"{T}positions"
LEVERAGE = f"{T}position/leverage"

# Keys that the strictest typed reader wants, all texts (clients table 3).
POSITION_KEYS = """
    positionId portfolioId sym positionSide positionMargin positionMM positionQty positionValue
    unrealizedPNL unrealizedPNLRate avgPrice markPrice leverage maxLeverage riskLevel fee
    fundingFee createAt updateAt liqPrice exchangeType
""".split()
CLOSED_KEYS = """
    positionId portfolioId portfolioName sym closedType closedPnl closedPnlRatio closedAvgPrice
    maxPositionQty closedQty liqFee fundingFee fee leverage openAvgPrice positionHistorySide
    createAt updateAt positionMode exchangeType
""".split()
ACCOUNT_KEYS = """
    portfolioId exchangeType equity maintainMargin positionValue uniMMR riskRatio accountStatus
    marginValue frozenMargin perpMargin debtMargin openLossMargin validMargin availableMargin upnl
    positionMode
""".split()
ASSET_KEYS = """
    portfolioId coin exchangeType balance available frozen equity overdraw borrow debt indexPrice
    marginValue virtualBorrow debtMargin perpMargin createAt updateAt maxTransferable upnl
    equityValue
""".split()
EXECUTION_KEYS = """
    transactionId portfolioId orderId clientOrderId algoOrderId exchangeType businessType sym side
    quantity price tradingFee tradingFeeCoin fee feeCoin rebate rebateCoin rpnl execType
    tradeSource createAt
""".split()
SYMBOL_KEYS = """
    sym state pricePrecision qtyPrecision minNotional maxLimitSize lotSize tickSize maxNumOrders
    contractSize maxMarketSize minSize originalSymbol defaultLeverage liquidationFee
""".split()


def texts_only(row: dict[str, Any], keys: list[str]) -> None:
    assert set(keys) <= set(row)
    assert all(isinstance(row[key], str) for key in keys), row


def open_position(broker: Broker, sym: str = BTC, quantity: str = "0.01", **more: Any) -> None:
    broker.place(sym=sym, orderType="MARKET", limitPrice=None, orderQty=quantity, **more)


# -- positions


def test_position_row(broker: Broker) -> None:
    open_position(broker)
    (row,) = broker.call("GET", POSITION).data
    texts_only(row, POSITION_KEYS)
    assert row["tpslOrder"] == []
    assert (row["positionQty"], row["positionSide"]) == ("0.01", "NONE")
    assert (row["positionMargin"], row["leverage"]) == ("120", "5")
    assert row["liqPrice"] == ""


def test_position_filters(broker: Broker) -> None:
    open_position(broker)
    for params, count in (({}, 1), ({"sym": ETH}, 0), ({"exchange": "OKX"}, 0), ({"sym": SPOT}, 0)):
        assert len(broker.call("GET", POSITION, params).data) == count
    refuses(broker.call("GET", POSITION, {"sym": "FAKE"}), 401011)
    refuses(broker.call("GET", POSITION, {"exchangeType": "FTX"}), 401023)


def test_close_position(broker: Broker) -> None:
    open_position(broker)
    data = broker.call("DELETE", POSITION, {"sym": BTC, "positionSide": "NONE"}).data
    assert data.keys() == {"orderId"}
    assert broker.call("GET", POSITION).data == []
    row = broker.call("GET", ORDER, {"orderId": data["orderId"]}).data
    assert (row["side"], row["reduceOnly"], row["orderType"]) == ("SELL", True, "DMA")
    (closed,) = broker.call("GET", f"{T}history/position").data["list"]
    texts_only(closed, CLOSED_KEYS)
    assert closed["closedType"] == "COMPLETE_CLOSED"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"portfolioId": "1"}, 401000),
        ({}, 400009),
        ({"sym": BTC, "positionSide": "UP"}, 400000),
        ({"sym": BTC, "portfolioId": "9999999999999999"}, 401010),
        ({"sym": "FAKE"}, 401011),
        ({"sym": SPOT}, 401041),
        ({"sym": BTC, "positionSide": "LONG"}, 400000),
        ({"sym": BTC}, 401032),
    ],
)
def test_close_position_refusals(broker: Broker, params: dict[str, str], code: int) -> None:
    refuses(broker.call("DELETE", POSITION, params), code)


def test_close_position_beside_a_closing_order(broker: Broker) -> None:
    open_position(broker)
    broker.place(side="SELL", limitPrice="65000", reduceOnly="true")
    refuses(broker.call("DELETE", POSITION, {"sym": BTC}), 401038)


def test_close_many(broker: Broker) -> None:
    open_position(broker)
    rows = broker.call("DELETE", POSITIONS, {"symList": f"{BTC}, {ETH},FAKE,{BTC}"}).data
    assert [row["sym"] for row in rows] == [BTC, ETH, "FAKE"]
    assert all(set(r) == set("sym orderId positionSide success errorMsg".split()) for r in rows)
    assert (rows[0]["success"], rows[0]["errorMsg"]) == ("true", "")
    assert len(rows[0]["orderId"]) == 16
    assert rows[1] == {
        "sym": ETH,
        "orderId": "",
        "positionSide": "NONE",
        "success": "false",
        "errorMsg": "The position was not found",
    }
    assert rows[2]["errorMsg"] == "The sym is not supported"
    assert broker.call("DELETE", POSITIONS, {"closeAllPos": "true"}).data == []


def test_close_all(broker: Broker) -> None:
    open_position(broker)
    open_position(broker, ETH, "0.1")
    everything = {"closeAllPos": "TRUE", "positionSide": "LONG"}
    assert broker.call("DELETE", POSITIONS, everything | {"exchangeType": "OKX"}).data == []
    rows = broker.call("DELETE", POSITIONS, everything).data
    assert {row["sym"] for row in rows} == {BTC, ETH}
    assert broker.call("GET", POSITION).data == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, 400009),
        ({"closeAllPos": "false"}, 400009),
        ({"symList": " , "}, 400009),
        ({"closeAllPos": "maybe"}, 400000),
        ({"symList": ",".join(f"S{n}" for n in range(21))}, 400000),
        ({"symList": ",".join([BTC] * 21)}, 400000),
        ({"closeAllPos": "true", "positionSide": "UP"}, 400000),
        ({"closeAllPos": "true", "exchangeType": "FTX"}, 401023),
    ],
)
def test_close_many_refusals(broker: Broker, params: dict[str, str], code: int) -> None:
    refuses(broker.call("DELETE", POSITIONS, params), code)


# -- leverage


def test_set_and_get_leverage(broker: Broker) -> None:
    assert broker.call("POST", LEVERAGE, {"sym": BTC, "leverage": "7"}).data == {}
    assert broker.call("POST", LEVERAGE, {"sym": ETH, "leverage": 9}).data == {}
    rows = broker.call("GET", f"{T}perp/leverage").data
    found = {row["sym"]: row["leverage"] for row in rows}
    assert (found[BTC], found[ETH]) == ("7", "9")
    assert found.keys() == {i.sym for i in REFERENCE.instruments.values() if i.is_perp}
    one = broker.call("GET", f"{T}perp/leverage", {"sym": BTC}).data
    assert one == [{"sym": BTC, "leverage": "7"}]
    assert broker.call("GET", f"{T}perp/leverage", {"exchange": "EDX"}).data == []
    refuses(broker.call("GET", f"{T}perp/leverage", {"sym": SPOT}), 401041)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"leverage": "x"}, 400009),
        ({"sym": "FAKE"}, 400009),
        ({"sym": "FAKE", "leverage": "0"}, 401033),
        ({"sym": "FAKE", "leverage": "2.5"}, 401033),
        ({"sym": "FAKE", "leverage": "-1"}, 401033),
        ({"sym": "FAKE", "leverage": "5"}, 401011),
        ({"sym": SPOT, "leverage": "5"}, 401041),
        ({"sym": "OKX_PERP_BTC_USDT", "leverage": "5"}, 401046),
        ({"sym": BTC, "leverage": "500"}, 401034),
        ({"sym": BTC, "leverage": "9" * 4000}, 401034),
    ],
)
def test_leverage_refusals(broker: Broker, params: dict[str, str], code: int) -> None:
    refuses(broker.call("POST", LEVERAGE, params), code)


# -- accounts and assets


def test_account_rows_one_an_exchange(broker: Broker) -> None:
    broker.place()
    rows = broker.call("GET", f"{T}account").data
    assert [row["exchangeType"] for row in rows] == ["BINANCE", "OKX"]
    for row in rows:
        texts_only(row, ACCOUNT_KEYS)
        assert set(row) == set(ACCOUNT_KEYS)
    assert rows[0]["equity"] == "100000"
    assert (rows[1]["equity"], rows[1]["uniMMR"], rows[1]["riskRatio"]) == ("0", "999999", "0")
    assert len(broker.call("GET", f"{T}account", {"exchangeType": "OKX"}).data) == 1
    assert broker.call("GET", f"{T}account", {"exchangeType": "EDX"}).data == []


def test_account_fields_add_up(broker: Broker) -> None:
    open_position(broker, quantity="0.013")
    broker.place(limitPrice="59999.9", orderQty="0.007")
    row = broker.call("GET", f"{T}account").data[0]
    number = {key: Decimal(row[key]) for key in row if row[key].replace(".", "").isdigit()}
    assert number["validMargin"] == number["marginValue"] - number["openLossMargin"]
    assert number["frozenMargin"] == number["perpMargin"] + number["debtMargin"]
    assert number["availableMargin"] == number["validMargin"] - number["frozenMargin"]


def test_assets(broker: Broker) -> None:
    broker.fund("2", "BTC")
    page = broker.call("GET", f"{T}portfolio/assets").data
    rows = page["list"]
    found = [(row["exchangeType"], row["coin"]) for row in rows]
    assert found == [("BINANCE", "USDT"), ("BINANCE", "BTC"), ("OKX", "USDT")]
    for row in rows:
        texts_only(row, ASSET_KEYS)
        assert set(row) == set(ASSET_KEYS)
    assert rows[2]["balance"] == "0"
    assert page["totalSize"] == 3
    one = broker.call("GET", f"{T}portfolio/assets", {"pageNum": "2", "pageSize": "1"}).data
    assert (one["page"], one["pageSize"], one["pageNum"]) == (2, 1, 3)
    assert one["list"] == [rows[1]]
    okx = broker.call("GET", f"{T}portfolio/assets", {"exchangeType": "OKX"}).data
    assert okx["list"] == [rows[2]]


def test_assets_of_all_portfolios(broker: Broker) -> None:
    data = broker.call("GET", "/api/v1/user/asset").data
    assert data.keys() == {str(broker.main_id), str(broker.sub_id)}
    own = broker.call("GET", f"{T}portfolio/assets", {}, broker.sub_key).data["list"]
    assert data[str(broker.sub_id)] == own


# -- executions, statements, statistics


def test_executions(broker: Broker) -> None:
    open_position(broker)
    broker.clock_ms += 1
    open_position(broker, ETH, "0.1")
    rows = broker.call("GET", f"{T}executions").data
    assert [row["sym"] for row in rows] == [ETH, BTC]
    for row in rows:
        texts_only(row, EXECUTION_KEYS)
        assert set(row) == set(EXECUTION_KEYS)
    first = rows[1]
    assert (first["tradingFee"], first["fee"], first["rebate"]) == ("0.21", "0.21", "0")
    assert (first["algoOrderId"], first["tradeSource"]) == ("0", "")
    assert broker.call("GET", f"{T}executions", {"limit": "1"}).data == [rows[0]]
    for params in ({"sym": BTC}, {"orderId": first["orderId"]}):
        assert broker.call("GET", f"{T}executions", params).data == [first]
    pair = {"symbol": "BTC_USDT", "businessType": "PERP"}
    assert broker.call("GET", f"{T}executions", pair).data == [first]
    for path in (f"{T}executions/pageable", f"{T}archive/executions/pageable"):
        page = broker.call("GET", path, {"page": "2", "pageSize": "1"}).data
        assert (page["totalSize"], page["pageNum"], page["list"]) == (2, 2, [first])
    assert broker.call("GET", f"{T}executions", {}, broker.sub_key).data == []


def test_statement_is_empty_at_first(broker: Broker) -> None:
    page = broker.call("GET", f"{T}statement", {"statementType": "FUNDING_FEE"}).data
    assert (page["list"], page["totalSize"], page["pageNum"]) == ([], 0, 0)


def test_trading_stats(broker: Broker) -> None:
    open_position(broker)
    broker.fund("1000", to=broker.sub_id)
    open_position(broker, key=broker.sub_key)
    params = {"begin": str(NOW_MS - DAY_MS), "end": str(NOW_MS)}
    expected = {
        "begin": "20260920",
        "end": "20260921",
        "allSpot": "0",
        "allPerp": "1200",
        "details": [{"exchange": "BINANCE", "businessType": "PERP", "executedAmount": "1200"}],
    }
    path = f"{T}user/tradingStats"
    assert broker.call("GET", path, params).data == expected
    seconds = {key: value[:10] for key, value in params.items()}
    assert broker.call("GET", path, seconds).data == expected
    assert broker.call("GET", path, params | {"exchange": "OKX"}).data["details"] == []
    assert broker.call("GET", path, params | {"businessType": "MARGIN"}).data["allPerp"] == "0"
    refuses(broker.call("GET", path, params, broker.sub_key), 2002)


# -- rules and prices


@pytest.fixture(scope="module")
def still() -> Iterator[Broker]:
    """A broker that nothing is done to."""
    made = Broker(kind=UserKind.BROKER)
    yield made
    made.close()


def test_symbol_rules(still: Broker) -> None:
    data = still.call("GET", f"{T}sym/info").data
    assert data.keys() == REFERENCE.instruments.keys()
    for sym, row in data.items():
        assert row["sym"] == sym
        texts_only(row, SYMBOL_KEYS)
    assert still.call("GET", f"{T}sym/info", {"sym": BTC}).data == {BTC: data[BTC]}
    refuses(still.call("GET", f"{T}sym/info", {"sym": "FAKE"}), 401011)


@pytest.mark.parametrize("path", [f"{T}positionBracket", f"{T}broker/positionBracket"])
def test_brackets(still: Broker, path: str) -> None:
    data = still.call("GET", path).data
    assert data.keys() == {i.sym for i in REFERENCE.instruments.values() if i.is_perp}
    first = still.call("GET", path, {"sym": BTC}).data[BTC][0]
    assert first == {
        "sym": BTC,
        "minNotionalValue": "0",
        "maxNotionalValue": "300000",
        "maxLeverage": "20",
        "mmRate": "0.0040",
        "riskLevel": "1",
    }
    okx = still.call("GET", path, {"sym": "OKX_PERP_BTC_USDT"}).data
    assert list(okx) == ["OKX_PERP_BTC_USDT"]
    assert still.call("GET", path, {"sym": SPOT}).data == {}
    refuses(still.call("GET", path, {"sym": "FAKE"}), 401011)


def test_mark_prices(still: Broker) -> None:
    path = "/api/v1/market/markPrice"
    row = {"publicChannelTypeEnum": "MARK_PRICE", "sym": BTC, "markPrice": "60000", "time": NOW_MS}
    assert still.send("GET", path, query=f"sym={BTC}").data == [row]
    assert still.send("GET", path, query=f"sym={SPOT}").data == [row | {"sym": SPOT}]
    assert {r["sym"] for r in still.send("GET", path).data} >= {BTC, ETH}
    refuses(still.send("GET", path, query="sym=FAKE"), 401011)


def test_funding_rate(still: Broker) -> None:
    path = "/api/v1/market/fundingRate"
    (row,) = still.send("GET", path, query=f"sym={BTC}").data
    texts_only(row, "sym fundingRate fundingTime nextFundingTime".split())
    refuses(still.send("GET", path), 400009)
    refuses(still.send("GET", path, query="sym=FAKE"), 401011)
    refuses(still.send("GET", path, query=f"sym={SPOT}"), 401041)


def test_user_fees(still: Broker) -> None:
    rows = still.call("GET", f"{T}userFeeRate").data
    perp = next(r for r in rows if r["exchangeType"] == "OKX" and r["businessType"] == "PERP")
    assert (perp["takerFeeRate"], perp["makerFeeRate"], perp["level"]) == (
        "0.00050",
        "0.00020",
        "1",
    )
    assert perp["groupList"] == [
        {"groupName": "A", "takerFee": "0.00050", "makerFee": "0.00020", "symList": []}
    ]


def test_broker_fees(still: Broker) -> None:
    path = "/api/v1/broker/feeRate"
    rows = still.call("GET", path).data
    assert [(r["exchange"], r["instType"]) for r in rows] == [
        ("BINANCE", "SPOT"),
        ("BINANCE", "PERP"),
        ("OKX", "SPOT"),
        ("OKX", "PERP"),
    ]
    texts_only(rows[0], "portfolioId exchange instType effDate maker taker level".split())
    both = f"{still.main_id},{still.sub_id}"
    for name in ("portfolioIds", "portfolios", "portfolio"):
        found = still.call("GET", path, {name: both, "instType": "perp", "exchange": "OKX"}).data
        assert [row["portfolioId"] for row in found] == both.split(",")
    refuses(still.call("GET", path, {"portfolioIds": "1"}), 401000)
    refuses(still.call("GET", path, {"portfolioIds": "9999999999999999"}), 401010)
    refuses(still.call("GET", path, {"exchange": "FTX"}), 401023)
    refuses(still.call("GET", path, {"instType": "MARGIN"}), 400000)


def test_discounts(still: Broker) -> None:
    rows = still.call("GET", f"{T}coin/discount").data
    by_coin = still.call("GET", f"{T}coin/discount_detail").data
    assert {row["coin"]: row for row in rows} == by_coin
    assert by_coin["BTC"] == {"coin": "BTC", "discount": "0.9500"}
    assert still.call("GET", f"{T}coin/discount", {"coin": "BTC"}).data == [by_coin["BTC"]]
    for path in ("coin/discount", "coin/discount_detail", "loan/info", "loan/info_detail"):
        refuses(still.call("GET", T + path, {"coin": "FOO"}), 401035)


def test_loan_tiers(still: Broker) -> None:
    params = {"exchangeType": "BINANCE", "coin": "USDT"}
    rows = still.call("GET", f"{T}loan/info", params).data
    keys = "exchangeType coin tier minSize maxSize mmRate maxLeverage".split()
    for row in rows:
        assert list(row) == keys
        texts_only(row, keys)
    detail = still.call("GET", f"{T}loan/info_detail", params).data
    assert list(detail) == ["BINANCE_MARGIN_USDT_USDT"]
    assert len(detail["BINANCE_MARGIN_USDT_USDT"]["tiers"]) == len(rows)
    assert still.call("GET", f"{T}loan/info", {"exchangeType": "EDX"}).data == []
    refuses(still.call("GET", f"{T}loan/info", {"exchangeType": "FTX"}), 401023)


def test_adl_rank(broker: Broker) -> None:
    assert broker.call("GET", "/api/v1/adl/rank").data == {"adlRanks": []}
    open_position(broker)
    (row,) = broker.call("GET", "/api/v1/adl/rank", {"sym": BTC}).data["adlRanks"]
    assert (row["adlRank"], row["positionSide"]) == ("1", "NONE")


def test_platform_family(still: Broker) -> None:
    status = still.call("GET", "/api/v1/system/status")
    assert status.json == {"code": 200, "message": "success", "data": []}
    (account,) = still.call("GET", "/api/v1/tradeAccount/list").data
    assert (account["venues"], account["label"]) == ("LTP", "Funding Account")
    assert len(str(account["accountId"])) == 16


def test_place_order_on_spot_by_amount_is_taken(broker: Broker) -> None:
    order = base_order(sym=SPOT, orderType="MARKET", orderQty=None, quoteOrderQty="100")
    broker.venue.silent = True
    order_id = broker.call("POST", ORDER, order).data["orderId"]
    row = broker.call("GET", ORDER, {"orderId": order_id}).data
    assert (row["orderQty"], row["quoteOrderQty"], row["businessType"]) == ("0", "100", "SPOT")
