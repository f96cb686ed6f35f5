"""The store: one data folder, opened by one process."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from openprime.store import bodies, snapshots, tables
from openprime.store.batch import Batch
from openprime.store.database import (
    DATABASE_NAME,
    READERS_MAX,
    SYSTEM,
    Durability,
    Ground,
    reader_engine,
    upgrade,
    writer_engine,
)
from openprime.store.digest import EMPTY_DIGEST
from openprime.store.errors import StoreError, one_line, remedy_of
from openprime.store.examination import examine_all
from openprime.store.folder import make_folder
from openprime.store.lock import FolderLock
from openprime.store.mark import Mark, check_mark
from openprime.store.markets import Markets
from openprime.store.secrets import KEY_NAME, open_vault
from openprime.store.writer import BatchWriter

P = ParamSpec("P")
R = TypeVar("R")

# What reading a damaged database comes to: SQLite's own errors, and values of another kind than
# their column holds, which nothing else can bring into it.
DAMAGED = (
    SQLAlchemyError,
    msgspec.MsgspecError,
    TypeError,
    ValueError,
    ArithmeticError,
    MemoryError,
)

# About a tenth of a second for each four megabytes.
EXAMINED_AT_OPEN_BYTES = 16 * 1024 * 1024


class Store:
    """Journal, snapshots, history and small settings of one data folder, or of none.

    Whatever writes may be called from any one thread at a time (a lock sees to it) and blocks
    until it is on disk. `last_sequence` and `digest` are those of the last batch kept,
    `snapshot_sequence` is where the newest snapshot stood when the folder was opened.
    """

    def __init__(
        self, folder: Path | None, durability: Durability, ground: Ground = SYSTEM
    ) -> None:
        self.folder = folder
        self.durability = durability
        self._lock = FolderLock(folder) if folder else None
        self._write_lock = threading.RLock()
        self._mark: Mark | None = None
        path = folder / DATABASE_NAME if folder else None
        self._writer_engine = writer_engine(path, durability, ground.vfs)
        self._reader_engine: Engine | None = None
        try:
            self._mark = self._found_mark(path)
            upgrade(self._writer_engine, path)
            self._connection = self._writer_engine.connect()
            self._reader_engine = reader_engine(path, ground.vfs) if path else None
            self.vault = open_vault(folder, ground.random_bytes)
            if path and not ground.vfs:
                self._check_small(path)
            self._check_vault()
            self._check_bodies()
            with self.reading() as connection:
                self.markets = Markets(connection)
                self.last_sequence, self.digest = tail_of(connection)
                newest = select(func.max(tables.snapshots.c.sequence))
                self.snapshot_sequence = connection.execute(newest).scalar() or 0
            self._check_mark()
        except BaseException:
            self.close()
            raise
        self._writer = BatchWriter(self.markets, keeps_journal=self.keeps)
        self._readers = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="history")

    @staticmethod
    def open(
        folder: Path | None,
        durability: Durability | str = Durability.FSYNC,
        ground: Ground = SYSTEM,
    ) -> "Store":
        """Open a data folder, making it where it is missing; None keeps everything in memory.

        StoreError where another process holds it, a newer release made it, or its key is gone.
        """
        durability = Durability(durability)
        if folder is None:
            return Store(None, durability, ground)
        try:
            make_folder(folder)
            return Store(folder, durability, ground)
        except (OSError, *DAMAGED) as error:
            raise StoreError(
                expected=f"a data folder that can be written at {folder}",
                found=one_line(error),
                remedy=remedy_of(
                    error, "check that it is a folder of this user's on a disk with free space"
                ),
            ) from error

    @property
    def keeps(self) -> bool:
        """Whether anything outlives the process."""
        return self.folder is not None

    def close(self) -> None:
        """Let go of the folder. Whoever commits or reads must have stopped."""
        if hasattr(self, "_readers"):
            self._readers.shutdown()
        if hasattr(self, "_connection"):
            self._connection.close()
        self._writer_engine.dispose()
        if self._reader_engine:
            self._reader_engine.dispose()
        if self._mark:
            self._mark.close()
        if self._lock:
            self._lock.release()

    # -- writing

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction on the writing connection; StoreError where it cannot be kept."""
        try:
            with self._write_lock, self._connection.begin():
                yield self._connection
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreError(
                expected=f"{self.folder or 'the database in memory'} to take a commit",
                found=one_line(error),
                remedy=remedy_of(error, "free the disk or mend it, then start again"),
            ) from error

    def commit(self, batch: Batch) -> None:
        """Make a batch and its history rows durable. Blocks; meant for a worker thread."""
        if batch.first_sequence != self.last_sequence + 1:
            raise StoreError(
                expected=f"a batch that begins at sequence {self.last_sequence + 1}",
                found=f"one that begins at {batch.first_sequence}",
                remedy="report this: it is a fault of openprime",
            )
        try:
            with self.writing() as connection:
                self._writer.write(connection, batch)
        except BaseException:
            self._writer.failed()
            raise
        self._writer.committed()
        self.last_sequence = batch.last_sequence
        self.digest = batch.digest
        if self._mark and self.durability is Durability.FSYNC:
            self._mark.put(batch.last_sequence, batch.digest)

    def write_snapshot_part(self, snapshot: snapshots.Snapshot, part: int) -> None:
        """Write one part of a snapshot (see snapshots.write_part)."""
        if self.keeps:
            with self.writing() as connection:
                snapshots.write_part(connection, snapshot, part)

    def forget_old_snapshots(self) -> None:
        with self.writing() as connection:
            snapshots.forget_old(connection)

    def trim_journal(self, commands_kept: int) -> bool:
        """Delete some of the journal behind the snapshots; True where more is left to delete."""
        with self.writing() as connection:
            return snapshots.trim_journal(connection, commands_kept)

    # -- reading

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees what was committed when it began; StoreError where the
        database is damaged.
        """
        try:
            if self._reader_engine:
                with self._reader_engine.begin() as connection:
                    yield connection
            else:
                with self._write_lock, self._connection.begin():
                    yield self._connection
        except DAMAGED as error:
            raise StoreError(
                expected=f"to read {self.folder or 'the database in memory'}",
                found=one_line(error),
                remedy=remedy_of(error, "mend the disk, then start again"),
            ) from error

    async def read(self, query: Callable[P, R], /, *arguments: P.args, **options: P.kwargs) -> R:
        """Run a query of `History` in a thread for readers."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: query(*arguments, **options))

    # -- small settings

    def meta(self, key: str) -> bytes | None:
        """A value kept under a name; None where there is none."""
        with self.reading() as connection:
            return connection.execute(
                select(tables.meta.c.value).where(tables.meta.c.key == key)
            ).scalar()

    def set_meta(self, key: str, value: bytes) -> None:
        with self.writing() as connection:
            connection.execute(delete(tables.meta).where(tables.meta.c.key == key))
            connection.execute(insert(tables.meta).values(key=key, value=value))

    # -- checks at open

    def _found_mark(self, path: Path | None) -> Mark | None:
        """The folder's mark. SQLite takes an empty file for a new database, and throws its log
        away: that must not happen where something was acknowledged.
        """
        if self.folder is None or path is None:
            return None
        mark = Mark(self.folder)
        if not path.exists() or not path.stat().st_size:
            check_mark(self.folder, mark.known, 0, EMPTY_DIGEST)
        return mark

    def _check_mark(self) -> None:
        if self.folder is None or self._mark is None:
            return
        check_mark(self.folder, self._mark.known, self.last_sequence, self.digest)
        # What a killed process wrote and did not sync is found here too, and may yet be lost with
        # the power: it is marked with the first commit, whose sync is for all of the log.
        if self.durability is not Durability.FSYNC:
            self._mark.clear()

    def _check_small(self, path: Path) -> None:
        """All of a small folder is examined at each opening; a large one is left to `verify`."""
        log = path.with_name(path.name + "-wal")
        size = sum(file.stat().st_size for file in (path, log) if file.exists())
        if size <= EXAMINED_AT_OPEN_BYTES:
            with self.reading() as connection:
                examine_all(connection)

    def _check_vault(self) -> None:
        known = self.meta("secret_key_fingerprint")
        if known is None:
            self.set_meta("secret_key_fingerprint", self.vault.fingerprint)
        elif known != self.vault.fingerprint:
            raise StoreError(
                expected=f"the {KEY_NAME} that {self.folder} was made with",
                found="another one",
                remedy="put the original back from a backup: without it no API secret opens",
            )

    def _check_bodies(self) -> None:
        """History bodies are read by position: their fields may only have grown at the end."""
        for table, body in bodies.ALL.items():
            kept = self.meta(f"fields.{table}")
            if body.check_fields(table, kept):
                self.set_meta(f"fields.{table}", msgspec.json.encode(body.fields))


def tail_of(connection: Connection) -> tuple[int, bytes]:
    """Sequence and digest of the last batch kept; the journal may be trimmed to nothing."""
    for table, sequence in (
        (tables.journal, tables.journal.c.last_sequence),
        (tables.snapshots, tables.snapshots.c.sequence),
    ):
        key = next(iter(table.primary_key))
        newest = select(func.max(key)).scalar_subquery()
        row = connection.execute(select(sequence, table.c.digest).where(key == newest)).first()
        if row:
            return row[0], row[1]
    return 0, EMPTY_DIGEST
