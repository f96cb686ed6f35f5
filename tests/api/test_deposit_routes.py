"""Deposits over REST: addresses, the exchange they go to, their history, and the balances."""

from __future__ import annotations

from typing import Any

import pytest

from openprime.desk.commands import CreateUser, RunAgenda
from openprime.model.vocabulary import Permission, UserKind
from tests.api.kit import NOW_MS, Broker, Json, refuses

D = "/api/v1/deposit/"
ADDRESS, EXCHANGE, LIST = f"{D}address", f"{D}exchange", f"{D}list"
BALANCES = "/api/v1/asset/getAccountCurrencyInfo"
USDT = {"currency": "USDT", "network": "TRC20"}


def confirm(broker: Broker) -> None:
    broker.clock_ms += 10_000
    broker.do(RunAgenda())


def announce(broker: Broker, **members: Any) -> int:
    number = broker.admin("POST", "deposits", **(USDT | {"amount": "50"} | members)).data
    assert number.keys() == {"depositId"}
    deposit_id: int = number["depositId"]
    return deposit_id


@pytest.fixture
def stranger(broker: Broker) -> str:
    broker.do(CreateUser(UserKind.NORMAL))
    return broker.make_key("foreign-key", list(broker.state.portfolios)[-1])


# -- addresses


def test_an_address_stays(broker: Broker) -> None:
    row = broker.call("GET", ADDRESS, USDT).data
    assert row.keys() == {
        *("id", "currency", "network", "address", "createdAt", "minimum", "accountType")
    }
    assert len(str(row["id"])) == 16
    assert (row["minimum"], row["accountType"], row["createdAt"]) == ("0.01", "LTP", NOW_MS)
    broker.clock_ms += 1
    assert broker.call("GET", ADDRESS, USDT).data == row


@pytest.mark.parametrize("account_type", ["portfolio", "BINANCE", "OKX"])
def test_whose_address_is_meant(broker: Broker, account_type: str) -> None:
    funding = broker.call("GET", ADDRESS, USDT | {"accountType": "LTP"}).data
    main = broker.call("GET", ADDRESS, USDT | {"accountType": account_type}).data
    own = broker.call("GET", ADDRESS, USDT | {"accountType": account_type}, broker.sub_key).data
    assert len({row["address"] for row in (funding, main, own)}) == 3
    assert (main["accountType"], own["accountType"]) == ("portfolio", "portfolio")
    assert broker.call("GET", ADDRESS, USDT).data == funding
    assert broker.call("GET", ADDRESS, USDT, broker.sub_key).data == own


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"network": "TRC20"}, 400009),
        ({"currency": "USDT"}, 400009),
        (USDT | {"accountType": "SAVINGS"}, 400000),
        ({"currency": "XYZ", "network": "TRC20"}, 403010),
        ({"currency": "USDT", "network": "MOON"}, 400000),
        ({"currency": "IMX", "network": "ERC20"}, 400000),
    ],
)
def test_address_refusals(broker: Broker, params: Json, code: int) -> None:
    refuses(broker.call("GET", ADDRESS, params), code)


def test_a_portfolio_key_has_no_funding_account(broker: Broker) -> None:
    refuses(broker.call("GET", ADDRESS, USDT | {"accountType": "LTP"}, broker.sub_key), 2002)


# -- the exchange that deposits go to


def test_deposit_exchange(broker: Broker) -> None:
    assert broker.call("GET", EXCHANGE).data == {"defaultExchange": "BINANCE", "specifics": []}
    assert broker.call("POST", EXCHANGE, USDT | {"exchange": "okx"}).data == {}
    data = broker.call("GET", EXCHANGE).data
    assert data["defaultExchange"] == "BINANCE"
    assert data["specifics"] == [USDT | {"exchange": "OKX", "updatedAt": str(NOW_MS)}]
    assert broker.call("POST", EXCHANGE, {"exchange": "OKX"}).data == {}
    assert broker.call("GET", EXCHANGE).data == {"defaultExchange": "OKX", "specifics": []}
    own = broker.call("GET", EXCHANGE, key=broker.sub_key).data
    assert own == {"defaultExchange": "BINANCE", "specifics": []}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, 400009),
        ({"exchange": "FTX"}, 401023),
        ({"exchange": "OKX", "currency": "USDT"}, 400009),
        ({"exchange": "OKX", "network": "TRC20"}, 400009),
        ({"exchange": "EDX"}, 401066),
        ({"exchange": "OKX", "currency": "XYZ", "network": "TRC20"}, 403010),
        ({"exchange": "OKX", "currency": "USDT", "network": "MOON"}, 400000),
    ],
)
def test_deposit_exchange_refusals(broker: Broker, params: Json, code: int) -> None:
    refuses(broker.call("POST", EXCHANGE, params), code)


def test_choosing_needs_the_transfer_permission(broker: Broker) -> None:
    others = [p for p in Permission if p is not Permission.TRANSFER]
    key = broker.make_key("no-transfer", broker.main_id, others)
    refuses(broker.call("POST", EXCHANGE, {"exchange": "OKX"}, key), 2002)


# -- history


def test_a_deposit_to_an_address(broker: Broker) -> None:
    where = broker.call("GET", ADDRESS, USDT).data["address"]
    number = announce(broker, address=where, amount="50.5", txId="abc")
    (row,) = broker.call("GET", LIST).data
    assert row == {
        "id": number,
        "accountId": broker.user_id,
        "accountType": "LTP",
        **USDT,
        "address": where,
        "amount": 50.5,
        "status": 2,
        "txId": "abc",
        "info": "",
        "applyTime": str(NOW_MS),
        "rapidTransfer": False,
    }
    confirm(broker)
    assert broker.call("GET", LIST).data == [row | {"status": 3}]
    (funding,) = broker.call("GET", BALANCES, {"accountId": broker.user_id}).data
    assert funding["totalUsdt"] == "50.5"


def test_deposits_initialise_and_show_in_the_statement(broker: Broker) -> None:
    where = broker.call("GET", ADDRESS, USDT, broker.sub_key).data["address"]
    number = announce(broker, address=where)
    confirm(broker)
    rows = broker.call("GET", "/api/v1/trading/statement", key=broker.sub_key).data["list"]
    assert [(r["statementType"], r["requestId"], r["deltaAmount"]) for r in rows] == [
        ("TRANSFER", str(number), "50")
    ]


def test_filters_and_whose_deposits_are_told(broker: Broker, stranger: str) -> None:
    funding = announce(broker, accountId=broker.user_id)
    broker.clock_ms += 1
    main = announce(broker, accountId=broker.main_id, currency="BTC", network="BTC")
    sub = announce(broker, accountId=broker.sub_id)
    broker.admin("POST", "deposits/fail", depositId=sub, info="lost")

    def listed(key: str | None = None, **params: Any) -> list[int]:
        return [row["id"] for row in broker.call("GET", LIST, params, key).data]

    assert listed() == [main, funding]
    assert listed(accountId=broker.user_id) == listed(accountType="LTP") == [funding]
    assert listed(accountType="BINANCE") == listed(currency="BTC") == [main]
    assert listed(accountId=broker.sub_id) == []
    assert listed(broker.sub_key) == listed(broker.sub_key, status=4) == [sub]
    assert listed(broker.sub_key, status=3) == []
    assert listed(stranger) == listed(stranger, accountId=broker.user_id) == []
    assert listed(endTime=NOW_MS) == [funding]
    (row,) = broker.call("GET", LIST, key=broker.sub_key).data
    assert (row["status"], row["info"]) == (4, "lost")
    for wrong in ({"status": "1"}, {"accountId": "7"}, {"accountType": "FTX"}):
        refuses(broker.call("GET", LIST, wrong), 400000)


def test_the_operator_s_table(broker: Broker) -> None:
    number = announce(broker, accountId=broker.user_id)
    (row,) = broker.admin("GET", "deposits").data
    assert row["id"] == number
    assert broker.admin("POST", "deposits/fail", depositId=1).json["code"] == 403014
    both = USDT | {"amount": "1", "address": "T1", "accountId": broker.user_id}
    for members in (both, USDT | {"amount": "1"}, both | {"amount": "0"}, both | {"amount": "NaN"}):
        answer = broker.admin("POST", "deposits", **members)
        assert answer.json["code"] == 400000
    nobody = USDT | {"amount": "1", "accountId": 5}
    assert broker.admin("POST", "deposits", **nobody).json["code"] == 403007


# -- balances


def test_balances(broker: Broker) -> None:
    announce(broker, accountId=broker.user_id, currency="BTC", network="BTC", amount="0.5")
    confirm(broker)
    rows = broker.call("GET", BALANCES).data
    assert [(row["accountId"], row["venues"], row["accountType"]) for row in rows] == [
        (broker.user_id, "LTP", "Funding"),
        (broker.main_id, "BINANCE", "Portfolio"),
        (broker.main_id, "OKX", "Portfolio"),
        (broker.sub_id, "BINANCE", "Portfolio"),
        (broker.sub_id, "OKX", "Portfolio"),
    ]
    assert rows[0] == {
        "accountId": broker.user_id,
        "accountNote": "",
        "venues": "LTP",
        "accountType": "Funding",
        "totalUsdt": "30000",
        "assetInfo": [
            {
                "currency": "BTC",
                "totalBalance": "0.5",
                "available": "0.5",
                "withdrawAvailable": "0.5",
                "frozen": "0",
                "valueUsdt": "30000",
            }
        ],
    }
    (info,) = rows[1]["assetInfo"]
    assert (info["totalBalance"], info["withdrawAvailable"]) == ("100000", "100000")
    assert rows[3]["accountNote"] == "Sub01"


def test_balances_of_some_accounts(broker: Broker, stranger: str) -> None:
    both = {"accountId": f"{broker.user_id},{broker.sub_id}", "currency": "USDT"}
    rows = broker.call("GET", BALANCES, both).data
    assert [row["accountId"] for row in rows] == [broker.user_id, broker.sub_id, broker.sub_id]
    assert broker.call("GET", BALANCES, {"accountId": "1,x"}).data == []
    assert broker.call("GET", BALANCES, {"accountId": broker.main_id}, stranger).data == []
    refuses(broker.call("GET", BALANCES, key=broker.sub_key), 2002)
