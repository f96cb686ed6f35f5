"""Clients on simulated lines: how they speak, and what they hold a server to."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from openprime.api.sockets.server import FRAGMENTS_MAX
from openprime.simulation.loop import VirtualLoop
from openprime.simulation.peer import BROKEN, FULL_SECONDS_MAX, SLOW_BEFORE_SECONDS, Peer
from openprime.simulation.transport import SLOW, WRITES_WHILE_FULL_MAX, FarEnd, Transport
from openprime.simulation.violated import Violated
from openprime.simulation.wire import WHOLE


def _raise(message: str, error: BaseException | None) -> None:
    raise error or AssertionError(message)


class Server(asyncio.Protocol):
    """A server by the websockets library: it hears what a client says and does what a test has it
    do.
    """

    def __init__(self) -> None:
        self.conn = ServerProtocol(max_size=4096)
        self.heard: list[tuple[int, bytes]] = []
        # What it was told of its line.
        self.said: list[str] = []
        self.lost: list[Exception | None] = []
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.conn.receive_data(data)
        for event in self.conn.events_received():
            if isinstance(event, Request):
                self.conn.send_response(self.conn.accept(event))
            elif isinstance(event, Frame):
                self.heard.append((event.opcode, bytes(event.data)))
        if self.said[-1:] != ["full"]:
            self.flush()

    def flush(self) -> None:
        for data in self.conn.data_to_send():
            self.transport.write(data)

    def say(self, text: str) -> None:
        self.conn.send_text(text.encode())
        self.flush()

    def pause_writing(self) -> None:
        self.said.append("full")

    def resume_writing(self) -> None:
        self.said.append("free")
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)

    @property
    def texts(self) -> list[bytes]:
        """The messages that came, those in pieces put together."""
        found: list[bytes] = []
        for opcode, data in self.heard:
            if opcode in (Opcode.TEXT, Opcode.BINARY):
                found.append(data)
            elif opcode == Opcode.CONT:
                found[-1] += data
        return found


class Port:
    """A port with one server behind it."""

    def __init__(self, seed: int = 1, line_bytes: int = 1000) -> None:
        self.loop = VirtualLoop(lambda: 0.0, _raise, lambda: False)  # type: ignore[abstract]
        self.draw = random.Random(seed)
        self.dropped_at_s = -1.0
        self.line_bytes = line_bytes
        self.server = Server()
        self.heard: list[Any] = []

    def connect(self, far: FarEnd) -> Transport:
        drawn = (self.draw, 0.7, self.line_bytes)
        return Transport(self.loop, self.server, far, lambda _: None, *drawn)

    def open(self) -> Peer:
        """A client whose handshake was answered."""
        peer = Peer(self, "/v1/private", self.heard.append)  # type: ignore[arg-type]
        self.loop.run_for(1)
        return peer


@pytest.fixture
def port() -> Port:
    return Port()


@pytest.mark.parametrize("seed", range(5))
def test_messages_come_whole_and_in_order_whatever_the_cuts(seed: int) -> None:
    port = Port(seed, line_bytes=100_000)
    peer = port.open()
    contents = [{"id": number, "text": "☃" * number} for number in range(100)]
    for content in contents:
        peer.say(content)
        port.server.say(json.dumps(content))
    port.loop.run_for(2)
    assert [json.loads(text) for text in port.server.texts] == contents
    assert port.heard == contents
    assert peer.said == len(contents)


def test_a_full_line_is_told_and_told_free_again(port: Port) -> None:
    peer = port.open()
    peer.stall()
    for _ in range(3):
        port.server.say(json.dumps("x" * 600))
    port.loop.run_for(1)
    assert port.server.said == ["full"]
    assert port.heard == []
    peer.read_on()
    port.loop.run_for(1)
    assert port.server.said == ["full", "free"]
    assert port.heard == ["x" * 600] * 3


def test_who_writes_on_to_a_full_line_is_found(port: Port) -> None:
    port.open().stall()
    for _ in range(3 + WRITES_WHILE_FULL_MAX):
        port.server.say(json.dumps("x" * 600))
    with pytest.raises(Violated, match="writes to a line that was full"):
        port.server.transport.look()


def test_who_keeps_a_full_line_open_is_found(port: Port) -> None:
    port.open().stall()
    port.server.say(json.dumps("x" * 2000))
    with pytest.raises(Violated, match=SLOW):
        port.loop.run_for(FULL_SECONDS_MAX + 1)


def test_who_cuts_off_a_client_that_reads_is_found(port: Port) -> None:
    peer = port.open()
    peer.stall()
    peer.read_on()
    port.loop.run_for(SLOW_BEFORE_SECONDS)
    port.server.transport.abort()
    with pytest.raises(Violated, match=SLOW):
        port.loop.run_for(1)


def test_who_does_not_read_may_be_cut_off(port: Port) -> None:
    peer = port.open()
    peer.stall()
    port.server.say(json.dumps("x" * 600))
    port.server.transport.abort()
    port.loop.run_for(1)
    peer.read_on()
    port.loop.run_for(1)
    assert peer.closed
    assert port.heard == []


@pytest.mark.parametrize(("code", "check"), [(1013, SLOW), (1011, WHOLE), (1002, WHOLE)])
def test_who_sends_a_good_client_away_is_found(port: Port, code: int, check: str) -> None:
    port.open()
    port.server.conn.send_close(code, "")
    port.server.flush()
    with pytest.raises(Violated, match=check):
        port.loop.run_for(1)


def test_a_close_is_answered(port: Port) -> None:
    peer = port.open()
    port.server.conn.send_close(1001, "the server stops")
    port.server.flush()
    port.loop.run_for(1)
    assert peer.closed
    assert port.server.conn.close_rcvd == Close(1001, "")


def test_an_answer_to_no_ping_is_found(port: Port) -> None:
    port.open()
    port.server.conn.send_pong(b"nobody asked")
    port.server.flush()
    with pytest.raises(Violated, match="a pong that no ping waits for"):
        port.loop.run_for(1)


@pytest.mark.parametrize("wrong", BROKEN)
def test_what_clients_babble_is_no_websocket(port: Port, wrong: bytes) -> None:
    port.open()
    server = port.server
    server.data_received(wrong)
    parts = [opcode for opcode, _ in server.heard if opcode == Opcode.CONT]
    no_texts = [text for text in server.texts if not text.isascii()]
    assert server.conn.parser_exc or len(parts) > FRAGMENTS_MAX or no_texts


def test_all_ways_to_vanish_end_a_connection_or_leave_it_in_silence() -> None:
    ends = set()
    for seed in range(20):
        port = Port(seed)
        peer = port.open()
        peer.vanish()
        port.loop.run_for(1)
        assert peer.closed
        closed = port.server.conn.close_rcvd is not None
        ends.add(("closed" if closed else "", *map(repr, port.server.lost)))
    assert ends == {
        ("closed",),
        ("",),
        ("", "None"),
        ("", "ConnectionResetError('simulated')"),
    }
