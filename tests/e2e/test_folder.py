"""`openprime verify`, `backup` and `restore`, as an operator uses them."""

import asyncio
import copy
import json
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from openprime.store import StoreError
from openprime.store.backup import back_up, restoring
from tests.e2e.command import command, openprime, wait_until, with_small_files
from tests.e2e.folders import CHECKS, examined, trade
from tests.e2e.load import ORDER, Load
from tests.e2e.witness import Witness
from tests.served import ServedBroker

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedBroker]:
    broker = ServedBroker(tmp_path).start()
    yield broker
    broker.stop()


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return Path(shutil.copytree(kept, tmp_path / "folder"))


def is_sound(folder: Path) -> bool:
    return all(check.ok for check in examined(folder).values())


def wrong(folder: Path) -> dict[str, str]:
    """What a verification that must fail finds wrong: each with a way out."""
    failed = {name: check for name, check in examined(folder).items() if not check.ok}
    assert all(check.remedy for check in failed.values())
    return {name: check.found for name, check in failed.items()}


def refusal(*arguments: str | Path) -> str:
    done = openprime(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.startswith("openprime: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("openprime: ").rstrip("\n")


def change(folder: Path, statement: str) -> None:
    """Change a database behind the broker's back."""
    connection = sqlite3.connect(folder / "openprime.db")
    assert connection.execute(statement).rowcount
    connection.commit()
    connection.close()


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


# ---------------------------------------------------------------- verify


def test_a_sound_folder_is_told_line_by_line(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}
    done = openprime("verify", folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["ok", name] for name in CHECKS]
    assert lines[-1] == f"{folder} is sound"
    assert "through the state of 1 newer snapshots" in done.stdout
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}
    assert {name: after.get(name) for name in before if not name.endswith("-shm")} == {
        name: content for name, content in before.items() if not name.endswith("-shm")
    }


def test_the_checks_are_told_as_json_too(folder: Path) -> None:
    change(folder, "UPDATE daily_totals SET amount = '1'")
    done = openprime("verify", folder, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert (told["folder"], told["sound"]) == (str(folder), False)
    assert told["checks"] == [
        {"name": check.name, "ok": check.ok, "found": check.found, "remedy": check.remedy}
        for check in examined(folder).values()
    ]
    assert [check["name"] for check in told["checks"] if not check["ok"]] == ["totals"]


@pytest.mark.parametrize(
    ("statement", "check", "told"),
    [
        ("UPDATE journal SET digest = zeroblob(32) WHERE last_sequence = 1", "journal",
         "the checksum that they were stored with; found other bytes"),
        ("DELETE FROM journal WHERE first_sequence IN (SELECT first_sequence FROM journal "
         "ORDER BY 1 LIMIT 1 OFFSET 5)", "journal", "expected a journal row that begins at"),
        ("DELETE FROM journal WHERE first_sequence >= (SELECT first_sequence FROM journal "
            "ORDER BY 1 DESC LIMIT 1 OFFSET 1)",
         "acknowledged", "the database has lost its end"),
        ("UPDATE snapshots SET state_hash = zeroblob(32)", "snapshots",
         "expected snapshots with the hash that they were stored with; found others at"),
        ("DELETE FROM executions WHERE transaction_id = (SELECT max(transaction_id) "
         "FROM executions)", "replay", "expected rows of executions as the replay's events say; "
         "found 1 missing or other, the first of them"),
        ("DELETE FROM executions WHERE transaction_id = (SELECT max(transaction_id) "
         "FROM executions)", "totals", "as the executions add up; found"),
        ("INSERT INTO statements SELECT statement_id + 1000000, portfolio_id, "
         "created_at_ms + 10000000, market_id, coin, statement_type, body FROM statements "
         "WHERE statement_id = (SELECT max(statement_id) FROM statements)", "replay",
         "expected rows of statements as the replay's events say; found 1 made up"),
        ("UPDATE orders SET body = CAST(replace(CAST(body AS TEXT), 'USDT', 'USDC') AS BLOB) "
         "WHERE order_id = (SELECT min(order_id) FROM orders)", "rows", "of orders with the"),
        ("UPDATE orders SET executed = NOT executed WHERE order_id = "
         "(SELECT min(order_id) FROM orders)", "rows", "of orders with columns"),
        ("UPDATE daily_totals SET amount = '1'", "totals", "as the executions add up; found 1, "),
        ("DELETE FROM markets WHERE market_id = 1", "rows", "with columns"),
        ("UPDATE meta SET value = zeroblob(60) WHERE key = 'admin_token'", "secrets",
         "expected a secret sealed for admin_token"),
        ("DROP INDEX orders_by_time", "schema", "found none named orders_by_time"),
    ],
)  # fmt: skip
def test_what_was_changed_is_found(folder: Path, statement: str, check: str, told: str) -> None:
    change(folder, statement)
    assert told in wrong(folder)[check]


def test_another_key_is_found(folder: Path) -> None:
    (folder / "secret.key").write_bytes(bytes(32))
    assert wrong(folder)["key"] == (
        "expected the secret.key that the folder was made with; found another one"
    )


def test_a_folder_in_use_is_not_verified(served: ServedBroker) -> None:
    assert served.process is not None
    assert refusal("verify", served.data) == (
        f"expected to be the only process that uses {served.data}; "
        f"found process {served.process.pid} holding {served.data}/lock; "
        "stop that process or choose another data folder"
    )


def test_where_no_folder_is_nothing_is_verified_or_copied(tmp_path: Path) -> None:
    told = (
        f"expected a broker's data folder at {tmp_path}; found no openprime.db there; "
        "name the folder that openprime up uses, or a backup of it"
    )
    assert refusal("verify", tmp_path) == told
    for attempt in (back_up, restore):
        with pytest.raises(StoreError) as refused:
            attempt(tmp_path, tmp_path / "out")
        assert str(refused.value) == told
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- backup and restore


def test_a_backup_under_load_is_restored_with_all_that_was_acknowledged(
    served: ServedBroker, tmp_path: Path
) -> None:
    witness = Witness()
    trade(served, witness, "before")
    acknowledged = copy.deepcopy(witness.orders)
    place = tmp_path / "backup"
    left = iter(range(50))
    with subprocess.Popen(
        command("backup", served.data, place), stdout=subprocess.PIPE, text=True
    ) as backup:

        def on_heard() -> None:
            """Trade on until the backup is done, and a little longer."""
            if backup.poll() is not None and next(left, None) is None:
                load.finishing = True

        load = Load(served, served.client(), witness, Random("during"), "during", on_heard)
        asyncio.run(load.run())
        told, _ = backup.communicate()
    assert backup.returncode == 0
    assert told.startswith(f"{place}: everything up to command ")
    assert told.endswith(f"check it with: openprime verify {place}\n")
    assert len(witness.orders) > len(acknowledged)
    assert served.stop() == 0

    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert modes(place) == {"openprime.db": 0o600, "secret.key": 0o600, "acknowledged": 0o600}
    assert is_sound(place)
    restored = tmp_path / "restored"
    done = openprime("restore", place, restored)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{restored} is restored; start with: openprime up --data {restored}\n"
    assert modes(restored) == modes(place) | {"lock": 0o600}
    again = ServedBroker(tmp_path, data=restored)
    again.secret_key = served.secret_key
    again.start()
    client = again.client()
    for order_id, known in acknowledged.items():
        # What was asked of it later may have come along too.
        known.prices, known.quantities = (
            witness.orders[order_id].prices,
            witness.orders[order_id].quantities,
        )
        known.check(client.data("GET", ORDER, orderId=order_id))
    order = {"sym": "BINANCE_PERP_BTC_USDT", "side": "BUY", "orderType": "MARKET"}
    assert client.call("POST", ORDER, orderQty="0.01", **order)["code"] == 200000
    assert again.stop() == 0
    assert not unfinished(tmp_path)


def test_a_folder_at_rest_is_backed_up_with_its_log(folder: Path, tmp_path: Path) -> None:
    assert (folder / "openprime.db-wal").stat().st_size
    place = tmp_path / "backup"
    assert openprime("backup", folder, place).returncode == 0
    assert is_sound(place)
    assert examined(place)["journal"] == examined(folder)["journal"]


def test_a_backup_replaces_nothing(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "taken"
    place.mkdir()
    assert refusal("backup", folder, place) == (
        f"expected nothing at {place} yet; found a file or folder, which a backup never "
        "replaces; choose another name"
    )
    assert list(place.iterdir()) == []
    told = f"expected to make a folder beside {tmp_path}/nowhere/backup; found "
    with pytest.raises(StoreError, match=told):
        back_up(folder, tmp_path / "nowhere" / "backup")


def test_a_restore_replaces_nothing(folder: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").touch()
    assert refusal("restore", folder, taken) == (
        f"expected nothing at {taken}, or an empty folder; found files, which a restore never "
        "replaces; move them away, or choose another folder"
    )


def test_a_restore_needs_a_sound_backup(folder: Path, tmp_path: Path) -> None:
    change(folder, "UPDATE daily_totals SET amount = '1'")
    empty = tmp_path / "empty"
    empty.mkdir()
    done = openprime("restore", folder, empty)
    assert done.returncode == 1
    assert done.stderr == f"{folder} is not sound: nothing was restored\n"
    assert "WRONG  totals" in done.stdout
    assert list(empty.iterdir()) == []
    assert not unfinished(tmp_path)


def test_an_empty_folder_is_restored_into(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    restore(folder, empty)
    assert is_sound(empty)


def restore(source: Path, folder: Path) -> None:
    with restoring(source, folder) as draft:
        assert draft.parent == folder.parent


def test_a_disk_that_fills_leaves_no_part_of_a_backup(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "backup"
    done = subprocess.run(
        with_small_files(100, command("backup", folder, place)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done
    assert done.stderr.startswith(f"openprime: expected to copy {folder} to {tmp_path}; found ")
    assert done.stderr.endswith("the disk has room\n")
    assert done.stderr.count("\n") == 1
    assert not place.exists()
    assert not unfinished(tmp_path)


def test_a_backup_that_is_killed_is_not_taken_for_one(served: ServedBroker, tmp_path: Path) -> None:
    place = tmp_path / "backup"
    with subprocess.Popen(command("backup", served.data, place)) as backup:
        wait_until(lambda: bool(unfinished(tmp_path)) or backup.poll() is not None, "a beginning")
        backup.kill()
    assert place.exists() != bool(unfinished(tmp_path))


def unfinished(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if ".unfinished-" in name]
