"""One websocket connection: a reader, a writer, and the reasons for which it ends.

Whoever pushes never waits for a client. A frame goes out at once where the line is free. Else it
goes into a bounded queue, and one task per socket takes it out again and hands it to the server.
When the queue overflows the owner of the link is told (`put` is false) and decides: conflate or
drop. A link that is dropped may have a peer that reads nothing at all, so the close frame gets a
moment and then the connection is cut.

What the client sends is handed on frame by frame. Where the server hands it over itself
(server.py) no task wakes for it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from openprime.api.edge.auth import Caller
from openprime.api.sockets.outgoing import Message, Outgoing

Scope = Message
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Takes a frame of the client; what it gives back is to be waited for before the next one.
OnFrame = Callable[[str | bytes], "asyncio.Future[None] | None"]

CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_POLICY = 1008
CLOSE_TRY_AGAIN = 1013

# Where a server that sees control frames (server.py) leaves itself for the link to find.
SERVER_EXTENSION = "openprime.socket"


class LinkSettings(msgspec.Struct, frozen=True):
    """Bounds of one connection.

    `idle_seconds` without a frame of the client close it, None never does; pings of the protocol
    count as frames, its pongs, which only answer ours, where `pongs_count`. `frames_waiting_max`
    and `bytes_waiting_max` bound the outgoing queue. `stalled_seconds` is how long one frame may
    take to leave, and `close_seconds` how long the peer gets to take the close frame.
    """

    idle_seconds: float | None = None
    pongs_count: bool = False
    frames_waiting_max: int = 1024
    bytes_waiting_max: int = 16 * 1024 * 1024
    stalled_seconds: float = 20.0
    close_seconds: float = 2.0


def _nothing_more() -> None:
    """What a link without a refill does when its queue has run dry."""


class _Stalled:
    """A server that never finds the line free."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def send_now(self, wire: bytes) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


class Link:
    """An accepted connection. `refill` is called each time that the queue has run dry; `caller` is
    who logged in last, `faults_met` are the ids of the faults that it has met, and `waiting_bytes`
    how long the frames are together that have not left yet.
    """

    __slots__ = (
        "_close",
        "_closing",
        "_failure",
        "_idle_timer",
        "_last_heard",
        "_loop",
        "_on_frame",
        "_queue",
        "_receive",
        "_send",
        "_server",
        "_settings",
        "_stalled_by_fault",
        "_wake",
        "caller",
        "faults_met",
        "refill",
        "waiting_bytes",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, settings: LinkSettings) -> None:
        self._receive = receive
        self._send = send
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Outgoing] = deque()
        self.waiting_bytes = 0
        self._wake: asyncio.Future[None] | None = None
        self._on_frame: OnFrame
        self._close: tuple[int, str] | None = None
        self._failure: Exception | None = None
        self._closing: asyncio.Future[None] = self._loop.create_future()
        self._last_heard = self._loop.time()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._server: Any = (scope.get("extensions") or {}).get(SERVER_EXTENSION)
        self._stalled_by_fault = False
        self.caller: Caller | None = None
        self.faults_met: set[int] = set()
        self.refill: Callable[[], None] = _nothing_more

    @property
    def waiting(self) -> int:
        """Frames that have not left yet."""
        return len(self._queue)

    @property
    def closed(self) -> bool:
        """Whether the connection ends or has ended."""
        return self._closing.done()

    def send_now(self, frame: Outgoing) -> bool:
        """Send a frame if the line is free and none waits; whether it was."""
        if self._queue or self._server is None or self._closing.done():
            return False
        return bool(self._server.send_now(frame.wire))

    def put(self, frame: Outgoing) -> bool:
        """Send or queue a frame; false where the queue is full or the link closes."""
        if self.send_now(frame):
            return True
        settings, size = self._settings, len(frame.wire)
        full = len(self._queue) >= settings.frames_waiting_max
        if full or self.waiting_bytes + size > settings.bytes_waiting_max or self._closing.done():
            return False
        self._queue.append(frame)
        self.waiting_bytes += size
        self.wake()
        return True

    def wake(self) -> None:
        """Let the writer look again, at its queue and at its refill."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def close(self, code: int, reason: str = "") -> None:
        """End the connection; frames that wait are sent first, unless the peer is too slow."""
        if self._closing.done():
            return
        self._close = (code, reason)
        if code == CLOSE_TRY_AGAIN:
            self._forget_queue()
        self._closing.set_result(None)

    def _forget_queue(self) -> None:
        self._queue.clear()
        self.waiting_bytes = 0

    def drop(self) -> None:
        """End the connection without a word."""
        if self._server is not None:
            self._server.abort()
        if not self._closing.done():
            self._closing.set_result(None)

    def stall(self, seconds: float) -> None:
        """Send nothing for so long, as if the peer took nothing meanwhile."""
        if self._stalled_by_fault:
            return
        server, send, over = self._server, self._send, asyncio.Event()

        async def send_later(message: Message) -> None:
            await over.wait()
            await send(message)

        def go_on() -> None:
            self._stalled_by_fault, self._server, self._send = False, server, send
            over.set()

        self._stalled_by_fault, self._send = True, send_later
        self._server = None if server is None else _Stalled(server)
        self._loop.call_later(seconds, go_on)

    async def run(self, on_frame: OnFrame) -> None:
        """Hand each frame of the client to `on_frame`, in order, until the connection ends."""
        self._on_frame = on_frame
        if self._server is not None:
            self._server.hand_over(self._hear)
        reader = self._loop.create_task(self._read())
        writer = self._loop.create_task(self._write())
        self._watch_idle()
        try:
            await asyncio.wait((reader, writer, self._closing), return_when=asyncio.FIRST_COMPLETED)
            if self._close is not None:
                await self._say_goodbye(writer)
        finally:
            if not self._closing.done():
                self._closing.set_result(None)
            if self._idle_timer is not None:
                self._idle_timer.cancel()
            reader.cancel()
            writer.cancel()
            results = await asyncio.gather(reader, writer, return_exceptions=True)
        for result in (*results, self._failure):
            if isinstance(result, Exception) and not isinstance(result, OSError):
                raise result

    async def _read(self) -> None:
        """Take what the server says by ASGI: frames, unless it hands them over, and the end."""
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return
            text = message.get("text")
            room = self._hear(text if text is not None else message.get("bytes", b""))
            if room is not None:
                await room

    def _hear(self, data: str | bytes) -> "asyncio.Future[None] | None":
        """Take a frame. A fault of ours ends this connection and no other."""
        if self._closing.done():
            return None
        self._last_heard = self._loop.time()
        try:
            return self._on_frame(data)
        except Exception as error:
            self._failure = error
            if not self._closing.done():
                self._closing.set_result(None)
            return None

    async def _write(self) -> None:
        queue = self._queue
        while True:
            while queue:
                await self._send_first()
            self.refill()
            if queue:
                continue
            if self._closing.done():
                return
            self._wake = self._loop.create_future()
            await self._wake
            self._wake = None

    async def _send_first(self) -> None:
        """Send the frame that waits longest. It keeps its place until it has left, so that none is
        sent at once before it.
        """
        queue = self._queue
        if self._server is None or not self._server.send_now(queue[0].wire):
            seconds = self._settings.stalled_seconds
            stall_timer = self._loop.call_later(seconds, self._stalled)
            try:
                await self._send(queue[0].message)
            finally:
                stall_timer.cancel()
        if queue:
            self.waiting_bytes -= len(queue.popleft().wire)

    def _stalled(self) -> None:
        self.close(CLOSE_TRY_AGAIN, "reader too slow")

    async def _say_goodbye(self, writer: asyncio.Task[None]) -> None:
        """Let what waits go out, then the close frame, and cut the line if nobody takes it."""
        code, reason = self._close or (CLOSE_NORMAL, "")
        self.refill = _nothing_more
        self.wake()
        try:
            async with asyncio.timeout(self._settings.close_seconds):
                if code == CLOSE_TRY_AGAIN:
                    writer.cancel()
                await asyncio.wait((writer,))
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (TimeoutError, OSError):
            if self._server is not None:
                self._server.abort()

    def _watch_idle(self) -> None:
        idle_seconds = self._settings.idle_seconds
        if idle_seconds is None or self._closing.done():
            return
        heard = self._last_heard
        if self._server is not None:
            heard = max(heard, self._server.pinged_at)
            if self._settings.pongs_count:
                heard = max(heard, self._server.ponged_at)
        silent = self._loop.time() - heard
        if silent >= idle_seconds:
            self.close(CLOSE_NORMAL, "idle")
            return
        self._idle_timer = self._loop.call_later(idle_seconds - silent, self._watch_idle)


class Links:
    """The open connections of a socket, for the moment when the server stops."""

    def __init__(self) -> None:
        self._open: dict[Link, asyncio.Future[None]] = {}
        self._end_reason: str | None = None

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self._open))

    async def run(self, link: Link, on_frame: OnFrame) -> None:
        """Run a link and know of it meanwhile."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open[link] = ended
        if self._end_reason is not None:
            link.close(CLOSE_GOING_AWAY, self._end_reason)
        try:
            await link.run(on_frame)
        finally:
            del self._open[link]
            ended.set_result(None)

    async def close_all(self, reason: str, seconds: float = 3.0) -> None:
        """Tell every client that the server goes away, those that are still coming too, and wait
        until they are gone.
        """
        self._end_reason = reason
        for link in self._open:
            link.close(CLOSE_GOING_AWAY, reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*self._open.values())
