"""The server's side of a websocket: what ASGI does not show, made known to the link.

Control frames never reach an ASGI application, but a client that keeps its line open with
protocol pings is no silent client. And a peer that has stopped reading cannot be told to go; the
line has to be cut. And most frames find the line free: they need no task that waits with them. So
this protocol leaves itself in the scope, where the link finds it.

To be used with `uvicorn.Config(ws=SocketProtocol, **SERVER_SETTINGS)`.
"""

from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from openprime.api.sockets.link import SERVER_EXTENSION

# The server pings every 30 s and ends a connection whose client does not answer for three minutes
# (resolutions 193). Frames are small or packed already, so the line itself packs nothing. Frames
# over a socket's own bound are answered with a code; only much larger ones end the connection.
SERVER_SETTINGS: dict[str, Any] = {
    "ws_ping_interval": 30.0,
    "ws_ping_timeout": 180.0,
    "ws_per_message_deflate": False,
    "ws_max_size": 64 * 1024,
}


class SocketProtocol(WebSocketsSansIOProtocol):
    """`pinged_at` and `ponged_at` are when the client's last ping or pong came, by loop time."""

    pinged_at = 0.0
    ponged_at = 0.0

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
