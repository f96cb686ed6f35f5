"""The floor of the orders benchmark: a bare ASGI function under the broker's own uvicorn settings.

It does what nobody can leave out: decode the JSON, check the HMAC, encode a reply. On a websocket
it decodes a frame and encodes a reply. `python -m benchmarks.orders_floor SECRET READY_FILE`.
"""

import asyncio
import hmac
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop

from benchmarks.load import LOOPBACK
from openprime.api.sockets.server import SERVER_SETTINGS, SocketProtocol

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_decode = msgspec.json.Decoder(dict[str, str]).decode
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_ORDER_ID = "1763900000000001"


class Floor:
    """The ASGI application."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await _socket(receive, send)

    async def _http(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        order = _decode((await receive())["body"])
        text = "&".join([f"{key}={order[key]}" for key in sorted(order)])
        message = text.encode() + b"&" + headers[b"nonce"]
        expected = hmac.digest(self._secret, message, "sha256").hex().encode()
        code = 200000 if hmac.compare_digest(expected, headers[b"signature"]) else 2000
        body = _reply(code, order)
        start = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": start})
        await send({"type": "http.response.body", "body": body})


def _reply(code: int, order: dict[str, str]) -> bytes:
    data = {"orderId": _ORDER_ID, "clientOrderId": order.get("clientOrderId", "")}
    return _encode({"code": code, "message": "Success", "data": data})


async def _socket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        frame = _decode_any(message["text"])
        data = {"orderId": _ORDER_ID, "clientOrderId": frame["args"].get("clientOrderId", "")}
        reply = {
            "id": frame.get("id"),
            "event": frame["action"],
            "code": 200000,
            "msg": "Success",
            "data": data,
        }
        await send({"type": "websocket.send", "text": _encode(reply).decode()})


def main() -> None:
    secret, ready_file = sys.argv[1].encode(), Path(sys.argv[2])
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen(2048)
    listener.setblocking(False)
    config = uvicorn.Config(
        Floor(secret),
        http="httptools",
        ws=SocketProtocol,
        **SERVER_SETTINGS,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
    )
    draft = ready_file.with_suffix(".draft")
    draft.write_text(str(listener.getsockname()[1]))
    os.replace(draft, ready_file)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
