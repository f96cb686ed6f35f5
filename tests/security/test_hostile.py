"""Ten thousand hostile requests and frames: no answer of 5xx, and a broker as it was before."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.api.kit import base_order
from tests.security.hostile import Hostile
from tests.served import Client, ServedBroker

SEED = 7
REQUESTS, WIRES, MESSAGES, STREAMS = 4_000, 2_000, 3_500, 500
WARM_UP = 0.2
WORKERS = 8
PER_SOCKET = 50
WAIT_SECONDS = 20.0
RSS_GROWTH_MAX = 1.10
ORDER_SECONDS_MAX = 0.1

SOCKET_FAILED = 1011
STATUS = re.compile(rb"HTTP/1\.1 (\d+) ")
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SOCKETS = ("/v1/private", "/marketdata/v2/public", "/v1/public", "/v2/public", "/feeds/v2/public")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBroker]:
    """A broker of its own, so that only the enemy changes its memory."""
    served = ServedBroker(tmp_path_factory.mktemp("hostile")).start()
    yield served
    assert served.stop() == 0, served.log()


class Attack:
    """One run against a broker; every answer that is seen is judged."""

    def __init__(self, broker: ServedBroker, seed: int) -> None:
        self._hostile = Hostile(seed, broker.access_key, broker.secret_key)
        self._url = httpx.URL(broker.rest_url)
        self.answers: dict[int, int] = {}

    def _judge(self, status: int) -> None:
        assert status < 500
        self.answers[status] = self.answers.get(status, 0) + 1

    async def run(self, share: float) -> None:
        await asyncio.gather(
            *self._workers(self._requests, REQUESTS * share),
            *self._workers(self._wires, WIRES * share),
            *self._workers(self._messages, MESSAGES * share),
            *self._workers(self._streams, STREAMS * share),
        )

    def _workers(self, work: Callable[[int], Awaitable[None]], count: float) -> Iterator[Any]:
        for _ in range(WORKERS):
            yield work(round(count / WORKERS))

    async def _requests(self, count: int) -> None:
        timeout = httpx.Timeout(WAIT_SECONDS)
        async with httpx.AsyncClient(timeout=timeout, trust_env=False) as client:
            for _ in range(count):
                method, path, headers, body = self._hostile.request()
                url = self._url.copy_with(raw_path=path.encode())
                encoded = {name: value.encode() for name, value in headers.items()}
                answer = await client.request(method, url, headers=encoded, content=body or None)
                self._judge(answer.status_code)
                if method != "HEAD" and answer.headers["content-type"] == "application/json":
                    json.loads(answer.content)

    async def _line(self, sent: bytes) -> bytes:
        """All that comes back on a connection that sends these bytes and no more."""
        reader, writer = await asyncio.open_connection(self._url.host, self._url.port)
        found = b""
        try:
            writer.write(sent)
            writer.write_eof()
            found = await asyncio.wait_for(reader.read(), WAIT_SECONDS)
        except ConnectionError:
            pass
        finally:
            writer.close()
        return found

    async def _wires(self, count: int) -> None:
        for _ in range(count):
            for status in STATUS.findall(await self._line(self._hostile.wire())):
                self._judge(int(status))

    async def _streams(self, count: int) -> None:
        for number in range(count):
            path = SOCKETS[number % len(SOCKETS)]
            frames = self._hostile.bytes_of_frames()
            reader, writer = await asyncio.open_connection(self._url.host, self._url.port)
            try:
                writer.write(HANDSHAKE.format(path=path).encode())
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_SECONDS)
                self._judge(int(STATUS.findall(head)[0]))
                writer.write(frames)
                writer.write_eof()
                await asyncio.wait_for(reader.read(), WAIT_SECONDS)
            except ConnectionError:
                pass
            finally:
                writer.close()

    async def _messages(self, count: int) -> None:
        for first in range(0, count, PER_SOCKET):
            path = SOCKETS[first // PER_SOCKET % 2]
            url = f"ws://{self._url.host}:{self._url.port}{path}?binary=false"
            async with connect(url, proxy=None, open_timeout=WAIT_SECONDS) as client:
                try:
                    await self._talk(client, min(PER_SOCKET, count - first))
                except ConnectionClosed as closed:
                    if closed.rcvd is None or closed.rcvd.code == SOCKET_FAILED:
                        raise AssertionError(closed) from closed

    async def _talk(self, client: Any, count: int) -> None:
        for _ in range(count):
            await client.send(self._hostile.frame())
        await client.send("ping")
        async with asyncio.timeout(WAIT_SECONDS):
            while (heard := await client.recv()) != "pong":
                if '"code":500' in heard:
                    raise AssertionError(heard)


def resident_kib(broker: ServedBroker) -> int:
    assert broker.process is not None
    status = Path(f"/proc/{broker.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1])


def descriptors(broker: ServedBroker) -> int:
    assert broker.process is not None
    return len(list(Path(f"/proc/{broker.process.pid}/fd").iterdir()))


def order_seconds(client: Client) -> float:
    """How long it takes to place an order and take it back."""
    seconds = []
    for _ in range(15):
        started = time.monotonic()
        placed = client.data("POST", "/api/v1/trading/order", **base_order(limitPrice="50000"))
        client.data("DELETE", "/api/v1/trading/order", orderId=placed["orderId"])
        seconds.append(time.monotonic() - started)
    return statistics.median(seconds)


def test_ten_thousand_hostile_requests_and_frames(target: ServedBroker) -> None:
    client = target.client()
    client.data("GET", "/api/v1/trading/orders")
    asyncio.run(Attack(target, SEED + 1).run(WARM_UP))
    open_before, kib_before = descriptors(target), resident_kib(target)
    attack = Attack(target, SEED)
    asyncio.run(attack.run(1.0))
    assert {200, 400, 404, 405} <= set(attack.answers), attack.answers
    assert order_seconds(client) < ORDER_SECONDS_MAX
    assert resident_kib(target) <= kib_before * RSS_GROWTH_MAX
    assert descriptors(target) <= open_before + WORKERS
    log = target.log()
    assert "request_failed" not in log
    assert "Traceback" not in log
