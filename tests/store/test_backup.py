"""Copies of a folder: what makes one fail, and that nothing is left of it then."""

import errno
import os
from pathlib import Path

import pytest

from openprime.store import Store, StoreError
from openprime.store import lock as lock_module
from openprime.store.backup import back_up
from openprime.store.lock import lock_at_rest
from openprime.store.secrets import KEY_NAME
from tests.store.samples import credit
from tests.store.test_recovery import Life


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one command, at rest."""
    life = Life(tmp_path / "folder")
    life.batch(credit())
    life.store.close()
    return tmp_path / "folder"


def refusal(folder: Path, out: Path, **more: object) -> str:
    """Why a backup fails; nothing of it is left."""
    before = sorted(os.listdir(out.parent))
    with pytest.raises(StoreError) as refused:
        back_up(folder, out, **more)  # type: ignore[arg-type]
    after = sorted(os.listdir(out.parent))
    assert [name for name in after if "unfinished" in name] == []
    assert set(before) <= set(after)
    return str(refused.value)


def test_a_copy_is_a_folder_like_any_other(folder: Path, tmp_path: Path) -> None:
    copy = back_up(folder, tmp_path / "out")
    assert copy.last_sequence == 1
    store = Store.open(copy.folder)
    assert store.last_sequence == 1
    store.close()


def test_a_folder_without_its_key(folder: Path, tmp_path: Path) -> None:
    (folder / KEY_NAME).unlink()
    assert refusal(folder, tmp_path / "out").startswith(
        f"expected to copy {folder} to {tmp_path}; found [Errno 2] No such file or directory"
    )


def test_a_folder_with_another_key(folder: Path, tmp_path: Path) -> None:
    Store.open(tmp_path / "other").close()
    (folder / KEY_NAME).write_bytes((tmp_path / "other" / KEY_NAME).read_bytes())
    assert refusal(folder, tmp_path / "out") == (
        f"expected the {KEY_NAME} that the folder was made with; found another one; "
        "put the original back: without it no API secret opens"
    )


def test_a_place_that_was_taken_meanwhile(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def take(*how_far: object) -> None:
        out.mkdir(exist_ok=True)
        (out / "file").touch()

    assert refusal(folder, out, tell=take) == (
        f"expected to put the copy in its place at {out}; found Directory not empty; "
        "choose a name that is not taken and no mount point"
    )
    assert os.listdir(out) == ["file"]


# -- the lock


def test_a_folder_that_cannot_be_locked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(place: Path) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(lock_module, "FolderLock", denied)
    line = f"expected to lock {folder}; found Permission denied; run as the user whose folder it is"
    with pytest.raises(StoreError) as refused:
        lock_at_rest(folder)
    assert str(refused.value) == line
    assert refusal(folder, tmp_path / "out") == line


def test_a_folder_on_a_disk_that_nobody_can_write_to_needs_no_lock(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(place: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(lock_module, "FolderLock", read_only)
    assert lock_at_rest(folder) is None
    assert back_up(folder, tmp_path / "out").last_sequence == 1
