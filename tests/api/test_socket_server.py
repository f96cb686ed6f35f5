"""Sockets over a real port, with a real client: what ASGI alone does not show."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from openprime.api.market.limits import MarketLimits
from openprime.api.private.socket import PrivateSocketSettings
from openprime.api.sockets.link import SERVER_EXTENSION, LinkSettings
from openprime.api.sockets.outgoing import Outgoing
from openprime.api.sockets.server import SERVER_SETTINGS, SocketProtocol
from openprime.errors import message
from tests.api.kit import Broker, base_order
from tests.api.market_socket_kit import Scene, entry, subscribe
from tests.api.socket_kit import in_loop, login_frame, private_socket


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    made.fund()
    yield made
    made.close()


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Server(uvicorn.Server):
    """A server that says when it listens, and leaves the signals to the test."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def served(handler: Any) -> AsyncIterator[str]:
    """Serve a socket handler on a free port; gives the address without a path."""
    config = uvicorn.Config(
        handler,
        port=0,
        ws=SocketProtocol,
        lifespan="off",
        log_config=None,
        **SERVER_SETTINGS,
    )
    server = Server(config)
    serving = asyncio.ensure_future(server.serve())
    await asyncio.wait_for(server.listening.wait(), 5)
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        yield f"ws://{host}:{port}"
    finally:
        server.should_exit = True
        await serving


async def asked(client: ClientConnection, content: Any) -> Any:
    await client.send(content if isinstance(content, str) else json.dumps(content))
    answer = await client.recv()
    return json.loads(gzip.decompress(answer) if isinstance(answer, bytes) else answer)


@in_loop
async def test_an_order_over_the_wire(broker: Broker) -> None:
    socket = private_socket(broker)
    wanted = Subprotocol("v1.api.liquiditytech.com")
    async with served(socket) as address, connect(address, subprotocols=[wanted]) as client:
        assert client.subprotocol == wanted
        assert (await asked(client, login_frame(broker, onlyTrade=True)))["code"] == 0
        frame = {"id": "1", "action": "place_order", "args": base_order()}
        assert (await asked(client, frame))["code"] == 200000
        answer = await asked(client, "x" * 5000)
        assert (answer["code"], answer["msg"]) == (601014, message(601014))


@in_loop
async def test_closes_with_code_and_reason(broker: Broker) -> None:
    socket = private_socket(broker)
    async with served(socket) as address, connect(address) as client:
        await socket.close_all("server stops")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        with pytest.raises(ConnectionClosed) as closed_at_once:
            await (await connect(address)).recv()
    for each in (closed, closed_at_once):
        assert each.value.rcvd is not None
        assert (each.value.rcvd.code, each.value.rcvd.reason) == (1001, "server stops")


@in_loop
async def test_pings_of_the_protocol_keep_a_connection(broker: Broker) -> None:
    link = LinkSettings(idle_seconds=0.1)
    socket = private_socket(broker, PrivateSocketSettings(link=link))
    async with served(socket) as address, connect(address) as client:
        loop = asyncio.get_running_loop()
        started = loop.time()
        while loop.time() - started < 0.3:
            await (await client.ping())
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "idle")


@in_loop
async def test_market_frames_over_the_wire(broker: Broker) -> None:
    scene = Scene(broker)
    async with served(scene.socket) as address, connect(address) as client:
        assert (await asked(client, subscribe(entry("ORDER_BOOK"))))["code"] == 0
        snapshot = json.loads(gzip.decompress(await client.recv()))  # type: ignore[arg-type]
        assert snapshot["arg"]["updatetype"] == "all"


@in_loop
async def test_one_connection_too_many(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(broker, MarketLimits(enforced=True, connections_anonymous=1))
    async with served(scene.socket) as address, connect(address):
        with pytest.raises(InvalidStatus) as refused:
            await connect(address)
    assert refused.value.response.status_code == 429
    body = json.loads(refused.value.response.body or b"")
    assert (body["code"], body["message"]) == (11200, message(11200))
    assert not caplog.records, "whoever is refused fills no log"


@in_loop
async def test_a_client_that_never_reads_is_cut_off(broker: Broker) -> None:
    link = LinkSettings(stalled_seconds=0.05, close_seconds=0.05, frames_waiting_max=100_000)
    socket = private_socket(broker, PrivateSocketSettings(link=link, frame_bytes_max=10_000))
    async with served(socket) as address:
        host, port = address.removeprefix("ws://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1)
        writer.write(HANDSHAKE)
        # A frame of 8000 bytes whose event is echoed, masked with zeros, over and over.
        text = b'{"action":"' + b"x" * 8000 + b'"}'
        frame = b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text
        with contextlib.suppress(ConnectionError):
            while socket.connection_count or not writer.is_closing():
                writer.write(frame)
                await asyncio.wait_for(writer.drain(), 5)
        writer.close()
        assert socket.connection_count == 0
        assert reader is not None


async def filled(scope: Any, receive: Any, send: Any) -> SocketProtocol:
    """A socket whose line is full, because its client does not read."""
    await receive()
    await send({"type": "websocket.accept"})
    server: SocketProtocol = scope["extensions"][SERVER_EXTENSION]
    for _ in range(10_000):
        if not server.send_now(Outgoing(bytes(100_000), binary=True).wire):
            break
        await asyncio.sleep(0)
    return server


def masked(kind: int, body: bytes) -> bytes:
    """A small frame of a client."""
    return bytes((kind, 0x80 | len(body))) + b"\0\0\0\0" + body


@in_loop
async def test_the_server_stops_where_a_client_has_ended_and_not_read(broker: Broker) -> None:
    full: asyncio.Future[SocketProtocol] = asyncio.get_running_loop().create_future()
    gone = asyncio.Event()

    async def handler(scope: Any, receive: Any, send: Any) -> None:
        full.set_result(await filled(scope, receive, send))
        assert (await receive())["code"] == 1000
        gone.set()

    async with served(handler) as address:
        host, port = address.removeprefix("ws://").split(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1)
        writer.write(HANDSHAKE)
        server = await asyncio.wait_for(full, 5)
        writer.write(masked(0x88, b"\x03\xe8"))
        await asyncio.wait_for(gone.wait(), 5)
        assert server.transport.get_write_buffer_size()
        server.shutdown()
        assert server.transport.is_closing()
        writer.close()


@in_loop
async def test_pings_of_a_client_that_does_not_read_wait_for_one_answer(broker: Broker) -> None:
    full: asyncio.Future[SocketProtocol] = asyncio.get_running_loop().create_future()
    all_read = asyncio.Event()

    async def handler(scope: Any, receive: Any, send: Any) -> None:
        full.set_result(await filled(scope, receive, send))
        while (await receive())["type"] != "websocket.disconnect":
            all_read.set()

    async with served(handler) as address:
        host, port = address.removeprefix("ws://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1)
        with contextlib.closing(writer):
            writer.write(HANDSHAKE)
            server = await asyncio.wait_for(full, 5)
            waiting = server.transport.get_write_buffer_size()
            for number in range(1000):
                writer.write(masked(0x89, b"%04d" % number))
            writer.write(masked(0x81, b"all"))
            await asyncio.wait_for(all_read.wait(), 5)
            assert server.transport.get_write_buffer_size() == waiting
            heard = b""
            async with asyncio.timeout(5):
                while not heard.endswith(b"\x8a\x040999"):
                    heard += (await reader.read(1 << 20)).lstrip(b"\0")
            assert heard.count(b"\x8a\x04") == 1
