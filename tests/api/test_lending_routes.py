"""Interest and loan pools (rest-trading 6.5, 6.6, rest-admin 10, resolutions 8, 139, 140)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from openprime.desk.commands import Override
from tests.api.kit import Broker, refuses

INTEREST = "/api/v1/interest/user"
DETAIL = "/api/v1/interest/user_detail"
POOL = "/api/v1/trading/loan/pool"
MARGIN = "BINANCE_MARGIN_BTC_USDT"


def test_interest_is_a_bare_map(broker: Broker) -> None:
    answer = broker.call("GET", INTEREST, {"exchangeType": "BINANCE"}, broker.sub_key)
    assert answer.status == 200
    assert list(answer.json) == ["BINANCE"]
    rows = {row["coin"]: row for row in answer.json["BINANCE"]}
    assert rows["BTC"] == {
        "level": 1,
        "exchangeType": "BINANCE",
        "coin": "BTC",
        "hourInterestRate": "0.0000005708",
        "loanLimit": "72",
        "updateTime": broker.services.started_at_ms // 1000,
    }
    assert rows["USDT"]["loanLimit"] == "600000"


def test_interest_by_market(broker: Broker) -> None:
    rows = broker.call("GET", DETAIL, {"exchangeType": "okx"}).data
    assert {name.split("_")[0] for name in rows} == {"OKX"}
    assert rows["OKX_MARGIN_USDT_USDT"] == {
        "exchangeType": "OKX",
        "coin": "USDT",
        "updateTime": str(broker.services.started_at_ms),
        "levels": [{"level": "1", "hourInterestRate": "0.0000045662", "loanLimit": "4800000"}],
    }


@pytest.mark.parametrize("path", [INTEREST, DETAIL])
def test_an_exchange_is_needed(broker: Broker, path: str) -> None:
    refuses(broker.call("GET", path), 400009)
    refuses(broker.call("GET", path, {"exchangeType": "BYBIT"}), 401023)


def test_an_exchange_without_coins(broker: Broker) -> None:
    assert broker.call("GET", INTEREST, {"exchangeType": "EDX"}).json == {"EDX": []}
    assert broker.call("GET", DETAIL, {"exchangeType": "EDX"}).data == {}
    assert broker.call("GET", POOL, {"exchangeType": "EDX"}).data == []


def test_a_pool_is_ten_times_the_highest_tier(broker: Broker) -> None:
    (row,) = broker.call("GET", POOL, {"exchangeType": "BINANCE", "coin": "BTC"}).data
    assert row == {"exchangeType": "BINANCE", "coin": "BTC", "maxAviLoan": "720"}
    both = broker.call("GET", POOL, {"coin": "USDT"}).data
    assert [(r["exchangeType"], r["maxAviLoan"]) for r in both] == [
        ("BINANCE", "48000000"),
        ("OKX", "48000000"),
    ]
    assert len(broker.call("GET", POOL).data) == 32


def test_what_is_borrowed_is_out_of_the_pool(broker: Broker) -> None:
    broker.place(sym=MARGIN, side="SELL", orderQty="0.5", orderType="MARKET", limitPrice=None)
    (row,) = broker.call("GET", POOL, {"exchangeType": "BINANCE", "coin": "BTC"}).data
    assert row["maxAviLoan"] == "719.5"


def test_an_empty_pool_lends_nothing(broker: Broker) -> None:
    broker.do(Override("loanPools", "BINANCE:BTC", "0.4"))
    (row,) = broker.call("GET", POOL, {"exchangeType": "BINANCE", "coin": "BTC"}).data
    assert row["maxAviLoan"] == "0.4"
    order = {"sym": MARGIN, "side": "SELL", "orderType": "MARKET", "orderQty": "0.41"}
    refuses(broker.call("POST", "/api/v1/trading/order", order), 401055)
    broker.call("POST", "/api/v1/trading/order", order | {"orderQty": "0.4"})
    (row,) = broker.call("GET", POOL, {"exchangeType": "BINANCE", "coin": "BTC"}).data
    assert row["maxAviLoan"] == "0"


def test_a_coin_without_a_pool(broker: Broker) -> None:
    refuses(broker.call("GET", POOL, {"coin": "NOPE"}), 401035)
    refuses(broker.call("GET", POOL, {"exchangeType": "X"}), 401023)


def test_an_operators_rates_are_told(broker: Broker) -> None:
    rows = [{"hourInterestRate": "0.00000228310502283105022831", "loanLimit": "10"}]
    broker.do(Override("interestLevels", "OKX:ETH", rows))
    told = broker.call("GET", DETAIL, {"exchangeType": "OKX"}).data["OKX_MARGIN_ETH_USDT"]
    assert told["levels"] == [{"level": "1", **rows[0]}]
    levels = broker.services.reference.interest_levels["OKX:ETH"]
    assert levels[0].hourly_rate == Decimal(rows[0]["hourInterestRate"])
