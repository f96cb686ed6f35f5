"""Connections over a real port: what is no HTTP, what never ends, what is more than fits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from openprime.api.settings import EdgeSettings
from openprime.errors import message
from openprime.server.serving import KEEP_ALIVE, bind
from tests.api.kit import ORDER, Broker, sign
from tests.api.socket_kit import in_loop, private_socket
from tests.security.wire import Served, serving

MARK = b"/api/v1/market/markPrice"
INVALID = {"code": 400000, "message": message(400000), "data": {}}
NOT_FOUND = {"code": 404, "message": "Not Found", "data": {}}
NOT_ALLOWED = {"code": 405, "message": "Method Not Allowed", "data": {}}
HANDSHAKE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    made.fund()
    made.app.sockets["/v1/private"] = private_socket(made)
    yield made
    made.close()


def get(path: bytes = MARK, more: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + more + b"\r\n"


def post(body: bytes, more: bytes = b"") -> bytes:
    head = b"POST " + ORDER.encode() + b" HTTP/1.1\r\nHost: x\r\n"
    return head + b"Content-Length: %d\r\n" % len(body) + more + b"\r\n" + body


# -- what is no HTTP

NO_HTTP: dict[str, bytes] = {
    "tls": bytes.fromhex("16030100c8010000c40303") + bytes(range(64)),
    "zeros": bytes(64),
    "text": b"hello, is there anybody?\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "method": b"BREW /pot HTTP/1.1\r\n\r\n",
    "version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no target": b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    "connect": b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute without a path": b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n",
    "target of other bytes": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "header without a colon": b"GET / HTTP/1.1\r\nHost\r\n\r\n",
    "NUL in a header": get(more=b"X-A: a\0b\r\n"),
    "folded header": get(more=b"X-A: a\r\n b\r\n"),
    "two lengths": b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST /x HTTP/1.1\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "handshake to a strange target": get(b"/\xff", HANDSHAKE),
    "handshake by another method": b"POST /v1/private HTTP/1.1\r\nHost: x\r\n"
    + HANDSHAKE
    + b"\r\n",
    "handshake of many lines": get(b"/v1/private", HANDSHAKE + b"X-A: b\r\n" * 200),
    "handshake without a key": get(
        b"/v1/private", b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    ),
    "handshake of another version": get(b"/v1/private", HANDSHAKE.replace(b"13", b"7")),
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_is_answered_in_json_and_ends(broker: Broker, name: str) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        async with serving(broker) as served:
            line = await served.line()
            line.send(NO_HTTP[name])
            status, content = await line.said()
            assert (status, content) in ((400, INVALID), (426, INVALID), (404, NOT_FOUND))
            assert await line.ended()

    ask(broker)


@in_loop
async def test_answers_that_are_due_come_before_the_last_word(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await served.line()
        line.send(get() + get() + b"nonsense\r\n\r\n" + get())
        assert [(await line.said())[0] for _ in range(3)] == [200, 200, 400]
        assert await line.ended()


@in_loop
async def test_a_body_that_breaks_off_in_nonsense(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await served.line()
        line.send(
            b"POST %s HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello" % ORDER.encode()
        )
        await served.wait_until(lambda: any(c.cycle for c in served.connections))
        line.send(b"zzzz\r\n")
        assert await line.said() == (400, INVALID)
        assert await line.ended()


@in_loop
async def test_nonsense_behind_a_request_that_waits_in_line(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await served.line()
        line.send(get() + b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert [(await line.said())[0] for _ in range(2)] == [200, 400]
        assert await line.ended()


# -- what HTTP allows


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get(), 200),
        (b"GET " + MARK + b" HTTP/1.1\r\n\r\n", 200),
        (b"GET " + MARK + b" HTTP/1.0\r\n\r\n", 200),
        (b"GET http://elsewhere" + MARK + b" HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (get(b"/api/v1/%6darket/markPrice"), 200),
        (get(b"/api/v1/market/markPrice%00"), 404),
        (get(b"/api/v1/market/%ff"), 404),
        (get(b"/%2e%2e/%2e%2e/etc/passwd"), 404),
        (get(b"/docs/../../etc/passwd"), 404),
        (get(b"//api/v1/market/markPrice"), 404),
        (b"OPTIONS " + MARK + b" HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"TRACE " + MARK + b" HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (get(more=b"Upgrade: h2c\r\nConnection: Upgrade\r\n"), 200),
        (get(more=b"Expect: 100-continue\r\n"), 200),
        (get(more=b"Accept-Encoding: \xff;q=x,,\r\n"), 200),
        (get(b"/api/v1/market/markPrice?" + b"x" * 9000), 413),
        (get(more=b"X-A: " + b"b" * 17_000 + b"\r\n"), 413),
        (post(b"x" * 70_000), 413),
        (b"PUT " + ORDER.encode() + b" HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ],
)
def test_sane_answers(broker: Broker, request_bytes: bytes, status: int) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        async with serving(broker) as served:
            found, content = await served.ask(request_bytes)
            assert found == status
            assert content["code"] == {200: 200000, 413: 400000}.get(status, status)

    ask(broker)


@in_loop
async def test_head_has_the_headers_alone(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await served.line()
        line.send(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, _ = await line.answer(without_body=True)
        assert (status, headers["content-type"]) == (200, "application/json")
        line.send(b"HEAD " + MARK + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await line.answer(without_body=True))[0] == 405
        line.send(get())
        assert (await line.said())[0] == 200


@in_loop
async def test_body_is_asked_for_before_it_is_sent(broker: Broker) -> None:
    body = json.dumps({"sym": "x"}).encode()
    signature = sign(f"sym=x&{broker.nonce}")
    signed = f"X-MBX-APIKEY: {broker.key}\r\nnonce: {broker.nonce}\r\nsignature: {signature}\r\n"
    asking = post(body, signed.encode() + b"Expect: 100-continue\r\n")
    async with serving(broker) as served:
        line = await served.line()
        line.send(asking[: -len(body)])
        assert await line.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.send(body)
        status, content = await line.said()
        assert (status, content["code"]) == (200, 401002)
        large = await served.line()
        large.send(post(b"x" * 70_000, b"Expect: 100-continue\r\n")[:-70_000])
        assert await large.said() == (413, INVALID)


@in_loop
async def test_requests_one_behind_the_other(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await served.line()
        line.send(get() * 50)
        assert [(await line.said())[0] for _ in range(50)] == [200] * 50
        line.send(get() * 1000)
        statuses = []
        while not statuses or statuses[-1] == 200:
            statuses.append((await line.said())[0])
        assert statuses[-1] == 400
        assert len(statuses) < 70
        assert await line.ended()


@in_loop
async def test_chunks_up_to_the_bound_and_beyond(broker: Broker) -> None:
    head = b"POST %s HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" % ORDER.encode()
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    async with serving(broker) as served:
        status, content = await served.ask(head + chunk * 64 + b"0\r\n\r\n")
        assert (status, content["code"]) == (200, 100018)
        line = await served.line()
        line.send(head + chunk * 65)
        assert await line.said() == (413, INVALID)
        # It may go on for a while, so that it can read the answer, and not for ever.
        line.send(b"1\r\nx\r\n" * 200_000)
        assert await line.ended()


@in_loop
async def test_trailers_change_nothing(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await served.line()
        line.send(
            b"POST %s HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
            b"X-MBX-APIKEY: %s\r\n\r\n" % (ORDER.encode(), broker.key.encode())
        )
        assert (await line.said())[1]["code"] == 100018


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (get(), [200]),
        (get() * 3, [200] * 3),
        (get() * 2 + b"GET /", [200, 200, 400]),
        (get() + post(b"{}")[:-1], [200, 400]),
        (post(b"{}")[:-1], [400]),
        (b"", []),
    ],
)
def test_peer_that_asks_no_more_hears_what_is_due(
    broker: Broker, sent: bytes, statuses: list[int]
) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        async with serving(broker) as served:
            line = await served.line()
            line.send(sent)
            line.writer.write_eof()
            assert [(await line.said())[0] for _ in statuses] == statuses
            assert await line.ended()
            await served.wait_until(lambda: not served.connections)

    ask(broker)


# -- what never ends


@pytest.mark.parametrize(
    "half",
    [
        b"G",
        b"GET " + MARK,
        b"GET " + MARK + b" HTTP/1.1\r\nHost: x\r\n",
        b"GET /v1/private HTTP/1.1\r\nHost: x\r\n" + HANDSHAKE,
        post(b"{}")[:-1],
        b"POST %s HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" % ORDER.encode(),
    ],
)
def test_half_a_request_ends(broker: Broker, half: bytes) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        async with serving(broker) as served:
            line = await served.line()
            line.send(half)
            await served.wait_until(lambda: any(c._open_since_s for c in served.connections))
            served.expire(9)
            served.expire(11)
            assert await line.said() == (408, INVALID)
            assert await line.ended()
            served.expire(3)
            await served.wait_until(lambda: not served.connections)

    ask(broker)


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", get()])
def test_idle_connection_ends(broker: Broker, sent: bytes) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        async with serving(broker) as served:
            line = await served.line()
            line.send(sent)
            if sent.startswith(b"GET"):
                assert (await line.said())[0] == 200
            served.expire(59)
            assert len(served.connections) == 1
            served.expire(61)
            assert await line.ended()

    ask(broker)


@in_loop
async def test_head_without_end(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await served.line()
        line.send(b"GET / HTTP/1.1\r\nX-A: ")
        for _ in range(100):
            line.send(b"a" * 4096)
        assert await line.said() == (413, INVALID)


@in_loop
async def test_answers_that_nobody_takes(broker: Broker) -> None:
    path = b"/api/v1/trading/sym/info"
    signature = sign(f"&{broker.nonce}")
    signed = f"X-MBX-APIKEY: {broker.key}\r\nnonce: {broker.nonce}\r\nsignature: {signature}\r\n"
    async with serving(broker) as served:
        _, writer = await asyncio.open_connection(served.host, served.port, limit=1)
        state = served.server.server_state

        def unread() -> Any:
            return [c for c in served.connections if c._unread_since_s is not None]

        while not unread():
            answered = state.total_requests
            writer.write(get(path, signed.encode()))
            await served.wait_until(lambda: unread() or state.total_requests > answered)  # noqa: B023
        served.expire(19)
        assert served.connections
        served.expire(21)
        await served.wait_until(lambda: not served.connections)
        writer.close()


@in_loop
async def test_one_connection_too_many(broker: Broker) -> None:
    async with serving(broker, EdgeSettings(connections_max=2)) as served:
        for _ in range(2):
            line = await served.line()
        third = await served.line()
        status, content = await third.said()
        assert (status, content) == (
            429,
            {"code": 100429, "message": message(100429), "data": {}},
        )
        assert await third.ended()
        line.send(get())
        assert (await line.said())[0] == 200


# -- sockets


async def handshake(served: Served) -> Any:
    line = await served.line()
    line.send(get(b"/v1/private", HANDSHAKE))
    assert b" 101 " in await line.reader.readuntil(b"\r\n\r\n")
    return line


@in_loop
async def test_message_in_empty_pieces_ends(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await handshake(served)
        line.send(b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 100)
        assert (await line.reader.readexactly(4))[2:] == (1009).to_bytes(2, "big")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
        (b"\x81\x02hi", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        (b"\x81\xff" + (2**40).to_bytes(8, "big") + b"\0\0\0\0", 1009),
    ],
)
def test_frames_that_are_none(broker: Broker, frame: bytes, code: int) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        async with serving(broker) as served:
            line = await handshake(served)
            line.send(frame)
            assert (await line.reader.readexactly(4))[2:] == code.to_bytes(2, "big")

    ask(broker)


@in_loop
async def test_unknown_socket(broker: Broker) -> None:
    async with serving(broker) as served:
        assert await served.ask(get(b"/nope", HANDSHAKE)) == (404, NOT_FOUND)


@in_loop
async def test_handshake_cannot_overtake_an_answer(broker: Broker) -> None:
    async with serving(broker) as served:
        line = await served.line()
        line.send(get() + get(b"/v1/private", HANDSHAKE))
        assert [(await line.said())[0] for _ in range(2)] == [200, 400]


# -- the listener


def test_vanished_peers_are_asked_after() -> None:
    listener = bind("127.0.0.1", 0)
    for level, option, value in KEEP_ALIVE:
        assert listener.getsockopt(level, option) == value
    listener.close()
