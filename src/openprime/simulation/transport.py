"""The server's end of a connection, as an event loop gives it to a protocol.

What either side writes is on its way for a moment and comes in pieces that are cut anywhere. What
the far end does not take stays in the transport's buffer, and where that is full the protocol is
told, as by a loop with real connections.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any, Protocol

from openprime.simulation.network import ADDRESS, LATENCY_SECONDS_MAX
from openprime.simulation.violated import Violated

PORT = 8000
SLOW = "who does not read is cut off"
# The rest of one turn of the loop, the server's ping, and the last words of either side.
WRITES_WHILE_FULL_MAX = 4
# Half of the cuts are near the beginning of what comes, where the heads of frames are.
NEAR_BYTES_MAX = 12


class FarEnd(Protocol):
    """Whoever is at the other end."""

    def take(self, piece: bytes) -> None:
        """Bytes of the server."""

    def ended(self) -> None:
        """Nothing more comes."""

    def filled(self) -> None:
        """More waits for this end than the server's line holds."""

    def cut_off(self) -> None:
        """The server throws away what waits, and ends the connection."""


class Pipe:
    """One direction: what is put in comes out of `give`, and after the last of it `end` is called.
    `held` is set while nobody takes it. `cut_share` is how many pieces are cut.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        draw: random.Random,
        cut_share: float,
        give: Callable[[bytes], None],
        end: Callable[[], None],
    ) -> None:
        self.held = False
        self._loop = loop
        self._draw = draw
        self._cut_share = cut_share
        self._give = give
        self._end = end
        self._bytes = bytearray()
        self._coming = False
        self._ending = self._over = False

    def __len__(self) -> int:
        return len(self._bytes)

    def put(self, data: bytes) -> None:
        if not self._ending:
            self._bytes += data
            self._go_on()

    def hold(self, held: bool) -> None:
        self.held = held
        self._go_on()

    def finish(self) -> None:
        """Let nothing follow what is on its way."""
        self._ending = True
        self._go_on()

    def clear(self) -> None:
        """Lose what is on its way."""
        self._bytes.clear()

    def _go_on(self) -> None:
        due = self._bytes or (self._ending and not self._over)
        if due and not self.held and not self._coming:
            self._coming = True
            self._loop.call_later(self._draw.uniform(0, LATENCY_SECONDS_MAX), self._come)

    def _come(self) -> None:
        self._coming = False
        if self.held:
            return
        if self._bytes:
            size = self._size()
            piece = bytes(self._bytes[:size])
            del self._bytes[:size]
            self._give(piece)
        elif self._ending and not self._over:
            self._over = True
            self._end()
        self._go_on()

    def _size(self) -> int:
        whole, draw = len(self._bytes), self._draw
        if draw.random() >= self._cut_share:
            return whole
        return draw.randint(1, min(whole, NEAR_BYTES_MAX) if draw.random() < 0.5 else whole)


class Transport(asyncio.Transport):
    """One connection. `bytes_max` may wait for the far end before the protocol is to pause;
    `on_lost` hears when it is over.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: Any,
        far: FarEnd,
        on_lost: Callable[["Transport"], None],
        draw: random.Random,
        cut_share: float,
        bytes_max: int,
    ) -> None:
        super().__init__({"peername": (ADDRESS, 50000), "sockname": (ADDRESS, PORT)})
        self.protocol = protocol
        self.lost = False
        # Since when the buffer is full, and how often was written to it since.
        self.full_since_s: float | None = None
        self.writes_while_full = 0
        self.sent = Pipe(loop, draw, cut_share, self._came, self._far_has_done)
        self._waiting = Pipe(loop, draw, cut_share, self._left, self._all_left)
        self._far = far
        self._on_lost = on_lost
        self._bytes_max = bytes_max
        self._closing = False
        self._loop = loop
        loop.call_soon(protocol.connection_made, self)

    def look(self) -> None:
        """Hold the server to what it promises of clients that take nothing: no more is written."""
        if self.writes_while_full > WRITES_WHILE_FULL_MAX:
            raise Violated(SLOW, f"{self.writes_while_full} writes to a line that was full")

    # -- what the far end does

    def hold(self, held: bool) -> None:
        """Take nothing more, or go on."""
        self._waiting.hold(held)

    def reset(self) -> None:
        """Be gone, and let the server know."""
        self._waiting.hold(True)
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._lose, ConnectionResetError("simulated"))

    def _came(self, piece: bytes) -> None:
        if not self._closing:
            self.protocol.data_received(piece)

    def _far_has_done(self) -> None:
        if not self._closing and not self.protocol.eof_received():
            self.close()

    def _left(self, piece: bytes) -> None:
        self._far.take(piece)
        if self.full_since_s is not None and len(self._waiting) <= self._bytes_max // 4:
            self.look()
            self.full_since_s = None
            if not self.lost:
                self.protocol.resume_writing()

    def _all_left(self) -> None:
        self._far.ended()
        if self._closing:
            self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        if not self.lost:
            self.lost = True
            self.full_since_s = None
            self._on_lost(self)
            self.protocol.connection_lost(error)

    # -- what the protocol asks for

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing:
            return
        self._waiting.put(bytes(data))
        if self.full_since_s is not None:
            self.writes_while_full += 1
        elif len(self._waiting) > self._bytes_max:
            self.full_since_s, self.writes_while_full = self._loop.time(), 0
            self._far.filled()
            self.protocol.pause_writing()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._waiting.finish()

    def get_write_buffer_size(self) -> int:
        return len(self._waiting)

    def pause_reading(self) -> None:
        self.sent.hold(True)

    def resume_reading(self) -> None:
        self.sent.hold(False)

    def is_reading(self) -> bool:
        return not self.sent.held and not self._closing

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol  # type: ignore[no-any-return]

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """End the connection when the far end has taken what waits."""
        if not self._closing:
            self._closing = True
            if not self._waiting:
                self._loop.call_soon(self._lose, None)
            self._waiting.finish()

    def abort(self) -> None:
        """End the connection now; what waits is lost."""
        if self.lost:
            return
        self._closing = True
        self._waiting.clear()
        self._waiting.finish()
        self._loop.call_soon(self._far.cut_off)
        self._loop.call_soon(self._lose, None)
