"""A load generator that costs little itself: raw protocols, requests made and signed beforehand.

Each connection has one request under way at a time. All draw from one supply, which bounds the
load in count as the clock does in time. Only loopback addresses are spoken to.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

LOOPBACK = "127.0.0.1"
HANG_SECONDS = 10.0
_HEAD_END = b"\r\n\r\n"
_LENGTH_NAME = b"content-length: "


class Measured(NamedTuple):
    """What one round gave; `refused` counts replies without the mark of success.

    `core_us` is the server's own processor time a reply, which neighbours hardly change.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    replies: int
    refused: int
    first_refusal: bytes
    core_us: float = 0.0


class Supply:
    """The requests of one round and the clock that ends it."""

    def __init__(self, requests: Sequence[bytes], success: bytes, seconds: float) -> None:
        self._requests: Iterator[bytes] = iter(requests)
        self._success = success
        self.seconds = seconds
        self._deadline = float("inf")
        self.latencies: list[float] = []
        self.refused = 0
        self.first_refusal = b""
        self.begin = self.end = 0.0

    def start(self) -> None:
        self.begin = time.perf_counter()
        self._deadline = self.begin + self.seconds

    def next(self, now: float) -> bytes | None:
        """The request to send; None where the round is over."""
        return None if now >= self._deadline else next(self._requests, None)

    def took(self, reply: bytes, seconds: float, now: float) -> None:
        self.latencies.append(seconds)
        self.end = now
        if self._success not in reply:
            self.refused += 1
            self.first_refusal = self.first_refusal or reply[-300:]

    def measured(self) -> Measured:
        times = sorted(self.latencies)
        return Measured(
            per_second=len(times) / (self.end - self.begin),
            p50_ms=1000 * statistics.median(times),
            p99_ms=1000 * times[int(len(times) * 0.99)],
            replies=len(times),
            refused=self.refused,
            first_refusal=self.first_refusal,
        )


class Connection(asyncio.Protocol):
    """One connection. `opening` is sent first and its replies are not measured."""

    def __init__(self, supply: Supply, opening: Sequence[bytes] = ()) -> None:
        self._supply = supply
        self._opening = list(opening)
        self._transport: asyncio.Transport
        self._buffer = b""
        self._sent_at = 0.0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's is none by type
        self._open()

    def _open(self) -> None:
        if self._opening:
            self._transport.write(self._opening.pop(0))
        else:
            self.ready.set_result(None)

    def go_on(self) -> None:
        """Send the next request, or be done."""
        now = time.perf_counter()
        request = self._supply.next(now)
        if request is None:
            self.done.set_result(None)
            return
        self._sent_at = now
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._buffer = self._buffer + data if self._buffer else data
        length = self.reply_length(data)
        if length is None or len(data) < length:
            return
        self._buffer = b""
        if not self.ready.done():
            self._open()
            return
        now = time.perf_counter()
        self._supply.took(data, now - self._sent_at, now)
        self.go_on()

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.ready, self.done):
            if not future.done():
                future.set_exception(ConnectionError(f"the server hung up: {error}"))

    def close(self) -> None:
        self._transport.close()

    def reply_length(self, data: bytes) -> int | None:
        """How long the reply at the front of `data` is; None while that is not known."""
        raise NotImplementedError


class HttpConnection(Connection):
    """Keep-alive HTTP/1.1, replies with a content-length."""

    def reply_length(self, data: bytes) -> int | None:
        end = data.find(_HEAD_END)
        if end < 0:
            return None
        begin = data.index(_LENGTH_NAME) + len(_LENGTH_NAME)
        return end + len(_HEAD_END) + int(data[begin : data.index(b"\r\n", begin)])


class SocketConnection(Connection):
    """A websocket: the reply to the upgrade, then text frames of one piece."""

    def reply_length(self, data: bytes) -> int | None:
        if data.startswith(b"HTTP/"):
            end = data.find(_HEAD_END)
            return None if end < 0 else end + len(_HEAD_END)
        if len(data) < 4:
            return None
        short = data[1]
        return 2 + short if short < 126 else 4 + int.from_bytes(data[2:4], "big")


def upgrade_request(path: str, port: int) -> bytes:
    """The HTTP request that opens a websocket."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


def text_frame(text: bytes) -> bytes:
    """A client's text frame. The mask is zero, which leaves the text as it is."""
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe%b" % len(text).to_bytes(2)
    return b"\x81" + length + bytes(4) + text


async def run(
    connection_type: type[Connection],
    port: int,
    connections: int,
    supply: Supply,
    opening: Sequence[bytes] = (),
) -> Measured:
    """One round: open all connections, then let them send until the supply ends."""
    loop = asyncio.get_running_loop()
    opened: list[Connection] = []
    for _ in range(connections):
        _, connection = await loop.create_connection(
            lambda: connection_type(supply, opening), LOOPBACK, port
        )
        opened.append(connection)
        await asyncio.wait_for(connection.ready, HANG_SECONDS)
    gc.collect()
    gc.disable()
    try:
        supply.start()
        for connection in opened:
            connection.go_on()
        async with asyncio.timeout(supply.seconds + HANG_SECONDS):
            await asyncio.gather(*(connection.done for connection in opened))
    finally:
        gc.enable()
        for connection in opened:
            connection.close()
    return supply.measured()
