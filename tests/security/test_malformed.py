"""Requests and frames that hold what none may: a code, never a failure (resolutions 11, 12, 15)."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from openprime.api.edge.signature import Signer
from openprime.api.endpoints import ENDPOINTS, Endpoint
from openprime.errors import message, rows
from openprime.sequencer.settings import SequencerSettings
from tests.api.kit import ORDER, Broker, base_order, query_of, refuses, signed_text
from tests.api.market_socket_kit import Scene, entry, subscribe
from tests.api.socket_kit import Peer, in_loop, logged_in, login_frame, private_socket

ORDERS = "/api/v1/trading/orders"


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker in this process whose main portfolio holds 100,000 USDT on BINANCE."""
    made = Broker()
    made.fund()
    yield made
    made.close()


CODES = {row.code for row in rows()} | {200, 200000}

# What makes an object unfit, wherever one is read.
UNFIT: dict[str, bytes] = {
    "doubled key": b'{"sym":"a","sym":"b"}',
    "doubled key, escaped": b'{"sym":"a","s\\u0079m":"a"}',
    "doubled key, deep": b'{"a":{"b":"1","b":"2"}}',
    "five levels": b'{"a":{"b":{"c":{"d":{}}}}}',
    "many levels": b'{"a":' * 600 + b"1" + b"}" * 600,
    "many levels, then none": b'{"a":' * 600 + b"1" + b"}" * 599 + b',"a":1}',
    "levels without end": b"[" * 4000,
    "NUL": b'{"sym":"a\\u0000"}',
    "NUL, raw": b'{"sym":"a\0"}',
    "half a pair": b'{"sym":"\\ud800"}',
    "half a pair in a key": b'{"\\udfff":"a"}',
    "no UTF-8": b'{"sym":"\xff"}',
    "no number": b'{"sym":NaN}',
    "no end": b'{"sym":"a"',
    "too much": b'{"sym":"a"}}',
    "single quotes": b"{'sym':'a'}",
    "comma": b'{"sym":"a",}',
}
# What a request has too much of; a frame has its own bound, and no parameters of its own.
TOO_MANY = json.dumps({f"k{number}": "" for number in range(101)}).encode()
# What is JSON and no object.
NO_OBJECT = [b"[]", b"1", b'"x"', b"null", b"true", b"[{}]"]

# Values that a field may be sent, as JSON.
VALUES = [
    "true",
    "[]",
    "{}",
    '["a"]',
    '[["a"]]',
    '{"a":{"b":[1]}}',
    "1e999999999",
    "-1e-999999999",
    "9" * 4000,
    "-0",
    "0.1e1",
    '""',
    '" "',
    '"\\u202e"',
    '"😀"',
    '"١٢"',
    '"NaN"',
    '"Infinity"',
    '"-1"',
    '"1e400"',
    '"9999999999999999"',
    '"' + "9" * 4000 + '"',
    '"\'; DROP TABLE journal; --"',
    '"%s%n"',
    '"../../etc/passwd"',
]


# -- REST


@pytest.mark.parametrize("body", [*UNFIT.values(), TOO_MANY, *NO_OBJECT])
def test_unfit_body(broker: Broker, body: bytes) -> None:
    signed = broker.headers(f"&{broker.nonce}")
    refuses(broker.send("POST", ORDER, signed, body=body), 400000)
    wrong = broker.headers("", signature="0" * 64)
    refuses(broker.send("POST", ORDER, wrong, body=body), 2000)


@pytest.mark.parametrize(
    "query",
    [
        "page=1&page=2",
        "sym=%00",
        "sym=%ff",
        "%ed%a0%80=1",
        "&".join(f"k{number}=" for number in range(101)),
        "sym=" + "x" * 4097,
    ],
)
def test_unfit_query(broker: Broker, query: str) -> None:
    signed = broker.headers(f"&{broker.nonce}")
    refuses(broker.send("GET", ORDERS, signed, query=query), 400000)


@pytest.mark.parametrize("row", ENDPOINTS.values(), ids=lambda row: f"{row.method} {row.path}")
def test_every_field_takes_every_value_or_says_why_not(broker: Broker, row: Endpoint) -> None:
    fields = [field.wire[0] for field in row.table.fields]
    for field in fields:
        for value in VALUES:
            if row.writes:
                body = f'{{"{field}":{value}}}'.encode()
                signed = broker.headers(f"&{broker.nonce}")
                text = json.loads(body, parse_float=str, parse_int=str)[field]
                if isinstance(text, str):
                    signed = broker.headers(f"{field}={text}&{broker.nonce}")
                answer = broker.send(row.method, row.path, signed, body=body)
            else:
                parameters = {field: value.strip('"')}
                signed = broker.headers(signed_text(parameters, broker.nonce))
                query = query_of(parameters)
                answer = broker.send(row.method, row.path, signed, query=query)
            assert answer.status == 200, (field, value, answer.body)
            assert answer.json.get("code", 200) in CODES, (field, value)


# -- sockets


@pytest.mark.parametrize("body", UNFIT.values(), ids=UNFIT)
def test_unfit_frame_of_the_private_socket(broker: Broker, body: bytes) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        peer = await logged_in(broker, private_socket(broker))
        frame = b'{"action":"place_order","args":' + body + b"}"
        answer = await peer.ask(frame)
        assert (answer["code"], answer["msg"]) == (601001, message(601001))
        assert (await peer.ask(body))["code"] == 601001
        assert await peer.ask("ping") == "pong"
        await peer.leave()

    ask(broker)


@pytest.mark.parametrize("body", [*UNFIT.values(), *NO_OBJECT])
def test_unfit_frame_of_the_market_socket(broker: Broker, body: bytes) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        peer = Peer(Scene(broker).socket, query="binary=false")
        await peer.opened()
        for frame in (body, b'{"event":"subscribe","arg":[' + body + b"]}"):
            answer = await peer.ask(frame)
            assert (answer["code"], answer["msg"]) in (
                (11103, message(11103)),
                (11102, message(11102)),
            )
        assert (await peer.ask(subscribe(entry("BBO"))))["code"] == 0
        await peer.leave()

    ask(broker)


# -- what a clock could tell


class Work:
    """The bytes that were signed since the last look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._sizes: list[int] = []
        sign = Signer.sign

        def counted(signer: Signer, text: bytes) -> bytes:
            self._sizes.append(len(text))
            return sign(signer, text)

        monkeypatch.setattr(Signer, "sign", counted)

    def done(self) -> list[int]:
        found, self._sizes = self._sizes, []
        return found


def test_unknown_key_costs_as_much_as_a_wrong_signature(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(monkeypatch)
    refusals = {"X-MBX-APIKEY": 100018, "signature": 2000}
    for body in (b"{}", json.dumps(base_order()).encode(), b'{"a":1,"b":[true]}', b'{"a":1,"a":2}'):
        spent = []
        for header, code in refusals.items():
            headers = broker.headers("", **{header: "0" * 64})
            refuses(broker.send("POST", ORDER, headers, body=body), code)
            spent.append(work.done())
        assert spent[0] == spent[1] != []


def test_unknown_key_costs_as_much_at_a_login(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(monkeypatch)

    @in_loop
    async def ask(broker: Broker) -> None:
        peer = Peer(private_socket(broker))
        await peer.opened()
        spent = []
        for change, code in (({"apiKey": "nobody"}, 601007), ({"sign": "0" * 64}, 601009)):
            assert (await peer.ask(login_frame(broker, **change)))["code"] == code
            spent.append(work.done())
        assert spent[0] == spent[1] != []
        await peer.leave()

    ask(broker)


# -- overload


def test_under_overload_cancels_and_reads_go_on(broker: Broker) -> None:
    order_id = broker.place()
    broker.runner.run(broker.sequencer.settled())
    broker.sequencer.settings = SequencerSettings(undurable_max=2, undurable_spare=1)
    commit, free = broker.store.commit, threading.Event()

    def slowly(batch: Any) -> None:
        assert free.wait(10)
        commit(batch)

    broker.store.commit = slowly  # type: ignore[method-assign]

    def asked(method: str, parameters: dict[str, Any]) -> Any:
        headers = broker.headers(signed_text(parameters, broker.nonce))
        body = json.dumps(parameters).encode() if method != "GET" else b""
        query = query_of(parameters) if method == "GET" else ""
        return broker._send(method, ORDER, headers, query, body, "127.0.0.1")

    async def overload() -> None:
        assert broker.sequencer.queue_depth == 0
        placing = [asyncio.ensure_future(asked("POST", base_order())) for _ in range(2)]
        await asyncio.sleep(0)
        assert broker.sequencer.queue_depth == 2
        refuses(await asked("POST", base_order()), 400011)
        others = [
            asyncio.ensure_future(asked("DELETE", {"orderId": order_id})),
            asyncio.ensure_future(asked("GET", {"orderId": order_id})),
        ]
        await asyncio.sleep(0)
        assert broker.sequencer.queue_depth == 3
        refuses(await asked("DELETE", {"orderId": order_id}), 400011)
        free.set()
        for answer in await asyncio.gather(*placing, *others):
            assert (answer.status, answer.json["code"]) == (200, 200000)

    broker.runner.run(overload())
