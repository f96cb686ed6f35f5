"""The wires between clients and broker: requests, as ASGI has them.

They take their time. That a request is lost, or its answer, or that it comes twice, is the doing of
faults which the operator arms (`faults.py`); who asks may then know nothing of what became of it.
"""

import asyncio
import hmac
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import msgspec

from openprime.api.asgi import Application
from openprime.desk.switches import FaultKind

Json = dict[str, Any]
Handler = Callable[..., Awaitable[None]]

LATENCY_SECONDS_MAX = 0.004
ADDRESS = "127.0.0.1"


class Unanswered(Exception):
    """The connection ended, and no answer had come."""


class Answer(msgspec.Struct, frozen=True):
    """What came back; `doubled` where the request may have come twice."""

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
    """Carries requests to an application, and answers back, in a time that is drawn."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw

    async def ask(self, app: Application, request: Request) -> Answer | None:
        """What a client hears; None where its connection ended before an answer came."""
        await asyncio.sleep(self._draw.uniform(0, LATENCY_SECONDS_MAX))
        doubled = app.services.faults.has(FaultKind.REQUEST_DOUBLED)
        try:
            answer = await perform(app, request)
        except Unanswered:
            return None
        await asyncio.sleep(self._draw.uniform(0, LATENCY_SECONDS_MAX))
        return msgspec.structs.replace(answer, doubled=doubled)


async def perform(app: Handler, request: Request) -> Answer:
    """One request, from its first byte to the last one of the answer; Unanswered without one."""
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
    if not sent:
        raise Unanswered
    return Answer(sent[0]["status"], sent[0]["headers"], sent[1]["body"])
