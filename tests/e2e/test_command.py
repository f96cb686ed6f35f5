"""The command `openprime`: what it says, what it leaves behind, and how it ends."""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.e2e.command import command, openprime, wait_until, with_small_files
from tests.served import Client, ServedBroker

pytestmark = pytest.mark.slow

ORDER = "/api/v1/trading/order"
SYM = "BINANCE_PERP_BTC_USDT"
SECRET = re.compile(r"[0-9a-f]{64}")


@pytest.fixture
def served(tmp_path: Path) -> Any:
    """A broker of the test's own, on a folder."""
    broker = ServedBroker(tmp_path).start()
    yield broker
    broker.stop()


def refusal(*arguments: str | Path) -> str:
    """What a call that cannot be says: one line on standard error, exit code 2, nothing else."""
    done = openprime(*arguments)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.startswith("openprime: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("\n")
    return done.stderr.removeprefix("openprime: ").removesuffix("\n")


def place(client: Client, **parameters: str) -> dict[str, Any]:
    order = {"sym": SYM, "side": "BUY", "orderType": "MARKET", "orderQty": "0.01"} | parameters
    answer: dict[str, Any] = client.call("POST", ORDER, **order)
    return answer


def open_socket(broker: ServedBroker, name: str) -> ClientConnection:
    return connect(broker.ready[name], proxy=None)


# ---------------------------------------------------------------- calls that cannot be


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("up --port 70000", "Invalid value for '--port': 70000 is not in the range 0<=x<=65535."),
        ("up --speed -1", "--speed: expected a number at or above 0, found '-1'"),
        ("up --speed fast", "--speed: expected a number at or above 0, found 'fast'"),
        (
            "up --limits some",
            "Invalid value for '--limits': "
            "'some' is not one of 'off', 'production', 'contest'.",
        ),
        (
            "up --durability never",
            "Invalid value for '--durability': 'never' is not one of 'fsync', 'relaxed'.",
        ),
        ("up more", "Got unexpected extra argument (more)"),
        ("keys freeze", "Missing argument 'ACCESS_KEY'."),
        (
            "up --replay nothing",
            "--replay: expected FILE[,FILE...]=SYM, found 'nothing'; "
            "for example recording.gz=BINANCE_PERP_BTC_USDT",
        ),
        (
            "up --port 0 --data :memory: --replay file.gz=BINANCE_PERP_NO_USDT",
            "--replay: expected a SPOT or PERP symbol of sym/info, found 'BINANCE_PERP_NO_USDT'",
        ),
        (
            "up --port 0 --data :memory: --replay a.gz=BINANCE_MARGIN_BTC_USDT",
            "--replay: expected a SPOT or PERP symbol of sym/info, found 'BINANCE_MARGIN_BTC_USDT'",
        ),
        (
            "up --port 0 --data :memory: --replay /nowhere/a.gz=BINANCE_PERP_BTC_USDT",
            "/nowhere/a.gz: expected a gzip file, found no file",
        ),
        (
            "up --config /nowhere/openprime.toml",
            "--config: expected a readable file at /nowhere/openprime.toml, "
            "found: No such file or directory",
        ),
        (
            "keys list --data :memory:",
            "--data: expected a folder, found :memory:, which keeps no keys",
        ),
        (
            "keys list --data /nowhere/data",
            "expected a broker's data folder at /nowhere/data, found none; "
            "start one with: openprime up --data DIR",
        ),
    ],
)  # fmt: skip
def test_a_call_that_cannot_be_says_why_in_one_line(arguments: str, told: str) -> None:
    found = refusal(*arguments.split())
    assert re.sub(r" \(see: openprime .*--help\)$", "", found) == told


@pytest.mark.parametrize("command_name", ["up", "keys list"])
def test_an_empty_data_folder_name_is_no_folder(command_name: str) -> None:
    told = refusal(*command_name.split(), "--data", "")
    assert told == "--data: expected a folder or :memory:, found ''"


def test_an_unknown_flag_is_named() -> None:
    assert refusal("up", "--bogus").startswith("No such option '--bogus'.")
    assert refusal("fly").startswith("No such command 'fly'.")


def test_a_recording_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recording.gz"
    path.write_text("no gzip")
    told = refusal("up", "--port", "0", "--data", ":memory:", "--replay", f"{path}={SYM}")
    assert told == f"{path}: expected a gzip file, found another kind of file"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[desk", "--config: expected TOML in {path}, found: Expected ']' at the end of a table "
         "declaration (at end of document)"),
        ("[desk]\nspeed = 1", "--config: {path}: Object contains unknown field `speed` "
         "- at `$.desk`"),
        ("[venue]\nrequest_latency_ms = 'far'", "--config: {path}: Expected `int`, got `str` "
         "- at `$.venue.request_latency_ms`"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_file_is_refused(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "openprime.toml"
    path.write_text(content)
    assert refusal("up", "--config", path) == told.format(path=path)


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        told = refusal("up", "--port", str(port), "--data", tmp_path / "data")
    assert told == (
        f"expected to listen on 127.0.0.1:{port}, found: Address already in use; "
        "choose another with --port (0 picks a free one) or --host"
    )
    assert not (tmp_path / "data").exists()


def test_a_folder_in_use_is_refused_and_its_broker_goes_on(served: ServedBroker) -> None:
    assert served.process is not None
    expected = (
        f"expected to be the only process that uses {served.data}; "
        f"found process {served.process.pid} holding {served.data}/lock; "
        "stop that process or choose another data folder"
    )
    assert refusal("up", "--port", "0", "--data", served.data) == expected
    assert refusal("keys", "create", "--data", served.data) == expected
    assert place(served.client())["code"] == 200000


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    assert refusal("up", "--port", "0", "--data", path) == (
        f"expected a data folder that can be written at {path}; "
        f"found [Errno 17] File exists: '{path}'; "
        "check that it is a folder of this user's on a disk with free space"
    )


# ---------------------------------------------------------------- start


def test_the_ready_file_says_all_that_a_script_needs(served: ServedBroker) -> None:
    ready_file = served.folder / "ready.json"
    assert stat.S_IMODE(ready_file.stat().st_mode) == 0o600
    ready = json.loads(ready_file.read_text())
    assert served.process is not None
    port = int(ready["rest_url"].rpartition(":")[2])
    assert SECRET.fullmatch(ready.pop("secret_key"))
    assert SECRET.fullmatch(ready.pop("admin_token"))
    assert re.fullmatch(r"[0-9a-f]{32}", ready.pop("access_key"))
    assert re.fullmatch(r"\d{16}", ready.pop("portfolio_id"))
    assert ready == {
        "rest_url": f"http://127.0.0.1:{port}",
        "private_ws_url": f"ws://127.0.0.1:{port}/v1/private",
        "market_ws_url": f"ws://127.0.0.1:{port}/marketdata/v2/public",
        "pid": served.process.pid,
    }


def test_only_the_start_that_makes_the_key_shows_its_secret(served: ServedBroker) -> None:
    secret, access_key = served.secret_key, served.access_key
    export = (
        f"export LTP_API_HOST={served.rest_url} LTP_ACCESS_KEY={access_key} "
        f"LTP_SECRET_KEY={secret}\n"
    )
    assert export in served.log()
    assert served.stop() == 0
    shown = len(served.log())
    served.start()
    assert "secret_key" not in served.ready
    assert served.access_key == access_key
    later = served.log()[shown:]
    assert SECRET.search(later) is None
    assert (
        f"export LTP_API_HOST={served.rest_url} LTP_ACCESS_KEY={access_key}\n"
        "The secret was shown at the first start; openprime keys create makes another key.\n"
    ) in later
    assert place(served.client())["code"] == 200000


def test_what_is_kept_is_for_its_owner_alone(served: ServedBroker) -> None:
    assert stat.S_IMODE(served.data.stat().st_mode) == 0o700
    kept = [path for path in served.data.rglob("*") if path.is_file()]
    assert served.data / "openprime.db" in kept
    for path in kept:
        content = path.read_bytes()
        assert served.secret_key.encode() not in content, path
        assert bytes.fromhex(served.secret_key) not in content, path


# ---------------------------------------------------------------- keys


def test_keys_are_made_listed_frozen_and_deleted(served: ServedBroker) -> None:
    assert served.stop() == 0
    made = openprime(
        "keys", "create", "--data", served.data, "--name", "bot", "--permissions", "TRADE"
    )
    assert (made.returncode, made.stderr) == (0, "")
    form = r"export LTP_ACCESS_KEY=([0-9a-f]{32}) LTP_SECRET_KEY=([0-9a-f]{64})\n"
    found = re.fullmatch(form, made.stdout)
    assert found is not None, made.stdout
    access_key, secret_key = found.groups()

    listed = openprime("keys", "list", "--data", served.data).stdout.splitlines()
    assert [line.split() for line in listed] == [
        ["ACCESS", "KEY", "PORTFOLIO", "STATUS", "PERMISSIONS", "NAME"],
        [served.access_key, served.portfolio_id, "normal", "READ,TRADE,TRANSFER,WITHDRAW",
         "primary"],
        [access_key, served.portfolio_id, "normal", "READ,TRADE", "bot"],
    ]  # fmt: skip

    served.start()
    bot = Client(served.rest_url, access_key, secret_key)
    assert place(bot)["code"] == 200000
    assert served.stop() == 0

    frozen = openprime("keys", "freeze", access_key, "--data", served.data)
    assert (frozen.returncode, frozen.stdout) == (0, f"{access_key} is frozen\n")
    assert " frozen " in openprime("keys", "list", "--data", served.data).stdout
    served.start()
    refused = {
        "code": 100041,
        "message": "API has been frozen. Feel free to contact your account manager if you have "
        "any questions.",
        "data": {},
    }
    assert _call(served, access_key, secret_key) == refused
    assert served.stop() == 0

    freed = openprime("keys", "freeze", access_key, "--undo", "--data", served.data)
    assert freed.stdout == f"{access_key} is normal again\n"
    deleted = openprime("keys", "delete", access_key, "--data", served.data)
    assert (deleted.returncode, deleted.stdout) == (0, f"{access_key} is deleted\n")
    served.start()
    unknown = {"code": 100018, "message": "API not exist", "data": {}}
    assert _call(served, access_key, secret_key) == unknown
    assert place(served.client())["code"] == 200000
    bot.close()


def _call(served: ServedBroker, access_key: str, secret_key: str) -> dict[str, Any]:
    client = Client(served.rest_url, access_key, secret_key)
    try:
        return client.call("GET", "/api/v1/trading/account")
    finally:
        client.close()


def test_a_key_that_is_not_there_cannot_be_changed(served: ServedBroker) -> None:
    assert served.stop() == 0
    for action in ("freeze", "delete"):
        told = refusal("keys", action, "nobody", "--data", served.data)
        assert told == "The apiKey Not Found: nobody (see: openprime keys list)"
    told = refusal("keys", "create", "--permissions", "FLY", "--data", served.data)
    assert told == (
        "--permissions: expected a comma list of READ, TRADE, TRANSFER, WITHDRAW, found 'FLY'"
    )
    told = refusal("keys", "create", "--portfolio", "12", "--data", served.data)
    assert told == "expected the id of a portfolio of this folder, found '12'"


# ---------------------------------------------------------------- stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_keeps_what_it_acknowledged(
    served: ServedBroker, number: signal.Signals
) -> None:
    client = served.client()
    filled = place(client)["data"]["orderId"]
    rested = place(client, orderType="LIMIT", limitPrice="55000", timeInForce="GTC")["data"]
    with (
        open_socket(served, "private_ws_url") as private,
        open_socket(served, "market_ws_url") as market,
    ):
        assert served.process is not None
        served.process.send_signal(number)
        for one in (private, market):
            with pytest.raises(ConnectionClosed):
                one.recv(timeout=20)
            assert (one.close_code, one.close_reason) == (1001, "the server stops")
    assert served.stop() == 0
    assert served.log().endswith("stopped: everything acknowledged is kept\n")
    served.start()
    client = served.client()
    assert client.data("GET", ORDER, orderId=filled)["orderState"] == "FILLED"
    assert client.data("GET", ORDER, orderId=rested["orderId"])["orderState"] == "OPEN"


def test_in_memory_nothing_is_kept_and_no_file_is_left(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    home = tmp_path / "home"
    home.mkdir()
    keys = []
    for _ in range(2):
        ready_file.unlink(missing_ok=True)
        with subprocess.Popen(
            command("up", "--port", "0", "--data", ":memory:", "--ready-file", ready_file),
            stdout=subprocess.PIPE,
            cwd=home,
            env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "share")},
            text=True,
        ) as process:
            wait_until(ready_file.exists, "a ready file")
            ready = json.loads(ready_file.read_text())
            client = Client(ready["rest_url"], ready["access_key"], ready["secret_key"])
            assert client.data("GET", "/api/v1/trading/orders")["list"] == []
            assert place(client, orderType="LIMIT", limitPrice="55000")["code"] == 200000
            client.close()
            keys.append(ready["access_key"])
            process.send_signal(signal.SIGTERM)
            told, _ = process.communicate(timeout=20)
            assert process.returncode == 0
            assert "data in memory: nothing is kept\n" in told
    assert keys[0] != keys[1]
    assert list(home.rglob("*")) == []


# ---------------------------------------------------------------- pages


def test_health_says_how_it_is(broker: ServedBroker) -> None:
    answer = httpx.get(f"{broker.rest_url}/health", trust_env=False)
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "ok"
    assert health["durability"] == "fsync"
    assert health["sequence"] > 0
    assert health["uptimeSeconds"] >= 0


@pytest.mark.parametrize("path", ["/api/v1/trading/nothing", "/health/more", "/docs/../x"])
def test_whatever_is_not_there_is_a_404_in_json(broker: ServedBroker, path: str) -> None:
    answer = httpx.get(f"{broker.rest_url}{path}", trust_env=False)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["message"]


# ---------------------------------------------------------------- a full disk


def test_a_full_disk_takes_no_orders_and_reads_go_on(tmp_path: Path) -> None:
    """The journal may not grow beyond a bound: writes then fail as they do on a full disk."""
    first = ServedBroker(tmp_path).start()
    secret_key = first.secret_key
    kept = place(first.client())["data"]["orderId"]
    assert first.stop() == 0

    with crowded(first.data, tmp_path / "crowded.json") as ready:
        client = Client(ready["rest_url"], ready["access_key"], secret_key)
        acknowledged, answer = fill_the_disk(client)
        assert answer == {
            "code": 50001,
            "message": "Service temporarily unavailable",
            "data": {},
        }
        for order_id in (kept, *acknowledged):
            assert client.data("GET", ORDER, orderId=order_id)["orderId"] == order_id
        health = httpx.get(f"{ready['rest_url']}/health", trust_env=False).json()
        assert health["status"] == "halted"
        assert place(client)["code"] == 50001
        client.close()

    # With room again, everything acknowledged is there and orders are taken.
    first.start()
    client = first.client()
    for order_id in acknowledged:
        assert client.data("GET", ORDER, orderId=order_id)["orderId"] == order_id
    assert place(client)["code"] == 200000
    assert first.stop() == 0


@contextlib.contextmanager
def crowded(data: Path, ready_file: Path) -> Iterator[dict[str, Any]]:
    """A broker none of whose files may grow much beyond what the largest is now."""
    blocks = max(path.stat().st_size for path in data.iterdir()) // 1024 + 200
    arguments = command("up", "--port", "0", "--data", data, "--ready-file", ready_file)
    with subprocess.Popen(
        with_small_files(blocks, arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_until(lambda: ready_file.exists() or process.poll() is not None, "a ready file")
            yield json.loads(ready_file.read_text())
        finally:
            process.kill()


def fill_the_disk(client: Client) -> tuple[list[str], dict[str, Any]]:
    """Orders until one is not acknowledged: those that were, and the answer to the last."""
    acknowledged: list[str] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = place(client, orderQty="0.002")
        if answer["code"] != 200000:
            return acknowledged, answer
        acknowledged.append(answer["data"]["orderId"])
    raise AssertionError(f"expected the disk to be full, took {len(acknowledged)} orders")
