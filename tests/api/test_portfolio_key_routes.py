"""API keys of portfolios over REST (rest-admin 8.2, resolutions 28 to 30, 52, 85, 131)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openprime.desk.commands import ClosePortfolio, CreateUser, FreezeKey
from openprime.model.vocabulary import Permission, UserKind
from tests.api.kit import ORDER, Answer, Broker, base_order, refuses, sign, signed_text

PATH = "/api/v1/apiKey/portfolio"
PORTFOLIOS = "/api/v1/trading/portfolio"
ORDERS = "/api/v1/trading/orders"


@pytest.fixture
def foreign_id(broker: Broker) -> int:
    """A portfolio of another user, with a key."""
    broker.do(CreateUser(UserKind.NORMAL))
    portfolio_id = int(list(broker.state.portfolios)[-1])
    broker.make_key("foreign-key", portfolio_id)
    return portfolio_id


def call(broker: Broker, method: str, **params: Any) -> Answer:
    return broker.call(method, PATH, params)


def made(broker: Broker, **params: Any) -> dict[str, Any]:
    given = {"portfolioId": broker.sub_id, "apiName": "bot"} | params
    row: dict[str, Any] = call(broker, "POST", **given).data
    return row


def get_with(broker: Broker, key: dict[str, Any], client: str = "127.0.0.1") -> Answer:
    """GET orders, signed with a key as the API told it."""
    text = signed_text({}, broker.nonce)
    signature = sign(text, key["secretKey"])
    headers = {"X-MBX-APIKEY": key["accessKey"], "nonce": broker.nonce, "signature": signature}
    return broker.send("GET", ORDERS, headers, client=client)


def test_create(broker: Broker) -> None:
    row = made(broker, ip="203.0.113.7,2001:db8::/32", permission="TRADE,transfer")
    secret = row.pop("secretKey")
    assert len(secret) == 64
    assert row == {
        "portfolioId": broker.sub_id,
        "apiName": "bot",
        "accessKey": row["accessKey"],
        "status": 1,
        "ip": "203.0.113.7,2001:db8::/32",
        "permission": "READ,TRADE,TRANSFER",
        "createdAt": broker.clock_ms,
        "updatedAt": broker.clock_ms,
    }


def test_a_new_key_works_as_it_was_asked_for(broker: Broker) -> None:
    key = made(broker, ip="203.0.113.0/24")
    assert get_with(broker, key, "203.0.113.9").json["code"] == 200000
    refuses(get_with(broker, key), 2001)
    assert key["permission"] == "READ"


def test_the_secret_is_told_once_and_kept_sealed(broker: Broker) -> None:
    key = made(broker)
    named = {"portfolioId": broker.sub_id, "portfolioApiKey": key["accessKey"]}
    answers = [call(broker, "GET", **named), call(broker, "PUT", **named, apiName="x")]
    answers.append(call(broker, "DELETE", **named))
    for answer in answers:
        assert answer.json["code"] == 200
        assert key["secretKey"].encode() not in answer.body
        assert b"secretKey" not in answer.body
    assert key["secretKey"].encode() not in broker.services.desk.snapshot()


def test_list(broker: Broker) -> None:
    row = made(broker)
    del row["secretKey"]
    answer = call(broker, "GET", portfolioId=broker.sub_id)
    assert answer.json["code"] == 200
    data = answer.data
    assert [key["accessKey"] for key in data["list"]] == ["sub-key", row["accessKey"]]
    assert data["list"][1] == row
    shape = {name: data[name] for name in ("page", "pageSize", "pageNum", "totalSize")}
    assert shape == {"page": 1, "pageSize": 100, "pageNum": 1, "totalSize": 2}
    second = call(broker, "GET", portfolioId=broker.sub_id, pageNum="2", pageSize="1").data
    assert [key["accessKey"] for key in second["list"]] == [row["accessKey"]]
    one = call(broker, "GET", portfolioApiKey=row["accessKey"]).data
    assert one["list"] == [row]


def test_status(broker: Broker) -> None:
    def status() -> int:
        rows = call(broker, "GET", portfolioId=broker.sub_id).data["list"]
        found: int = rows[0]["status"]
        return found

    broker.do(FreezeKey(broker.sub_key, True))
    assert status() == 2
    broker.do(FreezeKey(broker.sub_key, False))
    assert status() == 1


def test_update_keeps_what_is_not_sent(broker: Broker) -> None:
    row = made(broker, ip="203.0.113.7", permission="TRADE")
    named = {"portfolioId": broker.sub_id, "portfolioApiKey": row["accessKey"]}
    broker.clock_ms += 10
    changed = call(broker, "PUT", **named, apiName="other").data
    del row["secretKey"]
    assert changed == row | {"apiName": "other", "updatedAt": broker.clock_ms}
    assert call(broker, "PUT", **named, ip="").data["ip"] == ""
    assert call(broker, "PUT", **named, permission="").data["permission"] == "READ"
    last = call(broker, "PUT", **named, ip="10.0.0.0/8", permission="WITHDRAW").data
    assert (last["ip"], last["permission"]) == ("10.0.0.0/8", "READ,WITHDRAW")
    assert last["apiName"] == "other"


def test_a_change_counts_from_the_next_call_on(broker: Broker) -> None:
    assert broker.call("POST", ORDER, {}, broker.sub_key).json["code"] == 401002
    named = {"portfolioId": broker.sub_id, "portfolioApiKey": broker.sub_key}
    call(broker, "PUT", **named, permission="READ")
    refuses(broker.call("POST", ORDER, base_order(), broker.sub_key), 2002)
    call(broker, "PUT", **named, ip="203.0.113.7")
    refuses(broker.call("GET", ORDERS, key=broker.sub_key), 2001)


def test_delete(broker: Broker) -> None:
    key = made(broker)
    assert get_with(broker, key).json["code"] == 200000
    broker.clock_ms += 10
    named = {"portfolioId": broker.sub_id, "portfolioApiKey": key["accessKey"]}
    assert call(broker, "DELETE", **named).data == {
        "portfolioId": broker.sub_id,
        "apiName": "bot",
        "accessKey": key["accessKey"],
        "updatedAt": broker.clock_ms,
    }
    refuses(get_with(broker, key), 100018)
    refuses(call(broker, "DELETE", **named), 405001)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
def test_the_portfolio_comes_first(broker: Broker, foreign_id: int, method: str) -> None:
    refuses(call(broker, method), 402005)
    refuses(call(broker, method, portfolioId=""), 402005)
    refuses(call(broker, method, portfolioId="abc"), 401000)
    refuses(call(broker, method, portfolioId="1111111111111111"), 402006)
    refuses(call(broker, method, portfolioId=foreign_id), 402003)
    broker.do(ClosePortfolio(broker.sub_id, True))
    refuses(call(broker, method, portfolioId=broker.sub_id), 402006)


BAD_KEYS = [
    ({"apiName": None}, 400009),
    ({"apiName": "  "}, 400009),
    ({"apiName": "n" * 65}, 400000),
    ({"ip": "localhost"}, 400000),
    ({"ip": "10.0.0.256"}, 400000),
    ({"ip": "10.0.0.0/33"}, 400000),
    ({"ip": "2001:db8::/129"}, 400000),
    ({"ip": ",".join(f"10.0.0.{n}" for n in range(21))}, 400000),
    ({"permission": "READ,FLY"}, 400000),
    ({"permission": "READ TRADE"}, 400000),
]


@pytest.mark.parametrize(("changes", "code"), BAD_KEYS)
def test_bad_fields(broker: Broker, changes: dict[str, str | None], code: int) -> None:
    given = {"portfolioId": str(broker.sub_id), "apiName": "bot"} | changes
    params = {name: value for name, value in given.items() if value is not None}
    before = dict(broker.state.keys)
    refuses(call(broker, "POST", **params), code)
    assert broker.state.keys == before
    if changes != {"apiName": None}:
        refuses(call(broker, "PUT", portfolioApiKey=broker.sub_key, **params), code)
        assert broker.state.keys[broker.sub_key].name == "test"


def test_twenty_addresses_pass_and_each_counts_once(broker: Broker) -> None:
    addresses = [f"10.0.0.{n}" for n in range(20)]
    assert made(broker, ip=",".join([*addresses, "10.0.0.0"]))["ip"] == ",".join(addresses)


def test_an_array_is_no_list_between_commas(broker: Broker) -> None:
    body = json.dumps({"portfolioId": str(broker.sub_id), "apiName": "bot", "ip": ["10.0.0.1"]})
    text = signed_text(
        {"portfolioId": broker.sub_id, "apiName": "bot", "ip": "10.0.0.1"}, broker.nonce
    )
    refuses(broker.send("POST", PATH, broker.headers(text), body=body.encode()), 400000)


def test_the_eleventh_key(broker: Broker) -> None:
    for _ in range(9):
        made(broker)
    refuses(call(broker, "POST", portfolioId=broker.sub_id, apiName="bot"), 400000)
    assert made(broker, portfolioId=broker.main_id)["accessKey"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_which_key_comes_before_what_of_it(broker: Broker, foreign_id: int, method: str) -> None:
    named = {"portfolioId": broker.sub_id, "ip": "nonsense"}
    refuses(call(broker, method, **named), 400009)
    for absent in ("nope", "foreign-key", broker.key):
        refuses(call(broker, method, **named, portfolioApiKey=absent), 405001)
    assert "foreign-key" in broker.state.keys


def test_keys_that_are_not_there(broker: Broker, foreign_id: int) -> None:
    for absent in ("nope", "foreign-key"):
        refuses(call(broker, "GET", portfolioApiKey=absent), 405001)
    refuses(call(broker, "GET", portfolioId=broker.main_id, portfolioApiKey="sub-key"), 405001)


@pytest.mark.parametrize("path", [PATH, PORTFOLIOS])
def test_ids_of_nobody_are_told_alike_in_every_profile(broker: Broker, path: str) -> None:
    """402003 tells that an id exists, as the real system does, and only here."""
    answer = broker.call("GET", path, {"portfolioId": "1111111111111111"})
    refuses(answer, 402006)


def test_primary_keys_with_the_right_permission_alone(broker: Broker) -> None:
    reader = broker.make_key("reader", broker.main_id, [Permission.READ])
    for method in ("GET", "POST", "PUT", "DELETE"):
        refuses(broker.call(method, PATH, {}, broker.sub_key), 2002)
    for method in ("POST", "PUT", "DELETE"):
        refuses(broker.call(method, PATH, {}, reader), 2002)
    params = {"portfolioId": broker.sub_id}
    assert broker.call("GET", PATH, params, reader).json["code"] == 200
