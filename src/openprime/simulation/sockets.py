"""Clients on sockets: they log in, act, and keep a picture of what they are told.

The picture of a private socket is what its pushes say, folded up: the last row of each order,
position and wallet. It must be what REST answers once all is quiet.
"""

from typing import Any

from openprime.simulation.host import Host
from openprime.simulation.network import Peer, signature
from openprime.simulation.people import Client
from openprime.simulation.violated import Violated

PRIVATE, PRIVATE_ALGO = "/v1/private", "/v1/private-algo"
MARKET, LEGACY, LEGACY_SECOND, NEWS = (
    "/marketdata/v2/public",
    "/v1/public",
    "/v2/public",
    "/feeds/v2/public",
)
PATHS = (PRIVATE, PRIVATE, PRIVATE, PRIVATE_ALGO, MARKET, LEGACY, LEGACY_SECOND, NEWS)


class Listener:
    """One socket of a client. `orders`, `positions` and `wallets` are what its pushes told last."""

    def __init__(self, host: Host, client: Client, path: str, address: str) -> None:
        self.client = client
        self.path = path
        self.logged_in = False
        self.login_ms = 0
        self.orders: dict[str, dict[str, Any]] = {}
        self.positions: dict[str, dict[str, Any]] = {}
        self.wallets: dict[tuple[str, str], dict[str, Any]] = {}
        self.trades: dict[str, dict[str, Any]] = {}
        self.heard: list[Any] = []
        self.frames = 0
        self.stalled = False
        self.asked: dict[str, tuple[Promise | None, Route]] = {}
        self._host = host
        self.peer = Peer(host.app.sockets[path], path, address, self._hear)

    @property
    def open(self) -> bool:
        return not self.peer.closed

    def login(self) -> None:
        stamp = str(self._host.wall_ms() // 1000)
        sign = signature(self.client.secret, f"{stamp}GET/users/self/verify")
        arguments = {"apiKey": self.client.access_key, "timestamp": stamp, "sign": sign}
        self.peer.say({"action": "login", "args": arguments})

    def _hear(self, frame: Any) -> None:
        self.frames += 1
        if frame == "pong" or not isinstance(frame, dict):
            return
        if frame.get("event") == "login" and frame.get("code") in (0, "0"):
            self.logged_in = True
            self.login_ms = self._host.broker.clock_ms()
        elif self.path == PRIVATE and "channel" in frame:
            self._fold(frame)
        elif self.path in (PRIVATE, PRIVATE_ALGO):
            self.heard.append(frame)

    def _fold(self, frame: dict[str, Any]) -> None:
        data = frame["data"]
        match frame["channel"]:
            case "Orders":
                self._fold_order(data)
            case "Trades":
                if data["transactionId"] in self.trades:
                    raise Violated("a push comes once", f"trade {data['transactionId']} twice")
                self.trades[data["transactionId"]] = data
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
