"""A served broker without a market: its operator sets wallets, prices, rules and time, and clients
trade with each other alone. So every number that it tells follows from what a test said.
"""

from __future__ import annotations

import itertools
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from tests.served import Client, ServedBroker

TRADING = "/api/v1/trading"
ORDER = f"{TRADING}/order"
BTC = "BINANCE_PERP_BTC_USDT"
WAIT_SECONDS = 10.0

Json = dict[str, Any]


def number(text: object) -> Decimal:
    return Decimal(str(text))


class House:
    """The broker and its operator."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.served = ServedBroker(folder, "--market", "none", *options).start()
        self._http = httpx.Client(timeout=120, trust_env=False)
        self._traders: list[Trader] = []

    def close(self) -> None:
        self._http.close()
        for trader in self._traders:
            trader.client.close()
        assert self.served.stop() == 0, self.served.log()

    def reconnect(self) -> None:
        """Follow the broker to where it was started again."""
        for trader in self._traders:
            old = trader.client
            old.close()
            trader.client = Client(self.served.rest_url, old.access_key, old.secret_key)

    def ask(self, method: str, path: str, **members: Any) -> Any:
        """The data of an operator's action, which must be done."""
        answer = self.answer(method, path, **members)
        assert answer["code"] == 200, answer
        return answer["data"]

    def answer(self, method: str, path: str, **members: Any) -> Json:
        """The whole answer to an operator's action."""
        answer = self._http.request(
            method,
            f"{self.served.rest_url}/admin/v1/{path}",
            headers={"X-Admin-Token": self.served.ready["admin_token"]},
            params=members if method == "GET" else None,
            content=json.dumps(members) if method != "GET" else None,
        )
        found: Json = answer.json()
        return found

    def trader(self, exchange: str = "BINANCE", **coins: object) -> Trader:
        """A new user with a key and so much of these coins at an exchange."""
        user = self.ask("POST", "users", kind="NORMAL")
        portfolio_id = int(user["mainPortfolioId"])
        key = self.ask("POST", "keys", portfolioId=portfolio_id)
        client = Client(self.served.rest_url, key["accessKey"], key["secretKey"])
        trader = Trader(self, client, portfolio_id, exchange)
        self._traders.append(trader)
        for coin, amount in coins.items():
            trader.fund(coin, amount)
        return trader

    def cancel_all(self) -> None:
        """Empty the books: nobody's order is at work any more."""
        for trader in self._traders:
            trader.client.data("DELETE", f"{TRADING}/cancelAll")

    def mark(self, sym: str, price: object) -> None:
        self.ask("POST", "marks/pin", sym=sym, price=str(price))

    def index(self, coin: str, price: object) -> None:
        self.ask("POST", "indexes/pin", coin=coin, price=str(price))

    def setting(self, name: str, value: object) -> None:
        self.ask("POST", "settings", name=name, value=value)


class Trader:
    """A client with a portfolio, at one exchange."""

    def __init__(self, house: House, client: Client, portfolio_id: int, exchange: str) -> None:
        self.house = house
        self.client = client
        self.portfolio_id = portfolio_id
        self.exchange = exchange

    def fund(self, coin: str, amount: object) -> None:
        self.house.ask(
            "POST",
            "portfolios/fund",
            portfolioId=self.portfolio_id,
            exchange=self.exchange,
            coin=coin,
            amount=str(amount),
        )

    def fees(self, business: str, taker: str | None, maker: str | None) -> None:
        """This client's own fees; None gives it everybody's back."""
        self.house.ask(
            "POST",
            "fees",
            exchange=self.exchange,
            businessType=business,
            ownerId=self.portfolio_id,
            takerFeeRate=taker,
            makerFeeRate=maker,
        )

    def place(self, sym: str, side: str, quantity: object, price: object, **more: Any) -> Json:
        """The whole answer to a limit order."""
        return self.client.call(
            "POST",
            ORDER,
            sym=sym,
            side=side,
            orderType="LIMIT",
            timeInForce="GTC",
            orderQty=str(quantity),
            limitPrice=str(price),
            **more,
        )

    def rest(self, sym: str, side: str, quantity: object, price: object, **more: Any) -> str:
        """The id of a limit order that is taken."""
        answer = self.place(sym, side, quantity, price, **more)
        assert answer["code"] == 200000, answer
        return str(answer["data"]["orderId"])

    def order(self, order_id: str) -> Json:
        found: Json = self.client.data("GET", ORDER, orderId=order_id)
        return found

    def lever(self, sym: str, leverage: int) -> Json:
        path = f"{TRADING}/position/leverage"
        return self.client.call("POST", path, sym=sym, leverage=str(leverage))

    def account(self) -> Json:
        (row,) = self.client.data("GET", f"{TRADING}/account", exchange=self.exchange)
        found: Json = row
        return found

    def asset(self, coin: str) -> Json:
        rows = self.client.data("GET", f"{TRADING}/portfolio/assets", exchange=self.exchange)[
            "list"
        ]
        (found,) = [row for row in rows if row["coin"] == coin]
        row: Json = found
        return row

    def positions(self) -> list[Json]:
        found: list[Json] = self.client.data("GET", f"{TRADING}/position")
        return found

    def statements(self, kind: str, start_ms: int | None = None) -> list[Json]:
        """The rows of a kind, oldest first: of the last 7 days, or from a moment on."""
        rows: list[Json] = []
        since = {} if start_ms is None else {"startTime": str(start_ms)}
        for page in itertools.count(1):
            asked = {"statementType": kind, "page": str(page), "pageSize": "1000", **since}
            data = self.client.data("GET", f"{TRADING}/statement", **asked)
            rows += data["list"]
            if len(data["list"]) < 1000:
                return sorted(rows, key=lambda row: int(row["statementId"]))
        raise AssertionError

    def take_over(
        self, other: Trader, sym: str, side: str, quantity: object, price: object
    ) -> None:
        """Trade so much with another client, free of fees on this side."""
        business = sym.split("_")[1]
        self.fees(business, "0", "0")
        opposite = "SELL" if side == "BUY" else "BUY"
        ours = self.rest(sym, side, quantity, price)
        other.rest(sym, opposite, quantity, price)
        wait_for(lambda: self.order(ours)["orderState"] == "FILLED")
        self.fees(business, None, None)


def wait_for(condition: Any, seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.005)
