"""A served broker whose operator changes symbols, limits, accounts and the pool of venue accounts:
what clients are told then, and that a restart forgets none of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from openprime.errors import message
from tests.served import Client, ServedBroker

Json = dict[str, Any]

BTC, SPOT, NEW = "BINANCE_PERP_BTC_USDT", "BINANCE_SPOT_BTC_USDT", "BINANCE_PERP_NEW_USDT"
NEW_SPOT = "BINANCE_SPOT_NEW_USDT"
EDX = "EDX_SPOT_BTC_USDT"
ORDER, POSITION = "/api/v1/trading/order", "/api/v1/trading/position"
LEVERAGE = "/api/v1/trading/position/leverage"
PERP_MARKET = {"exchange": "BINANCE", "businessType": "PERP"}
SECONDS = 10
BASE = {"sym": BTC, "side": "BUY", "orderType": "LIMIT", "timeInForce": "GTC", "orderQty": "0.01"}

OVER_CAP = "Your open position exceeds the maxNotional limit"
TEXTS = {
    401011: "The sym is not supported",
    401031: "The precision info is Not Found",
    401037: "Please set leverage first",
    401045: "The account is under risk control, and placing orders is prohibited",
    401053: "Your exchange account status is restriction, unable to close position",
    401057: "Insufficient frozen",
    401061: "Forbid order for this portfolioId",
    401062: "Insufficient exchange account amount for user",
    401063: "Exchange account available not enough",
    401064: "Select account failed, no account matching the criteria",
    401065: "Exchange account insufficient amount",
    401066: "Can not find exchange account group",
    401067: "Unsupported businessType",
    401070: OVER_CAP,
}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.005)


class Desk:
    """A broker of its own, its operator, and a client with money."""

    def __init__(self, folder: Path) -> None:
        self.served = ServedBroker(folder).start()
        self.client = self.served.client()
        self.others: list[Client] = []
        self.operator("marks/pin", sym=BTC, price="60000")
        self.operator("indexes/pin", coin="BTC", price="60000")
        self.fund(self.served.portfolio_id, USDT="100000", BTC="5")

    @property
    def account(self) -> Json:
        return {"portfolioId": self.served.portfolio_id, "exchange": "BINANCE"}

    def ask(self, method: str, path: str, **members: Any) -> Any:
        answer = httpx.request(
            method,
            f"{self.served.rest_url}/admin/v1/{path}",
            headers={"X-Admin-Token": self.served.ready["admin_token"]},
            content=json.dumps(members) if method != "GET" else None,
            trust_env=False,
        ).json()
        assert answer["code"] == 200, answer
        return answer["data"]

    def operator(self, path: str, **members: Any) -> Any:
        return self.ask("POST", path, **members)

    def fund(self, portfolio_id: str, **amounts: str) -> None:
        for coin, amount in amounts.items():
            account = self.account | {"portfolioId": portfolio_id}
            self.operator("portfolios/fund", **account, coin=coin, amount=amount)

    def other_client(self, **amounts: str) -> Client:
        """The client of another portfolio with so much money."""
        made = self.client.data("POST", "/api/v1/trading/portfolio", name="Other01")
        self.fund(str(made["portfolioId"]), **amounts)
        key = self.operator("keys", portfolioId=made["portfolioId"])
        self.others.append(Client(self.served.rest_url, key["accessKey"], key["secretKey"]))
        return self.others[-1]

    def venue_account(self, group: str) -> int:
        rows = self.ask("GET", "pool")["accounts"]
        return next(row["accountId"] for row in rows if row["group"] == group)

    def place(self, **changes: Any) -> Json:
        return self.client.call("POST", ORDER, **{**BASE, "limitPrice": "57000", **changes})

    def rest(self, **changes: Any) -> str:
        answer = self.place(**changes)
        assert answer["code"] == 200000, answer
        return str(answer["data"]["orderId"])

    def refuses(self, code: int, **changes: Any) -> None:
        refused(self.place(**changes), code)

    def row(self, order_id: str) -> Json:
        row: Json = self.client.data("GET", ORDER, orderId=order_id)
        return row


def refused(answer: Json, code: int) -> None:
    assert answer == {"code": code, "message": TEXTS[code], "data": {}}
    assert message(code) == TEXTS[code]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    for other in made.others:
        other.close()
    assert made.served.stop() == 0, made.served.log()


def test_symbols_and_limits(desk: Desk) -> None:
    def rules(**changes: str | None) -> None:
        desk.operator("instruments/rules", sym=BTC, changes=changes)

    desk.operator("instruments/suspend", sym=BTC)
    desk.refuses(401011)
    desk.operator("instruments/resume", sym=BTC)
    desk.operator("instruments/known", sym=BTC)
    desk.refuses(401031)
    desk.operator("instruments/known", sym=BTC, known=True)
    rules(defaultLeverage="0")
    desk.refuses(401037)
    rules(defaultLeverage=None)
    desk.operator("markets", **PERP_MARKET)
    desk.refuses(401067)
    desk.operator("markets", **PERP_MARKET, offered=True)
    desk.operator("instruments/add", sym=EDX, rules={"tickSize": "0.1", "lotSize": "0.001"})
    desk.refuses(401067, sym=EDX)
    limits = {"portfolioId": desk.served.portfolio_id}
    desk.operator("portfolios/limits", **limits, syms=[SPOT])
    desk.refuses(401061)
    desk.operator("portfolios/limits", **limits, maxNotional="100")
    desk.refuses(401070)
    desk.operator("portfolios/limits", **limits)
    desk.rest()


def test_clients_trade_a_listed_symbol_with_each_other(desk: Desk) -> None:
    rules = {"tickSize": "0.01", "lotSize": "1", "contractSize": "1"}
    desk.operator("instruments/add", sym=NEW, rules=rules)
    desk.operator("marks/pin", sym=NEW, price="5")
    other = desk.other_client(USDT="1000")
    resting = desk.rest(sym=NEW, side="SELL", orderQty="10", limitPrice="5.01")
    until(lambda: desk.row(resting)["orderState"] == "OPEN")
    bought = {**BASE, "sym": NEW, "orderQty": "4", "limitPrice": "5.05"}
    order_id = other.data("POST", ORDER, **bought)["orderId"]
    until(lambda: other.data("GET", ORDER, orderId=order_id)["orderState"] == "FILLED")
    (position,) = other.data("GET", POSITION)
    assert (position["sym"], position["avgPrice"], position["markPrice"]) == (NEW, "5.01", "5")
    assert desk.row(resting)["executedQty"] == "4"
    info = desk.client.data("GET", "/api/v1/trading/sym/info", sym=NEW)[NEW]
    assert (info["tickSize"], info["minSize"], info["state"]) == ("0.01", "1", "live")


def test_a_fill_that_outruns_a_change(desk: Desk) -> None:
    """Both are under way to the venue; the fill comes first, and uses what the change gave up."""
    desk.operator("instruments/add", sym=NEW_SPOT, rules={"tickSize": "0.01", "lotSize": "1"})
    desk.operator("indexes/pin", coin="NEW", price="5")
    desk.fund(desk.served.portfolio_id, NEW="100")
    other = desk.other_client(USDT="1000")
    order_id = desk.rest(sym=NEW_SPOT, side="SELL", orderQty="10", limitPrice="5")
    until(lambda: desk.row(order_id)["orderState"] == "OPEN")
    desk.operator("faults", kind="venue.latency", args={"ms": 1000})
    other.data("POST", ORDER, **BASE | {"sym": NEW_SPOT, "orderQty": "8", "limitPrice": "5"})
    change = desk.client.call("PUT", ORDER, orderId=order_id, replaceQty="5")
    assert change["code"] == 200000, change
    until(lambda: desk.row(order_id)["executedQty"] == "8")
    row = desk.row(order_id)
    assert (row["action"], row["actionMsg"]) == ("AMEND_FAILED", TEXTS[401057])
    assert (row["orderState"], row["orderQty"]) == ("PARTIALLY_FILLED", "10")
    desk.ask("DELETE", "faults")


def test_a_restart_keeps_what_the_operator_changed(desk: Desk) -> None:
    desk.operator("instruments/add", sym=NEW, rules={"tickSize": "0.01", "lotSize": "1"})
    desk.operator("marks/pin", sym=NEW, price="5")
    order_id = desk.rest(sym=NEW, orderQty="3", limitPrice="4.99")
    number = desk.venue_account("BINANCE:PERP")
    desk.operator("pool/accounts/change", accountId=number, health="DEGRADED")
    before = desk.ask("GET", "pool")
    desk.served.kill()
    desk.served.start()
    desk.client = desk.served.client()
    assert desk.ask("GET", "pool") == before
    until(lambda: desk.row(order_id)["orderState"] == "OPEN")
    desk.refuses(401064, sym=NEW, orderQty="3", limitPrice="4.99")
    desk.operator("pool/accounts/change", accountId=number, health="UP")
    sold = desk.rest(sym=NEW, side="SELL", orderQty="1", limitPrice="5.05")
    until(lambda: desk.row(sold)["orderState"] == "OPEN")


def test_states_of_an_account(desk: Desk) -> None:
    desk.rest(orderType="MARKET", limitPrice="0")
    until(lambda: bool(desk.client.data("GET", POSITION)))
    desk.operator("accounts/state", **desk.account)
    desk.refuses(401045)
    desk.refuses(401053, side="SELL", limitPrice="61000", reduceOnly="true")
    refused(desk.client.call("DELETE", POSITION, sym=BTC), 401053)
    desk.operator("accounts/state", **desk.account, state="NORMAL")
    desk.operator("accounts/status", **desk.account, status="TAKEOVER")
    refused(desk.client.call("DELETE", POSITION, sym=BTC), 401045)
    desk.operator("accounts/status", **desk.account, status="CANCEL_ALL")
    desk.refuses(401045)
    desk.client.data("DELETE", POSITION, sym=BTC)
    until(lambda: not desk.client.data("GET", POSITION))


def test_seized_money(desk: Desk) -> None:
    order_id = desk.rest(sym=SPOT)
    until(lambda: desk.row(order_id)["orderState"] == "OPEN")
    desk.operator("accounts/seize", **desk.account, coin="USDT", amount="100")
    change = {"orderId": order_id, "replaceQty": "0.005"}
    refused(desk.client.call("PUT", ORDER, **change), 401057)
    desk.client.data("DELETE", ORDER, orderId=order_id)
    until(lambda: desk.row(order_id)["orderState"] == "CANCELLED")
    row = desk.row(order_id)
    assert (row["reason"], row["reasonCode"]) == (TEXTS[401057], 401057)


def test_the_pool_of_venue_accounts(desk: Desk) -> None:
    perp, spot = desk.venue_account("BINANCE:PERP"), desk.venue_account("BINANCE:SPOT")
    user_id = desk.ask("GET", "users")[0]["userId"]
    share = {"userId": user_id, "accountId": spot, "coin": "BTC"}
    sell = {"sym": SPOT, "side": "SELL", "limitPrice": "63000"}

    desk.operator("pool/routes", **PERP_MARKET)
    desk.refuses(401066)
    refused(desk.client.call("POST", LEVERAGE, sym=BTC, leverage="3"), 401066)
    late = desk.row(desk.rest(syncMode="false"))
    assert (late["orderState"], late["reason"]) == ("FAIL", TEXTS[401066])
    assert late["reasonCode"] == 401066
    desk.operator("pool/routes", **PERP_MARKET, group="BINANCE:PERP")
    desk.operator("pool/accounts/change", accountId=perp, positionMode="BOTH")
    desk.refuses(401064)
    desk.operator("pool/accounts/change", accountId=perp, anyPositionMode=True)
    desk.operator("pool/accounts/margin", accountId=perp, amount="1")
    desk.refuses(401063)
    desk.operator("pool/accounts/margin", accountId=perp)
    desk.rest()
    desk.operator("pool/accounts/balance", accountId=spot, coin="BTC", amount="0")
    desk.refuses(401065, **sell)
    desk.operator("pool/accounts/balance", accountId=spot, coin="BTC", amount="10")
    desk.operator("pool/allocations", **share, amount="0.001")
    desk.refuses(401062, **sell)
    desk.operator("pool/allocations", **share)
    desk.rest(**sell)
