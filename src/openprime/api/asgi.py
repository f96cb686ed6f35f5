"""The one ASGI application: REST, sockets, health, documents.

It is plain ASGI, because the order path should cost little more than the reading of a body and
the checking of a signature. The order of a request's stations is the order of its checks: route,
bounds, caller, permission, maintenance, body, parameters (errors 4).
"""

import gzip
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import structlog

from openprime.api import envelope, pages
from openprime.api.edge.auth import Caller, Claim
from openprime.api.edge.decoding import NOTHING, Decoded, merge, read_body, read_query
from openprime.api.endpoints import Endpoint, endpoints
from openprime.api.services import Services
from openprime.api.venue_shapes.answer import BareAnswer
from openprime.errors import Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
SocketHandler = Callable[[Scope, Receive, Send], Awaitable[None]]
Reply = tuple[int, bytes]

OK = 200
BAD_REQUEST = 400
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
TOO_LARGE = 413
SERVER_ERROR = 500

INVALID = Refusal(400000)
UNAVAILABLE = Refusal(50001)

_JSON = (b"content-type", b"application/json")
_GZIP = (b"content-encoding", b"gzip")
_GZIP_LEVEL = 1
_SIGNATURE = (b"x-mbx-apikey", b"nonce", b"signature")

log = structlog.get_logger(__name__)


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Application:
    """Answers by the endpoint table and the rows that the server adds to it.

    `sockets` maps a path to the handler of its connections.
    """

    def __init__(self, services: Services, more: Iterable[Endpoint] = ()) -> None:
        self.services = services
        self.endpoints = endpoints(services.settings.strict_client_order_ids) | {
            (row.method, row.path): row for row in more
        }
        self.sockets: dict[str, SocketHandler] = {}
        self.pages = pages.pages(services, self.endpoints)
        self._edge = services.settings.edge
        self._refused = BAD_REQUEST if services.settings.strict_status else OK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            await self._websocket(scope, receive, send)
        elif kind == "lifespan":
            await _lifespan(receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self.sockets.get(scope["path"])
        if handler is None:
            await send({"type": "websocket.close", "code": 1008})
            return
        await handler(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self.endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._elsewhere(scope, send)
            return
        headers = dict(scope["headers"])
        try:
            status, body = await self._answer(endpoint, scope, headers, receive)
        except ClientGone:
            return
        except Exception:
            log.exception("request_failed", method=scope["method"], path=scope["path"])
            status, body = SERVER_ERROR, envelope.SERVER_ERROR
        packed = len(body) > self._edge.gzip_bytes_min and _takes_gzip(headers)
        await _send(send, status, body, packed)

    async def _elsewhere(self, scope: Scope, send: Send) -> None:
        """Pages, and the answers to what is not there."""
        path = scope["path"]
        page = self.pages.get(path)
        if page is None:
            methods = sorted(method for method, known in self.endpoints if known == path)
            await _refuse_route(send, methods)
        elif scope["method"] not in ("GET", "HEAD"):
            await _refuse_route(send, ["GET"])
        else:
            kind, body = page()
            await _send(send, OK, body, packed=False, content_type=kind)

    async def _answer(
        self,
        endpoint: Endpoint,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
    ) -> Reply:
        edge, services = self._edge, self.services
        query: bytes = scope["query_string"]
        if len(query) > edge.query_bytes_max or _size(headers) > edge.header_bytes_max:
            return TOO_LARGE, services.texts.body(INVALID)
        content = await _read(receive, headers, edge.body_bytes_max) if endpoint.writes else b""
        if content is None:
            return TOO_LARGE, services.texts.body(INVALID)
        result = await self._perform(endpoint, scope, headers, query, content)
        if isinstance(result, Refusal):
            return self._refused, services.texts.body(result)
        if isinstance(result, BareAnswer):
            return result.status, result.body
        return OK, envelope.success(endpoint.success, result)

    async def _perform(
        self,
        endpoint: Endpoint,
        scope: Scope,
        headers: dict[bytes, bytes],
        query: bytes,
        content: bytes,
    ) -> Any:
        services = self.services
        nonce = headers.get(b"nonce", b"").decode("latin-1")
        asked = read_query(query, nonce, self._edge)
        body = read_body(content, self._edge) if content else NOTHING
        # The signature covers the body where it says anything, else the query (clients 18).
        signed = body if body.values or body.unfit else asked
        caller: Caller | None = None
        if endpoint.permission is not None or (
            endpoint.may_be_signed and any(name in headers for name in _SIGNATURE)
        ):
            known = self._caller(endpoint, scope, headers, nonce, signed)
            if isinstance(known, Refusal):
                return known
            caller = known
        if endpoint.writes and services.maintenance:
            return UNAVAILABLE
        if asked.unfit or body.unfit:
            return INVALID
        parameters = body.values if not asked.values else merge(asked.values, body.values)
        return await endpoint.answer(services, caller, parameters)

    def _caller(
        self,
        endpoint: Endpoint,
        scope: Scope,
        headers: dict[bytes, bytes],
        nonce: str,
        signed: Decoded,
    ) -> Caller | Refusal:
        services = self.services
        client = scope["client"]
        claim = Claim(
            access_key=headers.get(b"x-mbx-apikey", b"").decode("latin-1"),
            nonce=nonce,
            signature=headers.get(b"signature", b""),
            address=services.proxies.caller(client[0] if client else "", headers),
        )
        key = services.gate.identify(claim, signed)
        if isinstance(key, Refusal):
            return key
        return services.gate.admit(key, endpoint.permission, endpoint.level)


def _size(headers: dict[bytes, bytes]) -> int:
    return sum(map(len, headers)) + sum(map(len, headers.values()))


async def _read(receive: Receive, headers: dict[bytes, bytes], bytes_max: int) -> bytes | None:
    """The body; None where it is over the bound."""
    announced = headers.get(b"content-length", b"0")
    if len(announced) > 18 or (announced.isdigit() and int(announced) > bytes_max):
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > bytes_max:
            return None
        if not message.get("more_body"):
            return b"".join((*parts, part)) if parts else part
        parts.append(part)


def _takes_gzip(headers: dict[bytes, bytes]) -> bool:
    codings = headers.get(b"accept-encoding", b"").replace(b" ", b"").lower().split(b",")
    return any(
        name == b"gzip" and quality not in (b"q=0", b"q=0.0")
        for name, _, quality in (coding.partition(b";") for coding in codings)
    )


async def _send(
    send: Send,
    status: int,
    body: bytes,
    packed: bool,
    content_type: bytes = b"",
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    headers = [(b"content-type", content_type) if content_type else _JSON, *more]
    if packed:
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        headers.append(_GZIP)
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse_route(send: Send, methods: list[str]) -> None:
    """404, or 405 with the methods that the path knows."""
    if not methods:
        await _send(send, NOT_FOUND, envelope.NOT_FOUND, packed=False)
        return
    allow = ((b"allow", ", ".join(methods).encode()),)
    await _send(send, METHOD_NOT_ALLOWED, envelope.METHOD_NOT_ALLOWED, packed=False, more=allow)


async def _lifespan(receive: Receive, send: Send) -> None:
    """The server starts and stops its parts itself: nothing to do here but to agree."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
