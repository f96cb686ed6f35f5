"""Currencies and Assets V2 (rest-admin 4.3, 4.4, resolutions 21, 171, T1)."""

from __future__ import annotations

from typing import Any

import pytest

from openprime.desk.commands import CreateUser
from openprime.model.vocabulary import UserKind
from tests.api.kit import Broker, refuses

CURRENCIES = "/api/v1/asset/currencies"
FUNDING = "/api/v2/asset/funding"
ACCOUNTS = "/api/v2/tradingAccount/list"
ASSETS = "/api/v2/tradingAccount/assets"
NETWORKS = "/api/v2/transfer/networks"
INTO_BINANCE = {
    "fromLtpAccountType": "FUNDING",
    "toLtpAccountType": "trading",
    "toPrimeType": "RapidX",
    "toExchange": "binance",
}


def test_currencies(broker: Broker) -> None:
    answer = broker.call("GET", CURRENCIES, key=broker.sub_key)
    assert answer.json["code"] == 200
    rows = {row["currency"]: row for row in answer.data}
    usdt = rows["USDT"]
    assert [network["network"] for network in usdt["networks"]] == ["TRC20", "ERC20", "BSC"]
    assert usdt["networks"][0] == {
        "network": "TRC20",
        "minDeposit": "0.01",
        "minWithdraw": "100",
        "estNetworkFee": "1",
        "confirmSeconds": 10,
    }
    del usdt["networks"]
    assert usdt == {
        "currency": "USDT",
        "currencyName": "USDT",
        "transferPrecision": 6,
        "minTransfer": "0.01",
    }
    assert rows["LTC"]["networks"][0]["minWithdraw"] == "0.01"
    assert rows["IMX"] == {
        "currency": "IMX",
        "currencyName": "IMX",
        "transferPrecision": 8,
        "minTransfer": "0",
        "networks": [],
    }


def test_one_currency(broker: Broker) -> None:
    (row,) = broker.call("GET", CURRENCIES, {"currency": "WIF"}).data
    assert (row["currency"], row["transferPrecision"]) == ("WIF", 6)
    refuses(broker.call("GET", CURRENCIES, {"currency": "NOPE"}), 403010)


def test_funding_assets_are_the_main_keys(broker: Broker) -> None:
    answer = broker.call("GET", FUNDING)
    assert (answer.json["code"], answer.data) == (200, [])


def test_trading_accounts(broker: Broker) -> None:
    broker.fund("1", coin="BTC")
    rows = broker.call("GET", ACCOUNTS).data
    assert rows == [
        {
            "id": str(broker.main_id),
            "primeType": "RAPIDX",
            "name": "MainPortfolio",
            "accountTypes": ["BINANCE", "OKX"],
            "totalUsdt": "160000",
        },
        {
            "id": str(broker.sub_id),
            "primeType": "RAPIDX",
            "name": "Sub01",
            "accountTypes": ["BINANCE", "OKX"],
            "totalUsdt": "0",
        },
    ]


def test_what_a_trading_account_holds(broker: Broker) -> None:
    binance, okx = broker.call("GET", ASSETS, {"id": str(broker.main_id)}).data
    assert okx["accountType"] == "OKX"
    assert okx["assets"] == []
    assert binance == {
        "id": str(broker.main_id),
        "primeType": "RAPIDX",
        "accountType": "BINANCE",
        "totalUsdt": "100000",
        "assets": [
            {
                "currency": "USDT",
                "totalBalance": "100000",
                "available": "100000",
                "frozen": "0",
                "valueUsdt": "100000",
            }
        ],
    }


@pytest.mark.parametrize("account_id", ["1", "x", "1000000000000009"])
def test_an_account_of_nobody(broker: Broker, account_id: str) -> None:
    refuses(broker.call("GET", ASSETS, {"id": account_id}), 404004)


def test_an_account_of_another(broker: Broker) -> None:
    other_id = int(broker.do(CreateUser(UserKind.NORMAL)))
    (foreign,) = (p for p in broker.state.portfolios.values() if p.user_id == other_id)
    refuses(broker.call("GET", ASSETS, {"id": str(foreign.portfolio_id)}), 404004)


def test_an_account_must_be_named(broker: Broker) -> None:
    refuses(broker.call("GET", ASSETS), 400009)


@pytest.mark.parametrize("path", [FUNDING, ACCOUNTS, ASSETS])
def test_other_keys_get_a_code_of_their_own(broker: Broker, path: str) -> None:
    refuses(broker.call("GET", path, {"id": str(broker.sub_id)}, broker.sub_key), 2003)


def test_networks_need_no_signature(broker: Broker) -> None:
    query = "&".join(f"{name}={value}" for name, value in INTO_BINANCE.items())
    answer = broker.send("GET", NETWORKS, query=query)
    assert answer.json["code"] == 200
    rows = {row["currency"]: row for row in answer.data}
    assert rows["BTC"] == {
        "currency": "BTC",
        "transferPrecision": 8,
        "minTransfer": "0.00001",
        "networks": [
            {
                "network": "BTC",
                "available": True,
                "minTransfer": "0.00001",
                "networkFee": "0",
                "confirmSeconds": 0,
            }
        ],
    }


def test_ends_that_nothing_leads_to(broker: Broker) -> None:
    def coins(**changes: str) -> list[Any]:
        rows: list[Any] = broker.call("GET", NETWORKS, INTO_BINANCE | changes).data
        return rows

    assert coins()
    assert coins(toExchange="EDX") == coins(toPrimeType="DMA") == []
    assert coins(toLtpAccountType="FUNDING") == []
    inside = {"fromPrimeType": "RAPIDX", "fromExchange": "OKX"}
    assert coins(fromLtpAccountType="TRADING", **inside)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fromLtpAccountType": ""}, 400009),
        ({"fromLtpAccountType": "EARN"}, 400000),
        ({"fromLtpAccountType": "TRADING"}, 400009),
        ({"toPrimeType": ""}, 400009),
        ({"toExchange": ""}, 400009),
        ({"toPrimeType": "X"}, 400000),
        ({"toExchange": "X"}, 401023),
    ],
)
def test_what_speaks_against_ends(broker: Broker, changes: Any, code: int) -> None:
    refuses(broker.call("GET", NETWORKS, INTO_BINANCE | changes), code)
