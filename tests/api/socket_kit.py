"""Sockets in one process: a peer that speaks ASGI to a handler, with no network and no clock."""

from __future__ import annotations

import asyncio
import functools
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

from openprime.api.private.algo_push import AlgoPush
from openprime.api.private.dialect import ORDERS, Dialect
from openprime.api.private.push import PrivatePush
from openprime.api.private.socket import PrivateSocket, PrivateSocketSettings
from openprime.api.sockets.limits import Pace
from openprime.api.sockets.link import OnFrame
from openprime.api.sockets.login import Logins
from tests.api.kit import Broker, sign

Json = dict[str, Any]
WAIT_SECONDS = 5.0


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test on its broker's loop."""

    @functools.wraps(test)
    def run(broker: Broker, **others: Any) -> None:
        broker.runner.run(test(broker, **others))  # type: ignore[arg-type]

    return run


class Server:
    """What the server's own protocol shows of a connection (socket_server.py)."""

    def __init__(self) -> None:
        self.pinged_at = 0.0
        self.ponged_at = 0.0
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True

    def hand_over(self, hear: OnFrame) -> None:
        """The peer's frames come by ASGI."""

    def send_now(self, wire: bytes) -> bool:
        """The peer takes frames from the queue alone."""
        return False


class Peer:
    """The client's end of one socket. `reading` is cleared to stop taking what is sent."""

    def __init__(
        self,
        handler: Callable[..., Awaitable[None]],
        query: str = "",
        client: str = "127.0.0.1",
        subprotocols: tuple[str, ...] = (),
        server: Server | None = None,
    ) -> None:
        self.to_server: asyncio.Queue[Json] = asyncio.Queue()
        self.from_server: asyncio.Queue[Json] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.reading.set()
        self.closed: tuple[int, str] | None = None
        extensions: Json = {"websocket.http.response": {}}
        if server is not None:
            extensions["openprime.socket"] = server
        self.scope: Json = {
            "type": "websocket",
            "path": "",
            "query_string": query.encode(),
            "headers": [],
            "client": (client, 50000),
            "subprotocols": list(subprotocols),
            "extensions": extensions,
        }
        self.to_server.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(handler(self.scope, self._receive, self._send))

    async def _receive(self) -> Json:
        return await self.to_server.get()

    async def _send(self, message: Json) -> None:
        await self.reading.wait()
        if message["type"] == "websocket.close":
            self.closed = (message["code"], message.get("reason", ""))
            self.to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        self.from_server.put_nowait(message)

    async def opened(self) -> Json:
        """The answer to the handshake."""
        return await asyncio.wait_for(self.from_server.get(), WAIT_SECONDS)

    def say(self, content: Any) -> None:
        """Send a frame: a text or bytes as they are, anything else as JSON."""
        if isinstance(content, bytes):
            self.to_server.put_nowait({"type": "websocket.receive", "bytes": content})
            return
        text = content if isinstance(content, str) else json.dumps(content)
        self.to_server.put_nowait({"type": "websocket.receive", "text": text})

    async def message(self) -> Json:
        """The next ASGI message of the server."""
        return await asyncio.wait_for(self.from_server.get(), WAIT_SECONDS)

    async def hear(self) -> Any:
        """The next frame, unpacked and decoded."""
        message = await self.message()
        assert message["type"] == "websocket.send", message
        text = message.get("text")
        if text is None:
            text = gzip.decompress(message["bytes"]).decode()
        return text if text == "pong" else json.loads(text)

    async def ask(self, content: Any) -> Any:
        """Send a frame and take the next one."""
        self.say(content)
        return await self.hear()

    async def hear_all(self) -> list[Any]:
        """Every frame until the server answers a ping: what was due has come by then."""
        self.say("ping")
        frames = []
        while (frame := await self.hear()) != "pong":
            frames.append(frame)
        return frames

    async def ended(self) -> tuple[int, str] | None:
        """How the server closed the connection."""
        await asyncio.wait_for(self.task, WAIT_SECONDS)
        return self.closed

    async def leave(self) -> None:
        self.to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, WAIT_SECONDS)


def logins(broker: Broker, per_second: int | None = None) -> Logins:
    services = broker.services
    pace = Pace(per_second, 1.0, lambda: broker.clock_ms / 1000)
    return Logins(services.keys, services.gate, lambda: broker.clock_ms, pace)


def private_socket(
    broker: Broker,
    settings: PrivateSocketSettings | None = None,
    logins_per_second: int | None = None,
    dialect: Dialect = ORDERS,
) -> PrivateSocket:
    """The socket over the broker, its pushes observing the sequencer."""
    push_of = PrivatePush if dialect is ORDERS else AlgoPush
    push = push_of(lambda: broker.services.desk)
    broker.sequencer.observers.append(push.observe)
    return PrivateSocket(
        broker.services,
        broker.app.endpoints,
        push,
        logins(broker, logins_per_second),
        lambda: broker.clock_ms / 1000,
        settings,
        dialect,
    )


def login_frame(broker: Broker, key: str | None = None, **changes: Any) -> Json:
    """A login as clients send it; None takes a field out."""
    timestamp = changes.get("timestamp", broker.nonce)
    arguments = {
        "apiKey": key or broker.key,
        "timestamp": timestamp,
        "sign": sign(f"{timestamp}GET/users/self/verify"),
    } | changes
    kept = {name: value for name, value in arguments.items() if value is not None}
    return {"action": "login", "args": kept}


async def logged_in(
    broker: Broker, socket: PrivateSocket, key: str | None = None, **changes: Any
) -> Peer:
    """A peer that has logged in."""
    peer = Peer(socket)
    assert (await peer.opened())["type"] == "websocket.accept"
    answer = await peer.ask(login_frame(broker, key, **changes))
    assert answer == {"id": None, "event": "login", "code": 0, "msg": "", "data": None}
    return peer
