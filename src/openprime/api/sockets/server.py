"""The server's side of a websocket: what ASGI does not show, made known to the link.

Control frames never reach an ASGI application, but a client that keeps its line open with
protocol pings is no silent client. And a peer that has stopped reading cannot be told to go; the
line has to be cut. And most frames find the line free: they need no task that waits with them. So
this protocol leaves itself in the scope, where the link finds it.

A handshake that is none is answered in JSON, as every request is. It comes whole from the HTTP
protocol, which bounds its head and the time that it may take.

To be used with `uvicorn.Config(ws=SocketProtocol, **SERVER_SETTINGS)`.
"""

from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from openprime.api import envelope
from openprime.api.edge.connections import Lingering
from openprime.api.sockets.link import SERVER_EXTENSION
from openprime.errors import message

# The server pings every 30 s and ends a connection whose client does not answer for three minutes
# (resolutions 193). Frames are small or packed already, so the line itself packs nothing. Frames
# over a socket's own bound are answered with a code; only much larger ones end the connection.
SERVER_SETTINGS: dict[str, Any] = {
    "ws_ping_interval": 30.0,
    "ws_ping_timeout": 180.0,
    "ws_per_message_deflate": False,
    "ws_max_size": 64 * 1024,
}
# Pieces of one message: empty ones would not count as bytes.
FRAGMENTS_MAX = 64
# How long a connection may take to close that a peer no longer reads.
CLOSING_SECONDS_MAX = 20.0

_NO_HANDSHAKE = envelope.plain_error(400000, message(400000))


class _Handshakes(ServerProtocol):
    """Says no in JSON."""

    def reject(self, status: Any, text: str) -> Response:
        """The answer to a handshake that fails."""
        response = super().reject(status, text)
        failed = response.status_code >= 500
        response.body = envelope.SERVER_ERROR if failed else _NO_HANDSHAKE
        del response.headers["Content-Length"], response.headers["Content-Type"]
        response.headers["Content-Length"] = str(len(response.body))
        response.headers["Content-Type"] = "application/json"
        return response


class SocketProtocol(Lingering, WebSocketsSansIOProtocol):
    """`pinged_at` and `ponged_at` are when the client's last ping or pong came, by loop time."""

    pinged_at = 0.0
    ponged_at = 0.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn = _Handshakes(max_size=self.config.ws_max_size, logger=self.logger)

    def expire(self, now_s: float) -> None:
        """Called by the server again and again; silence is for the link to judge."""
        self.cut_if_lingering(now_s, CLOSING_SECONDS_MAX)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.handshake_initiated and not self.close_sent:
            # The head is here and is no handshake: too many lines, a method of another protocol.
            self.handshake_complete = self.close_sent = True
            self.transport.write(self.conn.reject(400, "").serialize())
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < FRAGMENTS_MAX:
            super().handle_cont(event)
        elif not self.close_sent:
            self.frames = []
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            self.handle_parser_exception()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = dict(self.scope["extensions"] or {})
            extensions[SERVER_EXTENSION] = self
            self.scope["extensions"] = extensions

    def handle_ping(self) -> None:
        self.pinged_at = self.loop.time()
        super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        self.ponged_at = self.loop.time()
        super().handle_pong(event)

    def send_now(self, message: Mapping[str, Any]) -> bool:
        """Send a frame at once; false where it would have to wait, or the connection ends."""
        conn, transport = self.conn, self.transport
        ends = self.close_sent or conn.state is not State.OPEN or transport.is_closing()
        if ends or not self.writable.is_set():
            return False
        text = message.get("text")
        if text is not None:
            conn.send_text(text.encode())
        else:
            conn.send_binary(message["bytes"])
        transport.write(b"".join(conn.data_to_send()))
        return True

    def abort(self) -> None:
        """Cut the line; what waits to be sent is lost."""
        self.transport.abort()
