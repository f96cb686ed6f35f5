"""Frames as bytes: how they are taken from the line and put on it, whatever pieces they come in."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from openprime.api.sockets.incoming import Cutter, frame_end
from openprime.api.sockets.link import SERVER_EXTENSION, Link, LinkSettings
from openprime.api.sockets.outgoing import Outgoing
from openprime.api.sockets.server import (
    FRAMES_AT_ONCE_MAX,
    SERVER_SETTINGS,
    SocketProtocol,
)

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT, BINARY, CONTINUED, CLOSE, PING = 0x81, 0x82, 0x80, 0x88, 0x89
FIRST_OF_MORE = 0x01
MASK = b"\x01\x80\x7f\xff"


def frame(body: bytes, kind: int = TEXT, mask: bytes = MASK) -> bytes:
    """A client's frame."""
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))
    if len(body) < 126:
        head = bytes((kind, 0x80 | len(body)))
    elif len(body) < 65536:
        head = bytes((kind, 0xFE)) + struct.pack("!H", len(body))
    else:
        head = bytes((kind, 0xFF)) + struct.pack("!Q", len(body))
    return head + mask + masked


class Line(asyncio.Transport):
    """A transport that keeps what is written and lets the test say how it is."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closing = False
        self.reading = True

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class End:
    """The server's end of one connection, whose application is a link that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []
        self.room: asyncio.Future[None] | None = None
        self.failure: Exception | None = None
        self.line = Line()
        self.link: Link
        self.begin = asyncio.Event()
        self.begin.set()
        config = uvicorn.Config(
            self._application,  # type: ignore[arg-type]
            ws=SocketProtocol,
            interface="asgi3",
            log_config=None,
            **SERVER_SETTINGS,
        )
        config.load()
        self.protocol = SocketProtocol(config, ServerState(), {})
        self.protocol.connection_made(self.line)
        self.protocol.data_received(HANDSHAKE)

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        assert scope["extensions"][SERVER_EXTENSION] is self.protocol
        self.link = Link(
            scope, receive, send, LinkSettings(frames_waiting_max=3, bytes_waiting_max=1000)
        )
        await send({"type": "websocket.accept"})
        await self.begin.wait()
        await self.link.run(self._on_frame)

    def _on_frame(self, data: str | bytes) -> asyncio.Future[None] | None:
        if self.failure is not None:
            raise self.failure
        self.heard.append(data)
        return self.room

    def sent(self) -> bytes:
        """What was written since the handshake."""
        return b"".join(self.line.writes[1:])


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def left(end: End) -> None:
    """The peer is gone, and everything that ran for it ends."""
    end.protocol.connection_lost(None)
    await asyncio.gather(*end.protocol.tasks)


def with_end(test: Callable[[End], Awaitable[None]]) -> Callable[[], None]:
    """Run a test over an end, and let the peer go after it."""

    def run() -> None:
        async def body() -> None:
            end = End()
            await turns()
            try:
                await test(end)
            finally:
                await left(end)

        asyncio.run(body())

    run.__name__ = test.__name__  # type: ignore[attr-defined]
    return run


async def said(end: End, data: bytes, pieces: int = 0) -> None:
    """The client's bytes, in one piece or in pieces of that size."""
    for at in range(0, len(data), pieces or len(data)):
        end.protocol.data_received(data[at : at + (pieces or len(data))])
    await turns()


@pytest.mark.parametrize("length", [0, 1, 125, 126, 300, 40_000])
@pytest.mark.parametrize("pieces", [0, 1, 7, 4096])
def test_texts_of_any_length_in_any_pieces(length: int, pieces: int) -> None:
    if length == 40_000 and pieces == 1:
        pieces = 11

    async def test(end: End) -> None:
        await said(end, frame(b"x" * length) + frame("ü".encode()), pieces)
        assert end.heard == ["x" * length, "ü"]

    with_end(test)()


@given(st.lists(st.text(max_size=300), max_size=5), st.integers(1, 50))
def test_what_is_heard_is_what_was_said(texts: list[str], pieces: int) -> None:
    async def test(end: End) -> None:
        await said(end, b"".join(frame(text.encode()) for text in texts), pieces)
        assert end.heard == texts

    with_end(test)()


@pytest.mark.parametrize("pieces", [0, 1])
def test_bytes_pieces_and_pings_keep_their_order(pieces: int) -> None:
    async def test(end: End) -> None:
        parts = frame(b"one ", FIRST_OF_MORE) + frame(b"", PING) + frame(b"two", CONTINUED)
        await said(end, frame(b"a") + parts + frame(b"\xff", BINARY) + frame(b"b"), pieces)
        assert end.heard == ["a", "one two", b"\xff", "b"]
        assert end.sent() == b"\x8a\x00"
        assert end.protocol.pinged_at > 0

    with_end(test)()


@with_end
async def test_a_text_in_the_midst_of_another_is_the_librarys_to_refuse(end: End) -> None:
    await said(end, frame(b"one ", FIRST_OF_MORE) + frame(b"two"))
    assert end.heard == []
    assert end.sent()[2:4] == (1002).to_bytes(2, "big")
    assert end.line.closing


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02no", 1002),  # not masked
        (frame(b"\xff\xfe"), 1007),
        (frame(b"\xff", FIRST_OF_MORE) + frame(b"\xfe", CONTINUED), 1007),
        (frame(b"x" * 70_000), 1009),
        (frame(b"x" * 70_000)[:10], 1009),
        (frame(b"x", 0x83), 1002),  # a kind that there is not
        (frame(b"x", 0xC1), 1002),  # packed, which was not agreed
    ],
)
def test_what_is_wrong_ends_the_connection(data: bytes, code: int) -> None:
    async def test(end: End) -> None:
        await said(end, frame(b"good") + data)
        assert end.heard == ["good"]
        assert end.sent()[2:4] == code.to_bytes(2, "big")
        assert end.line.closing

    with_end(test)()


@with_end
async def test_nothing_is_heard_after_a_close(end: End) -> None:
    await said(end, frame((1000).to_bytes(2, "big"), CLOSE) + frame(b"late"))
    assert end.heard == []
    assert end.sent()[:1] == b"\x88"


def test_the_end_of_a_frame() -> None:
    assert frame_end(b"", 0) is None
    assert frame_end(b"\x81", 0) is None
    assert frame_end(b"\x81\x05", 0) == 7
    assert frame_end(b"..\x81\x85", 2) == 2 + 2 + 4 + 5
    assert frame_end(b"\x81\xfe\x01", 0) is None
    assert frame_end(b"\x81\xfe\x01\x00", 0) == 4 + 4 + 256
    assert frame_end(b"\x81\xff" + bytes(7), 0) is None
    assert frame_end(b"\x81\x7f" + (70_000).to_bytes(8, "big"), 0) == 10 + 70_000


def test_whole_frames_are_cut_out() -> None:
    cutter = Cutter(bytes_max=1000)
    one, two = frame(b"one"), frame(b"y" * 500)
    assert cutter.cut(one) == [one]
    assert cutter.cut(one + two + one[:1]) == [one, two]
    assert cutter.cut(one[1:5]) == []
    assert cutter.cut(one[5:] + two) == [one, two]
    large = frame(b"x" * 2000)
    assert cutter.cut(one + large[:20]) == [one, large[:20]], "there is nothing to wait for"


@with_end
async def test_where_there_is_no_room_the_line_is_not_read(end: End) -> None:
    end.room = asyncio.get_running_loop().create_future()
    first_room = end.room
    await said(end, frame(b"1") + frame(b"2") + frame(b"3"))
    assert (end.heard, end.line.reading) == (["1"], False)
    end.room = asyncio.get_running_loop().create_future()
    first_room.set_result(None)
    await turns()
    assert (end.heard, end.line.reading) == (["1", "2"], False)
    last_room, end.room = end.room, None
    last_room.set_result(None)
    await turns()
    assert (end.heard, end.line.reading) == (["1", "2", "3"], True)


def test_frames_that_came_before_the_link_ran_come_first() -> None:
    async def body() -> None:
        end = End()
        end.begin.clear()
        await turns()
        await said(end, frame(b"1") + frame(b"\x02", BINARY))
        assert (end.heard, end.line.reading) == ([], False)
        end.begin.set()
        await turns()
        await said(end, frame(b"3"))
        assert (end.heard, end.line.reading) == (["1", b"\x02", "3"], True)
        await left(end)

    asyncio.run(body())


def test_a_frame_that_came_with_the_handshake_is_heard() -> None:
    async def body() -> None:
        end = End()
        end.protocol.data_received(frame(b"early")[:3])
        await turns()
        await said(end, frame(b"early")[3:] + frame(b"later"))
        assert end.heard == ["early", "later"]
        await left(end)

    asyncio.run(body())


def test_a_fault_of_ours_ends_the_one_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        end = End()
        end.failure = RuntimeError("a fault")
        await turns()
        await said(end, frame(b"1") + frame(b"2"))
        assert end.line.closing
        await left(end)

    asyncio.run(body())
    assert "a fault" in caplog.text


@with_end
async def test_frames_of_one_turn_leave_in_one_write_in_their_order(end: End) -> None:
    for number in range(3):
        assert end.link.put(Outgoing(b"%d" % number))
    assert end.sent() == b""
    await turns()
    assert end.line.writes[1:] == [b"\x81\x010\x81\x011\x81\x012"]


@with_end
async def test_a_great_many_leave_in_several_writes(end: End) -> None:
    for _ in range(2 * FRAMES_AT_ONCE_MAX + 1):
        assert end.link.put(Outgoing(b"x"))
    await turns()
    sizes = [len(write) // 3 for write in end.line.writes[1:]]
    assert sizes == [FRAMES_AT_ONCE_MAX, FRAMES_AT_ONCE_MAX, 1]


@with_end
async def test_a_line_that_is_full_makes_frames_wait_in_order(end: End) -> None:
    end.protocol.pause_writing()
    outgoing = [Outgoing(b"%d" % number) for number in range(4)]
    assert [end.link.put(each) for each in outgoing] == [True, True, True, False]
    await turns()
    assert (end.sent(), end.link.waiting) == (b"", 3)
    end.protocol.resume_writing()
    assert end.link.put(outgoing[3]) is False, "those before it have not left yet"
    await turns()
    assert end.link.waiting == 0
    assert end.link.put(outgoing[3])
    await turns()
    assert end.sent() == b"\x81\x010\x81\x011\x81\x012\x81\x013"


@with_end
async def test_what_waits_is_bounded_in_bytes_too(end: End) -> None:
    end.protocol.pause_writing()
    long, short = Outgoing(b"x" * 600), Outgoing(b"x" * 300)
    assert [end.link.put(each) for each in (long, long, short)] == [True, False, True]
    assert end.link.waiting_bytes == len(long.wire) + len(short.wire)
    end.protocol.resume_writing()
    await turns()
    assert end.link.waiting_bytes == 0
    assert end.link.put(long)


@with_end
async def test_a_close_comes_after_what_was_said(end: End) -> None:
    end.link.put(Outgoing(b"last"))
    end.link.close(1001, "gone")
    assert end.link.put(Outgoing(b"late")) is False
    await turns()
    assert end.sent() == b"\x81\x04last\x88\x06\x03\xe9gone"


@with_end
async def test_nothing_is_sent_on_a_line_that_closes(end: End) -> None:
    end.link.put(Outgoing(b"too late"))
    end.line.closing = True
    await turns()
    assert end.sent() == b""
    assert end.protocol.send_now(b"\x81\x00") is False


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536])
def test_a_frame_is_made_once(length: int) -> None:
    text, binary = Outgoing(b"x" * length), Outgoing(b"x" * length, binary=True)
    end = frame_end(text.wire, 0)
    assert end == len(text.wire)
    assert text.wire[1:] == binary.wire[1:]
    assert (text.wire[0], binary.wire[0]) == (TEXT, BINARY)
    assert text.message == {"type": "websocket.send", "text": "x" * length}
    assert binary.message == {"type": "websocket.send", "bytes": b"x" * length}
    assert text.message is text.message
