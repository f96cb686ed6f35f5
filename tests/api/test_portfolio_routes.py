"""Portfolio management over REST (rest-admin 8.1, errors 5.4, resolutions 36 to 38, 85, 131)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from openprime.api.settings import ApiSettings
from openprime.desk.commands import ClosePortfolio, Configure, CreateUser, DeleteUser
from openprime.desk.settings import DeskSettings
from openprime.model.vocabulary import Permission, UserKind
from tests.api.kit import Answer, Broker, refuses, signed_text

PATH = "/api/v1/trading/portfolio"


@pytest.fixture
def foreign_id(broker: Broker) -> int:
    """A portfolio of another user."""
    broker.do(CreateUser(UserKind.NORMAL))
    return int(list(broker.state.portfolios)[-1])


def post(broker: Broker, **params: Any) -> Answer:
    return broker.call("POST", PATH, params)


def put(broker: Broker, **params: Any) -> Answer:
    return broker.call("PUT", PATH, params)


def get(broker: Broker, **params: Any) -> Answer:
    return broker.call("GET", PATH, params)


def names(broker: Broker, **params: Any) -> list[str]:
    return [row["name"] for row in get(broker, **params).data["list"]]


def test_create(broker: Broker) -> None:
    answer = post(broker, name="Alpha01")
    portfolio_id = answer.data["portfolioId"]
    assert answer.json == {
        "code": 200,
        "message": "success",
        "data": {"portfolioId": portfolio_id, "name": "Alpha01"},
    }
    assert isinstance(portfolio_id, int)
    assert len(str(portfolio_id)) == 16
    assert portfolio_id < 2**53
    assert portfolio_id in broker.state.portfolios


@pytest.mark.parametrize("sent", ["name", "portfolioName"])
def test_both_names_of_the_name(broker: Broker, sent: str) -> None:
    assert post(broker, **{sent: "Alpha01"}).data["name"] == "Alpha01"
    put(broker, portfolioId=broker.sub_id, **{sent: "Beta01"})
    assert names(broker) == ["MainPortfolio", "Beta01", "Alpha01"]
    assert names(broker, **{sent: "Beta01"}) == ["Beta01"]
    assert names(broker, **{sent: "beta01"}) == []


BAD_NAMES: list[tuple[dict[str, Any], int]] = [
    ({}, 402000),
    ({"name": ""}, 402000),
    ({"name": "   "}, 402000),
    ({"name": "n" * 65}, 402004),
    ({"name": "MainPortfolio"}, 402001),
    ({"name": ["Alpha01"]}, 400000),
    ({"name": True}, 400000),
]


@pytest.mark.parametrize(("params", "code"), BAD_NAMES)
def test_bad_names(broker: Broker, params: dict[str, Any], code: int) -> None:
    before = len(broker.state.portfolios)
    body = json.dumps(params)
    literal = {k: ",".join(v) if isinstance(v, list) else str(v).lower() for k, v in params.items()}
    text = signed_text(literal if code == 400000 else params, broker.nonce)
    refuses(broker.send("POST", PATH, broker.headers(text), body=body.encode()), code)
    assert len(broker.state.portfolios) == before
    if code != 400000:
        refuses(put(broker, portfolioId=str(broker.sub_id), **params), code)
        assert broker.state.portfolios[broker.sub_id].name == "Sub01"


def test_the_newer_rule_of_names() -> None:
    broker = Broker(ApiSettings(newest_messages=True))
    broker.do(Configure(DeskSettings(newest_messages=True)))
    answer = post(broker, name="Al-pha")
    assert answer.json["code"] == 400000
    assert put(broker, portfolioId=broker.sub_id, name="1234567").json["code"] == 400000
    assert post(broker, name="Alpha01").json["code"] == 200
    broker.close()


def test_the_fifty_first(broker: Broker) -> None:
    for number in range(49):
        assert post(broker, name=f"Alpha{number}").json["code"] == 200
    refuses(post(broker, name="Alpha49"), 402007)


def test_two_that_race_for_a_name(broker: Broker) -> None:
    """Both are on their way before either is durable."""
    text = signed_text({"name": "Race01"}, broker.nonce)
    body = json.dumps({"name": "Race01"}).encode()

    async def race() -> list[Answer]:
        calls = [
            broker._send("POST", PATH, broker.headers(text), "", body, "127.0.0.1")
            for _ in range(5)
        ]
        return await asyncio.gather(*calls)

    answers = broker.runner.run(race())
    assert sorted(answer.json["code"] for answer in answers) == [200] + [402001] * 4


def test_rename(broker: Broker) -> None:
    broker.clock_ms += 5
    answer = put(broker, portfolioId=str(broker.sub_id), name="Beta01")
    assert answer.data == {"portfolioId": broker.sub_id, "name": "Beta01"}
    row = get(broker, portfolioId=broker.sub_id).data["list"][0]
    assert (row["name"], row["updateAt"]) == ("Beta01", broker.clock_ms)
    assert put(broker, portfolioId=str(broker.sub_id), name="Beta01").json["code"] == 200


def test_order_of_the_checks_of_a_rename(broker: Broker, foreign_id: int) -> None:
    refuses(put(broker), 402005)
    refuses(put(broker, portfolioId="abc"), 401000)
    refuses(put(broker, portfolioId="111111111111111"), 401000)
    refuses(put(broker, portfolioId="1111111111111111"), 402006)
    refuses(put(broker, portfolioId=foreign_id), 402003)
    refuses(put(broker, portfolioId=broker.sub_id), 402000)


def test_list(broker: Broker) -> None:
    answer = get(broker)
    assert answer.json["code"] == 200
    assert answer.data == {
        "page": 1,
        "pageSize": 100,
        "pageNum": 1,
        "totalSize": 2,
        "list": [
            {
                "portfolioId": broker.main_id,
                "name": "MainPortfolio",
                "belongingTo": 0,
                "createAt": broker.clock_ms,
                "updateAt": broker.clock_ms,
            },
            {
                "portfolioId": broker.sub_id,
                "name": "Sub01",
                "belongingTo": 2,
                "createAt": broker.clock_ms,
                "updateAt": broker.clock_ms,
            },
        ],
    }


def test_filters_and_pages(broker: Broker) -> None:
    for number in range(3):
        post(broker, name=f"Alpha{number}")
    assert names(broker, belongingTo="0") == ["MainPortfolio"]
    assert names(broker, belongingTo="2") == ["Sub01", "Alpha0", "Alpha1", "Alpha2"]
    assert names(broker, page="2", pageSize="2") == ["Alpha0", "Alpha1"]
    assert names(broker, pageNum="3", pageSize="2") == ["Alpha2"]
    assert names(broker, page="9", pageSize="1000") == []
    assert get(broker, pageSize="2").data["pageNum"] == 3
    assert names(broker, portfolioId=broker.sub_id, belongingTo="0") == []


BAD_QUERIES = [
    ({"portfolioId": "abc"}, 401000),
    ({"belongingTo": "1"}, 400000),
    ({"page": "0"}, 400000),
    ({"pageSize": "x"}, 400000),
    ({"pageSize": "1001"}, 400002),
    ({"page": "10001"}, 400003),
    ({"portfolioId": "1111111111111111"}, 402006),
    ({"portfolioId": "1111111111111111", "pageSize": "1001"}, 400002),
]


@pytest.mark.parametrize(("params", "code"), BAD_QUERIES)
def test_bad_queries(broker: Broker, params: dict[str, Any], code: int) -> None:
    refuses(get(broker, **params), code)


def test_a_foreign_portfolio_a_closed_one_and_one_of_nobody(
    broker: Broker, foreign_id: int
) -> None:
    refuses(get(broker, portfolioId=foreign_id), 402003)
    broker.do(DeleteUser(broker.state.portfolios[foreign_id].user_id))
    refuses(get(broker, portfolioId=foreign_id), 402006)
    broker.do(ClosePortfolio(broker.sub_id, True))
    refuses(get(broker, portfolioId=broker.sub_id), 402006)
    assert names(broker) == ["MainPortfolio"]


def test_primary_keys_with_the_right_permission_alone(broker: Broker) -> None:
    reader = broker.make_key("reader", broker.main_id, [Permission.READ])
    for method in ("GET", "POST", "PUT"):
        refuses(broker.call(method, PATH, {"name": "Alpha01"}, broker.sub_key), 2002)
    for method in ("POST", "PUT"):
        refuses(broker.call(method, PATH, {}, reader), 2002)
    assert broker.call("GET", PATH, key=reader).json["code"] == 200
