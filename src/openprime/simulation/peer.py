"""The client's end of a socket: bytes on a simulated line, from the handshake to the last frame.

It says its frames whole or in pieces, some as text and some as bytes, answers the server's pings,
and takes what comes, or not. It holds the server to the protocol: that frames come whole and in
order, that its pings are answered in turn, and that nobody is sent away who did nothing wrong.
"""

import gzip
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from openprime.api.sockets.link import LinkSettings
from openprime.simulation.port import Port
from openprime.simulation.transport import SLOW
from openprime.simulation.violated import Violated
from openprime.simulation.wire import (
    HEAD_END,
    SWITCHED,
    WHOLE,
    Kind,
    Reader,
    frame,
    handshake,
    is_answer_to,
)

PIECES_SHARE = 0.1
BINARY_SHARE = 0.05
# Half of the clients keep their line open that way, as libraries do.
PING_SECONDS = 20.0
# More than may be written to a line that is full.
PINGS_WHILE_FULL = 10
# A frame waits this long, then the close frame does, and then the line is cut; a connection that
# was to be closed already waits for an answer to that, and then as long as the server lets it.
FULL_SECONDS_MAX = LinkSettings().stalled_seconds + LinkSettings().close_seconds + 33.0
# So long after reading on a client may still hear of, or feel, that it had not read.
SLOW_BEFORE_SECONDS = 3.0
# Ends that a client may meet that keeps to the protocol: silence, the server's end, its key's end.
NORMAL_CODES = (1000, 1001, 1008)
TOO_SLOW = 1013
# What ends with 1002, 1007 or 1009: no mask, bits that mean nothing, kinds that there are not, no
# text, a piece of nothing, a control frame in pieces, and more than any frame may have.
BROKEN = (
    b"\x81\x02{}",
    b"\xc1\x82\0\0\0\0{}",
    b"\x83\x80\0\0\0\0",
    b"\x81\x82\0\0\0\0\xff\xfe",
    b"\x80\x82\0\0\0\0{}",
    b"\x09\x80\0\0\0\0",
    b"\x81\xff\0\0\0\0\0\x10\0\0\0\0\0\0",
    b"\x01\x80\0\0\0\0" + 70 * b"\x00\x80\0\0\0\0",
)


class Peer:
    """A client's websocket. `hear` is told every message; `said` is how many it has sent."""

    def __init__(self, port: Port, path: str, hear: Callable[[Any], None]) -> None:
        self.closed = False
        self.broken = False
        self.said = 0
        self._port, self._loop, self._draw = port, port.loop, port.draw
        self._hear = hear
        self._stalled = False
        self._stalled_until_s = -SLOW_BEFORE_SECONDS
        self._gone = False
        self._head: bytearray | None = bytearray()
        self._unsaid: list[str] = []
        self._reader = Reader()
        self._pings: deque[bytes] = deque(maxlen=200)
        self._key = self._draw.randbytes(16)
        self._transport = port.connect(self)
        self._transport.sent.put(handshake(path, self._key))
        if self._draw.random() < 0.5:
            self._loop.call_later(PING_SECONDS, self._keep_open)

    @property
    def has_heard_all(self) -> bool:
        """Whether nothing is on its way to the client."""
        return not self._transport.get_write_buffer_size()

    # -- what the client does

    def say(self, content: Any) -> None:
        """Send a message, once the socket is open."""
        text = content if isinstance(content, str) else json.dumps(content)
        if self._head is not None:
            self._unsaid.append(text)
            return
        self.said += 1
        draw = self._draw
        kind = Kind.BINARY if draw.random() < BINARY_SHARE else Kind.TEXT
        rest = text.encode()
        while draw.random() < PIECES_SHARE:
            size = draw.randint(0, len(rest))
            self._send(kind, rest[:size], final=False)
            kind, rest = Kind.MORE, rest[size:]
            if draw.random() < 0.5:
                self.ping()
        self._send(kind, rest)

    def ping(self) -> None:
        """A ping of the protocol, to be answered with its own bytes."""
        body = self._draw.randbytes(self._draw.choice((0, 4, 125)))
        self._pings.append(body)
        self._send(Kind.PING, body)

    def stall(self) -> None:
        """Take nothing any more."""
        self._stalled = True
        self._transport.hold(True)
        if self._transport.full_since_s is not None:
            self.filled()

    def read_on(self) -> None:
        if self._stalled and not self._gone:
            self._stalled, self._stalled_until_s = False, self._loop.time()
            self._transport.hold(False)

    def vanish(self) -> None:
        """Be gone: with a word, by an end of the line or a break of it, or in silence."""
        how = self._draw.choice(("close", "end", "break", "silence"))
        self.closed = True
        if how == "close" and self._head is None:
            self._send(Kind.CLOSE, b"\x03\xe8")
            self.read_on()
            return
        self._gone = True
        self.stall()
        if how == "break":
            self._transport.reset()
        elif how == "end":
            self._transport.sent.finish()

    def babble(self) -> None:
        """Send what is no websocket; nothing after it can be answered."""
        if self._head is None:
            self.broken = True
            self._transport.sent.put(self._draw.choice(BROKEN))

    def _send(self, kind: Kind, body: bytes, final: bool = True) -> None:
        self._transport.sent.put(frame(kind, body, self._draw.randbytes(4), final))

    def _keep_open(self) -> None:
        if not self.closed:
            if self._head is None:
                self.ping()
            self._loop.call_later(PING_SECONDS, self._keep_open)

    # -- what comes

    def take(self, piece: bytes) -> None:
        if self._head is not None:
            self._head += piece
            if HEAD_END not in self._head:
                return
            piece = self._open(bytes(self._head))
        if self._head is None:
            for kind, body in self._reader.read(piece):
                self._take_frame(kind, body)

    def _open(self, answer: bytes) -> bytes:
        """Read the answer to the handshake; the result is what came after it."""
        head, _, rest = answer.partition(HEAD_END)
        if not head.startswith(SWITCHED):
            self.closed = True
            return rest
        if not is_answer_to(self._key, head + HEAD_END):
            raise Violated(WHOLE, f"an answer to another handshake: {head!r}")
        self._head = None
        for text in self._unsaid:
            self.say(text)
        return rest

    def _take_frame(self, kind: Kind, body: bytes) -> None:
        if kind is Kind.PING:
            self._send(Kind.PONG, body)
        elif kind is Kind.PONG:
            self._take_pong(body)
        elif kind is Kind.CLOSE:
            self._take_close(int.from_bytes(body[:2], "big"), body)
        elif not self.closed:
            text = (gzip.decompress(body) if kind is Kind.BINARY else body).decode()
            self._hear("pong" if text == "pong" else json.loads(text))

    def _take_pong(self, body: bytes) -> None:
        """Pings may go unanswered where a later one is answered, but no answer goes back."""
        if body not in self._pings:
            raise Violated(WHOLE, f"a pong that no ping waits for: {body!r}")
        while self._pings.popleft() != body:
            pass

    def _take_close(self, code: int, body: bytes) -> None:
        slow = code == TOO_SLOW and self._was_slow
        if code not in NORMAL_CODES and not slow and not self.broken:
            raise Violated(WHOLE if code != TOO_SLOW else SLOW, f"the server closed with {body!r}")
        if not self.closed:
            self.closed = True
            self._send(Kind.CLOSE, body[:2])

    @property
    def _was_slow(self) -> bool:
        since_s = self._loop.time() - self._stalled_until_s
        return self._stalled or since_s < SLOW_BEFORE_SECONDS

    # -- what becomes of the line

    def ended(self) -> None:
        self.closed = True
        self._transport.sent.finish()

    def filled(self) -> None:
        """What it asks now has to wait, and with that the server's patience begins."""
        if self._stalled and not self.closed:
            self.say("ping")
            for _ in range(PINGS_WHILE_FULL):
                self.ping()
            self._loop.call_later(FULL_SECONDS_MAX, self._must_be_cut, self._loop.time())

    def _must_be_cut(self, since_s: float) -> None:
        full_since_s = self._transport.full_since_s
        if full_since_s is not None and full_since_s <= since_s:
            raise Violated(SLOW, f"a line that is full since {full_since_s} s is still open")

    def cut_off(self) -> None:
        if not self._was_slow and self._port.dropped_at_s != self._loop.time():
            raise Violated(SLOW, "a client was cut off that takes what comes")
