"""Who is let in, and the order of the reasons why not (errors 4, resolutions 3, 14, 20 to 26)."""

from __future__ import annotations

import pytest

from openprime.api.settings import ApiSettings
from openprime.desk.commands import DeleteKey, FreezeKey
from openprime.model.vocabulary import Permission, UserKind, UserState
from tests.api.kit import BTC, ORDER, Answer, Broker, base_order, refuses, signed_text

ORDERS = "/api/v1/trading/orders"
MARK = "/api/v1/market/markPrice"


def get(broker: Broker, client: str = "127.0.0.1", **headers: str | None) -> Answer:
    """GET orders with some headers changed; None takes one out."""
    key = headers.pop("key", None)
    sent = broker.headers(f"&{broker.nonce}", key, **headers)
    return broker.send("GET", ORDERS, sent, client=client)


def test_known_key_with_right_signature_is_let_in(broker: Broker) -> None:
    assert get(broker).json["code"] == 200000


@pytest.mark.parametrize("key", [None, "", "nope", "é"])
def test_missing_or_unknown_key(broker: Broker, key: str | None) -> None:
    refuses(get(broker, **{"X-MBX-APIKEY": key}), 100018)


def test_missing_nonce_or_signature(broker: Broker) -> None:
    refuses(get(broker, nonce=None), 2000)
    refuses(get(broker, signature=None), 2000)


@pytest.mark.parametrize("offset", [-61, 61, -3600])
def test_nonce_too_far_off(broker: Broker, offset: int) -> None:
    nonce = str(int(broker.nonce) + offset)
    refuses(broker.send("GET", ORDERS, broker.headers(f"&{nonce}", nonce=nonce)), 7000)


@pytest.mark.parametrize("offset", [-60, 60])
def test_nonce_at_the_bound(broker: Broker, offset: int) -> None:
    nonce = str(int(broker.nonce) + offset)
    answer = broker.send("GET", ORDERS, broker.headers(f"&{nonce}", nonce=nonce))
    assert answer.json["code"] == 200000


@pytest.mark.parametrize("nonce", ["abc", "1.5", "-1", "1790000000000", "9" * 4000])
def test_nonce_that_is_no_second(broker: Broker, nonce: str) -> None:
    refuses(broker.send("GET", ORDERS, broker.headers(f"&{nonce}", nonce=nonce)), 7000)


def test_same_nonce_serves_many_requests(broker: Broker) -> None:
    for _ in range(3):
        assert get(broker).json["code"] == 200000


ADDRESSES = [
    (["203.0.113.7"], "203.0.113.7", True),
    (["203.0.113.7"], "127.0.0.1", False),
    (["203.0.113.0/24"], "203.0.113.9", True),
    (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
    (["2001:db8::/32"], "2001:db8::1", True),
    (["2001:db8::1"], "2001:db8::2", False),
    (["10.0.0.1", "10.0.0.2"], "10.0.0.2", True),
    (["10.0.0.1"], "unix", False),
]


@pytest.mark.parametrize(("allowed", "client", "passes"), ADDRESSES)
def test_address_list(broker: Broker, allowed: list[str], client: str, passes: bool) -> None:
    key = broker.make_key("listed", broker.main_id, addresses=allowed)
    answer = get(broker, client, key=key)
    if passes:
        assert answer.json["code"] == 200000
    else:
        refuses(answer, 2001)


def test_forwarded_address_counts_only_behind_a_trusted_proxy() -> None:
    broker = Broker(ApiSettings(trusted_proxies=("10.0.0.0/8",)))
    key = broker.make_key("listed", broker.main_id, addresses=["203.0.113.7"])
    forwarded = {"X-Forwarded-For": "203.0.113.7, 10.0.0.9", "key": key}
    assert get(broker, "10.0.0.1", **forwarded).json["code"] == 200000
    refuses(get(broker, "192.0.2.1", **forwarded), 2001)
    spoofed = {"X-Forwarded-For": "203.0.113.7, 192.0.2.5", "key": key}
    refuses(get(broker, "10.0.0.1", **spoofed), 2001)
    broker.close()


def test_frozen_and_freed_key(broker: Broker) -> None:
    assert get(broker).json["code"] == 200000
    broker.do(FreezeKey(broker.key, True))
    refuses(get(broker), 100041)
    broker.do(FreezeKey(broker.key, False))
    assert get(broker).json["code"] == 200000


def test_deleted_key_is_unknown_at_once(broker: Broker) -> None:
    assert get(broker).json["code"] == 200000
    broker.do(DeleteKey(broker.key))
    refuses(get(broker), 100018)


@pytest.mark.parametrize("state", [UserState.PENDING_KYB, UserState.SUSPENDED, UserState.CLOSED])
def test_user_who_is_not_active(broker: Broker, state: UserState) -> None:
    broker.state.users[broker.user_id].state = state
    refuses(get(broker), 100002)


def test_closed_portfolio(broker: Broker) -> None:
    broker.state.portfolios[broker.main_id].closed = True
    refuses(get(broker), 100001)


def test_deleted_user_is_met_while_the_key_is_remembered(broker: Broker) -> None:
    assert get(broker).json["code"] == 200000
    del broker.state.users[broker.user_id]
    del broker.state.keys[broker.key]
    refuses(get(broker), 401022)
    broker.clock_ms += 30_000
    refuses(get(broker), 100018)


@pytest.mark.parametrize(
    "permissions", [[Permission.READ], [], [Permission.TRANSFER, Permission.WITHDRAW]]
)
def test_missing_permission(broker: Broker, permissions: list[Permission]) -> None:
    key = broker.make_key("weak", broker.main_id, permissions)
    refuses(broker.call("POST", ORDER, base_order(), key), 2002)
    assert broker.call("GET", ORDERS, key=key).json["code"] == 200000


def test_permission_comes_before_parameters(broker: Broker) -> None:
    key = broker.make_key("weak", broker.main_id, [Permission.READ])
    refuses(broker.call("POST", ORDER, {"side": "HOLD"}, key), 2002)


def test_primary_routes_refuse_portfolio_keys(broker: Broker) -> None:
    for path in ("/api/v1/user/asset", "/api/v1/tradeAccount/list"):
        refuses(broker.call("GET", path, key=broker.sub_key), 2002)
        assert broker.call("GET", path).status == 200


def test_broker_routes() -> None:
    fees = "/api/v1/broker/feeRate"
    for kind, code in ((UserKind.NORMAL, 100003), (UserKind.BROKER, None)):
        broker = Broker(kind=kind)
        refuses(broker.call("GET", fees, key=broker.sub_key), 2002)
        if code:
            refuses(broker.call("GET", fees), code)
        else:
            assert broker.call("GET", fees).data
        broker.close()


def test_order_of_the_checks(broker: Broker) -> None:
    """Everything is wrong at first; what is told is put right, and the next one shows."""
    key = broker.make_key("late", broker.sub_id, [Permission.READ], ["203.0.113.7"])
    broker.do(FreezeKey(key, True))
    state = broker.state
    state.users[broker.user_id].state = UserState.SUSPENDED
    state.portfolios[broker.sub_id].closed = True
    params = base_order(side="HOLD")
    old = str(int(broker.nonce) - 3600)
    headers = {"X-MBX-APIKEY": "nope", "nonce": old, "signature": "0"}
    client = "127.0.0.1"

    def told(code: int) -> None:
        body = str(params).replace("'", '"').encode()
        refuses(broker.send("POST", ORDER, headers, body=body, client=client), code)

    told(100018)
    headers["X-MBX-APIKEY"] = key
    told(2001)
    client = "203.0.113.7"
    told(7000)
    headers["nonce"] = broker.nonce
    told(2000)
    headers = broker.headers(signed_text(params, broker.nonce), key)
    told(100041)
    broker.do(FreezeKey(key, False))
    told(100002)
    state.users[broker.user_id].state = UserState.ACTIVE
    told(2002)
    state.keys[key].permissions = list(Permission)
    broker.do(FreezeKey(key, False))
    told(100001)
    state.portfolios[broker.sub_id].closed = False
    user = state.users.pop(broker.user_id)
    told(401022)
    state.users[broker.user_id] = user
    told(401002)


def test_market_prices_answer_unsigned(broker: Broker) -> None:
    assert broker.send("GET", MARK, query=f"sym={BTC}").data[0]["markPrice"] == "60000"
    funding = broker.send("GET", "/api/v1/market/fundingRate", query=f"sym={BTC}")
    assert funding.data[0]["fundingRate"] == "0.0001"


@pytest.mark.parametrize(
    ("header", "code"), [("X-MBX-APIKEY", 2000), ("nonce", 100018), ("signature", 100018)]
)
def test_market_prices_check_a_signature_that_is_begun(
    broker: Broker, header: str, code: int
) -> None:
    headers = {header: broker.headers("x")[header]}
    refuses(broker.send("GET", MARK, headers), code)


def test_header_names_in_any_case_and_strangers_among_them(broker: Broker) -> None:
    headers = {name.upper(): value for name, value in broker.headers(f"&{broker.nonce}").items()}
    headers |= {"ts": "1790000000000000", "Accept": "*/*"}
    assert broker.send("GET", ORDERS, headers).json["code"] == 200000


def test_newest_texts_and_strict_status() -> None:
    broker = Broker(ApiSettings(newest_messages=True, strict_status=True))
    answer = get(broker, **{"X-MBX-APIKEY": "nope"})
    assert answer.status == 400
    assert answer.json == {"code": 100018, "message": "API key not found", "data": {}}
    broker.close()
