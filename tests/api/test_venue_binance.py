"""Binance's public routes, in Binance's shapes."""

from __future__ import annotations

import asyncio

import pytest

from openprime.api.venue_shapes.binance import ROUTES
from openprime.api.venue_shapes.values import VenueSource
from openprime.market.state import MarketState
from tests.api.kit import BTC, NOW_MS, REFERENCE
from tests.api.market_socket_kit import SPOT, candle
from tests.api.venue_kit import Venues, decimals

MINUTE_MS = 60_000
FUTURES, MARGINLESS = "/fapi/v1/", "/api/v3/"
TICKER_TEXTS = (
    *("priceChange", "priceChangePercent", "weightedAvgPrice", "lastPrice", "lastQty"),
    *("openPrice", "highPrice", "lowPrice", "volume", "quoteVolume"),
)


@pytest.fixture
def venues() -> Venues:
    return Venues(NOW_MS - NOW_MS % MINUTE_MS + 30_000)


@pytest.mark.parametrize("prefix", [FUTURES, MARGINLESS])
def test_ticker(venues: Venues, prefix: str) -> None:
    venues.market.trade(BTC, 7)
    row = venues.good(prefix + "ticker/24hr", "symbol=BTCUSDT")
    assert decimals(row, *TICKER_TEXTS)
    assert (row["symbol"], float(row["lastPrice"])) == ("BTCUSDT", 60100)
    assert (float(row["priceChange"]), row["priceChangePercent"]) == (100, "0.167")
    assert float(row["weightedAvgPrice"]) == 60000
    assert row["closeTime"] == venues.now_ms
    assert all(isinstance(row[name], int) for name in ("openTime", "firstId", "lastId", "count"))
    spot_only = {"bidPrice", "bidQty", "askPrice", "askQty", "prevClosePrice"}
    assert spot_only <= set(row) if prefix == MARGINLESS else not spot_only & set(row)


def test_prices_have_the_places_of_the_venue(venues: Venues) -> None:
    futures = venues.good("/fapi/v1/ticker/24hr", "symbol=BTCUSDT")
    spot = venues.good("/api/v3/ticker/24hr", "symbol=BTCUSDT")
    assert (futures["lastPrice"], futures["volume"]) == ("60100.0", "12.500")
    assert (spot["lastPrice"], spot["volume"]) == ("60100.00000000", "12.50000000")


@pytest.mark.parametrize("prefix", [FUTURES, MARGINLESS])
def test_all_tickers(venues: Venues, prefix: str) -> None:
    rows = venues.good(prefix + "ticker/24hr")
    assert [row["symbol"] for row in rows] == ["BTCUSDT"]


def test_some_tickers_of_spot(venues: Venues) -> None:
    rows = venues.good("/api/v3/ticker/24hr", 'symbols=["BTCUSDT"]')
    assert [row["symbol"] for row in rows] == ["BTCUSDT"]
    assert venues.get("/api/v3/ticker/24hr", 'symbols=["NO"]')[1]["code"] == -1121
    assert venues.get("/api/v3/ticker/24hr", "symbols=BTC")[1]["code"] == -1100


@pytest.mark.parametrize(("prefix", "sym", "scale"), [(FUTURES, BTC, 1), (MARGINLESS, SPOT, 10)])
def test_depth(venues: Venues, prefix: str, sym: str, scale: int) -> None:
    bids = [((600_000 - place) * scale, 1 + place) for place in range(30)]
    venues.market.snapshot(sym, bids, [(600_001 * scale, 1)])
    body = venues.good(prefix + "depth", "symbol=BTCUSDT&limit=7")
    assert [float(price) for price, _ in body["bids"]] == [60000 - place / 10 for place in range(7)]
    assert [len(level) for level in body["bids"] + body["asks"]] == [2] * 8
    assert body["lastUpdateId"] == venues.market.books[sym].update_id
    assert ("E" in body) is (prefix == FUTURES)
    assert len(venues.good(prefix + "depth", "symbol=BTCUSDT")["bids"]) == 30


@pytest.mark.parametrize("prefix", [FUTURES, MARGINLESS])
def test_klines(venues: Venues, prefix: str) -> None:
    minute = venues.now_ms - 30_000
    venues.market.rows = [candle(minute - back * MINUTE_MS) for back in (2, 1, 0)]
    rows = venues.good(prefix + "klines", "symbol=BTCUSDT&interval=1m&limit=2")
    assert [row[0] for row in rows] == [minute - MINUTE_MS, minute]
    assert {len(row) for row in rows} == {12}
    kinds = [int, str, str, str, str, str, int, str, int, str, str, str]
    assert [type(value) for value in rows[0]] == kinds
    assert rows[0][6] == minute - 1
    assert (rows[0][8], rows[0][11]) == (7, "0")


def test_klines_page_backwards(venues: Venues) -> None:
    minute = venues.now_ms - 30_000
    venues.market.rows = [candle(minute - back * MINUTE_MS) for back in range(9, -1, -1)]
    older = f"symbol=BTCUSDT&interval=1m&limit=3&endTime={minute - 1}"
    rows = venues.good("/fapi/v1/klines", older)
    assert [(minute - row[0]) // MINUTE_MS for row in rows] == [3, 2, 1]
    since = f"symbol=BTCUSDT&interval=1m&limit=3&startTime={minute - 5 * MINUTE_MS}"
    rows = venues.good("/fapi/v1/klines", since)
    assert [(minute - row[0]) // MINUTE_MS for row in rows] == [5, 4, 3]


def test_many_cold_candles_let_others_be_served() -> None:
    """The past of 1,500 candles is invented bit by bit: others get many turns meanwhile."""
    market = MarketState(REFERENCE, NOW_MS, seed=1)
    for book in market.books.values():
        book.update_id = 1
    source = VenueSource(market, REFERENCE, lambda: NOW_MS)
    asked = {"symbol": "BTCUSDT", "interval": "6h", "limit": "300"}

    async def ask() -> tuple[int, int]:
        answer = asyncio.ensure_future(ROUTES["/fapi/v1/klines"](source, asked))
        turns = 0
        while not answer.done():
            await asyncio.sleep(0)
            turns += 1
        return len(answer.result()), turns

    rows, turns = asyncio.run(ask())
    assert (rows, turns >= 30) == (300, True)


@pytest.mark.parametrize(("prefix", "most"), [(FUTURES, 1500), (MARGINLESS, 1000)])
def test_klines_have_a_largest_page(venues: Venues, prefix: str, most: int) -> None:
    minute = venues.now_ms - 30_000
    venues.market.rows = [candle(minute - back * MINUTE_MS) for back in range(1999, -1, -1)]
    query = "symbol=BTCUSDT&interval=1m"
    assert len(venues.good(prefix + "klines", query + "&limit=5000")) == most
    assert len(venues.good(prefix + "klines", query)) == 500


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("symbol=NOSUCHUSDT&interval=1m", -1121),
        ("interval=1m", -1102),
        ("symbol=BTCUSDT&interval=7m", -1120),
        ("symbol=BTCUSDT", -1120),
    ],
)
def test_refusals(venues: Venues, query: str, code: int) -> None:
    status, body = venues.get("/fapi/v1/klines", query)
    assert (status, body["code"]) == (400, code)
    assert set(body) == {"code", "msg"}


def test_an_unknown_symbol_has_the_venues_words(venues: Venues) -> None:
    expected = (400, {"code": -1121, "msg": "Invalid symbol."})
    for path in ("ticker/24hr", "depth", "openInterest", "premiumIndex", "exchangeInfo"):
        assert venues.get(FUTURES + path, "symbol=NOSUCHUSDT") == expected


def test_open_interest(venues: Venues) -> None:
    body = venues.good("/fapi/v1/openInterest", "symbol=BTCUSDT")
    expected = {"openInterest": "1666.667", "symbol": "BTCUSDT", "time": venues.now_ms}
    assert body == expected


def test_premium_index(venues: Venues) -> None:
    row = venues.good("/fapi/v1/premiumIndex", "symbol=BTCUSDT")
    assert (row["markPrice"], row["indexPrice"]) == ("60010.12345678", "60000.00000000")
    assert row["lastFundingRate"] == "0.00010000"
    assert row["nextFundingTime"] == NOW_MS + 3_600_000
    assert venues.good("/fapi/v1/premiumIndex") == [row]


@pytest.mark.parametrize("prefix", [FUTURES, MARGINLESS])
def test_exchange_info(venues: Venues, prefix: str) -> None:
    body = venues.good(prefix + "exchangeInfo")
    (row,) = body["symbols"]
    assert (row["symbol"], row["status"], row["baseAsset"]) == ("BTCUSDT", "TRADING", "BTC")
    filters = {each["filterType"]: each for each in row["filters"]}
    assert float(filters["PRICE_FILTER"]["tickSize"]) == (0.1 if prefix == FUTURES else 0.01)
    assert float(filters["LOT_SIZE"]["stepSize"]) == (0.001 if prefix == FUTURES else 0.00001)
    assert body["serverTime"] == venues.now_ms


@pytest.mark.parametrize("prefix", [FUTURES, MARGINLESS])
def test_time_and_ping(venues: Venues, prefix: str) -> None:
    assert venues.good(prefix + "time") == {"serverTime": venues.now_ms}
    assert venues.good(prefix + "ping") == {}
