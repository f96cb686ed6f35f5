"""A loan that its collateral no longer carries, on a served broker whose clients trade with each
other alone: offered to nobody, over a kill in the middle, sold, and in the end made good.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from openprime.errors import message
from tests.conformance.house import House, Json, Trader, number, wait_for
from tests.e2e.test_liquidation import Ear

D = Decimal
SPOT = "BINANCE_SPOT_BTC_USDT"
LOAN = "/api/v1/trading/rapidxLoan/loan"
ASKED = {"exchange": "BINANCE", "coin": "USDT", "amount": "1"}
TERMS = {
    "loanLeverage": 5,
    "maxLoanValue": "500000",
    "loanMmr": "0.05",
    "loanInterestRate": "0.02",
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


class Borrower:
    """0.01 BTC of its own and 0.02 that 1300 USDT of a loan paid for."""

    def __init__(self, house: House) -> None:
        house.index("BTC", 60000)
        house.ask("POST", "loanConfig", coin="USDT", **TERMS)
        self.other = house.trader(USDT=100_000, BTC=1)
        self.trader = house.trader(BTC="0.01")
        self.trader.client.data("POST", f"{LOAN}/borrow", **{**ASKED, "amount": "1300"})
        self.trader.take_over(self.other, SPOT, "BUY", "0.02", 60000)

    def ear(self) -> Ear:
        client = self.trader.client
        return Ear(self.trader.house.served, client.access_key, client.secret_key)

    def info(self) -> Json:
        accounts = self.trader.client.data("GET", f"{LOAN}/info")["accounts"]
        found: Json = next(row for row in accounts if row["exchange"] == "BINANCE")
        return found

    def loan(self) -> Decimal:
        return next(number(row["loan"]) for row in self.info()["coins"] if row["coin"] == "USDT")

    def statement(self, kind: str) -> list[Json]:
        rows: list[Json] = self.trader.client.data("GET", f"{LOAN}/statement", type=kind)["list"]
        return rows

    def repayments(self) -> list[Json]:
        rows: list[Json] = self.trader.client.data("GET", f"{LOAN}/orders", type="repay")["list"]
        return rows


def refused(trader: Trader, route: str, code: int) -> None:
    answer = trader.client.call("POST", f"{LOAN}/{route}", **ASKED)
    assert answer == {"code": code, "message": message(code), "data": {}}


def pushed(ear: Ear) -> Json:
    """The USDT wallet as the socket told it last."""
    told: list[Any] = [*chain.from_iterable(ear.of("Assets"))]
    found: Json = [row for row in told if row["coin"] == "USDT"][-1]
    return found


def total(rows: list[Json], name: str) -> Decimal:
    return sum((number(row[name]) for row in rows), D(0))


def test_a_loan_is_called_in(house: House) -> None:
    borrower = Borrower(house)
    trader, ear = borrower.trader, borrower.ear()
    assert borrower.info()["accountStatus"] == "NORMAL"
    house.index("BTC", 49000)
    ear.wait("MarginCall", accountStatus="MARGIN_CALL")
    refused(trader, "borrow", 406016)

    # What is free of the coin itself goes first; for the rest nobody buys at 0.5 % below the index.
    house.index("BTC", 45000)
    ear.wait("MarginCall", accountStatus="LIQUIDATING")
    event_id = ear.wait("LiquidationEvent", stage="SELL_COLLATERAL")["liquidationEventId"]
    assert borrower.info()["accountStatus"] == "LIQUIDATING"
    left = borrower.loan()
    assert D(1200) < left < D(1300)
    refused(trader, "borrow", 406021)
    refused(trader, "repay", 406021)
    answer = trader.place(SPOT, "SELL", "0.01", 45000)
    assert (answer["code"], answer["message"]) == (401045, message(401045))
    ear.socket.close()

    house.served.kill()
    house.served.start()
    house.reconnect()
    assert borrower.loan() == left
    refused(trader, "repay", 406021)
    ear = borrower.ear()
    borrower.other.rest(SPOT, "BUY", 1, 45000)
    end = ear.wait("LiquidationEvent", liquidationEventId=event_id, stage="END")
    stages = [row["stage"] for row in ear.of("LiquidationEvent", liquidationEventId=event_id)]
    assert stages[-2:] == ["REPAY", "END"]
    assert end["account"]["accountStatus"] in ("NORMAL", "LIQUIDATING")
    sold = ear.wait("Orders", orderState="FILLED", sym=SPOT)
    assert (sold["side"], sold["orderType"]) == ("SELL", "SYSTEM_LIQ")
    wait_for(lambda: number(pushed(ear)["loan"]) == borrower.loan())
    ear.socket.close()

    info = borrower.info()
    assert (info["accountStatus"], number(info["ltv"]) <= D("0.85")) == ("NORMAL", True)
    repaid, fees = borrower.statement("repay"), borrower.statement("liquidation_fee")
    assert {row["type"] for row in repaid} == {"loan_repay"}
    assert {row["type"] for row in fees} == {"loan_liquidation_fee"}
    assert total(repaid, "delta") == borrower.loan() - 1300
    assert total(fees, "delta") == total(repaid, "delta") * D("0.02")
    told = borrower.repayments()
    assert total(told, "amount") == 1300 - borrower.loan()
    assert all(row["clientOrderId"] == row["orderId"] for row in told)
    assert trader.statements("LIQUIDATION_FEE") == []
    # What is left is the client's to pay back.
    amount = str(min(borrower.loan(), D(10)))
    trader.client.data("POST", f"{LOAN}/repay", **{**ASKED, "amount": amount})


def test_a_loan_that_nothing_covers(house: House) -> None:
    borrower = Borrower(house)
    trader, ear = borrower.trader, borrower.ear()
    borrower.other.rest(SPOT, "BUY", 1, 30000)
    house.index("BTC", 30000)
    ear.wait("LiquidationEvent", stage="TAKEOVER")
    ear.wait("LiquidationEvent", stage="END")
    ear.socket.close()
    assert borrower.loan() == 0
    assert number(trader.asset("USDT")["equity"]) == 0
    assert total(borrower.statement("repay"), "delta") == -1300
    (row,) = trader.statements("LIQ_COMPENSATION")
    assert (row["coin"], number(row["deltaAmount"]) > 300) == ("USDT", True)
    assert borrower.statement("liquidation_fee") == []
    refused(trader, "borrow", 401045)
