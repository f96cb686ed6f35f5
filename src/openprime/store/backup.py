"""Copies of a data folder: whole, of one moment, and either complete or not there.

A copy is a data folder like any other, in one file for the database. It is made beside its place
under a name of its own, synced, and renamed at the end; whatever fails on the way takes the
unfinished one along.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import select

from openprime.store.database import DATABASE_NAME, examiner_engine, read_only_uri
from openprime.store.errors import StoreError, one_line, remedy_of
from openprime.store.examination import Tell, silent
from openprime.store.folder import sync
from openprime.store.lock import FolderLock, lock_at_rest
from openprime.store.mark import Mark
from openprime.store.secrets import KEY_NAME, open_vault
from openprime.store.store import DAMAGED, tail_of
from openprime.store.tables import meta

# Between two portions the broker's commits find the disk free.
_PAGES_AT_ONCE = 1_000
_BUSY_SECONDS = 10.0


class Copy(msgspec.Struct, frozen=True):
    """A copy that was made: where, of which moment, how large."""

    folder: Path
    last_sequence: int
    size_bytes: int


def check_is_folder(folder: Path) -> None:
    """StoreError where there is no broker's data folder."""
    if not (folder / DATABASE_NAME).is_file():
        raise StoreError(
            expected=f"a broker's data folder at {folder}",
            found=f"no {DATABASE_NAME} there",
            remedy="name the folder that openprime up uses, or a backup of it",
        )


def back_up(folder: Path, out: Path, tell: Tell = silent) -> Copy:
    """Copy a data folder, whether or not a broker runs on it, to a place where nothing is yet."""
    check_is_folder(folder)
    if out.exists() or out.is_symlink():
        raise StoreError(
            expected=f"nothing at {out} yet",
            found="a file or folder, which a backup never replaces",
            remedy="choose another name",
        )
    with _unfinished(out) as draft:
        copy = copy_into(folder, draft, tell)
        _put(draft, out)
    return msgspec.structs.replace(copy, folder=out)


@contextlib.contextmanager
def restoring(backup: Path, folder: Path, tell: Tell = silent) -> Iterator[Path]:
    """A copy of a backup beside the folder that it is for: put in its place where the block ends
    without an error, so that it can be verified first.
    """
    check_is_folder(backup)
    if folder.is_symlink() or (folder.exists() and not _is_empty(folder)):
        raise StoreError(
            expected=f"nothing at {folder}, or an empty folder",
            found="files, which a restore never replaces",
            remedy="move them away, or choose another folder",
        )
    with _unfinished(folder) as draft:
        copy_into(backup, draft, tell)
        yield draft
        _put(draft, folder)


def copy_into(folder: Path, draft: Path, tell: Tell) -> Copy:
    """Copy what a data folder is made of into an empty one, and sync it."""
    lock = _lock_or_running(folder)
    try:
        _copy_key(folder, draft)
        _copy_database(folder / DATABASE_NAME, draft / DATABASE_NAME, lock is not None, tell)
        sequence = _check_and_mark(draft)
    except (OSError, sqlite3.Error, *DAMAGED) as error:
        raise StoreError(
            expected=f"to copy {folder} to {draft.parent}",
            found=one_line(error),
            remedy=remedy_of(error, "see that both can be read and written and the disk has room"),
        ) from error
    finally:
        if lock:
            lock.release()
    for path in (*draft.iterdir(), draft):
        sync(path)
    return Copy(draft, sequence, (draft / DATABASE_NAME).stat().st_size)


def _lock_or_running(folder: Path) -> FolderLock | None:
    """Keep brokers from starting on a folder at rest meanwhile; one that runs may go on."""
    try:
        return lock_at_rest(folder)
    except StoreError as error:
        if isinstance(error.__cause__, OSError):
            raise
        return None


def _copy_database(source: Path, target: Path, at_rest: bool, tell: Tell) -> None:
    """SQLite's own backup, inside one reading transaction: so it is of one moment, and never has
    to begin anew because the broker goes on writing.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    uri = read_only_uri(source, at_rest)
    with (
        contextlib.closing(
            sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        ) as reader,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writer,
    ):
        reader.execute("BEGIN").close()
        reader.execute("SELECT count(*) FROM sqlite_master").close()

        def progress(status: int, remaining: int, total: int) -> None:
            tell("copy", total - remaining, total)

        reader.backup(writer, pages=_PAGES_AT_ONCE, progress=progress, sleep=0)
        # One file, without a log beside it; the first start brings the log back.
        writer.execute("PRAGMA journal_mode = DELETE").close()


def _copy_key(folder: Path, draft: Path) -> None:
    descriptor = os.open(draft / KEY_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write((folder / KEY_NAME).read_bytes())


def _check_and_mark(draft: Path) -> int:
    """See that the key is the database's own, and note how far it goes."""
    engine = examiner_engine(draft / DATABASE_NAME)
    try:
        with engine.connect() as connection:
            query = select(meta.c.value).where(meta.c.key == "secret_key_fingerprint")
            known = connection.execute(query).scalar()
            sequence, digest = tail_of(connection)
    finally:
        engine.dispose()
    if known != open_vault(draft).fingerprint:
        raise StoreError(
            expected=f"the {KEY_NAME} that the folder was made with",
            found="another one",
            remedy="put the original back: without it no API secret opens",
        )
    mark = Mark(draft)
    mark.put(sequence, digest)
    mark.close()
    return sequence


@contextlib.contextmanager
def _unfinished(place: Path) -> Iterator[Path]:
    """An empty folder beside a place, for its owner alone; gone at the end, unless it was put."""
    try:
        parent = place.absolute().parent
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.unfinished-", dir=parent))
    except OSError as error:
        raise StoreError(
            expected=f"to make a folder beside {place}",
            found=error.strerror or str(error),
            remedy="choose a place in a folder that exists and that you may write to",
        ) from error
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, place: Path) -> None:
    try:
        draft.rename(place)
        sync(place.absolute().parent)
    except OSError as error:
        raise StoreError(
            expected=f"to put the copy in its place at {place}",
            found=error.strerror or str(error),
            remedy="choose a name that is not taken and no mount point",
        ) from error


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
