"""The wires between clients and broker: requests and sockets, as ASGI has them.

A request may be lost, and so may its answer; either may come twice. Whoever asks then knows
nothing of what became of it: `None`. A socket may stall, and it may vanish without a word.
"""

import asyncio
import gzip
import hmac
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import msgspec

Json = dict[str, Any]
Handler = Callable[..., Awaitable[None]]

LATENCY_SECONDS_MAX = 0.004
ADDRESS = "127.0.0.1"


class Answer(msgspec.Struct, frozen=True):
    """What came back; `doubled` where the request had come twice."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    doubled: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Request(msgspec.Struct, frozen=True):
    """A request, signed or not."""

    method: str
    path: str
    headers: list[tuple[bytes, bytes]]
    query: bytes = b""
    body: bytes = b""
    address: str = ADDRESS


def signature(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()


def query_of(params: Json) -> str:
    return "&".join(f"{quote(str(k), safe='')}={quote(str(v), safe='')}" for k, v in params.items())


def signed_request(
    method: str, path: str, params: Json, access_key: str, secret: str, nonce: int
) -> Request:
    """A request as clients make it: GET by query, all others by body."""
    parts = [f"{name}={params[name]}" for name in sorted(params)]
    text = "&".join(parts) + f"&{nonce}"
    headers = [
        (b"x-mbx-apikey", access_key.encode()),
        (b"nonce", str(nonce).encode()),
        (b"signature", signature(secret, text).encode()),
    ]
    if method == "GET":
        return Request(method, path, headers, query_of(params).encode())
    return Request(method, path, headers, body=json.dumps(params).encode())


class Network:
    """Carries requests to an application. `trouble` is how likely each is to be lost or doubled."""

    def __init__(self, draw: random.Random) -> None:
        self.trouble = 0.0
        self._draw = draw

    async def ask(self, app: Handler, request: Request) -> Answer | None:
        """What a client hears; None where it heard nothing in its patience."""
        draw = self._draw
        fate = draw.random() / self.trouble if self.trouble else 1.0
        await asyncio.sleep(draw.uniform(0, LATENCY_SECONDS_MAX))
        if fate < 0.3:
            return None
        if fate < 0.6:
            # The same request once more, on its own way.
            other = asyncio.ensure_future(perform(app, request))
            await asyncio.sleep(draw.uniform(0, LATENCY_SECONDS_MAX))
            answer = msgspec.structs.replace(await perform(app, request), doubled=True)
            await other
        else:
            answer = await perform(app, request)
        await asyncio.sleep(draw.uniform(0, LATENCY_SECONDS_MAX))
        return None if 0.6 <= fate < 0.9 else answer


async def perform(app: Handler, request: Request) -> Answer:
    """One request, from its first byte to the last one of the answer."""
    scope = {
        "type": "http",
        "method": request.method,
        "path": request.path,
        "query_string": request.query,
        "headers": request.headers,
        "client": (request.address, 50000),
    }
    sent: list[Any] = []

    async def receive() -> Json:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return Answer(sent[0]["status"], sent[0]["headers"], sent[1]["body"])


class Peer:
    """The client's end of a socket. `stalled` is set while it takes nothing of what is sent;
    `hear` is told every frame.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        handler: Handler,
        path: str,
        hear: Callable[[Any], None],
    ) -> None:
        self._inbound: asyncio.Queue[Json] = asyncio.Queue()
        self._hear = hear
        self._reading = asyncio.Event()
        self._reading.set()
        self.closed = False
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [],
            "client": (ADDRESS, 50000),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self._inbound.put_nowait({"type": "websocket.connect"})
        self.task = loop.create_task(_open(handler, scope, self._inbound.get, self._send))
        self.task.add_done_callback(self._ended)

    async def _send(self, message: Json) -> None:
        await self._reading.wait()
        if message["type"] == "websocket.close":
            self.vanish()
        elif message["type"] == "websocket.send" and not self.closed:
            text = message.get("text")
            if text is None:
                text = gzip.decompress(message["bytes"]).decode()
            self._hear("pong" if text == "pong" else json.loads(text))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.closed = True
        error = None if task.cancelled() else task.exception()
        if error is not None:
            raise error

    def say(self, content: Any) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        self._inbound.put_nowait({"type": "websocket.receive", "text": text})

    def stall(self) -> None:
        """Take nothing any more."""
        self._reading.clear()

    def read_on(self) -> None:
        self._reading.set()

    def vanish(self) -> None:
        """Be gone, without a word or after the server's last one."""
        self.closed = True
        self._reading.set()
        self._inbound.put_nowait({"type": "websocket.disconnect", "code": 1006})


async def _open(handler: Handler, scope: Json, receive: Any, send: Any) -> None:
    await handler(scope, receive, send)
