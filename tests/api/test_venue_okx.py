"""OKX's public routes, in OKX's shapes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.kit import NOW_MS
from tests.api.market_socket_kit import OKX, candle
from tests.api.venue_kit import Venues

MINUTE_MS = 60_000
SWAP, PAIR = "BTC-USDT-SWAP", "BTC-USDT"
UNKNOWN = {"code": "51001", "msg": "Instrument ID doesn't exist.", "data": []}


@pytest.fixture
def venues() -> Venues:
    return Venues(NOW_MS - NOW_MS % MINUTE_MS + 30_000)


def rows_of(body: Any) -> list[Any]:
    assert (body["code"], body["msg"]) == ("0", "")
    rows: list[Any] = body["data"]
    return rows


@pytest.mark.parametrize(("name", "kind"), [(SWAP, "SWAP"), (PAIR, "SPOT")])
def test_ticker(venues: Venues, name: str, kind: str) -> None:
    (row,) = rows_of(venues.good("/api/v5/market/ticker", f"instId={name}"))
    assert (row["instId"], row["instType"], row["last"]) == (name, kind, "60100")
    assert (row["bidPx"], row["askPx"]) == ("60000", "60000.1")
    # Contracts of 0.01 BTC and base for a swap, base and quote for a pair.
    volumes = ("12.5", "0.125") if name == SWAP else ("12.5", "750000")
    assert (row["vol24h"], row["volCcy24h"]) == volumes
    assert all(isinstance(value, str) for value in row.values())


def test_tickers(venues: Venues) -> None:
    rows = rows_of(venues.good("/api/v5/market/tickers", "instType=SWAP"))
    assert [row["instId"] for row in rows] == [SWAP]
    assert rows_of(venues.good("/api/v5/market/tickers", "instType=FUTURES")) == []
    assert venues.get("/api/v5/market/tickers")[1]["code"] == "50014"
    assert venues.get("/api/v5/market/tickers", "instType=X")[1]["code"] == "51000"


def test_books(venues: Venues) -> None:
    bids = [(600_000 - place, 1 + place) for place in range(30)]
    venues.market.snapshot(OKX, bids, [(600_001, 1)])
    (book,) = rows_of(venues.good("/api/v5/market/books", f"instId={SWAP}&sz=5"))
    assert book["bids"][0] == ["60000", "0.01", "0", "1"]
    assert (len(book["bids"]), len(book["asks"])) == (5, 1)
    assert book["ts"] == str(NOW_MS)
    (book,) = rows_of(venues.good("/api/v5/market/books", f"instId={SWAP}"))
    assert len(book["bids"]) == 1


def test_candles_come_newest_first(venues: Venues) -> None:
    minute = venues.now_ms - 30_000
    venues.market.rows = [candle(minute - back * MINUTE_MS) for back in (2, 1, 0)]
    rows = rows_of(venues.good("/api/v5/market/candles", f"instId={SWAP}&bar=1m&limit=2"))
    assert [row[0] for row in rows] == [str(minute), str(minute - MINUTE_MS)]
    assert rows[1][1:] == ["60000", "60200", "59900", "60100", "1.5", "0.015", "90000", "1"]
    assert rows[0][8] == "0"
    query = f"instId={SWAP}&bar=1m&after={minute}"
    older = rows_of(venues.good("/api/v5/market/history-candles", query))
    assert [row[0] for row in older] == [str(minute - back * MINUTE_MS) for back in (1, 2)]
    newer = rows_of(venues.good("/api/v5/market/candles", f"instId={SWAP}&before={minute - 1}"))
    assert [row[0] for row in newer] == [str(minute)]


def test_candles_have_a_largest_page(venues: Venues) -> None:
    minute = venues.now_ms - 30_000
    venues.market.rows = [candle(minute - back * MINUTE_MS) for back in range(399, -1, -1)]
    path = "/api/v5/market/candles"
    assert len(rows_of(venues.good(path, f"instId={SWAP}&limit=1000"))) == 300
    assert len(rows_of(venues.good(path, f"instId={SWAP}"))) == 100


@pytest.mark.parametrize("bar", ["1H", "4H", "1D", "1Dutc", "1W", "1M", "15m"])
def test_bars(venues: Venues, bar: str) -> None:
    rows_of(venues.good("/api/v5/market/candles", f"instId={SWAP}&bar={bar}"))


def test_refusals(venues: Venues) -> None:
    assert venues.get("/api/v5/market/ticker", "instId=NO-SUCH-SWAP") == (200, UNKNOWN)
    assert venues.get("/api/v5/public/funding-rate", f"instId={PAIR}") == (200, UNKNOWN)
    status, body = venues.get("/api/v5/market/ticker")
    assert (status, body["code"], body["data"]) == (400, "50014", [])
    status, body = venues.get("/api/v5/market/candles", f"instId={SWAP}&bar=7m")
    assert (status, body["code"]) == (400, "51000")


def test_open_interest(venues: Venues) -> None:
    (row,) = rows_of(venues.good("/api/v5/public/open-interest", f"instId={SWAP}"))
    assert (row["oi"], row["oiCcy"], row["instType"]) == ("1666.667", "16.66667", "SWAP")
    assert row["ts"] == str(venues.now_ms)


def test_funding_rate(venues: Venues) -> None:
    (row,) = rows_of(venues.good("/api/v5/public/funding-rate", f"instId={SWAP}"))
    assert (row["fundingRate"], row["fundingTime"]) == ("0.0001", str(NOW_MS + 3_600_000))
    assert int(row["nextFundingTime"]) - int(row["fundingTime"]) == 8 * 3_600_000
    assert rows_of(venues.good("/api/v5/public/funding-rate", "instId=ANY")) == [row]


def test_mark_price(venues: Venues) -> None:
    rows = rows_of(venues.good("/api/v5/public/mark-price", "instType=SWAP"))
    assert [(row["instId"], row["markPx"]) for row in rows] == [(SWAP, "60010")]
    (row,) = rows_of(venues.good("/api/v5/public/mark-price", f"instId={PAIR}"))
    assert row["markPx"] == "60000"


def test_instruments(venues: Venues) -> None:
    (row,) = rows_of(venues.good("/api/v5/public/instruments", "instType=SWAP"))
    assert (row["instId"], row["ctVal"], row["ctValCcy"]) == (SWAP, "0.01", "BTC")
    assert (row["tickSz"], row["lotSz"], row["state"]) == ("0.1", "0.01", "live")
    (row,) = rows_of(venues.good("/api/v5/public/instruments", "instType=SPOT"))
    assert (row["baseCcy"], row["quoteCcy"], row["ctVal"]) == ("BTC", "USDT", "")


def test_time(venues: Venues) -> None:
    assert rows_of(venues.good("/api/v5/public/time")) == [{"ts": str(venues.now_ms)}]
