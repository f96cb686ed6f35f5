"""The real ladder: a served broker whose operator lets marks fall under a leveraged portfolio: it
walks every state to a partial and to a full liquidation; and a fund that is short.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from openprime.errors import message
from tests.served import Client, ServedBroker

Json = dict[str, Any]
D = Decimal

BTC, ETH = "BINANCE_PERP_BTC_USDT", "BINANCE_PERP_ETH_USDT"
ORDER, POSITION = "/api/v1/trading/order", "/api/v1/trading/position"
ORDERS = "/api/v1/trading/orders"
SECONDS = 10
DISCOUNT, TAKER, RATE = D("0.9999"), D("0.00035"), D("0.004")
CASH = "5000"


def until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


class Ear:
    """A private socket that keeps what it is pushed, by channel."""

    def __init__(self, served: ServedBroker, access_key: str, secret_key: str) -> None:
        address = served.rest_url.replace("http://", "ws://") + "/v1/private"
        self.socket: ClientConnection = connect(address, open_timeout=SECONDS, proxy=None)
        timestamp = str(int(time.time()))
        signed = f"{timestamp}GET/users/self/verify".encode()
        sign = hmac.new(secret_key.encode(), signed, hashlib.sha256).hexdigest()
        given = {"apiKey": access_key, "timestamp": timestamp, "sign": sign}
        self.socket.send(json.dumps({"action": "login", "args": given}))
        assert json.loads(self.socket.recv(SECONDS))["code"] == 0
        self.heard: list[Json] = []

    def of(self, channel: str, **members: Any) -> list[Json]:
        """The data of a channel so far, of objects with these members."""
        while True:
            try:
                self.heard.append(json.loads(self.socket.recv(0)))
            except TimeoutError:
                break
        found = [frame["data"] for frame in self.heard if frame.get("channel") == channel]
        return [row for row in found if not members or members.items() <= row.items()]

    def wait(self, channel: str, **members: Any) -> Json:
        until(lambda: bool(self.of(channel, **members)))
        return self.of(channel, **members)[-1]


class Trader:
    """A portfolio with money, its client and its socket."""

    def __init__(self, bench: Bench, portfolio_id: str, key: str, secret: str) -> None:
        self.bench = bench
        self.portfolio_id = portfolio_id
        self.client = Client(bench.served.rest_url, key, secret)
        self.ear = Ear(bench.served, key, secret)
        bench.traders.append(self)

    def order(self, **changes: Any) -> Json:
        base = {"sym": BTC, "side": "BUY", "orderType": "LIMIT", "orderQty": "0.01"}
        return self.client.call("POST", ORDER, **{**base, "timeInForce": "GTC", **changes})

    def take(self, side: str, quantity: str, sym: str = BTC) -> None:
        leverage = {"sym": sym, "leverage": "20"}
        self.client.data("POST", "/api/v1/trading/position/leverage", **leverage)
        order = {"sym": sym, "side": side, "orderQty": quantity}
        answer = self.order(orderType="MARKET", timeInForce="IOC", **order)
        assert answer["code"] == 200000, answer
        until(lambda: bool(self.positions()))

    def positions(self) -> list[Json]:
        rows: list[Json] = self.client.data("GET", POSITION)
        return rows

    def account(self) -> Json:
        rows = self.client.data("GET", "/api/v1/trading/account", exchange="BINANCE")
        return next(row for row in rows if row["exchangeType"] == "BINANCE")

    def cash(self) -> Decimal:
        assets = self.client.data("GET", "/api/v1/trading/portfolio/assets", exchange="BINANCE")
        row = next(row for row in assets["list"] if row["coin"] == "USDT")
        return D(row["equity"]) - D(row["upnl"])

    def mark_at(self, uni_mmr: str) -> Decimal:
        """The mark at which the only position, a long one, has a uniMMR, without orders."""
        (position,) = self.positions()
        quantity, average = D(position["positionQty"]), D(position["avgPrice"])
        slope = quantity * (DISCOUNT - TAKER - D(uni_mmr) * RATE)
        return DISCOUNT * (quantity * average - self.cash()) / slope

    def statements(self, kind: str) -> list[Json]:
        rows = self.client.data("GET", "/api/v1/trading/statement", statementType=kind)
        return list(rows["list"])

    def closed(self) -> list[Json]:
        rows = self.client.data("GET", "/api/v1/trading/history/position", exchange="BINANCE")
        return list(rows["list"])

    def refused(self, answer: Json, code: int) -> None:
        assert answer == {"code": code, "message": message(code), "data": {}}


class Bench:
    """A broker of its own with settings of its desk, and its operator."""

    def __init__(self, folder: Path, settings: str, *options: str) -> None:
        config = folder / "openprime.toml"
        config.write_text(f"[desk]\n{settings}\n")
        self.served = ServedBroker(folder, "--config", str(config), *options).start()
        self.traders: list[Trader] = []
        self.prepare()
        self.fund(self.served.portfolio_id, CASH)
        key = self.served.access_key
        self.main = Trader(self, self.served.portfolio_id, key, self.served.secret_key)

    def prepare(self) -> None:
        """Hold prices, so that the operator alone moves them."""
        self.pin(60000)
        self.ask("indexes/pin", coin="BTC", price="60000")

    def ask(self, path: str, **members: Any) -> Any:
        answer = httpx.post(
            f"{self.served.rest_url}/admin/v1/{path}",
            headers={"X-Admin-Token": self.served.ready["admin_token"]},
            content=json.dumps(members),
            trust_env=False,
        ).json()
        assert answer["code"] == 200, answer
        return answer["data"]

    def pin(self, price: object) -> None:
        self.ask("marks/pin", sym=BTC, price=str(round(D(str(price)), 8)))

    def fund(self, portfolio_id: str, amount: str) -> None:
        row = {"portfolioId": portfolio_id, "exchange": "BINANCE", "coin": "USDT"}
        self.ask("portfolios/fund", **row, amount=amount)

    def trader(self, name: str, cash: str) -> Trader:
        made = self.main.client.data("POST", "/api/v1/trading/portfolio", name=name)
        portfolio_id = str(made["portfolioId"])
        self.fund(portfolio_id, cash)
        key = self.ask("keys", portfolioId=portfolio_id)
        return Trader(self, portfolio_id, key["accessKey"], key["secretKey"])

    def close(self) -> None:
        for trader in self.traders:
            trader.ear.socket.close()
            trader.client.close()
        assert self.served.stop() == 0, self.served.log()


Making = Callable[[str], Bench]


@pytest.fixture
def bench_with(tmp_path: Path) -> Iterator[Making]:
    made: list[Bench] = []

    def make(settings: str) -> Bench:
        made.append(Bench(tmp_path, settings))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


def test_the_ladder_down_to_a_full_liquidation(bench_with: Making) -> None:
    bench = bench_with("")
    trader = bench.trader("Ladder", CASH)
    trader.take("BUY", "0.8")
    (position,) = trader.positions()
    marks = {uni_mmr: trader.mark_at(uni_mmr) for uni_mmr in ("1.45", "1.18", "1.08", "1.03")}
    resting = trader.order(limitPrice="45000", orderQty="0.003")["data"]["orderId"]
    closing = trader.order(side="SELL", limitPrice="66000", reduceOnly="true")["data"]["orderId"]

    bench.pin(marks["1.45"])
    trader.ear.wait("MarginCall", accountStatus="MARGIN_CALL")
    account = trader.account()
    assert account["accountStatus"] == "MARGIN_CALL"
    assert abs(D(account["uniMMR"]) - D("1.45")) < D("0.001")  # the resting order's fees

    bench.pin(marks["1.18"])
    trader.ear.wait("MarginCall", accountStatus="CANCEL_OPEN")
    pushed = trader.ear.wait("Orders", orderId=resting, orderState="CANCELLED")
    assert (pushed["cancelType"], pushed["reason"]) == ("SYSTEM", message(401045))
    trader.refused(trader.order(limitPrice="45000"), 401045)
    trader.client.data("GET", ORDER, orderId=closing)
    assert not trader.ear.of("Orders", orderId=closing, orderState="CANCELLED")

    bench.pin(marks["1.08"])
    trader.ear.wait("MarginCall", accountStatus="CANCEL_ALL")
    trader.ear.wait("Orders", orderId=closing, orderState="CANCELLED")
    assert trader.account()["accountStatus"] == "CANCEL_ALL"
    reducing = trader.order(side="SELL", limitPrice="66000", reduceOnly="true")
    trader.refused(reducing, 401045)

    bench.pin(marks["1.03"])
    trader.ear.wait("MarginCall", accountStatus="LIQUIDATING")
    reduced = trader.ear.wait("LiquidationPosition", positionId=position["positionId"])
    assert (reduced["reduceQty"], reduced["positionSide"]) == ("0.8", "NONE")
    assert type(reduced["createAt"]) is int
    event_id = reduced["liquidationEventId"]
    trader.ear.wait("LiquidationEvent", liquidationEventId=event_id, stage="END")
    stages = trader.ear.of("LiquidationEvent", liquidationEventId=event_id)
    assert [row["stage"] for row in stages] == ["CANCEL", "LIQUIDATE", "END"]
    assert stages[1]["accountStatus"] == "LIQUIDATING"
    assert [row["orderType"] for row in stages[1]["orders"]] == ["SYSTEM_LIQ"]
    assert [row["positionId"] for row in stages[1]["positions"]] == [position["positionId"]]
    # The same to the user's MainPortfolio.
    copied = bench.main.ear.wait("LiquidationPositionByUser", liquidationEventId=event_id)
    assert copied == reduced
    bench.main.ear.wait("LiquidationEventByUser", liquidationEventId=event_id, stage="END")
    assert not bench.main.ear.of("LiquidationEvent")
    order = trader.client.data("GET", ORDER, orderId=reduced["orderId"])
    assert (order["orderType"], order["orderState"]) == ("SYSTEM_LIQ", "FILLED")
    fees = trader.statements("LIQUIDATION_FEE")
    assert sum(D(row["deltaAmount"]) for row in fees) == -D(reduced["liqFee"]) < 0
    assert {(row["requestId"], row["sym"], row["businessType"]) for row in fees} == {
        (event_id, BTC, "PERP")
    }
    (history,) = trader.closed()
    assert (history["closedType"], history["liqFee"]) == ("LIQUIDATION", reduced["liqFee"])
    assert trader.positions() == []
    assert trader.account()["accountStatus"] == "NORMAL"


def test_a_partial_liquidation(bench_with: Making) -> None:
    bench = bench_with("")
    # So cheap a clearance that closing a part repairs.
    bench.ask("instruments/rules", sym=BTC, changes={"liquidationFee": "0.0005"})
    trader = bench.trader("Part", CASH)
    trader.take("BUY", "0.8")
    bench.pin(trader.mark_at("1.02"))
    reduced = trader.ear.wait("LiquidationPosition")
    assert D(0) < D(reduced["reduceQty"]) < D("0.8")
    trader.ear.wait("LiquidationEvent", stage="END")
    order = trader.client.data("GET", ORDER, orderId=reduced["orderId"])
    assert order["orderType"] == "SYSTEM_REDUCE"
    (position,) = trader.positions()
    assert D(position["positionQty"]) == D("0.8") - D(reduced["reduceQty"])
    (history,) = trader.closed()
    assert (history["closedType"], history["liqFee"]) == ("PARTIAL_CLOSED", reduced["liqFee"])
    assert D(trader.account()["uniMMR"]) >= D("1.2")


def test_a_take_over(bench_with: Making) -> None:
    bench = bench_with("takeover_delay_ms = 1500")
    trader = bench.trader("Over", CASH)
    trader.take("BUY", "0.8")
    bench.pin(trader.mark_at("0.9"))
    trader.ear.wait("MarginCall", accountStatus="TAKEOVER")
    assert trader.account()["accountStatus"] == "TAKEOVER"
    trader.refused(trader.client.call("DELETE", POSITION, sym=BTC), 401045)
    trader.refused(trader.order(limitPrice="45000"), 401045)
    trader.ear.wait("LiquidationEvent", stage="END")
    assert trader.positions() == []
    assert 0 < trader.cash() < 17  # what was kept for the closing fee, which nobody charged
    (history,) = trader.closed()
    assert history["closedType"] == "LIQUIDATION"
    # It stays RESTRICTED until the operator frees it.
    assert trader.account()["accountStatus"] == "NORMAL"
    trader.refused(trader.client.call("DELETE", POSITION, sym=BTC), 401053)
    trader.refused(trader.order(limitPrice="45000"), 401045)


def test_a_fund_that_is_short_deleverages_by_rank(bench_with: Making) -> None:
    bench = bench_with('insurance_fund_initial = "10"')
    rich, poor = bench.trader("Rich", "100000"), bench.trader("Poor", "3000")
    trader = bench.trader("Bankrupt", "1000")
    for short in (rich, poor):
        short.take("SELL", "0.2")
    trader.take("BUY", "0.1")
    bench.pin(49000)
    trader.ear.wait("MarginCall", accountStatus="TAKEOVER")
    trader.ear.wait("LiquidationEvent", stage="END")
    (left,) = poor.positions()
    assert left["positionQty"] == "-0.1"
    (whole,) = rich.positions()
    assert whole["positionQty"] == "-0.2"
    assert rich.closed() == []
    (history,) = poor.closed()
    assert history["closedType"] == "PARTIAL_CLOSED"
    assert 49_800 < D(history["closedAvgPrice"]) < 50_200  # 1000 below where the long began
    assert trader.statements("LIQ_COMPENSATION") == []
    assert abs(trader.cash()) < D("0.01")
