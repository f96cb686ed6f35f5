"""Clients on sockets: they log in, act, and keep a picture of what they are told.

The picture of a private socket is what its pushes say, folded up: the last row of each order,
position and wallet. It must be what REST answers once all is quiet.
"""

from collections.abc import Callable
from typing import Any

from openprime.api.private.dialect import ALGOS, ORDERS
from openprime.simulation.calls import Route
from openprime.simulation.host import Host
from openprime.simulation.network import signature
from openprime.simulation.peer import Peer
from openprime.simulation.people import Client
from openprime.simulation.promises import Promise, Promises
from openprime.simulation.violated import Violated

PRIVATE, PRIVATE_ALGO = ORDERS.path, ALGOS.path
ACTIONS = {dialect.path: dialect.actions for dialect in (ORDERS, ALGOS)}

Rows = dict[str, dict[str, Any]]


class Listener:
    """One socket of a client. `orders`, `algos`, `positions`, `wallets`: what pushes told last;
    `replies` counts what was no push; `on_frame` is told of every frame.
    """

    def __init__(
        self,
        host: Host,
        client: Client,
        path: str,
        promises: Promises,
        on_frame: Callable[["Listener", Any], None],
    ) -> None:
        self.client = client
        self.path = path
        self.logged_in = False
        self.login_ms = 0
        self.stalled = False
        self.orders: Rows = {}
        self.algos: Rows = {}
        self.positions: Rows = {}
        self.wallets: dict[tuple[str, str], dict[str, Any]] = {}
        self._last_trade = 0
        self._host = host
        self._promises = promises
        self._on_frame = on_frame
        self._asked: dict[str, tuple[Promise | None, Route]] = {}
        self.replies = 0
        self.peer = Peer(host.port, path, self._hear)

    @property
    def open(self) -> bool:
        return not self.peer.closed

    @property
    def is_answered(self) -> bool:
        """Whether nothing is due to it: to a private socket that is open and reads, answers are."""
        silent = not self.open or self.stalled or self.path not in ACTIONS
        return silent or self.peer.said == self.replies

    def login(self) -> None:
        stamp = str(self._host.wall_ms() // 1000)
        sign = signature(self.client.secret, f"{stamp}GET/users/self/verify")
        arguments = {"apiKey": self.client.access_key, "timestamp": stamp, "sign": sign}
        self.peer.say({"action": "login", "args": arguments})

    def stall(self, stalled: bool) -> None:
        """Take nothing any more, or go on reading."""
        self.stalled = stalled
        if stalled:
            self.peer.stall()
        else:
            self.peer.read_on()

    def act(self, action: str, route: Route, params: dict[str, str]) -> None:
        """Ask for an action of the private sockets."""
        number = f"n{len(self._asked)}"
        promise = self._promises.asked(route, self.client.portfolio_id, params)
        self._asked[number] = (promise, route)
        self.peer.say({"id": number, "action": action, "args": params})

    def _hear(self, frame: Any) -> None:
        if frame == "pong" or (isinstance(frame, dict) and "channel" not in frame):
            self.replies += 1
        if not isinstance(frame, dict):
            return
        self._on_frame(self, frame)
        if frame.get("event") == "login" and frame.get("code") == 0:
            self.logged_in = True
            # The desk's time never goes back, the machine's clock may.
            broker = self._host.broker
            self.login_ms = max(broker.clock_ms(), broker.desk.state.time_ms)
        elif self.path in ACTIONS and "channel" in frame:
            self._fold(frame)
        elif frame.get("id") in self._asked:
            promise, route = self._asked[frame["id"]]
            if promise is not None:
                self._promises.answered(promise, route, frame)

    def _fold(self, frame: dict[str, Any]) -> None:
        data = frame["data"]
        match frame["channel"]:
            case "Orders" | "SUB_ORDER":
                self._fold_order(data)
            case "ALGO_ORDER":
                self.algos[data["algoOrderId"]] = data
            case "Trades" | "SUB_TRADE":
                trade = int(data["transactionId"])
                if trade <= self._last_trade:
                    raise Violated("a push comes once", f"trade {trade} after {self._last_trade}")
                self._last_trade = trade
            case "Positions":
                for row in data:
                    self.positions[row["positionId"]] = row
            case "Assets":
                for row in data:
                    self.wallets[row["exchangeType"], row["coin"]] = row

    def _fold_order(self, row: dict[str, Any]) -> None:
        known = self.orders.get(row["orderId"])
        if known is not None and known["orderState"] in ("FILLED", "CANCELLED", "REJECT"):
            raise Violated(
                "an order's states",
                f"a push of {row['orderId']} as {row['orderState']} after {known['orderState']}",
            )
        self.orders[row["orderId"]] = row
