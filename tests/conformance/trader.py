"""A client of the broker under test: a key, what it asks and what it sees of its own."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from websockets.sync.client import ClientConnection

from openprime.api.private.dialect import ORDERS as ORDER_DIALECT
from tests.conformance.answers import Answer, Json, decoded, of_frame, of_http, of_push
from tests.conformance.operator import Operator
from tests.served import Client

ORDER = "/api/v1/trading/order"
ORDERS = "/api/v1/trading/orders"
POSITION = "/api/v1/trading/position"
ACCOUNT = "/api/v1/trading/account"
LEVERAGE = "/api/v1/trading/position/leverage"
PRIVATE = "/v1/private"

BTC = "BINANCE_PERP_BTC_USDT"
BASE_ORDER = {
    "sym": BTC, "side": "BUY", "orderType": "LIMIT", "timeInForce": "GTC",
    "orderQty": "0.01", "limitPrice": "57000",
}  # fmt: skip
BY_MARKET = {"orderType": "MARKET", "timeInForce": None, "limitPrice": None}
SUCCESS = (200, 200000)
WAIT_SECONDS = 10.0

# The actions of the private socket, by the routes that they are twins of.
ACTIONS = {row: action for action, row in ORDER_DIALECT.actions.items()}

# What of a client's and of the operator's view only a command can change: prices and what follows
# from them is left out.
STEADY = {
    ORDERS: ("orderId", "orderQty", "limitPrice", "orderState", "executedQty"),
    POSITION: ("sym", "positionSide", "positionQty", "avgPrice", "leverage"),
}
STEADY_ROWS = {
    "accounts": (
        "exchangeType",
        "positionMode",
        "initialised",
        "restricted",
        "tradeBanned",
        "pinnedStatus",
    ),
    "wallets": ("exchangeType", "coin", "balance", "frozen", "borrow"),
}


def order_of(changes: Json) -> Json:
    """The base order but for the changes; None leaves a parameter out."""
    return {name: value for name, value in {**BASE_ORDER, **changes}.items() if value is not None}


def login_of(client: Client) -> Json:
    """The arguments of a login with a client's key."""
    timestamp = str(int(time.time()))
    signed = f"{timestamp}GET/users/self/verify".encode()
    sign = hmac.new(client.secret_key.encode(), signed, hashlib.sha256).hexdigest()
    return {"apiKey": client.access_key, "timestamp": timestamp, "sign": sign}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.002)


class Trader:
    """A key, and the client that signs with it. Where `reads` is false its view is the operator's
    alone: it may not read, or reading would spend a budget that a test is about.
    """

    def __init__(
        self,
        operator: Operator,
        client: Client,
        portfolio_id: int,
        user_id: int,
        open_socket: Callable[[str], ClientConnection],
        reads: bool,
    ) -> None:
        self.operator = operator
        self.client = client
        self.portfolio_id = portfolio_id
        self.user_id = user_id
        self._open_socket = open_socket
        self._reads = reads

    def send(self, method: str, path: str, parameters: Json, headers: dict[str, str]) -> Answer:
        """A request as it is given, whether its signature holds or not."""
        if method == "GET":
            return of_http(self.client.http.get(path, params=parameters, headers=headers))
        return of_http(self.client.http.request(method, path, json=parameters, headers=headers))

    def ask(self, method: str, path: str, **parameters: Any) -> Answer:
        """A signed request."""
        return self.send(method, path, parameters, self.client.headers(parameters))

    def call(self, method: str, path: str, **parameters: Any) -> Answer:
        """A signed request that must be refused, and change nothing of this client's."""
        with self.unchanged():
            return self.ask(method, path, **parameters)

    def data(self, method: str, path: str, **parameters: Any) -> Any:
        """The data of an answer that must be a success."""
        answer = self.ask(method, path, **parameters)
        assert answer.code in SUCCESS, answer
        return answer.whole["data"]

    def close(self) -> None:
        self.client.close()

    # -- what there is

    def view(self) -> Json:
        """What there is of this client's, as itself and as the operator sees it, as far as only
        commands can change it. What it may not read is seen as the code that says so.
        """
        seen: Json = {}
        portfolio = {"portfolioId": self.portfolio_id}
        for listing, names in STEADY_ROWS.items():
            seen[listing] = _steady(self.operator.ask("GET", listing, **portfolio), names)
        for listing in ("portfolios", "keys"):
            seen[listing] = self.operator.ask("GET", listing, userId=self.user_id)
        for path, names in STEADY.items() if self._reads else ():
            answer = self.ask("GET", path)
            if answer.code not in SUCCESS:
                seen["refused"] = answer.code
                break
            seen[path] = _steady(answer.whole["data"], names)
        return seen

    @contextlib.contextmanager
    def unchanged(self) -> Iterator[None]:
        """What is done within must change nothing of this client's."""
        before = self.view()
        yield
        after = self.view()
        assert after == before, f"{before} became {after}"

    # -- orders

    def place(self, **changes: Any) -> Answer:
        """The base order but for the changes; None leaves a parameter out."""
        return self.call("POST", ORDER, **order_of(changes))

    def market_buy(self, sym: str, **changes: Any) -> Answer:
        return self.place(**{**BY_MARKET, "sym": sym, "orderQty": None, **changes})

    def rest(self, **changes: Any) -> str:
        """Place an order that the venue takes; returns its id."""
        order_id = str(self.data("POST", ORDER, **order_of(changes))["orderId"])
        wait_for(lambda: self.data("GET", ORDER, orderId=order_id)["orderState"] != "NEW")
        return order_id

    def fill(self, sym: str, side: str, quantity: str, **changes: Any) -> None:
        """Trade a quantity at the market, in full."""
        market = {**BY_MARKET, "sym": sym, "side": side, "orderQty": quantity}
        order_id = self.rest(**{**market, **changes})
        wait_for(lambda: self.data("GET", ORDER, orderId=order_id)["executedQty"] == quantity)

    def set_leverage(self, sym: str, leverage: int) -> None:
        self.data("POST", LEVERAGE, sym=sym, leverage=str(leverage))

    @contextlib.contextmanager
    def socket(self, path: str = PRIVATE) -> Iterator[PrivateSocket]:
        """A private socket of this key, logged in."""
        with self._open_socket(path) as connection:
            socket = PrivateSocket(path, connection)
            frame = {"action": "login", "args": login_of(self.client)}
            assert socket.ask(frame).code == 0
            yield socket


class SocketTrader(Trader):
    """A client that does over the private socket what can be done there."""

    _private: PrivateSocket | None = None
    _asked = 0

    def ask(self, method: str, path: str, **parameters: Any) -> Answer:
        action = ACTIONS.get((method, path))
        if action is None:
            return super().ask(method, path, **parameters)
        if self._private is None:
            connection = self._open_socket(PRIVATE)
            self._private = PrivateSocket(PRIVATE, connection)
            login = {"action": "login", "args": login_of(self.client)}
            assert self._private.ask(login).code == 0
        self._asked += 1
        return self._private.ask({"id": str(self._asked), "action": action, "args": parameters})

    def close(self) -> None:
        if self._private is not None:
            self._private.close()
        super().close()


def _steady(data: Any, names: tuple[str, ...]) -> list[list[Any]]:
    rows = data["list"] if isinstance(data, dict) else data
    return [[row[name] for name in names] for row in rows]


class PrivateSocket:
    """A connection that answers actions and tells of orders."""

    def __init__(self, path: str, connection: ClientConnection) -> None:
        self._path = path
        self._connection = connection

    def close(self) -> None:
        self._connection.close()

    def ask(self, frame: Any) -> Answer:
        """Send a frame; its answer, pushes left aside."""
        self._connection.send(frame if isinstance(frame, str) else json.dumps(frame))
        while True:
            text = self._connection.recv(WAIT_SECONDS)
            if "code" in decoded(text):
                return of_frame(self._path, text, frame)

    def end_of(self, order_id: str) -> Answer:
        """The last push of an order: wait until it is over."""
        while True:
            frame = decoded(self._connection.recv(WAIT_SECONDS))
            order = frame.get("data")
            if frame.get("channel") != "Orders" or order["orderId"] != order_id:
                continue
            if order["orderState"] in ("CANCELLED", "REJECT", "FAIL", "FILLED"):
                return of_push(order)
