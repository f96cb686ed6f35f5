"""A served broker under the other profiles, and its older and news sockets by a real client."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from openprime.errors import message
from tests.served import ServedBroker

SYM = "BINANCE_PERP_BTC_USDT"
ORDER = "/api/v1/trading/order"
CATALOG = """[catalog]
messages = "latest"
status_mode = "strict"
client_order_id = "strict"
ws_errors = "generic"
"""
SECONDS = 10


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBroker]:
    """A broker with every profile other than the default, and limits."""
    folder = tmp_path_factory.mktemp("profiles")
    config = folder / "openprime.toml"
    config.write_text(CATALOG)
    served = ServedBroker(folder, "--config", str(config), "--limits", "production").start()
    yield served
    assert served.stop() == 0, served.log()


def open_socket(broker: ServedBroker, path: str) -> ClientConnection:
    address = broker.rest_url.replace("http://", "ws://") + path
    return connect(address, open_timeout=SECONDS, proxy=None)


def hear(socket: ClientConnection) -> Any:
    frame = socket.recv(SECONDS)
    text = gzip.decompress(frame).decode() if isinstance(frame, bytes) else frame
    return text if text == "pong" else json.loads(text)


def ask(socket: ClientConnection, content: Any) -> Any:
    socket.send(content if isinstance(content, str) else json.dumps(content))
    return hear(socket)


def login(broker: ServedBroker, **changes: str) -> dict[str, Any]:
    timestamp = str(int(time.time()))
    signed = f"{timestamp}GET/users/self/verify".encode()
    sign = hmac.new(broker.secret_key.encode(), signed, hashlib.sha256).hexdigest()
    given = {"apiKey": broker.access_key, "timestamp": timestamp, "sign": sign} | changes
    return {"action": "login", "args": given}


def publish(broker: ServedBroker, **members: Any) -> None:
    headers = {"X-Admin-Token": broker.ready["admin_token"]}
    answer = httpx.post(
        f"{broker.rest_url}/admin/v1/news", json=members, headers=headers, trust_env=False
    )
    assert answer.status_code == 200, answer.text


# ---------------------------------------------------------------- sockets


@pytest.mark.parametrize(
    ("path", "verb", "member"), [("/v1/public", "action", "args"), ("/v2/public", "event", "arg")]
)
def test_older_sockets(broker: ServedBroker, path: str, verb: str, member: str) -> None:
    entries = [{"channel": name, "instId": SYM} for name in ("BBO", "ORDER_BOOK", "MARK_PRICE")]
    with open_socket(broker, path) as socket:
        answer = ask(socket, {verb: "SUBSCRIBE", member: entries})
        assert (answer["event"], answer[member], answer["code"]) == ("SUBSCRIBE", entries, 0)
        shown = [hear(socket) for _ in range(8)]
        assert any("bid" in frame for frame in shown)
        assert any("markPrice" in frame for frame in shown)
        assert any("levelsBids" in frame or "data" in frame for frame in shown)
        told = ask_until(socket, {verb: "dance", member: []}, "dance")
        text = message(601011)
        assert told == {"event": "dance", "code": 601011, "msg": text, "message": text}


def ask_until(socket: ClientConnection, content: Any, event: str) -> Any:
    """The answer to a frame, pushes aside."""
    answer = ask(socket, content)
    while answer.get("event") != event:
        answer = hear(socket)
    return answer


def test_news_reach_listeners_and_the_route(broker: ServedBroker) -> None:
    with open_socket(broker, "/feeds/v2/public") as socket:
        entry = {"channel": "news.category.all"}
        answer = ask(socket, {"event": "subscribe", "arg": [entry]})
        assert (answer["code"], answer["arg"], answer["invalidArg"]) == ("0", [entry], [])
        publish(broker, title="BTC rises", category=1)
        pushed = hear(socket)
    rows = broker.client().data("GET", "/api/v1/feeds/queryNews", categories="1")["list"]
    assert pushed == {"channel": "news.category.all", "data": rows[0]}
    assert rows[0]["title"] == "BTC rises"


def test_news_survive_a_crash(tmp_path: Path) -> None:
    served = ServedBroker(tmp_path).start()
    publish(served, title="Kept", kind="featured")
    before = served.client().data("GET", "/api/v1/feeds/queryFeatured")
    served.kill()
    served.start()
    assert served.client().data("GET", "/api/v1/feeds/queryFeatured") == before
    assert before["totalSize"] == 1
    assert served.stop() == 0, served.log()


def test_limits_of_the_older_sockets(other: ServedBroker) -> None:
    with open_socket(other, "/v1/public") as socket:
        frame = {"action": "SUBSCRIBE", "args": [{"channel": "FOO", "instId": SYM}]}
        assert ask(socket, frame)["code"] == 601006
        assert ask(socket, frame)["code"] == 601013


def test_connections_to_the_news(other: ServedBroker) -> None:
    sockets = [open_socket(other, "/feeds/v2/public") for _ in range(5)]
    with pytest.raises(InvalidStatus) as refused:
        open_socket(other, "/feeds/v2/public")
    assert refused.value.response.status_code == 429
    assert json.loads(refused.value.response.body) == {
        "code": 100429,
        "message": "Too Many Requests",
        "data": {},
    }
    for socket in sockets:
        socket.close()


# ---------------------------------------------------------------- profiles over REST and sockets


def base_order(**changes: str) -> dict[str, str]:
    order = {"sym": SYM, "side": "BUY", "orderType": "LIMIT", "orderQty": "0.01"}
    return order | {"limitPrice": "50000"} | changes


def test_newer_texts_with_a_status(other: ServedBroker) -> None:
    client = other.client()
    order = base_order(sym="FOO")
    answer = client.http.post(ORDER, json=order, headers=client.headers(order))
    told = {"code": 401011, "message": "Symbol not supported", "data": {}}
    assert (answer.status_code, answer.json()) == (400, told)
    order = base_order(clientOrderId="a-b")
    answer = client.http.post(ORDER, json=order, headers=client.headers(order))
    assert (answer.status_code, answer.json()["code"]) == (400, 401051)


def test_names_of_portfolios(other: ServedBroker) -> None:
    client = other.client()
    path = "/api/v1/trading/portfolio"
    for name in ("abc", "1234567"):
        refused = client.call("POST", path, portfolioName=name)
        assert (refused["code"], refused["message"]) == (400000, message(400000, newest=True))


def test_a_position_that_is_closed_already(other: ServedBroker) -> None:
    client = other.client()
    order = {"sym": SYM, "side": "BUY", "orderType": "MARKET", "orderQty": "0.01"}
    client.data("POST", ORDER, **order)
    client.data("DELETE", "/api/v1/trading/position", sym=SYM)
    again = client.call("DELETE", "/api/v1/trading/position", sym=SYM)
    assert (again["code"], again["message"]) == (401097, message(401097))
    never = client.call("DELETE", "/api/v1/trading/position", sym="BINANCE_PERP_ETH_USDT")
    assert (never["code"], never["message"]) == (401032, message(401032))


def test_generic_errors_of_the_private_socket(other: ServedBroker) -> None:
    failed = {"id": None, "event": "error", "code": "60009", "data": None}
    with open_socket(other, "/v1/private") as socket:
        assert ask(socket, login(other, apiKey="nope")) == failed | {"msg": "Login failed."}
    with open_socket(other, "/v1/private") as socket:
        assert ask(socket, login(other))["code"] == 0
        order = {"id": "1", "action": "place_order", "args": base_order(sym="FOO")}
        assert ask(socket, order) == failed | {"id": "1", "msg": "PlaceOrder failed."}


@pytest.mark.parametrize("path", ["/marketdata/v2/public", "/v2/public"])
def test_generic_logins_of_market_sockets(other: ServedBroker, path: str) -> None:
    told = {"id": None, "event": "login", "code": "10001", "msg": "auth failed"}
    with open_socket(other, path) as socket:
        assert ask(socket, login(other, sign="00")) == told


def test_connections_a_minute(other: ServedBroker) -> None:
    """The last test of this broker: the address has no connection left afterwards."""
    first: Any = None
    for _ in range(61):
        with open_socket(other, "/v2/public") as socket:
            first = frame_or_pong(socket)
            if first != "pong":
                with pytest.raises(ConnectionClosed):
                    hear(socket)
                break
    text = message(601010)
    assert first == {"event": "error", "code": 601010, "msg": text, "message": text}


def frame_or_pong(socket: ClientConnection) -> Any:
    """The first frame of a connection that says ping; one that is refused may be closed by then."""
    with contextlib.suppress(ConnectionClosed):
        socket.send("ping")
    return hear(socket)
