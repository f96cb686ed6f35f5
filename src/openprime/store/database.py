"""The database beneath: how connections are made, and what is particular to SQLite.

A folder's database has one connection that writes, used by one thread at a time, and a few that
read, each seeing the last commit before its transaction began. A database in memory has one
connection for everything: it lives as long as that connection.
"""

import os
import sqlite3
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import msgspec
import sqlalchemy
from sqlalchemy import Engine, StaticPool, create_engine, event, inspect
from sqlalchemy.schema import CreateTable

from openprime.store.errors import StoreError
from openprime.store.tables import SCHEMA, metadata

DATABASE_NAME = "openprime.db"
READERS_MAX = 4

_MIGRATIONS = Path(__file__).parent / "migrations"
_COMMON = ("busy_timeout = 10000", "temp_store = MEMORY")
# Checkpoints copy the write-ahead log into the database inside some commit: rarer ones mean fewer
# slow commits, and the same page changed twice is copied once. 4,000 pages are 16 MB.
_WRITER = (
    "journal_mode = WAL",
    "wal_autocheckpoint = 4000",
    "journal_size_limit = 67108864",
    "cache_size = -65536",
)
_OPTIONS = {"check_same_thread": False}
_READER = ("query_only = ON", "cache_size = -16384")


class Durability(StrEnum):
    """FSYNC: an answered command survives a power cut. RELAXED: it survives our own crash."""

    FSYNC = "fsync"
    RELAXED = "relaxed"


class Ground(msgspec.Struct, frozen=True):
    """What a store stands on: the VFS by which SQLite reaches its files ("": the system's own), and
    where random bytes come from. A simulation puts its own in their place.
    """

    vfs: str = ""
    random_bytes: Callable[[int], bytes] = os.urandom


SYSTEM = Ground()


def writer_engine(path: Path | None, durability: Durability, vfs: str = "") -> Engine:
    """The engine of the one connection that writes; None for a database in memory."""
    # In WAL mode FULL syncs the log at every commit; NORMAL only at checkpoints, and no power cut
    # then does worse than to forget the last commits.
    synchronous = "FULL" if durability is Durability.FSYNC else "NORMAL"
    pragmas = (*_COMMON, *_WRITER, f"synchronous = {synchronous}") if path else _COMMON
    return _engine(path, pragmas, vfs, pool_size=1)


def reader_engine(path: Path, vfs: str = "") -> Engine:
    """The engine of the connections that read."""
    return _engine(path, (*_COMMON, *_READER), vfs, pool_size=READERS_MAX)


def read_only_uri(path: Path, at_rest: bool) -> str:
    """A database as SQLite opens it without ever writing to it, be it to tidy up its log.

    One at rest without a log is read as it lies, and no file appears beside it.
    """
    log = path.with_name(path.name + "-wal")
    alone = at_rest and not (log.exists() and log.stat().st_size)
    return f"file:{quote(str(path.absolute()))}?mode=ro" + ("&immutable=1" if alone else "")


def examiner_engine(path: Path) -> Engine:
    """The engine of a connection that reads a database at rest and leaves it as it lies."""
    return _prepared(
        create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(read_only_uri(path, at_rest=True), uri=True),
            poolclass=StaticPool,
        ),
        (*_COMMON, *_READER),
    )


def scratch_engine(path: Path, prepare: Callable[[sqlite3.Connection], object]) -> Engine:
    """The engine of an empty database of this release's tables that goes with its connection.

    It lies in a file of the system's temporary folder, not in memory. The database at `path` can
    be read beside it as `kept`; `prepare` is given the connection first.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect("", uri=True)
        connection.execute("ATTACH ? AS kept", (read_only_uri(path, at_rest=True),)).close()
        prepare(connection)
        return connection

    engine = _prepared(create_engine("sqlite://", creator=connect, poolclass=StaticPool), ())
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table))
    return engine


def _engine(path: Path | None, pragmas: tuple[str, ...], vfs: str, pool_size: int) -> Engine:
    if path is None:
        in_memory = create_engine("sqlite://", poolclass=StaticPool, connect_args=_OPTIONS)
        return _prepared(in_memory, pragmas)
    if vfs:
        return _simulated(f"file:{path}?vfs={vfs}&uri=true", pragmas, pool_size)
    return _pooled(str(path), pragmas, pool_size)


def _pooled(file: str, pragmas: tuple[str, ...], pool_size: int) -> Engine:
    url = f"sqlite:///{file}"
    engine = create_engine(url, pool_size=pool_size, max_overflow=0, connect_args=_OPTIONS)
    return _prepared(engine, pragmas)


@lru_cache(maxsize=4)
def _simulated(file: str, pragmas: tuple[str, ...], pool_size: int) -> Engine:
    """An engine that the starts of a simulation share, one after the other: once it is disposed of
    it is like new, but for the statements that it has compiled.
    """
    return _pooled(file, pragmas, pool_size)


def _prepared(engine: Engine, pragmas: tuple[str, ...]) -> Engine:
    """An engine whose connections have these pragmas, and leave it to us to begin."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, record: object) -> None:
        # The driver would begin transactions only before some statements; we begin them all.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: sqlalchemy.Connection) -> None:
        # On the driver's own connection: by SQLAlchemy's way it is a tenth of the processor time of
        # a small commit.
        connection.connection.driver_connection.execute("BEGIN").close()  # type: ignore[union-attr]

    return engine


def upgrade(engine: Engine, path: Path | None) -> None:
    """Bring the schema to what this release knows; StoreError where a newer one made it."""
    if path is None:
        metadata.create_all(engine)
        return
    with engine.begin() as connection:
        present = None
        if inspect(connection).has_table("alembic_version"):
            versions = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            present = versions.scalar()
        if present != SCHEMA:
            _migrate(connection, present, path)


def _migrate(connection: sqlalchemy.Connection, present: str | None, path: Path) -> None:
    # Imported here: most starts find the schema as it should be and can do without.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            expected=f"a database of schema {SCHEMA} or older in {path}",
            found=f"schema {present} ({error})",
            remedy="run the release of openprime that made it, or a newer one",
        ) from error
