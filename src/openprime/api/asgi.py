"""The one ASGI application: REST, sockets, health, documents.

It is plain ASGI, because the order path should cost little more than the reading of a body and
the checking of a signature. The order of a request's stations is the order of its checks: route,
budget of the address, bounds, caller, permission, budget of the key, maintenance, body, parameters
(errors 4).
"""

import gzip
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from typing import Any

import structlog

from openprime.api import envelope, pages
from openprime.api.edge.auth import AUTH_CODES, Caller, Claim
from openprime.api.edge.decoding import NOTHING, Decoded, merge, read_body, read_query
from openprime.api.edge.limiter import Visit
from openprime.api.edge.lost import Lost, carry, hang_up
from openprime.api.endpoints import Endpoint, endpoints
from openprime.api.faults import Station, Told, told_of
from openprime.api.maintenance import is_closed
from openprime.api.operator import ADMIN, AdminRow
from openprime.api.operator.door import ROOM, UNAUTHORISED, OperatorDoor
from openprime.api.services import UNAVAILABLE, Services
from openprime.api.sockets.door import refuse_handshake
from openprime.api.venue_shapes.answer import BareAnswer
from openprime.errors import Refusal
from openprime.store.errors import StoreError

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
EXCEEDED = Refusal(100429)

_JSON = (b"content-type", b"application/json")
_GZIP = (b"content-encoding", b"gzip")
_GZIP_LEVEL = 1
_SIGNATURE = (b"x-mbx-apikey", b"nonce", b"signature")

log = structlog.get_logger(__name__)


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Application:
    """Answers by the endpoint table and the rows that the server adds to it.

    `sockets` maps a path to the handler of its connections; `operator` answers what the operator
    asks, where there is one.
    """

    def __init__(self, services: Services, more: Iterable[Endpoint] = ()) -> None:
        self.services = services
        self.endpoints = endpoints(services.settings.strict_client_order_ids) | {
            (row.method, row.path): row for row in more
        }
        self.sockets: dict[str, SocketHandler] = {}
        self.operator: OperatorDoor | None = None
        self.pages = pages.pages(services, self.endpoints, self.sockets)
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
            await refuse_handshake(scope, send, NOT_FOUND, envelope.NOT_FOUND)
            return
        await handler(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self.endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            if scope["path"].startswith(ROOM):
                await self._operate(scope, receive, send)
            else:
                await self._elsewhere(scope, send)
            return
        headers = dict(scope["headers"])
        limiter = self.services.limiter
        visit = None if limiter is None else limiter.enter(self._address(scope, headers))
        try:
            status, body = await self._answer(endpoint, scope, headers, receive, visit)
        except ClientGone:
            return
        except Lost:
            await hang_up(scope, receive)
            return
        except StoreError as error:
            log.error("history_failed", path=scope["path"], reason=str(error))
            status, body = self._refused, self.services.texts.body(UNAVAILABLE)
        except Exception:
            log.exception("request_failed", method=scope["method"], path=scope["path"])
            status, body = SERVER_ERROR, envelope.SERVER_ERROR
        packed = len(body) > self._edge.gzip_bytes_min and _takes_gzip(headers)
        await _send(send, status, body, packed, more=() if visit is None else visit.headers)

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

    async def _operate(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What is asked under the operator's path: 404 to whom it is not open, 401 without its
        token.
        """
        headers = dict(scope["headers"])
        door, method, path = self.operator, scope["method"], scope["path"]
        peer = scope["client"][0] if scope["client"] else ""
        if door is None or not door.open_to(peer, headers):
            await _refuse_route(send, [])
        elif not door.knows(headers):
            await _send(send, UNAUTHORISED, door.refused_body, packed=False)
        elif (row := ADMIN.get((method, path))) is None:
            await _refuse_route(send, sorted(known for known, found in ADMIN if found == path))
        else:
            await self._act(door, row, peer, scope, headers, receive, send)

    async def _act(
        self,
        door: OperatorDoor,
        row: AdminRow,
        peer: str,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        send: Send,
    ) -> None:
        query: bytes = scope["query_string"]
        try:
            content = await _read(receive, headers, self._edge.body_bytes_max)
            if content is None or len(query) > self._edge.query_bytes_max:
                status, body = TOO_LARGE, self.services.texts.body(INVALID)
            else:
                done, body = await door.answer(row, peer, query, content)
                status = OK if done else self._refused
        except ClientGone:
            return
        except StoreError as error:
            log.error("history_failed", path=row.path, reason=str(error))
            status, body = self._refused, self.services.texts.body(UNAVAILABLE)
        except Exception:
            log.exception("request_failed", method=row.method, path=row.path)
            status, body = SERVER_ERROR, envelope.SERVER_ERROR
        await _send(send, status, body, packed=False)

    async def _answer(
        self,
        endpoint: Endpoint,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        visit: Visit | None,
    ) -> Reply:
        edge, services = self._edge, self.services
        if visit is not None and visit.refused:
            return envelope.TOO_MANY_REQUESTS, services.texts.body(EXCEEDED)
        query: bytes = scope["query_string"]
        if len(query) > edge.query_bytes_max or _size(headers) > edge.header_bytes_max:
            return TOO_LARGE, services.texts.body(INVALID)
        content = await _read(receive, headers, edge.body_bytes_max) if endpoint.writes else b""
        if content is None:
            return TOO_LARGE, services.texts.body(INVALID)
        nonce = headers.get(b"nonce", b"").decode("latin-1")
        asked = read_query(query, nonce, edge)
        body = read_body(content, edge) if content else NOTHING
        faults = services.faults
        told = self._told(endpoint, headers, asked, body) if faults.armed else None
        request = (endpoint, scope, headers, nonce, asked, body, visit, told)
        if told is None:
            result = await self._perform(*request)
        else:
            result = await carry(faults, told, partial(self._perform, *request))
        if isinstance(result, Refusal):
            return self._status(result), services.texts.body(result)
        if isinstance(result, BareAnswer):
            return result.status, result.body
        return OK, envelope.success(endpoint.success, result)

    async def _perform(
        self,
        endpoint: Endpoint,
        scope: Scope,
        headers: dict[bytes, bytes],
        nonce: str,
        asked: Decoded,
        body: Decoded,
        visit: Visit | None,
        told: Told | None,
    ) -> Any:
        """Check who asks and what, and do it. `told` is for the faults, where any stand."""
        services = self.services
        # The signature covers the body where it says anything, else the query (clients 18).
        signed = body if body.values or body.unfit else asked
        faults = services.faults
        if told is not None and (forced := faults.take((Station.EDGE,), told)):
            return forced
        caller: Caller | None = None
        if endpoint.permission is not None or (
            endpoint.may_be_signed and any(name in headers for name in _SIGNATURE)
        ):
            known = self._caller(endpoint, scope, headers, nonce, signed)
            if told is not None:
                known = faults.take((Station.AUTH,), told, known, AUTH_CODES) or known
            if isinstance(known, Refusal):
                return await services.told(known)
            caller = known
        if visit is not None and not visit.spend(endpoint, caller.key.access_key if caller else ""):
            return EXCEEDED
        if told is not None and (forced := faults.take((Station.BUDGET,), told)):
            return forced
        state = services.desk.state
        if state.windows and is_closed(state, endpoint.service, services.clock_ms()):
            return await services.told(UNAVAILABLE)
        if asked.unfit or body.unfit:
            return INVALID
        parameters = body.values if not asked.values else merge(asked.values, body.values)
        return await endpoint.answer(services, caller, parameters)

    def _status(self, refusal: Refusal) -> int:
        """The HTTP status of a refusal: nearly all have the profile's."""
        if refusal.code == EXCEEDED.code:
            return envelope.TOO_MANY_REQUESTS
        return SERVER_ERROR if refusal.code == SERVER_ERROR else self._refused

    def _told(
        self, endpoint: Endpoint, headers: dict[bytes, bytes], asked: Decoded, body: Decoded
    ) -> Told:
        """What a request says of itself before anybody knows whose it is."""
        access_key = headers.get(b"x-mbx-apikey", b"").decode("latin-1")
        entry = self.services.keys.find(access_key)
        parameters = merge(asked.values, body.values)
        return told_of(
            access_key,
            entry.portfolio_id if entry else 0,
            endpoint.method,
            endpoint.path,
            parameters,
        )

    def _address(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """The address that a request comes from."""
        client = scope["client"]
        return self.services.proxies.caller(client[0] if client else "", headers)

    def _caller(
        self,
        endpoint: Endpoint,
        scope: Scope,
        headers: dict[bytes, bytes],
        nonce: str,
        signed: Decoded,
    ) -> Caller | Refusal:
        services = self.services
        claim = Claim(
            access_key=headers.get(b"x-mbx-apikey", b"").decode("latin-1"),
            nonce=nonce,
            signature=headers.get(b"signature", b""),
            address=self._address(scope, headers),
        )
        key = services.gate.identify(claim, signed)
        if isinstance(key, Refusal):
            return key
        return services.gate.admit(
            key, endpoint.permission, endpoint.level, endpoint.forbidden_code
        )


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
