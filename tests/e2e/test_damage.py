"""A store file that lost its end or has a bit that flipped: the broker has everything that was
acknowledged, or does not start and says what to do.

Each case is a seed: it draws file, place and bit. OPENPRIME_DAMAGES sets how many of a kind,
OPENPRIME_SEED another seed.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from openprime.store import Store, StoreError
from tests.e2e.command import openprime
from tests.e2e.folders import content, examined
from tests.e2e.test_crashes import SEED
from tests.served import ServedBroker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

DAMAGES = int(os.environ.get("OPENPRIME_DAMAGES", "16"))
WAYS_OUT = ("openprime verify", "restore a backup", "run the release", "from a backup", "delete")
DATABASE, LOG = "openprime.db", "openprime.db-wal"
PAGE_BYTES = 4096

Damage = Callable[[Random, Path], str]


@pytest.fixture(scope="module")
def killed(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Most of it is in the log."""
    return copied(kept, tmp_path_factory.mktemp("killed") / "data")


@pytest.fixture(scope="module")
def stopped(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of it is in the database."""
    folder = copied(kept, tmp_path_factory.mktemp("stopped") / "data")
    Store.open(folder).close()
    assert not (folder / LOG).exists()
    return folder


def copied(folder: Path, to: Path) -> Path:
    """A copy, without the index of the log, which no longer is its own."""
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*-shm")))


def flip(random: Random, file: Path) -> str:
    """Turn one bit over, anywhere."""
    at, bit = random.randrange(file.stat().st_size), random.randrange(8)
    turn(file, at, bit)
    return f"bit {bit} of byte {at} of {file.name}"


def turn(file: Path, at: int, bit: int = 0) -> None:
    with file.open("r+b") as opened:
        opened.seek(at)
        byte = opened.read(1)[0]
        opened.seek(at)
        opened.write(bytes([byte ^ 1 << bit]))


def cut(random: Random, file: Path) -> str:
    """Take the end away: a few bytes, some pages, or anything."""
    size = file.stat().st_size
    lost = random.choice(
        (
            random.randint(1, PAGE_BYTES),
            PAGE_BYTES * random.randint(1, 8),
            random.randint(1, size),
        )
    )
    os.truncate(file, max(size - lost, 0))
    return f"the last {lost} of {size} bytes of {file.name}"


@pytest.mark.parametrize("damage", [flip, cut])
@pytest.mark.parametrize("kind", ["killed", "stopped"])
def test_damage_is_survived_or_told(
    request: pytest.FixtureRequest, kind: str, damage: Damage, tmp_path: Path
) -> None:
    base: Path = request.getfixturevalue(kind)
    whole = content(copied(base, tmp_path / "whole"))
    assert min(len(whole[name]) for name in ("orders", "executions")) > 20
    refused = 0
    for number in range(DAMAGES):
        random = Random(f"{SEED}/{kind}/{damage.__name__}/{number}")
        folder = copied(base, tmp_path / "damaged")
        files = [folder / name for name in (DATABASE, LOG) if (folder / name).exists()]
        told = damage(random, random.choice(files))
        try:
            refused += is_refused(folder, whole)
        except BaseException as error:
            error.add_note(f"seed {SEED}, {kind}, case {number}: {told}")
            raise
    assert refused > 0


def is_refused(folder: Path, whole: dict[str, Any]) -> bool:
    """Whether a start is refused, in one line that says what to do; else all must be there."""
    wrong = [check for check in examined(folder).values() if not check.ok]
    assert all(check.remedy and "\n" not in check.found for check in wrong)
    try:
        found = content(folder)
    except StoreError as error:
        told = str(error)
        assert wrong, told
        assert "\n" not in told
        assert told.startswith("expected ")
        assert any(way in told for way in WAYS_OUT), told
        return True
    # Named one by one: the difference of two states is no reading matter.
    assert [name for name in whole if found[name] != whole[name]] == []
    return False


# ---------------------------------------------------------------- as a process


@pytest.mark.parametrize(
    ("file", "table", "told"),
    [
        (LOG, "", "says were acknowledged"),
        (DATABASE, "orders", "of orders with the checksum that it was stored with"),
        (DATABASE, "journal", "with the checksum that they were stored with"),
    ],
)
def test_a_damaged_folder_is_no_start_and_no_traceback(
    killed: Path, stopped: Path, tmp_path: Path, file: str, table: str, told: str
) -> None:
    folder = copied(killed if file == LOG else stopped, tmp_path / "data")
    # The log's first frame, or the middle of the newest row.
    for place in places_of(folder, table) if table else [100]:
        turn(folder / file, place)
    done = openprime("up", "--port", "0", "--data", folder)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    said = done.stderr.splitlines()[-1]
    assert said.startswith("openprime: expected ")
    assert told in said
    assert any(way in said for way in WAYS_OUT)


def test_a_damaged_snapshot_is_done_without(stopped: Path, tmp_path: Path) -> None:
    folder = copied(stopped, tmp_path / "data")
    for place in places_of(folder, "snapshot_parts"):
        turn(folder / DATABASE, place)
    assert not examined(folder)["snapshots"].ok
    whole = content(copied(stopped, tmp_path / "whole"))
    assert content(copied(folder, tmp_path / "other")) == whole
    broker = ServedBroker(tmp_path, data=folder).start()
    assert broker.stop() == 0
    assert "Traceback" not in broker.log()
    # The stop wrote a snapshot, and the damaged one still is the older of two.
    assert not examined(folder)["snapshots"].ok


def places_of(folder: Path, table: str) -> list[int]:
    """Where in the file a piece of the newest row's content lies: SQLite may have left another copy
    where it moved the row from.
    """
    connection = sqlite3.connect(folder / DATABASE)
    column = "body" if table == "orders" else "blob"
    (value,) = connection.execute(
        f"SELECT {column} FROM {table} ORDER BY rowid DESC LIMIT 1"
    ).fetchone()
    connection.close()
    content = (folder / DATABASE).read_bytes()
    places = [found.start() for found in re.finditer(re.escape(value[16:48]), content)]
    assert places
    return places


@pytest.mark.parametrize("lost", ["missing", "empty"])
def test_a_database_that_is_gone_is_no_new_broker(killed: Path, tmp_path: Path, lost: str) -> None:
    folder = copied(killed, tmp_path / "data")
    log = (folder / LOG).read_bytes()
    if lost == "missing":
        (folder / DATABASE).unlink()
    else:
        os.truncate(folder / DATABASE, 0)
    with pytest.raises(StoreError, match="found commands up to 0: the database has lost its end"):
        content(folder)
    assert (folder / LOG).read_bytes() == log, "what is left must not be thrown away"


def test_a_copy_without_its_log_is_told(killed: Path, tmp_path: Path) -> None:
    folder = copied(killed, tmp_path / "data")
    (folder / LOG).unlink()
    with pytest.raises(StoreError, match="the database has lost its end"):
        content(folder)
    # The way out that the line names.
    (folder / "acknowledged").unlink()
    assert content(folder)["state"]
