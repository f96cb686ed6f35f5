"""The orders of the orders benchmark, as requests and frames that are ready to be sent."""

import hashlib
import hmac
import json
import time
import urllib.request
from decimal import Decimal

from benchmarks import load
from benchmarks.orders_servers import Server

# What is ordered, and how much of it at a time.
QUANTITIES = {"BINANCE_PERP_BTC_USDT": "0.002", "BINANCE_PERP_ETH_USDT": "0.02"}
SYMS = list(QUANTITIES)
ORDER_PATH = "/api/v1/trading/order"
PRIVATE_PATH = "/v1/private"
LOGIN_TAIL = "GET/users/self/verify"
# How far a limit price is from the mark: through the market, or away from it.
DISTANCES = {"fill": Decimal("0.01"), "away": Decimal("-0.02")}


class Trader:
    """Makes the requests of one round, signed for the moment."""

    def __init__(self, broker: Server, distance: Decimal) -> None:
        self.access_key: str = broker.ready["access_key"]
        self.secret: bytes = broker.ready["secret_key"].encode()
        self._rest_url: str = broker.ready["rest_url"]
        self._distance = distance
        self._made = 0
        self._prices: dict[tuple[str, str], str] = {}

    def sign(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()

    def look(self) -> None:
        """Read the mark prices, which the limit prices of the coming rounds follow."""
        for sym in SYMS:
            address = f"{self._rest_url}/api/v1/market/markPrice?sym={sym}"
            with urllib.request.urlopen(address, timeout=10) as answer:
                data = json.load(answer)["data"]
            row = data[0] if isinstance(data, list) else data
            mark = Decimal(row["markPrice"])
            for side, sign in (("BUY", 1), ("SELL", -1)):
                price = mark * (1 + sign * self._distance)
                self._prices[sym, side] = str(price.quantize(Decimal(1)))

    def _order(self) -> dict[str, str]:
        self._made += 1
        side, sym = ("BUY", "SELL")[self._made & 1], SYMS[self._made >> 1 & 1]
        return {
            "sym": sym,
            "side": side,
            "orderType": "LIMIT",
            "timeInForce": "IOC",
            "limitPrice": self._prices[sym, side],
            "orderQty": QUANTITIES[sym],
            "clientOrderId": f"bench-{self._made}",
        }

    def requests(self, port: int, count: int) -> list[bytes]:
        nonce = str(int(time.time()))
        head = (
            f"POST {ORDER_PATH} HTTP/1.1\r\nHost: {load.LOOPBACK}:{port}\r\n"
            f"Content-Type: application/json\r\nX-MBX-APIKEY: {self.access_key}\r\n"
            f"nonce: {nonce}\r\nsignature: "
        )
        made = []
        for _ in range(count):
            order = self._order()
            text = "&".join(f"{key}={order[key]}" for key in sorted(order))
            body = json.dumps(order, separators=(",", ":"))
            signature = self.sign(f"{text}&{nonce}")
            made.append(f"{head}{signature}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        return made

    def frames(self, port: int, count: int) -> list[bytes]:
        made = []
        for _ in range(count):
            order = self._order()
            frame = {"id": order["clientOrderId"], "action": "place_order", "args": order}
            made.append(load.text_frame(json.dumps(frame, separators=(",", ":")).encode()))
        return made

    def login(self, only_trade: bool = True) -> bytes:
        timestamp = str(int(time.time()))
        arguments = {
            "apiKey": self.access_key,
            "timestamp": timestamp,
            "sign": self.sign(timestamp + LOGIN_TAIL),
            "onlyTrade": "true" if only_trade else "false",
        }
        return load.text_frame(json.dumps({"action": "login", "args": arguments}).encode())
