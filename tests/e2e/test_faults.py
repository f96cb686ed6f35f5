"""Faults of the way, of sockets, venue, disk and process, on a served broker."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from openprime.errors import message
from tests.e2e.test_sockets_and_profiles import ask, hear, login, open_socket
from tests.served import Client, ServedBroker

BTC = "BINANCE_PERP_BTC_USDT"
ORDER = "/api/v1/trading/order"
ORDERS = "/api/v1/trading/orders"
PRIVATE = "/v1/private"
RESTING = {
    "sym": BTC,
    "side": "BUY",
    "orderType": "LIMIT",
    "timeInForce": "GTC",
    "orderQty": "0.01",
    "limitPrice": "55000",
}
GONE = (httpx.RemoteProtocolError, httpx.ReadError)
SECONDS = 10


class Scene:
    """A broker, its operator, and one client."""

    def __init__(self, served: ServedBroker) -> None:
        self.served = served
        self.mine = {"portfolioId": served.portfolio_id}

    def ask(self, method: str, **members: Any) -> Any:
        """The data of an action on the faults."""
        headers = {"X-Admin-Token": self.served.ready["admin_token"]}
        content = json.dumps(members) if method != "GET" else None
        http = self.client().http
        answer = http.request(method, "/admin/v1/faults", headers=headers, content=content).json()
        assert answer["code"] == 200, answer
        return answer["data"]

    def arm(self, kind: str, **members: Any) -> None:
        self.ask("POST", kind=kind, **members)

    def client(self) -> Client:
        return self.served.client()

    def place(self, name: str) -> Any:
        return self.client().call("POST", ORDER, clientOrderId=name, **RESTING)

    def order(self, name: str) -> Any:
        """The order of a name, None where there is none."""
        answer = self.client().call("GET", ORDER, clientOrderId=name)
        if answer["code"] == 401018:
            assert answer["message"] == message(401018)
            return None
        return answer["data"]

    def dies(self) -> None:
        """The process ends as by kill -9; the next one takes the folder."""
        assert self.served.process is not None
        assert self.served.process.wait(SECONDS) == -signal.SIGKILL
        self.served.stop()
        self.served.start()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "expected a condition to come true in time"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBroker]:
    """A broker whose orders do not wait long for a venue that is down."""
    folder = tmp_path_factory.mktemp("faults")
    config = folder / "openprime.toml"
    config.write_text("[api]\ndeadline_ms = 50\n")
    served = ServedBroker(folder, "--config", str(config)).start()
    yield served
    assert served.stop() == 0, served.log()
    assert "Traceback" not in served.log()
    assert "ASGI" not in served.log()


@pytest.fixture
def scene(lasting: ServedBroker) -> Iterator[Scene]:
    made = Scene(lasting)
    yield made
    made.ask("DELETE")


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Scene]:
    """A broker of its own, for faults that end it."""
    served = ServedBroker(tmp_path).start()
    yield Scene(served)
    served.stop()
    assert "Traceback" not in served.log()


# ---------------------------------------------------------------- the way


def test_a_lost_request_did_nothing(scene: Scene) -> None:
    scene.arm("request.lost", match={"path": ORDER, "method": "POST"})
    with pytest.raises(GONE):
        scene.place("lost")
    assert scene.order("lost") is None
    assert scene.place("lost")["code"] == 200000


def test_a_lost_answer_is_of_what_was_done(scene: Scene) -> None:
    scene.arm("answer.lost", match={"path": ORDER, "method": "POST", "sym": BTC})
    with pytest.raises(GONE):
        scene.place("unheard")
    assert scene.order("unheard")["orderState"] == "OPEN"
    again = scene.place("unheard")
    assert (again["code"], again["message"]) == (401009, message(401009))


def test_a_doubled_request_is_done_twice_and_answered_once(scene: Scene) -> None:
    match = {"apiKey": scene.served.access_key, "path": ORDER}
    scene.arm("request.doubled", match=match)
    answer = scene.place("twice")
    assert (answer["code"], answer["message"]) == (401009, message(401009))
    assert scene.order("twice")["orderState"] == "OPEN"
    scene.arm("request.doubled", match=match)
    before = len(scene.client().data("GET", ORDERS)["list"])
    client = scene.client()
    assert client.call("POST", ORDER, **RESTING)["code"] == 200000
    assert len(client.data("GET", ORDERS)["list"]) == before + 2
    assert client.data("GET", ORDERS)["list"], "the connection goes on"


def test_others_go_on_beside_a_connection_that_ends(scene: Scene) -> None:
    other = scene.client()
    other.data("GET", ORDERS)
    scene.arm("answer.lost", match={"path": ORDER})
    with pytest.raises(GONE):
        scene.place("beside")
    assert other.data("GET", ORDERS)["list"]


# ---------------------------------------------------------------- sockets


def private(scene: Scene) -> ClientConnection:
    socket = open_socket(scene.served, PRIVATE)
    assert ask(socket, login(scene.served))["code"] == 0
    return socket


def listen(socket: ClientConnection) -> None:
    """Hear all that comes."""
    while True:
        hear(socket)


def met(scene: Scene) -> Callable[[], bool]:
    """Whether the fault was met as often as it may be."""
    return lambda: scene.ask("GET") == []


def test_a_dropped_socket_ends_without_a_word(scene: Scene) -> None:
    scene.arm("socket.drop", match={"apiKey": scene.served.access_key, "path": PRIVATE})
    with connect(scene.served.ready["market_ws_url"], proxy=None) as market:
        with private(scene) as socket, pytest.raises(ConnectionClosed) as closed:
            listen(socket)
        assert closed.value.rcvd is None
        market.send("ping")
        assert hear(market) == "pong"
    assert met(scene)()


def test_a_stalled_socket_hears_nothing_for_so_long(scene: Scene) -> None:
    with private(scene) as socket, private(scene) as other:
        scene.arm("socket.stall", args={"ms": 1000}, match={"path": PRIVATE})
        until(met(scene))
        began = time.monotonic()
        socket.send("ping")
        assert ask(other, "ping") == "pong"
        assert time.monotonic() - began < 0.5
        assert hear(socket) == "pong"
        assert time.monotonic() - began > 0.7


# ---------------------------------------------------------------- the venue


def test_reports_are_lost_and_late(scene: Scene) -> None:
    scene.arm("venue.reports", args={"how": "lost"}, match={"sym": BTC, **scene.mine})
    scene.place("no-report")
    scene.place("next")
    assert scene.order("next")["orderState"] == "OPEN"
    assert scene.order("no-report")["orderState"] == "NEW"
    scene.arm("venue.reports", args={"how": "late", "lateMs": 300}, match={"sym": BTC})
    scene.place("late")
    assert scene.order("late")["orderState"] == "NEW"
    until(lambda: bool(scene.order("late")["orderState"] == "OPEN"))


def test_a_venue_that_is_down_is_told_of_every_order_when_it_is_back(scene: Scene) -> None:
    scene.place("before")
    scene.arm("venue.down")
    answer = scene.place("meanwhile")
    assert (answer["code"], answer["message"]) == (400013, message(400013))
    answer = scene.client().call("DELETE", ORDER, clientOrderId="before")
    assert (answer["code"], answer["message"]) == (400013, message(400013))
    assert scene.order("meanwhile")["orderState"] == "NEW"
    assert scene.order("before")["orderState"] == "OPEN"
    scene.ask("DELETE")
    until(lambda: bool(scene.order("meanwhile")["orderState"] == "OPEN"))
    until(lambda: bool(scene.order("before")["orderState"] == "CANCELLED"))
    scene.arm("venue.down", ttlMs=200)
    scene.place("once-more")
    until(lambda: bool(scene.order("once-more")["orderState"] == "OPEN"))


# ---------------------------------------------------------------- disk and process


@pytest.mark.parametrize("how", ["full", "failed"])
def test_after_a_disk_that_fails_a_start_goes_on_from_what_was_kept(
    mortal: Scene, how: str
) -> None:
    mortal.place("kept")
    mortal.arm("disk.fail", args={"how": how}, match=mortal.mine)
    answer = mortal.place("not-kept")
    assert (answer["code"], answer["message"]) == (50001, message(50001))
    assert mortal.place("later")["code"] == 50001
    assert mortal.order("kept")["orderState"] == "OPEN"
    assert mortal.order("not-kept") is None
    assert "as a fault of the operator has it; start again" in mortal.served.log()
    mortal.served.stop()
    mortal.served.start()
    assert mortal.ask("GET") == []
    assert mortal.place("later")["code"] == 200000
    assert (mortal.order("kept") is None, mortal.order("not-kept")) == (False, None)


def test_a_slow_disk_takes_its_time(mortal: Scene) -> None:
    mortal.arm("disk.fail", args={"how": "slow", "ms": 500}, match=mortal.mine)
    began = time.monotonic()
    assert mortal.place("slow")["code"] == 200000
    assert time.monotonic() - began > 0.5


@pytest.mark.parametrize(("when", "is_kept"), [("before_commit", False), ("after_commit", True)])
def test_the_process_dies_at_a_commit_once(mortal: Scene, when: str, is_kept: bool) -> None:
    mortal.place("kept")
    mortal.arm("process.crash", args={"when": when}, match=mortal.mine, count=0)
    with pytest.raises(GONE):
        mortal.place("at-the-crash")
    mortal.dies()
    assert mortal.ask("GET") == []
    assert mortal.order("kept")["orderState"] == "OPEN"
    assert (mortal.order("at-the-crash") is not None) == is_kept
    assert mortal.place("later")["code"] == 200000


def test_the_process_dies_at_once_and_never_at_a_start(mortal: Scene) -> None:
    mortal.place("kept")
    for _ in range(2):
        with pytest.raises(GONE):
            mortal.arm("process.crash", args={"when": "now"}, count=0)
        mortal.dies()
        assert mortal.ask("GET") == []
    assert mortal.order("kept")["orderState"] == "OPEN"
    # One that was not met yet is taken away by a start as well.
    mortal.arm("process.crash", args={"when": "after_commit"}, match={"sym": BTC}, count=0)
    assert [row["how"] for row in mortal.ask("GET")] == ["after_commit"]
    mortal.served.kill()
    mortal.served.start()
    assert mortal.ask("GET") == []
    assert mortal.place("later")["code"] == 200000
