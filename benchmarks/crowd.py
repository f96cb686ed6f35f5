"""Many clients on sockets that cost little themselves, for the benchmarks of long and heavy load.

Raw protocols, as in load.py, but these live long: they answer the server's pings, see pushes
between their replies, and notice it when the server closes.
"""

import asyncio
import json
import socket
import time
import urllib.request
from collections.abc import Callable
from decimal import ROUND_UP, Decimal
from typing import Any

from benchmarks.load import HANG_SECONDS, LOOPBACK, text_frame, upgrade_request
from benchmarks.orders_trader import DISTANCES
from openprime.server.broker import load_reference

SYMS = [
    f"BINANCE_PERP_{coin}_USDT"
    for coin in ("BTC", "ETH", "BNB", "SOL", "XRP", "DOGE", "ADA", "AVAX", "LINK", "LTC")
]
# How much dearer than the least that a symbol takes an order is.
OVER_THE_LEAST = Decimal("1.3")
AWAY = Decimal("-0.05")

_TEXT, _BINARY, _CLOSE, _PING = 0x1, 0x2, 0x8, 0x9
_PONG = 0x8A


class Peer(asyncio.Protocol):
    """A client's end of a websocket. `heard` gets the bytes of a read, and where in them a frame's
    content begins and ends. `closed` is the server's code, 0 while the connection stands and where
    it was cut without one.
    """

    def __init__(self, path: str, port: int, heard: Callable[[bytes, int, int], None]) -> None:
        self.heard = heard
        self.frames = 0
        self.closed = 0
        self.gone = False
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self._hello = upgrade_request(path, port)
        self._buffer = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's is none by type
        self.transport.write(self._hello)

    def connection_lost(self, error: Exception | None) -> None:
        self.gone = True
        if not self.open.done():
            self.open.set_exception(ConnectionError(f"the server hung up: {error}"))

    def say(self, content: Any) -> None:
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.transport.write(text_frame(text))

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not self._upgraded:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            self._upgraded = True
            self.open.set_result(None)
        self._buffer = self._read(data)

    def _read(self, data: bytes) -> bytes:
        """Take the whole frames; the rest."""
        at, size = 0, len(data)
        while size - at >= 2:
            short = data[at + 1]
            body = at + (2 if short < 126 else 4 if short == 126 else 10)
            if body > size:
                break
            length = short if short < 126 else int.from_bytes(data[at + 2 : body])
            if body + length > size:
                break
            kind = data[at] & 0x0F
            if kind in (_TEXT, _BINARY):
                self.frames += 1
                self.heard(data, body, body + length)
            elif kind == _PING:
                head = bytes((_PONG, 0x80 | length, 0, 0, 0, 0))
                self.transport.write(head + data[body : body + length])
            elif kind == _CLOSE:
                self.closed = int.from_bytes(data[body : body + 2])
            at = body + length
        return data[at:]


def hear_nothing(data: bytes, begin: int, end: int) -> None:
    """For a peer whose frames are only counted."""


async def join(
    port: int, path: str, heard: Callable[[bytes, int, int], None] = hear_nothing
) -> Peer:
    """Open a websocket."""
    loop = asyncio.get_running_loop()
    _, peer = await loop.create_connection(lambda: Peer(path, port, heard), LOOPBACK, port)
    await asyncio.wait_for(peer.open, HANG_SECONDS)
    return peer


async def join_deaf(port: int, path: str, asked: Any) -> Peer:
    """A websocket whose client asks something and then reads nothing more."""
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await loop.sock_connect(sock, (LOOPBACK, port))
    _, peer = await loop.create_connection(lambda: Peer(path, port, hear_nothing), sock=sock)
    await asyncio.wait_for(peer.open, HANG_SECONDS)
    peer.say(asked)
    peer.transport.pause_reading()
    return peer


def subscription(*channels: str, syms: list[str] = SYMS, **more: Any) -> dict[str, Any]:
    """The request for channels of symbols; `more` goes into the books' entries."""
    entries = [
        {"channel": channel, "sym": sym} | (more if channel == "ORDER_BOOK" else {})
        for channel in channels
        for sym in syms
    ]
    return {"event": "subscribe", "arg": entries}


class Orders:
    """Makes order frames of all symbols in turn, each symbol bought and sold in turn."""

    def __init__(self, rest_url: str) -> None:
        self._rest_url = rest_url
        self._instruments = load_reference().instruments
        self._marks: dict[str, Decimal] = {}
        self.made = 0

    def look(self) -> None:
        """Read the mark prices, which limit prices follow. It blocks."""
        for sym in SYMS:
            address = f"{self._rest_url}/api/v1/market/markPrice?sym={sym}"
            with urllib.request.urlopen(address, timeout=HANG_SECONDS) as answer:
                data = json.load(answer)["data"]
            row = data[0] if isinstance(data, list) else data
            self._marks[sym] = Decimal(row["markPrice"])

    def frame(self, crossing: bool = True) -> bytes:
        """An order through the market, filled at once; or one far away that rests."""
        self.made += 1
        sym, side = SYMS[self.made % len(SYMS)], ("BUY", "SELL")[self.made // len(SYMS) & 1]
        instrument, mark = self._instruments[sym], self._marks[sym]
        away = DISTANCES["fill"] if crossing else AWAY
        price = mark * (1 + away if side == "BUY" else 1 - away)
        price = (price / instrument.tick_size).to_integral_value() * instrument.tick_size
        least = max(instrument.min_notional * OVER_THE_LEAST / mark, instrument.min_size)
        quantity = (least / instrument.lot_size).to_integral_value(ROUND_UP) * instrument.lot_size
        number = f"crowd-{self.made}"
        asked = {
            "sym": sym,
            "side": side,
            "orderType": "LIMIT",
            "timeInForce": "IOC" if crossing else "GTC",
            "limitPrice": f"{price:f}",
            "orderQty": f"{quantity:f}",
            "clientOrderId": number,
        }
        return json.dumps(
            {"id": number, "action": "place_order", "args": asked}, separators=(",", ":")
        ).encode()


class Desk:
    """A private socket that asks and times the replies. `took(code, seconds)` is told of each."""

    def __init__(self, took: Callable[[bytes, float], None]) -> None:
        self._took = took
        self._asked: dict[bytes, float] = {}
        self.peer: Peer

    async def open(self, port: int, path: str, login: bytes) -> None:
        self.peer = await join(port, path, self._heard)
        self.peer.transport.write(login)

    @property
    def under_way(self) -> int:
        return len(self._asked)

    def ask(self, frame: bytes, due_at: float | None = None) -> None:
        """Send a frame. The reply is timed from when it was due, where that is said."""
        begin = frame.index(b'"id":"') + 6
        asked_at = time.perf_counter() if due_at is None else due_at
        self._asked[frame[begin : frame.index(b'"', begin)]] = asked_at
        self.peer.transport.write(text_frame(frame))

    def _heard(self, data: bytes, begin: int, end: int) -> None:
        # Replies begin with the id; pushes with the channel.
        if not data.startswith(b'{"id":"', begin):
            return
        number = data[begin + 7 : data.index(b'"', begin + 7)]
        asked_at = self._asked.pop(number, None)
        if asked_at is not None:
            code_at = data.index(b'"code":', begin, end) + 7
            code = data[code_at : data.index(b",", code_at, end)].strip(b'"')
            self._took(code, time.perf_counter() - asked_at)
