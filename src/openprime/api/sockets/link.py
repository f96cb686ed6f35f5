"""One websocket connection: a reader, a writer, and the reasons for which it ends.

Whoever pushes never waits for a client. A frame goes out at once where the line is free. Else it
goes into a bounded queue, and one task per socket takes it out again and hands it to the server.
When the queue overflows the owner of the link is told (`put` is false) and decides: conflate or
drop. A link that is dropped may have a peer that reads nothing at all, so the close frame gets a
moment and then the connection is cut.

A frame is held as the ASGI message that carries it: made once, it goes to any number of sockets.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import msgspec

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_POLICY = 1008
CLOSE_TRY_AGAIN = 1013

# Where a server that sees control frames (socket_server.py) leaves itself for the link to find.
SERVER_EXTENSION = "openprime.socket"


class LinkSettings(msgspec.Struct, frozen=True):
    """Bounds of one connection.

    `idle_seconds` without a frame of the client close it, None never does; pings of the protocol
    count as frames, its pongs, which only answer ours, where `pongs_count`. `frames_waiting_max`
    bounds the outgoing queue. `stalled_seconds` is how long one frame may take to leave, and
    `close_seconds` how long the peer gets to take the close frame.
    """

    idle_seconds: float | None = None
    pongs_count: bool = False
    frames_waiting_max: int = 1024
    stalled_seconds: float = 20.0
    close_seconds: float = 2.0


def text_message(text: str) -> Message:
    return {"type": "websocket.send", "text": text}


def binary_message(data: bytes) -> Message:
    return {"type": "websocket.send", "bytes": data}


def _nothing_more() -> None:
    """What a link without a refill does when its queue has run dry."""


class Link:
    """An accepted connection. `refill` is called each time that the queue has run dry."""

    __slots__ = (
        "_close",
        "_closing",
        "_idle_timer",
        "_last_heard",
        "_loop",
        "_queue",
        "_receive",
        "_send",
        "_server",
        "_settings",
        "_wake",
        "refill",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, settings: LinkSettings) -> None:
        self._receive = receive
        self._send = send
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Message] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._close: tuple[int, str] | None = None
        self._closing: asyncio.Future[None] = self._loop.create_future()
        self._last_heard = self._loop.time()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._server: Any = (scope.get("extensions") or {}).get(SERVER_EXTENSION)
        self.refill: Callable[[], None] = _nothing_more

    @property
    def waiting(self) -> int:
        """Frames that have not left yet."""
        return len(self._queue)

    @property
    def closed(self) -> bool:
        """Whether the connection ends or has ended."""
        return self._closing.done()

    def put(self, message: Message) -> bool:
        """Send or queue a frame; false where the queue is full or the link closes."""
        if self._server is not None and self._idle() and self._server.send_now(message):
            return True
        if len(self._queue) >= self._settings.frames_waiting_max or self._closing.done():
            return False
        self._queue.append(message)
        self.wake()
        return True

    def _idle(self) -> bool:
        """Whether all frames have left, the writer waits for more, and more may come."""
        waits = self._wake is not None and not self._wake.done()
        return waits and not self._queue and not self._closing.done()

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
            self._queue.clear()
        self._closing.set_result(None)

    async def run(self, on_frame: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Hand each frame of the client to `on_frame`, in order, until the connection ends."""
        reader = self._loop.create_task(self._read(on_frame))
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
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, OSError):
                raise result

    async def _read(self, on_frame: Callable[[str | bytes], Awaitable[None]]) -> None:
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return
            self._last_heard = self._loop.time()
            text = message.get("text")
            await on_frame(text if text is not None else message.get("bytes", b""))

    async def _write(self) -> None:
        queue = self._queue
        send = self._send
        stalled_seconds = self._settings.stalled_seconds
        stall_timer = self._loop.call_later(stalled_seconds, self._stalled)
        stall_timer.cancel()
        while True:
            while queue:
                stall_timer = self._loop.call_later(stalled_seconds, self._stalled)
                try:
                    # What waits leaves in one go; the timer covers the whole of it anew each time.
                    for _ in range(min(len(queue), 64)):
                        await send(queue.popleft())
                finally:
                    stall_timer.cancel()
            self.refill()
            if queue:
                continue
            if self._closing.done():
                return
            self._wake = self._loop.create_future()
            await self._wake
            self._wake = None

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

    def __len__(self) -> int:
        return len(self._open)

    async def run(self, link: Link, on_frame: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Run a link and know of it meanwhile."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open[link] = ended
        try:
            await link.run(on_frame)
        finally:
            del self._open[link]
            ended.set_result(None)

    async def close_all(self, reason: str, seconds: float = 3.0) -> None:
        """Tell every client that the server goes away, and wait until they are gone."""
        for link in self._open:
            link.close(CLOSE_GOING_AWAY, reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*self._open.values())
