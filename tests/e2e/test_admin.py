"""The operator's side of a served broker: `openprime admin …`, faults over REST and the private
socket, held prices, the audit, and what outlives a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from openprime.errors import message
from tests.e2e.command import openprime
from tests.served import Client, ServedBroker

BTC = "BINANCE_PERP_BTC_USDT"
ORDER = "/api/v1/trading/order"
ORDERS = "/api/v1/trading/orders"
MARKS = "/api/v1/market/markPrice"
SECONDS = 10
PINNED = "50000"


class Operator:
    """The admin command of one broker."""

    def __init__(self, served: ServedBroker) -> None:
        self.served = served
        self.environment = {
            "OPENPRIME_ADMIN_URL": served.rest_url,
            "OPENPRIME_ADMIN_TOKEN": served.ready["admin_token"],
        }

    def run(self, *words: str) -> Any:
        """The data that a command prints."""
        result = openprime("admin", *words, environment=self.environment)
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        return json.loads(result.stdout)

    def ask(self, method: str, path: str, **members: Any) -> Any:
        """The data of an action, over HTTP."""
        answer = httpx.request(
            method,
            f"{self.served.rest_url}/admin/v1/{path}",
            headers={"X-Admin-Token": self.served.ready["admin_token"]},
            content=json.dumps(members) if method != "GET" else None,
            trust_env=False,
        ).json()
        assert answer["code"] == 200, answer
        return answer["data"]

    def force(self, code: int, **members: Any) -> None:
        args = {"code": code, "placeholders": members.pop("placeholders", [])}
        self.ask("POST", "faults", kind="force_code", args=args, **members)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBroker]:
    broker = ServedBroker(tmp_path_factory.mktemp("operator")).start()
    yield broker
    token = str(broker.ready["admin_token"])
    assert broker.stop() == 0, broker.log()
    assert token not in broker.log().partition("\n\n")[2]


@pytest.fixture
def operator(served: ServedBroker) -> Iterator[Operator]:
    operator = Operator(served)
    operator.ask("POST", "marks/pin", sym=BTC, price=PINNED)
    yield operator
    operator.ask("DELETE", "faults")


@pytest.fixture
def client(served: ServedBroker) -> Client:
    return served.client()


def far_order(**changes: str) -> dict[str, str]:
    order = {"sym": BTC, "side": "BUY", "orderType": "LIMIT", "orderQty": "0.01"}
    return order | {"limitPrice": "40000"} | changes


def refused(answer: dict[str, Any], code: int, *arguments: str) -> None:
    assert answer == {"code": code, "message": message(code, arguments), "data": {}}


# -- the command


def test_money_by_the_command(operator: Operator, served: ServedBroker, client: Client) -> None:
    row = ["--portfolio-id", served.portfolio_id, "--exchange", "OKX", "--coin", "ETH"]
    assert operator.run("portfolios", "fund", *row, "--amount", "2.5") == {}
    wallets = operator.run("wallets", "--portfolio-id", served.portfolio_id, "--exchange", "okx")
    assert [w["balance"] for w in wallets if w["coin"] == "ETH"] == ["2.5"]
    assets = client.data("GET", "/api/v1/trading/portfolio/assets", exchange="OKX")
    assert [a["balance"] for a in assets["list"] if a["coin"] == "ETH"] == ["2.5"]


def test_ready_file_names_the_broker(operator: Operator, served: ServedBroker) -> None:
    ready = served.folder / "ready.json"
    result = openprime("admin", "--ready-file", ready, "users", "list")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["kind"] == "BROKER"


def test_nested_bodies_are_json(operator: Operator) -> None:
    args = ["--match", json.dumps({"path": ORDERS}), "--args", '{"code": 400012}', "--count", "2"]
    fault_id = operator.run("faults", "create", "--kind", "force_code", *args)["faultId"]
    (fault,) = operator.run("faults", "list")
    assert (fault["faultId"], fault["code"], fault["remaining"]) == (fault_id, 400012, 2)
    assert operator.run("faults", "delete", "--fault-id", fault_id) == {}
    assert operator.run("faults", "list") == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["marks", "pin", "--sym", "FOO", "--price", "1"], 1, "401011 The sym is not supported"),
        (
            ["marks", "pin", "--sym", BTC, "--price", "0"],
            1,
            "400000 Invalid Parameter, please check api doc: expected price above 0 and at most "
            "1000000000000, found 0",
        ),
        (
            ["marks", "pin", "--sym", BTC],
            2,
            "Missing option '--price'. (see: openprime admin marks pin --help)",
        ),
        (
            ["faults", "create", "--kind", "x", "--args", "{"],
            2,
            "Invalid value for '--args': expected JSON, found '{' "
            "(see: openprime admin faults create --help)",
        ),
    ],
)
def test_failures_are_one_line(operator: Operator, words: list[str], code: int, told: str) -> None:
    result = openprime("admin", *words, environment=operator.environment)
    assert (result.returncode, result.stdout, result.stderr) == (code, "", f"openprime: {told}\n")


def test_wrong_tokens_and_addresses(operator: Operator, served: ServedBroker) -> None:
    result = openprime("admin", "--url", served.rest_url, "--token", "nope", "audit")
    assert result.returncode == 1
    assert result.stderr == (
        f"openprime: expected the admin token of the broker at {served.rest_url}, found another "
        "(API Invalid Authorization.)\n"
    )
    result = openprime("admin", "--url", "http://127.0.0.1:1", "--token", "nope", "audit")
    assert result.returncode == 1
    assert "expected a broker at http://127.0.0.1:1, found: " in result.stderr
    result = openprime("admin", "audit")
    assert result.returncode == 2
    assert "expected the admin token by --token, --ready-file" in result.stderr


# -- prices


def test_held_prices_are_seen_by_all(
    operator: Operator, served: ServedBroker, client: Client
) -> None:
    operator.ask("POST", "indexes/pin", coin="ETH", price="1234.5")
    (row,) = client.data("GET", MARKS, sym=BTC)
    assert row["markPrice"] == PINNED
    (row,) = client.data("GET", MARKS, sym="BINANCE_SPOT_ETH_USDT")
    assert row["markPrice"] == "1234.5"
    url = f"{served.ready['market_ws_url']}?binary=false"
    with connect(url, open_timeout=SECONDS, proxy=None) as socket:
        entry = {"channel": "MARK_PRICE", "sym": BTC}
        socket.send(json.dumps({"event": "subscribe", "arg": [entry]}))
        frames = [json.loads(socket.recv(SECONDS)) for _ in range(3)]
    assert any(PINNED in json.dumps(frame.get("data")) for frame in frames), frames
    deadline = time.monotonic() + SECONDS
    operator.ask("POST", "indexes/release", coin="ETH")
    operator.ask("POST", "marks/release", sym=BTC)
    for path, name, key, held in (
        ("marks", "sym", BTC, PINNED),
        ("indexes", "coin", "ETH", "1234.5"),
    ):
        while {row[name]: row["price"] for row in operator.ask("GET", path)}[key] == held:
            assert time.monotonic() < deadline
            time.sleep(0.02)


# -- faults over REST and the private socket


CODES = (400012, 2000, 401022, 401002, 401009, 401011, 401045, 401058, 401057, 401066, 400010)


@pytest.mark.parametrize("code", [*CODES, 100429, 50001])
def test_a_code_of_each_stage_over_rest(operator: Operator, client: Client, code: int) -> None:
    before = client.data("GET", ORDERS)["list"]
    operator.force(code, match={"path": ORDER})
    refused(client.call("POST", ORDER, **far_order()), code)
    assert client.data("GET", ORDERS)["list"] == before


def test_a_fault_of_ours_over_rest(operator: Operator, client: Client) -> None:
    operator.ask("POST", "faults", kind="server.panic")
    refused(client.call("GET", ORDERS), 500)


def ask(socket: ClientConnection, action: str, arguments: dict[str, Any]) -> Any:
    socket.send(json.dumps({"id": "1", "action": action, "args": arguments}))
    return json.loads(socket.recv(SECONDS))


def login(served: ServedBroker) -> dict[str, str]:
    timestamp = str(int(time.time()))
    text = f"{timestamp}GET/users/self/verify".encode()
    sign = hmac.new(served.secret_key.encode(), text, hashlib.sha256).hexdigest()
    return {"apiKey": served.access_key, "timestamp": timestamp, "sign": sign, "onlyTrade": "true"}


@pytest.fixture
def socket(served: ServedBroker, operator: Operator) -> Iterator[ClientConnection]:
    url = served.ready["private_ws_url"]
    with connect(url, open_timeout=SECONDS, proxy=None) as opened:
        yield opened


@pytest.mark.parametrize("code", CODES)
def test_a_code_of_each_stage_over_the_socket(
    served: ServedBroker, operator: Operator, socket: ClientConnection, code: int
) -> None:
    assert ask(socket, "login", login(served))["code"] == 0
    operator.force(code, match={"path": ORDER})
    answer = ask(socket, "place_order", far_order())
    told = {"id": "1", "event": "place_order", "code": code, "msg": message(code), "data": None}
    assert answer == told


@pytest.mark.parametrize("code", [601001, 601008, 601011, 601014])
def test_codes_of_frames(operator: Operator, socket: ClientConnection, code: int) -> None:
    operator.force(code, match={"path": "/v1/private"})
    answer = ask(socket, "place_order", far_order())
    assert (answer["code"], answer["msg"]) == (code, message(code))
    assert ask(socket, "place_order", far_order())["code"] == 2002


@pytest.mark.parametrize("code", [601007, 601009, 601012, 100041, 2000])
def test_codes_of_the_login(
    served: ServedBroker, operator: Operator, socket: ClientConnection, code: int
) -> None:
    operator.force(code, match={"path": "/v1/private"})
    answer = ask(socket, "login", login(served))
    assert (answer["event"], answer["code"], answer["msg"]) == ("login", code, message(code))
    assert ask(socket, "login", login(served))["code"] == 0


def test_a_code_of_the_handshake(served: ServedBroker, operator: Operator) -> None:
    operator.force(601010, match={"path": "/v1/private"})
    with connect(served.ready["private_ws_url"], open_timeout=SECONDS, proxy=None) as opened:
        answer = json.loads(opened.recv(SECONDS))
        assert (answer["code"], answer["msg"]) == (601010, message(601010))


def test_a_venue_far_away(operator: Operator, client: Client) -> None:
    """A second cancel before the venue confirms the first is 401019, and the order stands."""
    order_id = client.data("POST", ORDER, **far_order())["orderId"]
    operator.ask("POST", "faults", kind="venue.latency", args={"ms": 2000}, ttlMs=60_000)
    first = client.data("DELETE", ORDER, orderId=order_id)
    assert first["action"] == "CANCEL_PENDING"
    refused(client.call("DELETE", ORDER, orderId=order_id), 401019)
    operator.ask("DELETE", "faults")


# -- a restart


def test_what_outlives_a_restart(tmp_path: Path) -> None:
    config = tmp_path / "openprime.toml"
    config.write_text("[api]\ndeadline_ms = 50\n")
    broker = ServedBroker(tmp_path, "--config", str(config)).start()
    operator, client = Operator(broker), broker.client()
    operator.ask("POST", "marks/pin", sym=BTC, price=PINNED)
    operator.force(400012, match={"path": ORDERS}, count=2)
    operator.ask("POST", "maintenance", serviceType="TRANSFER", durationMs=3_600_000)
    refused(client.call("GET", ORDERS), 400012)
    audit = operator.ask("GET", "audit")["list"]
    broker.kill()
    broker.start()
    operator, client = Operator(broker), broker.client()
    assert operator.ask("GET", "audit")["list"] == audit
    (row,) = client.data("GET", MARKS, sym=BTC)
    assert row["markPrice"] == PINNED
    (window,) = client.data("GET", "/api/v1/system/status")
    assert (window["status"], window["serviceType"]) == (1, "TRANSFER")
    for _ in range(2):
        refused(client.call("GET", ORDERS), 400012)
    operator.ask("POST", "faults", kind="venue.latency", args={"ms": 100}, ttlMs=60_000)
    refused(client.call("POST", ORDER, **far_order()), 400013)
    assert len(client.data("GET", ORDERS)["list"]) == 1
    assert broker.stop() == 0, broker.log()


def test_the_configuration_shuts_it(tmp_path: Path) -> None:
    config = tmp_path / "openprime.toml"
    config.write_text("[admin]\nenabled = false\n")
    broker = ServedBroker(tmp_path, "--config", str(config)).start()
    result = openprime("admin", "--ready-file", tmp_path / "ready.json", "audit")
    assert result.returncode == 1
    assert "expected /admin/v1/audit at" in result.stderr
    assert broker.stop() == 0, broker.log()
