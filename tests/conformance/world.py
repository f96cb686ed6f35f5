"""A served broker, its operator and its clients, as the cases need them.

Marks and indexes are pinned, so that a case's arithmetic holds however the made market moves; its
books go on. Every case has a user of its own, so that none can disturb another.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.conformance.answers import Answer, Json, of_frame, of_http, of_push
from tests.served import Client, ServedBroker

DAY_MS = 86_400_000
ORDER = "/api/v1/trading/order"
ORDERS = "/api/v1/trading/orders"
POSITION = "/api/v1/trading/position"
ACCOUNT = "/api/v1/trading/account"
PORTFOLIOS = "/api/v1/trading/portfolio"
KEYS = "/api/v1/apiKey/portfolio"
PRIVATE = "/v1/private"
PUBLIC_1 = "/v1/public"
PUBLIC_2 = "/v2/public"

BTC = "BINANCE_PERP_BTC_USDT"
ETH = "BINANCE_PERP_ETH_USDT"
BTC_SPOT = "BINANCE_SPOT_BTC_USDT"
OKX_BTC = "OKX_PERP_BTC_USDT"

BASE_ORDER = {
    "sym": BTC, "side": "BUY", "orderType": "LIMIT", "timeInForce": "GTC",
    "orderQty": "0.01", "limitPrice": "57000",
}  # fmt: skip
BASE_FUNDS = {"BINANCE": {"USDT": "100000"}}
WAIT_SECONDS = 10.0

# What of a client's view only a command of theirs may change: prices and what follows from them
# is left out.
STEADY = {
    ORDERS: ("orderId", "orderQty", "limitPrice", "orderState", "executedQty"),
    "/api/v1/trading/portfolio/assets": ("exchangeType", "coin", "balance", "frozen", "borrow"),
    POSITION: ("sym", "positionSide", "positionQty", "avgPrice", "leverage"),
    ACCOUNT: ("exchangeType", "positionMode"),
}


class Trader:
    """A key, and the client that signs with it."""

    def __init__(self, world: World, client: Client, portfolio_id: int, user_id: int) -> None:
        self.world = world
        self.client = client
        self.portfolio_id = portfolio_id
        self.user_id = user_id

    def send(self, method: str, path: str, parameters: Json, headers: dict[str, str]) -> Answer:
        """A request as it is given, whether its signature holds or not."""
        if method == "GET":
            return of_http(self.client.http.get(path, params=parameters, headers=headers))
        return of_http(self.client.http.request(method, path, json=parameters, headers=headers))

    def call(self, method: str, path: str, **parameters: Any) -> Answer:
        """A signed request. Where it is refused, nothing of this client's may have changed."""
        before = self.view() if method != "GET" else None
        answer = self.send(method, path, parameters, self.client.headers(parameters))
        if before is not None and answer.code not in (200, 200000):
            assert self.view() == before, f"{answer} changed something"
        return answer

    def data(self, method: str, path: str, **parameters: Any) -> Any:
        """The data of an answer that must be a success."""
        return self.client.data(method, path, **parameters)

    def view(self) -> Json:
        """What this client sees of its own, as far as only commands can change it."""
        seen: Json = {}
        for path, names in STEADY.items():
            data = self.client.call("GET", path)["data"]
            rows = data["list"] if isinstance(data, dict) and "list" in data else data
            seen[path] = [[row[name] for name in names] for row in rows]
        return seen

    def place(self, **changes: Any) -> Answer:
        """The base order but for the changes; None leaves a parameter out."""
        return self.call("POST", ORDER, **_order(changes))

    def market_buy(self, sym: str, **changes: Any) -> Answer:
        return self.place(**_MARKET, sym=sym, **{"orderQty": None, **changes})

    def rest(self, **changes: Any) -> str:
        """Place an order that is taken; returns its id."""
        return str(self.data("POST", ORDER, **_order(changes))["orderId"])

    def fill(self, sym: str, side: str, quantity: str) -> None:
        """Trade a quantity at the market, in full."""
        order_id = self.rest(**_MARKET, sym=sym, side=side, orderQty=quantity)
        wait_for(lambda: self.data("GET", ORDER, orderId=order_id)["executedQty"] == quantity)

    def set_leverage(self, sym: str, leverage: int) -> None:
        self.data("POST", "/api/v1/trading/position/leverage", sym=sym, leverage=str(leverage))

    @contextlib.contextmanager
    def pushes(self) -> Iterator[Pushes]:
        """The private socket of this key, logged in."""
        with self.world.socket(PRIVATE) as socket:
            args = self.world.login_args(self.client.access_key, self.client.secret_key)
            socket.send(json.dumps({"action": "login", "args": args}))
            assert json.loads(socket.recv(WAIT_SECONDS))["code"] == 0
            yield Pushes(socket)


class Pushes:
    """What a private socket says of orders."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def end_of(self, order_id: str) -> Answer:
        """The last push of an order: wait until it is over."""
        while True:
            frame = json.loads(self._socket.recv(WAIT_SECONDS))
            order = frame.get("data")
            if frame.get("channel") != "Orders" or order["orderId"] != order_id:
                continue
            if order["orderState"] in ("CANCELLED", "REJECT", "FAIL", "FILLED"):
                return of_push(order)


_MARKET = {"orderType": "MARKET", "timeInForce": None, "limitPrice": None}


def _order(changes: Json) -> Json:
    return {name: value for name, value in {**BASE_ORDER, **changes}.items() if value is not None}


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.005)
