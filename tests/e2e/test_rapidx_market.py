"""The vendor's own client, unmodified: its checks of itself, and what it reads of the market."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from tests.e2e.rapidx_cli import RapidxCli
from tests.e2e.rapidx_kit import BTC, BTC_OKX, BTC_SPOT, MINUTE, near, number, one

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(300)]

SELF_CHECKS = [
    "discovery",
    "schema-compatibility",
    "public-market",
    "credential-auth",
    "account-balance",
    "order-list",
    "position-list",
]

SYMBOL_FIELDS = """
    sym state pricePrecision qtyPrecision minNotional maxLimitSize lotSize tickSize maxNumOrders
    contractSize maxMarketSize minSize originalSymbol defaultLeverage liquidationFee
""".split()


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
