"""The edge: routes, bounds, packing, health, failures (resolutions 5, 9, 10, 15)."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest

from openprime.api.endpoints import Endpoint, limits
from openprime.api.parameters.table import NO_PARAMETERS
from openprime.api.venue_shapes.answer import BareAnswer
from openprime.store import StoreError
from scripts.make_coverage import OUT, page
from tests.api.kit import ORDER, Broker, base_order, refuses

ORDERS = "/api/v1/trading/orders"
SYMBOLS = "/api/v1/trading/sym/info"


@pytest.mark.parametrize("path", ["/nope", f"{ORDER}/", "/api/v1/trading", "/API/v1/trading"])
def test_unknown_path(broker: Broker, path: str) -> None:
    answer = broker.send("GET", path)
    assert answer.status == 404
    assert answer.json == {"code": 404, "message": "Not Found", "data": {}}


def test_wrong_method(broker: Broker) -> None:
    for method, path, allow in (
        ("PATCH", ORDER, "DELETE, GET, POST, PUT"),
        ("POST", ORDERS, "GET"),
        ("POST", "/health", "GET"),
    ):
        answer = broker.send(method, path)
        assert answer.status == 405
        assert answer.json == {"code": 405, "message": "Method Not Allowed", "data": {}}
        assert answer.headers["allow"] == allow


def test_every_answer_is_json(broker: Broker) -> None:
    for answer in (broker.send("GET", "/nope"), broker.call("GET", ORDERS)):
        assert answer.headers["content-type"] == "application/json"
        assert int(answer.headers["content-length"]) == len(answer.body)


def test_too_large_a_body(broker: Broker) -> None:
    refuses(broker.send("POST", ORDER, body=b"x" * (64 * 1024 + 1)), 400000, status=413)
    announced = {"content-length": "70000"}
    refuses(broker.send("POST", ORDER, announced), 400000, status=413)
    refuses(broker.send("POST", ORDER, {"content-length": "9" * 4000}), 400000, status=413)


def test_too_large_a_query_or_header(broker: Broker) -> None:
    refuses(broker.send("GET", ORDERS, query="x" * 8193), 400000, status=413)
    refuses(broker.send("GET", ORDERS, {"x": "y" * 16384}), 400000, status=413)


def test_largest_body_is_read(broker: Broker) -> None:
    body = b'{"a":"' + b"x" * (64 * 1024 - 8) + b'"}'
    assert len(body) == 64 * 1024
    assert broker.send("POST", ORDER, body=body).status == 200


def test_packing_is_for_those_who_ask(broker: Broker) -> None:
    plain = broker.call("GET", SYMBOLS)
    assert "content-encoding" not in plain.headers
    headers = broker.headers(f"&{broker.nonce}")
    for accepted in ("gzip", "gzip, deflate", "deflate, GZIP;q=0.5"):
        answer = broker.send("GET", SYMBOLS, headers | {"Accept-Encoding": accepted})
        assert answer.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(answer.body)) == plain.json
    for refused in ("br", "gzip;q=0", "identity"):
        answer = broker.send("GET", SYMBOLS, headers | {"Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers
    small = broker.send("GET", ORDERS, headers | {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


def test_first_page_names_what_there_is(broker: Broker) -> None:
    broker.app.sockets["/v1/private"] = broker.app
    answer = broker.send("GET", "/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for path in (b"/openapi.json", b"/health", b"/v1/private"):
        assert path in answer.body
    for link in re.findall(rb'href="([^"]+)"', answer.body):
        assert broker.send("GET", link.decode()).status == 200


def test_health(broker: Broker) -> None:
    broker.clock_ms += 5000
    health = broker.send("GET", "/health").json
    assert health == {
        "status": "ok",
        "sequence": broker.sequencer.sequence,
        "durability": "fsync",
        "uptimeSeconds": 5,
    }


def test_openapi_tells_of_every_route(broker: Broker) -> None:
    paths = broker.send("GET", "/openapi.json").json["paths"]
    told = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert told == set(broker.app.endpoints)
    place = paths[ORDER]["post"]
    properties = place["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert {"sym", "side", "orderType", "limitPrice", "tpTriggerPrice"} <= set(properties)


def test_maintenance_refuses_writes_and_lets_reads_go_on(broker: Broker) -> None:
    broker.admin("POST", "maintenance", durationMs=60_000)
    refuses(broker.call("POST", ORDER, base_order()), 50001)
    refuses(broker.call("POST", ORDER, base_order(side="HOLD")), 50001)
    assert broker.call("GET", ORDERS).json["code"] == 200000
    (notice,) = broker.call("GET", "/api/v1/system/status").data
    assert (notice["status"], notice["serviceType"]) == (1, "TRADE")
    assert broker.send("GET", "/health").json["status"] == "maintenance"


def test_journal_that_cannot_be_written(broker: Broker) -> None:
    order_id = broker.place()

    def fail(batch: Any) -> None:
        raise StoreError(expected="a disk", found="none", remedy="buy one")

    broker.store.commit = fail  # type: ignore[method-assign]
    for _ in range(2):
        refuses(broker.call("POST", ORDER, base_order()), 50001)
    refuses(broker.call("DELETE", ORDER, {"orderId": order_id}), 50001)
    assert broker.call("GET", ORDER, {"orderId": order_id}).json["code"] == 200000
    assert broker.send("GET", "/health").json["status"] == "halted"


def added(handler: Any) -> Endpoint:
    return Endpoint(
        "GET", "/added", "", handler, NO_PARAMETERS, "", limits("1/1", "1/1"), permission=None
    )


def test_failure_of_ours_is_500(broker: Broker) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("secret detail")

    broker.app.endpoints["GET", "/added"] = added(fail)
    answer = broker.send("GET", "/added")
    assert answer.status == 500
    assert answer.json == {"code": 500, "message": "Server Error", "data": {}}


def test_bare_answers_stand_as_they_are(broker: Broker) -> None:
    async def answer(*_: Any) -> BareAnswer:
        return BareAnswer(400, b'{"code":-1121,"msg":"Invalid symbol."}')

    broker.app.endpoints["GET", "/added"] = added(answer)
    found = broker.send("GET", "/added", {"X-MBX-APIKEY": "of another venue"})
    assert (found.status, found.json["code"]) == (400, -1121)


def test_unknown_socket_path_is_closed(broker: Broker) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/nope", "headers": [], "client": ("127.0.0.1", 1)}
    broker.runner.run(broker.app(scope, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_client_that_leaves_gets_no_answer(broker: Broker) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": ORDER,
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
    }
    broker.runner.run(broker.app(scope, receive, send))
    assert sent == []


def test_coverage_page_is_up_to_date() -> None:
    assert OUT.read_text() == page(), "run: python scripts/make_coverage.py"
