"""Websockets as the simulator's clients speak them, held to what another library makes of that."""

from __future__ import annotations

import random

import pytest
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.server import ServerProtocol

from openprime.api.sockets.outgoing import Outgoing
from openprime.simulation.violated import Violated
from openprime.simulation.wire import Kind, Reader, frame, handshake, is_answer_to

LENGTHS = (0, 1, 125, 126, 127, 65535, 65536)
KEY, MASK = b"0123456789abcdef", b"\x01\xf2\x73\x94"


def opened() -> tuple[ServerProtocol, bytes]:
    """A server that has answered a handshake, and its answer."""
    server = ServerProtocol(max_size=1 << 20)
    server.receive_data(handshake("/v1/private", KEY))
    [request] = server.events_received()
    assert isinstance(request, Request)
    assert request.path == "/v1/private"
    server.send_response(server.accept(request))
    return server, b"".join(server.data_to_send())


def test_a_handshake_is_answered_for_its_key() -> None:
    _, answer = opened()
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert is_answer_to(KEY, answer)
    assert not is_answer_to(KEY[::-1], answer)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_clients_frames_are_read(length: int) -> None:
    server, _ = opened()
    body = random.Random(length).randbytes(length)
    server.receive_data(frame(Kind.BINARY, body, MASK, final=False))
    server.receive_data(frame(Kind.PING, body[:125], MASK) + frame(Kind.MORE, body, MASK))
    frames = [event for event in server.events_received() if isinstance(event, Frame)]
    assert [(each.opcode, bytes(each.data), each.fin) for each in frames] == [
        (Kind.BINARY, body, False),
        (Kind.PING, body[:125], True),
        (Kind.MORE, body, True),
    ]


def test_a_servers_frames_come_whole_out_of_any_pieces() -> None:
    bodies = [bytes(length) for length in LENGTHS]
    sent = b"".join(Outgoing(body, binary=True).wire for body in bodies)
    for size in (1, 7, 1000, len(sent)):
        reader = Reader()
        pieces = (sent[begin : begin + size] for begin in range(0, len(sent), size))
        read = [found for piece in pieces for found in reader.read(piece)]
        assert read == [(Kind.BINARY, body) for body in bodies]


@pytest.mark.parametrize(
    "wrong",
    [
        frame(Kind.TEXT, b"{}", MASK),
        b"\x01\x02{}",
        b"\x80\x02{}",
        b"\xc1\x02{}",
        b"\x83\x00",
        b"\x89\x7e\x00\x7e" + bytes(126),
    ],
    ids=["masked", "a part", "the rest of a part", "a reserved bit", "no kind", "a long ping"],
)
def test_what_no_server_sends_is_found(wrong: bytes) -> None:
    with pytest.raises(Violated, match="bytes that are no frame of a server"):
        list(Reader().read(wrong))
