"""The server's side of a websocket: what ASGI does not show, made known to the link.

Control frames never reach an ASGI application, but a client that keeps its line open with
protocol pings is no silent client. And a peer that has stopped reading cannot be told to go; the
line has to be cut. And most frames find the line free: they need no task that waits with them, and
those of one turn of the loop leave in one write. So this protocol leaves itself in the scope, where
the link finds it.

Plain frames of a client are handed over the moment that they come; everything else is left to the
websockets library, frame by frame, so that it always stands between two frames.

A handshake that is none is answered in JSON, as every request is. It comes whole from the HTTP
protocol, which bounds its head and the time that it may take.

To be used with `uvicorn.Config(ws=SocketProtocol, **SERVER_SETTINGS)`.
"""

import asyncio
from collections import deque
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from openprime.api import envelope
from openprime.api.edge.connections import Lingering
from openprime.api.sockets.incoming import Cutter, plain_text
from openprime.api.sockets.link import SERVER_EXTENSION, OnFrame
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

# So many frames leave in one write at most.
FRAMES_AT_ONCE_MAX = 64

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
        # Who takes frames, what it waits for, and what came meanwhile: no more than one read, for
        # then the line is not read.
        self._hear: OnFrame | None = None
        self._room: asyncio.Future[None] | None = None
        self._unheard: deque[str | bytes] = deque()
        self._cutter = Cutter(self.config.ws_max_size)
        # Whether the library was given frames before the answer to the handshake; it may then
        # stand anywhere.
        self._early = False
        self._unsent: list[bytes] = []
        self._late_pong = b""
        self.conn = _Handshakes(max_size=self.config.ws_max_size, logger=self.logger)

    def expire(self, now_s: float) -> None:
        """Called by the server again and again; silence is for the link to judge."""
        self.cut_if_lingering(now_s, CLOSING_SECONDS_MAX)

    def shutdown(self) -> None:
        """The server stops. A connection that the client has ended, and whose line is still full,
        has had its goodbye: another one would be an error.
        """
        self.close_sent = self.close_sent or self.conn.state in (State.CLOSING, State.CLOSED)
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self.handshake_complete and not self._early:
            for frame in self._cutter.cut(data):
                self._take(frame)
            return
        self._early = self.handshake_initiated
        super().data_received(data)
        if not self.handshake_initiated and not self.close_sent:
            # The head is here and is no handshake: too many lines, a method of another protocol.
            self.handshake_complete = self.close_sent = True
            self.transport.write(self.conn.reject(400, "").serialize())
            self.transport.close()

    def _take(self, frame: bytes) -> None:
        """Hand a frame over, or let the library judge it."""
        hears = self._hear is not None and not self.frames and self.conn.state is State.OPEN
        text = plain_text(frame) if hears else None
        if text is None:
            super().data_received(frame)
        else:
            self._deliver(text)

    # -- frames to the link

    def hand_over(self, hear: OnFrame) -> None:
        """From now on every frame goes to `hear`, those first that came before."""
        self._hear = hear
        events = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        for event in events:
            if event["type"] == "websocket.receive":
                text = event.get("text")
                self._deliver(text if text is not None else event.get("bytes") or b"")
            else:
                self.queue.put_nowait(event)
        self._read_on()

    def send_receive_event_to_app(self) -> None:
        if self._hear is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        data, self.frames = b"".join(self.frames), []
        if self.curr_msg_data_type == "bytes":
            self._deliver(data)
            return
        try:
            self._deliver(data.decode())
        except UnicodeDecodeError:
            self.conn.fail(CloseCode.INVALID_DATA)
            self.handle_parser_exception()

    def _deliver(self, data: str | bytes) -> None:
        if self._room is not None:
            self._unheard.append(data)
            return
        assert self._hear is not None
        room = self._hear(data)
        if room is not None:
            self._room = room
            room.add_done_callback(self._go_on)
            if not self.read_paused:
                self.read_paused = True
                self.transport.pause_reading()

    def _go_on(self, room: "asyncio.Future[None]") -> None:
        self._room = None
        while self._unheard and self._room is None:
            self._deliver(self._unheard.popleft())
        self._read_on()

    def _read_on(self) -> None:
        if self.read_paused and self._room is None:
            self.read_paused = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    # -- what the library says

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
        """Answer a ping: at once, or where the line is full when it is free again, and then only
        the last one (RFC 6455 5.5.3). Else who pings and reads nothing would have answers pile up.
        """
        self.pinged_at = self.loop.time()
        if self.writable.is_set():
            super().handle_ping()
        else:
            self._late_pong = b"".join(self.conn.data_to_send())

    def resume_writing(self) -> None:
        super().resume_writing()
        pong, self._late_pong = self._late_pong, b""
        if pong and self._sends:
            self.transport.write(pong)

    def handle_pong(self, event: Frame) -> None:
        self.ponged_at = self.loop.time()
        super().handle_pong(event)

    def send_now(self, wire: bytes) -> bool:
        """Send a whole frame in this turn of the loop; false where it would have to wait, or the
        connection ends.
        """
        unsent = self._unsent
        if not unsent:
            if not self._sends or not self.writable.is_set():
                return False
            self.loop.call_soon(self._flush)
        elif len(unsent) >= FRAMES_AT_ONCE_MAX:
            self._flush()
            return self.send_now(wire)
        unsent.append(wire)
        return True

    @property
    def _sends(self) -> bool:
        """Whether frames may be sent: after the handshake and before the close."""
        stands = self.handshake_complete and not self.close_sent
        return stands and not self.transport.is_closing()

    def _flush(self) -> None:
        unsent = self._unsent
        if unsent:
            if self._sends:
                self.transport.write(b"".join(unsent))
            unsent.clear()

    async def send(self, message: Any) -> None:
        """Send what the application says by ASGI, after the frames that are on their way."""
        self._flush()
        await super().send(message)
        # A handshake that is refused is complete; else every one would be an error in the log.
        self.handshake_complete = self.handshake_complete or self.close_sent

    def abort(self) -> None:
        """Cut the line; what waits to be sent is lost."""
        self.transport.abort()
