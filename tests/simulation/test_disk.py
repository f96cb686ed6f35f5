"""The disk of the simulator, and SQLite on it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator

import pytest

from openprime.simulation.disk import Disk, File, Ill
from openprime.simulation.sqlite_disk import Mount

VFS = "disk-of-the-tests"


@pytest.fixture(scope="module")
def mount() -> Mount:
    return Mount(VFS)


class Scripted:
    """A disk whose next calls go as they are told: {call: (how many from now, ill)}."""

    def __init__(self, mount: Mount) -> None:
        self.plan: dict[str, list[Ill | None]] = {"write": [], "sync": []}
        self.disk = Disk(lambda call: self.plan[call].pop(0) if self.plan[call] else None)
        mount.put_in(self.disk, random.Random(1))

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(f"file:/data/x.db?vfs={VFS}", uri=True, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL").close()
        connection.execute("PRAGMA synchronous = FULL").close()
        return connection


@pytest.fixture
def scripted(mount: Mount) -> Iterator[Scripted]:
    made = Scripted(mount)
    yield made
    made.disk.stop()


def insert(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (?)", (number,))
    connection.execute("COMMIT")


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT x FROM t ORDER BY x")]


def test_what_was_synced_survives_and_the_rest_in_part() -> None:
    survived = set()
    for seed in range(50):
        file = File()
        file.write(0, b"safe")
        file.sync()
        file.write(4, b"gone?")
        file.lose_power(random.Random(seed))
        assert file.content.startswith(b"safe")
        survived.add(bytes(file.content[4:]))
    assert {b"", b"gone?"} < survived


def test_readers_see_what_is_committed(scripted: Scripted) -> None:
    writer, reader = scripted.connect(), scripted.connect()
    writer.execute("CREATE TABLE t (x)")
    insert(writer, 1)
    writer.execute("BEGIN")
    writer.execute("INSERT INTO t VALUES (2)")
    assert numbers(reader) == [1]
    writer.execute("COMMIT")
    assert numbers(reader) == [1, 2]
    writer.close()
    reader.close()


@pytest.mark.parametrize(
    ("call", "ill", "told"),
    [
        ("write", Ill.FULL, "full"),
        ("write", Ill.SHORT_WRITE, "full"),
        ("write", Ill.FAILED_WRITE, "disk I/O error"),
        ("sync", Ill.FAILED_SYNC, "disk I/O error"),
    ],
)
def test_a_call_that_fails_is_an_error_of_sqlite(
    scripted: Scripted, call: str, ill: Ill, told: str
) -> None:
    writer = scripted.connect()
    writer.execute("CREATE TABLE t (x)")
    insert(writer, 1)
    scripted.plan[call] = [ill]
    with pytest.raises(sqlite3.OperationalError, match=told):
        insert(writer, 2)
    insert(writer, 3)
    assert numbers(writer) == [1, 3]
    writer.close()


def stop(ill: Ill) -> Callable[[Scripted], None]:
    def plan(scripted: Scripted) -> None:
        scripted.plan["write"] = [None, ill]

    return plan


@pytest.mark.parametrize("ill", [Ill.STOP_BEFORE, Ill.STOP_WITHIN, Ill.STOP_AFTER])
@pytest.mark.parametrize("power_lost", [False, True])
def test_what_was_committed_is_found_by_the_next_process(
    scripted: Scripted, ill: Ill, power_lost: bool
) -> None:
    writer = scripted.connect()
    writer.execute("CREATE TABLE t (x)")
    for number in range(20):
        insert(writer, number)
    stop(ill)(scripted)
    with pytest.raises(sqlite3.OperationalError):
        insert(writer, 20)
    with pytest.raises(sqlite3.OperationalError):
        insert(writer, 21)
    writer.close()
    scripted.disk.restart(random.Random(3), power_lost)
    later = scripted.connect()
    assert numbers(later)[:20] == list(range(20))
    assert later.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    later.close()
