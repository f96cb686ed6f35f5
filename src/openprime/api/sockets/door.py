"""The door of every socket: who comes, the answer to one too many, and how long a frame may be."""

from openprime.api.edge.keys import Proxies
from openprime.api.envelope import TOO_MANY_REQUESTS, plain_error
from openprime.api.sockets.link import CLOSE_POLICY, Scope, Send
from openprime.errors import message

RESPONSE_EXTENSION = "websocket.http.response"


def caller_address(scope: Scope, proxies: Proxies) -> str:
    """The address that a connection comes from."""
    client = scope.get("client")
    return proxies.caller(client[0] if client else "", dict(scope.get("headers") or ()))


async def refuse_crowd(scope: Scope, send: Send, code: int) -> None:
    """Refuse the handshake with HTTP 429 and the code, or as plainly as the server can."""
    body = plain_error(code, message(code))
    await refuse_handshake(scope, send, TOO_MANY_REQUESTS, body, ((b"retry-after", b"1"),))


async def refuse_handshake(
    scope: Scope, send: Send, status: int, body: bytes, more: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Answer a handshake with an HTTP status and JSON, or as plainly as the server can."""
    if RESPONSE_EXTENSION not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": CLOSE_POLICY})
        return
    headers = [(b"content-type", b"application/json"), *more]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def too_long(data: str | bytes, bytes_max: int) -> bool:
    """Whether a frame has more bytes than allowed."""
    if len(data) > bytes_max:
        return True
    if isinstance(data, bytes) or 4 * len(data) <= bytes_max or data.isascii():
        return False
    return len(data.encode("utf-8", "surrogatepass")) > bytes_max
