"""The operator's rows of users, portfolios and keys (errors 6.1, 7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.kit import ORDER, Answer, Broker, base_order, refuses, sign, signed_text

ORDERS = "/api/v1/trading/orders"


def do(broker: Broker, action: str, **asked: Any) -> None:
    assert broker.admin("POST", action, **asked).data == {}


def made(broker: Broker, **asked: Any) -> dict[str, Any]:
    row: dict[str, Any] = broker.admin("POST", "users", **asked).data
    return row


def with_key(broker: Broker, portfolio_id: int, **asked: Any) -> dict[str, Any]:
    row: dict[str, Any] = broker.admin("POST", "keys", portfolioId=portfolio_id, **asked).data
    return row


def get_with(broker: Broker, key: dict[str, Any]) -> Answer:
    signature = sign(signed_text({}, broker.nonce), key["secretKey"])
    headers = {"X-MBX-APIKEY": key["accessKey"], "nonce": broker.nonce, "signature": signature}
    return broker.send("GET", ORDERS, headers)


def unfit(answer: Answer, detail: str) -> None:
    assert answer.json["code"] == 400000
    assert answer.json["data"] == {"detail": detail}


def test_a_user_from_nothing(broker: Broker) -> None:
    user = made(broker)
    assert user == {
        "userId": user["userId"],
        "kind": "NORMAL",
        "state": "ACTIVE",
        "mainPortfolioId": user["mainPortfolioId"],
        "createAt": broker.clock_ms,
    }
    assert broker.admin("GET", "users").data[-1] == user
    assert made(broker, kind="BROKER")["kind"] == "BROKER"
    key = with_key(broker, user["mainPortfolioId"])
    assert get_with(broker, key).json["code"] == 200000
    (portfolio,) = broker.admin("GET", "portfolios", userId=user["userId"]).data
    assert portfolio == {
        "portfolioId": user["mainPortfolioId"],
        "name": "MainPortfolio",
        "belongingTo": 0,
        "createAt": broker.clock_ms,
        "updateAt": broker.clock_ms,
        "userId": user["userId"],
        "closed": False,
        "tradeForbidden": False,
    }


def test_states_and_the_end_of_a_user(broker: Broker) -> None:
    user = made(broker)
    key = with_key(broker, user["mainPortfolioId"])
    named = {"userId": user["userId"]}
    do(broker, "users/state", **named, state="SUSPENDED")
    refuses(get_with(broker, key), 100002)
    do(broker, "users/state", **named, state="ACTIVE")
    assert get_with(broker, key).json["code"] == 200000
    do(broker, "users/delete", **named)
    refuses(get_with(broker, key), 401022)
    for path in ("users", "portfolios", "keys"):
        assert all(row["userId"] != user["userId"] for row in broker.admin("GET", path).data)


def test_a_user_who_owns_something_is_not_deleted(broker: Broker) -> None:
    asked = {"userId": broker.user_id}
    detail = "expected a user without positions and money, found some in its portfolios"
    unfit(broker.admin("POST", "users/delete", **asked), detail)
    broker.place()
    refuses(broker.admin("POST", "users/delete", **asked), 401043)


@pytest.mark.parametrize("action", ["users/state", "users/delete"])
def test_users_that_are_not_there(broker: Broker, action: str) -> None:
    more = {"state": "CLOSED"} if action == "users/state" else {}
    detail = "expected userId to be one of the list of users, found 1"
    unfit(broker.admin("POST", action, userId=1, **more), detail)


def test_portfolios(broker: Broker) -> None:
    named = {"portfolioId": broker.sub_id}
    broker.fund(to=broker.sub_id)
    do(broker, "portfolios/forbid", **named)
    refuses(broker.call("POST", ORDER, base_order(), broker.sub_key), 401061)
    do(broker, "portfolios/forbid", **named, forbidden=False)
    assert broker.call("POST", ORDER, base_order(), broker.sub_key).json["code"] == 200000
    do(broker, "portfolios/close", **named)
    refuses(broker.call("GET", ORDERS, key=broker.sub_key), 100001)
    (row,) = [r for r in broker.admin("GET", "portfolios").data if r["name"] == "Sub01"]
    assert row["closed"] is True
    do(broker, "portfolios/close", **named, closed=False)
    assert broker.call("GET", ORDERS, key=broker.sub_key).data["list"] == []
    for action in ("portfolios/forbid", "portfolios/close"):
        refuses(broker.admin("POST", action, portfolioId=1), 402006)


def test_keys(broker: Broker) -> None:
    key = with_key(broker, broker.sub_id, name="bot", ip="127.0.0.1", permission="trade")
    secret = key.pop("secretKey")
    assert (key["permission"], key["ip"], key["apiName"]) == ("READ,TRADE", "127.0.0.1", "bot")
    assert (key["userId"], key["portfolioId"]) == (broker.user_id, broker.sub_id)
    named = {"accessKey": key["accessKey"]}
    signed = key | {"secretKey": secret}
    do(broker, "keys/freeze", **named)
    refuses(get_with(broker, signed), 100041)
    do(broker, "keys/freeze", **named, frozen=False)
    assert get_with(broker, signed).json["code"] == 200000
    do(broker, "keys/delete", **named)
    refuses(get_with(broker, signed), 100018)
    for action in ("keys/freeze", "keys/delete"):
        refuses(broker.admin("POST", action, accessKey="nope"), 405001)


def test_secrets_are_in_no_list_and_in_no_audit_row(broker: Broker) -> None:
    secret = with_key(broker, broker.sub_id)["secretKey"].encode()
    for path in ("keys", "users", "portfolios", "audit"):
        answer = broker.admin("GET", path)
        assert answer.json["code"] == 200
        assert secret not in answer.body
        assert b"secret" not in answer.body


def test_what_a_key_may_not_be(broker: Broker) -> None:
    asked = {"portfolioId": broker.sub_id}
    unfit(
        broker.admin("POST", "keys", **asked, ip="here"),
        "expected ip to be at most 20 addresses or CIDR ranges between commas, found 'here'",
    )
    unfit(
        broker.admin("POST", "keys", **asked, permission="FLY"),
        "expected permission to be of READ, TRADE, TRANSFER, WITHDRAW between commas, found 'FLY'",
    )
    refuses(broker.admin("POST", "keys", portfolioId=1), 402006)
    for _ in range(9):
        with_key(broker, broker.sub_id)
    unfit(
        broker.admin("POST", "keys", **asked),
        "expected a portfolio with fewer than 10 keys, found 10",
    )
