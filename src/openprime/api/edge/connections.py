"""Connections that end: HTTP on the wire, with a bound on everything that a peer may leave open.

uvicorn reads HTTP as it should, but waits for ever for the rest of a request, keeps as much of a
head as is sent, and answers what it cannot read in plain text. Here a request that is not complete
in time, or outgrows its bounds, gets an answer in JSON like every other, after the answers that
are still due before it, and then the connection ends. So does one on which nothing is asked, and
one whose peer takes no answers. The server calls `expire` on every connection, again and again.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from openprime.api.edge.lost import CONNECTION
from openprime.api.envelope import TOO_MANY_REQUESTS, Texts
from openprime.api.settings import EdgeSettings
from openprime.errors import Refusal

BAD_REQUEST = 400
REQUEST_TIMEOUT = 408
TOO_LARGE = 413

# Requests that wait for the answers to those before them on the same connection.
PIPELINED_MAX = 64
# How long a peer may go on sending that has had the last answer.
LISTENING_SECONDS = 2.0
# A body in chunks of one byte is five times as long on the wire as it is.
WIRE_BYTES_PER_BODY_BYTE = 8


class Lingering:
    """How long a transport has been closing: a peer that reads nothing keeps it so for ever."""

    transport: Any
    _closing_since_s: float | None = None

    def cut_if_lingering(self, now_s: float, seconds_max: float) -> bool:
        """Cut the line where closing takes too long; whether it is closing."""
        if not self.transport.is_closing():
            return False
        if self._closing_since_s is None:
            self._closing_since_s = now_s
        elif now_s - self._closing_since_s >= seconds_max:
            self.transport.abort()
        return True


class HttpProtocol(Lingering, HttpToolsProtocol):
    """One connection. `edge` and `texts` are set by `http_protocol`."""

    edge: EdgeSettings
    texts: Texts

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._idle_since_s = self.loop.time()
        # Since when a request is being read, None while none is; how many were begun; and how
        # many bytes of the present one came after those that it began with.
        self._open_since_s: float | None = None
        self._begun = 0
        self._later_bytes = 0
        self._unread_since_s: float | None = None
        self._last_words: bytes | None = None
        self._ended_at_s: float | None = None
        self._running: Any = None
        self._peer_has_done = False

    # -- what the server calls

    def expire(self, now_s: float) -> None:
        """End the connection where its peer has let a time pass."""
        edge = self.edge
        if self.cut_if_lingering(now_s, edge.unread_seconds):
            return
        if self._ended_at_s is not None:
            if now_s - self._ended_at_s >= LISTENING_SECONDS:
                self.transport.close()
        elif self._unread_since_s is not None:
            if now_s - self._unread_since_s >= edge.unread_seconds:
                self.transport.abort()
        elif self._open_since_s is not None:
            if now_s - self._open_since_s >= edge.request_seconds:
                self._give_up(REQUEST_TIMEOUT)
        elif self._answered and now_s - self._idle_since_s >= edge.keep_alive_seconds:
            self.transport.close()

    def shutdown(self) -> None:
        """The server stops."""
        if self._ended_at_s is not None:
            self.transport.close()
        else:
            super().shutdown()

    @property
    def _answered(self) -> bool:
        """Whether no answer is due."""
        cycle: Any = self.cycle
        return not self.pipeline and (cycle is None or cycle.response_complete)

    # -- what the transport calls

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, CONNECTION: transport}
        if len(self.connections) > self.edge.connections_max:
            self._end(self._answer(TOO_MANY_REQUESTS, Refusal(100429)))

    def data_received(self, data: bytes) -> None:
        if self._last_words is not None:
            return
        begun = self._begun
        super().data_received(data)
        if self._open_since_s is None or self._begun != begun:
            return
        self._later_bytes += len(data)
        if self._later_bytes > self._later_bytes_max():
            self._give_up(TOO_LARGE)

    def _later_bytes_max(self) -> int:
        edge = self.edge
        if self._own_cycle() is None:
            return edge.header_bytes_max + edge.query_bytes_max
        return edge.body_bytes_max * WIRE_BYTES_PER_BODY_BYTE

    def eof_received(self) -> bool:  # type: ignore[override]
        """The peer asks no more, but may still hear what is due to it."""
        self._peer_has_done = True
        if self._ended_at_s is not None:
            return False
        if self._open_since_s is not None:
            self._give_up(BAD_REQUEST)
        elif self._answered:
            return False
        else:
            self.cycle.keep_alive = False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is left to hear any answer, not that of an earlier request either."""
        super().connection_lost(exc)
        self.pipeline.clear()
        if self._running is not None:
            _disconnect(self._running)

    def pause_writing(self) -> None:
        self._unread_since_s = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._unread_since_s = None
        super().resume_writing()

    # -- what the parser calls

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun += 1
        self._later_bytes = 0
        self._open_since_s = self.loop.time()

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= PIPELINED_MAX:
            raise ValueError("too many requests wait on one connection")
        super().on_headers_complete()
        if self._own_cycle() is not None:
            # Trailers change nothing about a request that is under way.
            self.headers = []

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._open_since_s = None

    def on_response_complete(self) -> None:
        self._idle_since_s = self.loop.time()
        if self._last_words is not None and not self.pipeline:
            self._end(self._last_words)
        else:
            super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """A handshake cannot overtake an answer, and its target must be one that can be read."""
        if self._answered and self.url.isascii():
            super().handle_websocket_upgrade()
        else:
            self._give_up(BAD_REQUEST)

    def send_400_response(self, msg: str) -> None:
        self._give_up(BAD_REQUEST)

    def _unsupported_upgrade_warning(self) -> None:
        """What follows is no HTTP: the answer to this request is the last."""
        self.cycle.keep_alive = False

    # -- the end

    def _own_cycle(self) -> Any:
        """The answer in the making to the request that is being read; None before there is one."""
        cycle: Any = self.cycle
        return cycle if cycle is not None and cycle.scope is self.scope else None

    def _give_up(self, status: int) -> None:
        """Answer 400000 as the last word of this connection, in its turn."""
        answer = self._answer(status, Refusal(400000))
        cycle = self._own_cycle()
        if cycle is None or not cycle.more_body:
            self._say_in_turn(answer)
        elif cycle.response_started:
            self.transport.close()
        elif self.pipeline:
            self.pipeline.popleft()
            self._say_in_turn(answer)
        else:
            _disconnect(cycle)
            self._end(answer)

    def _say_in_turn(self, answer: bytes) -> None:
        if self._answered:
            self._end(answer)
            return
        self._open_since_s = None
        self._last_words = answer
        self.flow.pause_reading()

    def _end(self, answer: bytes) -> None:
        """Say the last word. What the peer still sends is read and dropped for a moment: to close
        on it would take the answer back.
        """
        self._last_words = answer
        self._open_since_s = None
        self._ended_at_s = self.loop.time()
        self.transport.write(answer)
        if self.transport.can_write_eof() and not self._peer_has_done:
            self.transport.write_eof()
            self.flow.resume_reading()
        else:
            self.transport.close()

    def _answer(self, status: int, refusal: Refusal) -> bytes:
        body = self.texts.body(refusal)
        head = (
            b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n"
            % len(body)
        )
        retry = b"retry-after: 1\r\n" if status == TOO_MANY_REQUESTS else b""
        return b"".join((STATUS_LINE[status], head, retry, b"\r\n", body))


def _disconnect(cycle: Any) -> None:
    """Let the application know that nobody waits for its answer."""
    cycle.disconnected = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()


def http_protocol(edge: EdgeSettings, texts: Texts) -> type[HttpProtocol]:
    """The protocol under these bounds, for `uvicorn.Config(http=...)`."""
    return type("BoundHttpProtocol", (HttpProtocol,), {"edge": edge, "texts": texts})
