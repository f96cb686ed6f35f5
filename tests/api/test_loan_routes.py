"""The seven routes of RapidX loans (rest-admin 10, resolutions 35, 52, 81, 141)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openprime.desk.commands import Borrow, Override, PinStatus, Repay, RunAgenda
from openprime.desk.loans import CHARGED_AFTER_MS
from openprime.desk.watched import HOUR_MS
from openprime.model.vocabulary import AccountStatus, Exchange, Permission
from tests.api.kit import DAY_MS, NOW_MS, Broker, Json, refuses
from tests.api.socket_kit import in_loop, logged_in, private_socket

L = "/api/v1/trading/rapidxLoan/loan/"
INFO, CONFIG, MAX_LOAN = f"{L}info", f"{L}config", f"{L}maxLoan"
BORROW, REPAY, ORDERS, STATEMENT = f"{L}borrow", f"{L}repay", f"{L}orders", f"{L}statement"


def loan(**changes: Any) -> Json:
    asked = {"exchange": "BINANCE", "coin": "USDT", "amount": "100"} | changes
    return {name: value for name, value in asked.items() if value is not None}


def test_borrow_and_repay(broker: Broker) -> None:
    answer = broker.call("POST", BORROW, loan(amount="500.5", clientOrderId="mine"))
    assert b'"borrowed":500.5,"loanBalance":500.5,"availableBalance":100500.5,' in answer.body
    order_id = answer.data["orderId"]
    assert answer.data == {
        "orderId": order_id,
        "borrowed": 500.5,
        "loanBalance": 500.5,
        "availableBalance": 100500.5,
        "timestamp": NOW_MS,
    }
    assert len(order_id) == 16
    data = broker.call("POST", REPAY, loan(amount=200)).data
    assert data == {
        "orderId": data["orderId"],
        "repaid": 200,
        "interestPaid": 0,
        "loanBalance": 300.5,
        "availableBalance": 100300.5,
        "timestamp": NOW_MS,
    }
    (back, borrowed) = broker.call("GET", ORDERS).data["list"]
    assert borrowed == {
        "orderId": order_id,
        "clientOrderId": "mine",
        "exchange": "BINANCE",
        "type": "borrow",
        "coin": "USDT",
        "amount": "500.5",
        "status": "filled",
        "createTime": NOW_MS,
    }
    assert (back["type"], back["clientOrderId"]) == ("repay", back["orderId"])


def test_config(broker: Broker) -> None:
    assert broker.call("GET", CONFIG).data == [
        {"coin": "BTC", "loanLeverage": 3, "maxLoanValue": "6000", "loanMmr": "0.05",
         "loanInterestRate": "0.0015"},
        {"coin": "USDT", "loanLeverage": 3, "maxLoanValue": "800", "loanMmr": "0.05",
         "loanInterestRate": "0.0015"},
    ]  # fmt: skip


def test_max_loan(broker: Broker) -> None:
    rows = broker.call("GET", MAX_LOAN, {"exchange": "BINANCE"}).data
    assert rows == [
        {"exchange": "BINANCE", "coin": "BTC", "portfolioMaxLoanCoin": "0.1"},
        {"exchange": "BINANCE", "coin": "USDT", "portfolioMaxLoanCoin": "800"},
    ]
    everywhere = broker.call("GET", MAX_LOAN).data
    assert [row["portfolioMaxLoanCoin"] for row in everywhere] == ["0.1", "800", "0", "0"]
    refuses(broker.call("GET", MAX_LOAN, {"exchange": "X"}), 401023)
    assert broker.call("GET", MAX_LOAN, {"exchange": "EDX"}).data == []


def test_info(broker: Broker) -> None:
    broker.call("POST", BORROW, loan(amount="600"))
    data = broker.call("GET", INFO).data
    assert data["portfolioId"] == broker.main_id
    binance, okx = data["accounts"]
    assert list(binance) == [
        "exchange", "accountStatus", "ltv", "netMarginValue", "netValidMargin",
        "netAvailableMargin", "loanMargin", "loanMaintenanceMargin", "coins",
    ]  # fmt: skip
    assert binance["accountStatus"] == "NORMAL"
    assert binance["ltv"] == "0.00596481119284891"
    assert binance["netMarginValue"] == binance["netValidMargin"] == "99990"
    assert (binance["loanMargin"], binance["netAvailableMargin"]) == ("200", "99790")
    assert binance["loanMaintenanceMargin"] == "30"
    assert binance["coins"][1] == {
        "coin": "USDT",
        "loan": "600",
        "loanMmr": "0.05",
        "loanLeverage": 3,
        "loanValue": "600",
        "netEquity": "100000",
        "netEquityValue": "100000",
        "netMarginValue": "99990",
        "portfolioMaxLoanCoin": "200",
    }
    assert (okx["ltv"], okx["coins"][0]["portfolioMaxLoanCoin"]) == ("0", "0")


def test_a_sub_portfolio_sees_its_own(broker: Broker) -> None:
    broker.call("POST", BORROW, loan())
    assert broker.call("GET", INFO, key=broker.sub_key).data["portfolioId"] == broker.sub_id
    assert broker.call("GET", ORDERS, key=broker.sub_key).data["totalSize"] == 0


# -- lists


def test_pages_do_not_tell_how_many_there_are(broker: Broker) -> None:
    for amount in ("1", "2", "3"):
        broker.call("POST", BORROW, loan(amount=amount))
    data = broker.call("GET", ORDERS, {"page": 2, "pageSize": 2}).data
    assert list(data) == ["page", "pageSize", "totalSize", "list"]
    assert (data["page"], data["pageSize"], data["totalSize"]) == (2, 2, 3)
    assert [row["amount"] for row in data["list"]] == ["1"]


def test_orders_are_narrowed(broker: Broker) -> None:
    first = broker.call("POST", BORROW, loan(clientOrderId="a")).data["orderId"]
    broker.call("POST", BORROW, loan(coin="BTC", amount="0.05"))
    broker.call("POST", REPAY, loan(amount="30"))

    def amounts(**asked: Any) -> list[str]:
        return [row["amount"] for row in broker.call("GET", ORDERS, asked).data["list"]]

    assert amounts() == ["30", "0.05", "100"]
    assert amounts(type="repay") == ["30"]
    assert amounts(type="BORROW", coin="USDT") == ["100"]
    assert amounts(orderId=first) == amounts(clientOrderId="a") == ["100"]
    assert amounts(coin="ETH") == []
    assert amounts(endTime=NOW_MS - 1) == []
    refuses(broker.call("GET", ORDERS, {"type": "interest"}), 400000)
    refuses(broker.call("GET", ORDERS, {"orderId": "x"}), 401020)
    refuses(broker.call("GET", ORDERS, {"orderId": "1"}), 401007)
    refuses(broker.call("GET", ORDERS, {"pageSize": 1001}), 400002)
    refuses(broker.call("GET", ORDERS, {"startTime": NOW_MS - 91 * DAY_MS}), 400001)


def test_the_statement_with_its_interest(broker: Broker) -> None:
    terms = {"loanLeverage": "3", "maxLoanValue": "800", "loanMmr": "0.05"}
    broker.do(Override("loanConfig", "USDT", terms | {"loanInterestRate": "0.02"}))
    broker.call("POST", BORROW, loan())
    hour_ms = (NOW_MS // HOUR_MS + 1) * HOUR_MS
    broker.clock_ms = hour_ms + CHARGED_AFTER_MS
    broker.do(RunAgenda())
    data = broker.call("GET", STATEMENT).data
    assert data["totalSize"] == 2
    interest, borrowed = data["list"]
    assert interest == {
        "statementId": interest["statementId"],
        "exchange": "BINANCE",
        "type": "loan_interest",
        "coin": "USDT",
        "delta": "-0.000228",
        "balance": "100099.99",
        "timestamp": hour_ms + CHARGED_AFTER_MS,
    }
    assert len(interest["statementId"]) == 17
    assert (borrowed["type"], borrowed["delta"], borrowed["balance"]) == (
        "loan_borrow", "100", "100100",
    )  # fmt: skip
    for kind in ("interest", "loan_interest", "INTEREST"):
        assert broker.call("GET", STATEMENT, {"type": kind}).data["list"] == [interest]
    assert broker.call("GET", STATEMENT, {"type": "liquidation_fee"}).data["list"] == []
    refuses(broker.call("GET", STATEMENT, {"type": "x"}), 400000)


# -- codes, in their order


@pytest.mark.parametrize("path", [BORROW, REPAY])
def test_codes_of_the_request(broker: Broker, path: str) -> None:
    broker.call("POST", BORROW, loan(clientOrderId="used"))
    steps: list[tuple[Json, int]] = [
        ({"coin": None, "exchange": "X", "clientOrderId": "a" * 64}, 400009),
        ({"amount": None}, 400009),
        ({"exchange": None}, 400009),
        ({"exchange": "X", "clientOrderId": "a" * 64}, 401023),
        ({"clientOrderId": "/" * 64, "coin": "FOO"}, 401001),
        ({"clientOrderId": "a/b", "coin": "FOO"}, 401051),
        ({"clientOrderId": "used", "coin": "FOO", "amount": "x"}, 406014),
        ({"clientOrderId": "used", "exchange": "EDX", "amount": "x"}, 406014),
        ({"clientOrderId": "used", "exchange": "OKX", "amount": "1.001"}, 406015),
        ({"clientOrderId": "used", "exchange": "OKX", "amount": "-1"}, 406015),
        ({"clientOrderId": "used", "exchange": "OKX", "amount": "0"}, 406015),
        ({"clientOrderId": "used", "exchange": "OKX"}, 401009),
        ({"exchange": "OKX"}, 401046),
        ({"amount": True}, 400000),
    ]
    for changes, code in steps:
        refuses(broker.call("POST", path, loan(**changes)), code)


def test_codes_of_borrowing(broker: Broker) -> None:
    refuses(broker.call("POST", BORROW, loan(amount="800.01")), 406017)
    broker.do(Override("loanPools", "BINANCE:USDT", "10"))
    refuses(broker.call("POST", BORROW, loan(amount="11")), 406019)
    broker.do(Override("loanPools", "BINANCE:USDT", None))
    terms = {"loanLeverage": "3", "maxLoanValue": "1000000", "loanMmr": "0.05"}
    broker.do(Override("loanConfig", "USDT", terms | {"loanInterestRate": "0"}))
    refuses(broker.call("POST", BORROW, loan(amount="300000")), 406016)
    refuses(broker.call("POST", BORROW, loan(amount="240000")), 406020)
    refuses(broker.call("POST", BORROW, loan(amount="199980.01")), 406018)
    broker.do(PinStatus(broker.main_id, Exchange.BINANCE, AccountStatus.LIQUIDATING))
    refuses(broker.call("POST", BORROW, loan(amount="300000")), 406021)


def test_codes_of_repaying(broker: Broker) -> None:
    refuses(broker.call("POST", REPAY, loan(coin="BTC", amount="1")), 401035)
    refuses(broker.call("POST", REPAY, loan(amount="1")), 406022)
    broker.fund("5", "BTC")
    broker.call("POST", BORROW, loan(coin="BTC", amount="0.1"))
    sale = {"sym": "BINANCE_SPOT_BTC_USDT", "side": "SELL", "orderType": "LIMIT"}
    broker.call("POST", "/api/v1/trading/order", sale | {"orderQty": "5.05", "limitPrice": "60000"})
    refuses(broker.call("POST", REPAY, loan(coin="BTC", amount="0.06")), 406023)
    broker.call("POST", REPAY, loan(coin="BTC", amount="0.05"))


def test_a_key_must_trade(broker: Broker) -> None:
    key = broker.make_key("reads", broker.main_id, [Permission.READ])
    refuses(broker.call("POST", BORROW, loan(), key), 2002)
    refuses(broker.call("POST", REPAY, loan(), key), 2002)
    assert broker.call("GET", INFO, key=key).data


# -- the operator, and what is pushed


def test_the_operator_sets_the_terms(broker: Broker) -> None:
    terms: Json = {"coin": "ETH", "loanLeverage": 5, "maxLoanValue": "7000", "loanMmr": "0.02"}
    answer = broker.admin("POST", "loanConfig", **terms, loanInterestRate="0.1")
    assert answer.data == {}
    assert broker.call("GET", CONFIG).data[2] == {
        "coin": "ETH",
        "loanLeverage": 5,
        "maxLoanValue": "7000",
        "loanMmr": "0.02",
        "loanInterestRate": "0.1",
    }
    answer = broker.admin("POST", "loanConfig", **terms)
    assert "loanInterestRate: expected a plain decimal" in answer.json["data"]["detail"]
    assert broker.admin("POST", "loanConfig", coin="ETH").data == {}
    assert len(broker.call("GET", CONFIG).data) == 2


LOAN_FIELDS = ("loan", "loanValue", "netEquity", "netEquityValue", "netMarginValue")


@in_loop
async def test_assets_tell_of_loans_while_there_are_any(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))

    async def asset_after(command: Borrow | Repay) -> Json:
        await broker.sequencer.submit(command)
        heard = await peer.hear_all()
        (found,) = [row for push in heard if push["channel"] == "Assets" for row in push["data"]]
        row: Json = found
        return row

    terms = (broker.main_id, Exchange.BINANCE, "USDT", Decimal(100))
    row = await asset_after(Borrow(*terms))
    told = [row[name] for name in LOAN_FIELDS]
    assert told == ["100", "100", "100000", "100000", "99990"]
    assert row["equity"] == "100100"
    row = await asset_after(Repay(*terms))
    assert not set(LOAN_FIELDS) & set(row)
    await peer.leave()
