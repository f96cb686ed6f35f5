"""The mark beside the database: it notices what a database alone cannot tell of itself."""

import os
from pathlib import Path

import pytest

from openprime.store import Store, StoreError
from openprime.store.mark import MARK_NAME, Mark, read_mark
from openprime.store.store import EXAMINED_AT_OPEN_BYTES
from tests.store.samples import credit
from tests.store.test_recovery import Life


def open_again(folder: Path, durability: str = "fsync") -> None:
    Store.open(folder, durability).close()


def lived(folder: Path) -> Life:
    """A folder with two batches, closed."""
    life = Life(folder)
    life.store.close()
    life.store = Store.open(folder)
    life.batch(credit())
    life.batch(credit(), credit())
    life.store.close()
    return life


def test_a_commit_moves_the_mark(tmp_path: Path) -> None:
    life = lived(tmp_path)
    assert read_mark(tmp_path) == (3, life.store.digest)
    open_again(tmp_path)


def test_less_than_was_acknowledged_is_refused(tmp_path: Path) -> None:
    life = lived(tmp_path)
    mark = Mark(tmp_path)
    mark.put(4, life.store.digest)
    mark.close()
    with pytest.raises(StoreError) as refused:
        open_again(tmp_path)
    assert str(refused.value) == (
        f"expected the commands up to 4 that {tmp_path}/{MARK_NAME} says were acknowledged; "
        "found commands up to 3: the database has lost its end; put all of its files back, or "
        f"restore a backup; to go on without what is lost, delete {tmp_path}/{MARK_NAME}"
    )
    (tmp_path / MARK_NAME).unlink()
    open_again(tmp_path)
    assert read_mark(tmp_path) is None, "what is found may not be synced: the next commit marks it"


def test_other_commands_in_their_place_are_refused(tmp_path: Path) -> None:
    lived(tmp_path)
    mark = Mark(tmp_path)
    mark.put(3, bytes(32))
    mark.close()
    with pytest.raises(StoreError, match="found others in their place"):
        open_again(tmp_path)


def test_a_mark_that_is_behind_is_no_fault(tmp_path: Path) -> None:
    """Killed between the commit and the mark: the next commit moves it on."""
    lived(tmp_path)
    mark = Mark(tmp_path)
    mark.put(1, bytes(32))
    mark.close()
    open_again(tmp_path)
    assert read_mark(tmp_path) == (1, bytes(32))


@pytest.mark.parametrize("content", [b"x", b"3 00 11\n", b"\xff" * 103])
def test_a_damaged_mark_is_told(tmp_path: Path, content: bytes) -> None:
    lived(tmp_path)
    (tmp_path / MARK_NAME).write_bytes(content)
    with pytest.raises(StoreError, match=r"as a broker wrote it; found other bytes; check the"):
        open_again(tmp_path)


def test_relaxed_commits_promise_nothing(tmp_path: Path) -> None:
    lived(tmp_path)
    open_again(tmp_path, "relaxed")
    assert read_mark(tmp_path) is None
    assert (tmp_path / MARK_NAME).read_bytes() == b""


def test_a_mark_that_cannot_be_written_stays_as_it_is(tmp_path: Path) -> None:
    life = lived(tmp_path)
    mark = Mark(tmp_path)
    os.close(mark._descriptor)
    mark._descriptor = os.open(tmp_path / MARK_NAME, os.O_RDONLY)
    mark.put(9, bytes(32))
    mark.close()
    assert read_mark(tmp_path) == (3, life.store.digest)


def test_a_large_folder_is_not_examined_at_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(tmp_path)
    monkeypatch.setattr("openprime.store.store.examine_all", _never)
    with pytest.raises(AssertionError):
        open_again(tmp_path)
    os.truncate(tmp_path / "openprime.db", EXAMINED_AT_OPEN_BYTES + 1)
    open_again(tmp_path)


def _never(connection: object) -> None:
    raise AssertionError("examined")
