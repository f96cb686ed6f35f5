"""A data folder's name is on disk before anything in it is acknowledged."""

import stat
from pathlib import Path

import pytest

from openprime.store import folder
from openprime.store.folder import make_folder


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is put on disk, in order."""
    paths: list[Path] = []
    monkeypatch.setattr(folder, "sync", paths.append)
    return paths


def test_every_folder_that_is_made_is_on_disk_in_the_one_above(
    tmp_path: Path, synced: list[Path]
) -> None:
    make_folder(tmp_path / "a" / "b")
    assert sorted(synced) == [tmp_path, tmp_path / "a"]
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_one_that_is_there_is_left_as_it_is(tmp_path: Path, synced: list[Path]) -> None:
    make_folder(tmp_path)
    assert synced == []


def test_one_that_is_named_from_here(
    tmp_path: Path, synced: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_folder(Path("data"))
    assert synced == [tmp_path]
    assert (tmp_path / "data").is_dir()
