"""The profiles of the catalogue, over REST and the private socket alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from openprime.api.private.socket import PrivateSocketSettings
from openprime.api.settings import ApiSettings
from openprime.errors import message, rows
from tests.api.kit import ORDER, Broker, base_order
from tests.api.socket_kit import Json, logged_in, private_socket

Make = Callable[..., Broker]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes funded brokers under settings of the API."""
    made: list[Broker] = []

    def make_one(**settings: bool) -> Broker:
        broker = Broker(ApiSettings(**settings))  # type: ignore[arg-type]
        broker.fund()
        made.append(broker)
        return broker

    yield make_one
    for broker in made:
        broker.close()


def over_socket(broker: Broker, args: Json, generic: bool = False) -> Json:
    """The answer to a place_order."""

    async def ask() -> Json:
        settings = PrivateSocketSettings(generic_errors=generic)
        peer = await logged_in(broker, private_socket(broker, settings))
        answer: Json = await peer.ask({"id": "7", "action": "place_order", "args": args})
        await peer.leave()
        return answer

    return broker.runner.run(ask())


REFUSED_ORDERS = [
    (base_order(side="HOLD"), 401002),
    (base_order(sym="FOO"), 401011),
    (base_order(limitPrice="120000"), 401012),
    (base_order(limitPrice="60000.01"), 401015),
]


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize(("order", "code"), REFUSED_ORDERS)
def test_messages(make: Make, order: Json, code: int, newest: bool) -> None:
    broker = make(newest_messages=newest)
    told = message(code, newest=newest)
    answer = broker.call("POST", ORDER, order)
    assert answer.json == {"code": code, "message": told, "data": {}}
    framed = over_socket(broker, order)
    assert framed == {"id": "7", "event": "place_order", "code": code, "msg": told, "data": None}


def test_only_founding_codes_have_a_newer_text() -> None:
    newer = [row for row in rows() if row.newer_message]
    assert newer
    assert all(row.in_seed and row.newer_message != row.message for row in newer)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("order", "code"), REFUSED_ORDERS)
def test_status_mode(make: Make, order: Json, code: int, strict: bool) -> None:
    broker = make(strict_status=strict)
    answer = broker.call("POST", ORDER, order)
    assert (answer.status, answer.json["code"]) == (400 if strict else 200, code)
    unknown = broker.call("GET", "/api/v1/trading/account", key="nope")
    assert (unknown.status, unknown.json["code"]) == (400 if strict else 200, 100018)
    assert broker.send("GET", "/nowhere").status == 404
    assert broker.call("GET", "/api/v1/trading/account").status == 200


@pytest.mark.parametrize(
    ("name", "lenient", "strict"),
    [
        ("Ab9", 0, 0),
        ("a-b_c", 0, 401051),
        ("a b#", 401051, 401051),
        ("a" * 63, 0, 0),
        ("a" * 64, 401001, 401001),
    ],
)
def test_client_order_ids(make: Make, name: str, lenient: int, strict: int) -> None:
    for is_strict, code in ((False, lenient), (True, strict)):
        broker = make(strict_client_order_ids=is_strict)
        answer = broker.call("POST", ORDER, base_order(clientOrderId=name))
        told = "Success" if not code else message(code)
        assert (answer.json["code"], answer.json["message"]) == (code or 200000, told)
        if code:
            framed = over_socket(broker, base_order(clientOrderId=name))
            assert (framed["code"], framed["msg"]) == (code, told)


@pytest.mark.parametrize("generic", [False, True])
def test_socket_errors(make: Make, generic: bool) -> None:
    framed = over_socket(make(), base_order(side="HOLD"), generic)
    code, event, told = 401002, "place_order", message(401002)
    assert framed == (
        {"id": "7", "event": "error", "code": "60009", "msg": "PlaceOrder failed.", "data": None}
        if generic
        else {"id": "7", "event": event, "code": code, "msg": told, "data": None}
    )
