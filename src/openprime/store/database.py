"""The database beneath: how connections are made, and what is particular to SQLite.

A folder's database has one connection that writes, used by one thread at a time, and a few that
read, each seeing the last commit before its transaction began. A database in memory has one
connection for everything: it lives as long as that connection.
"""

import sqlite3
from enum import StrEnum
from pathlib import Path

import sqlalchemy
from sqlalchemy import Engine, StaticPool, create_engine, event, inspect

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
_READER = ("query_only = ON", "cache_size = -16384")


class Durability(StrEnum):
    """FSYNC: an answered command survives a power cut. RELAXED: it survives our own crash."""

    FSYNC = "fsync"
    RELAXED = "relaxed"


def writer_engine(path: Path | None, durability: Durability) -> Engine:
    """The engine of the one connection that writes; None for a database in memory."""
    # In WAL mode FULL syncs the log at every commit; NORMAL only at checkpoints, and no power cut
    # then does worse than to forget the last commits.
    synchronous = "FULL" if durability is Durability.FSYNC else "NORMAL"
    pragmas = (*_COMMON, *_WRITER, f"synchronous = {synchronous}") if path else _COMMON
    return _engine(path, pragmas, pool_size=1)


def reader_engine(path: Path) -> Engine:
    """The engine of the connections that read."""
    return _engine(path, (*_COMMON, *_READER), pool_size=READERS_MAX)


def _engine(path: Path | None, pragmas: tuple[str, ...], pool_size: int) -> Engine:
    options = {"check_same_thread": False}
    if path is None:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args=options)
    else:
        engine = create_engine(
            f"sqlite:///{path}", pool_size=pool_size, max_overflow=0, connect_args=options
        )

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, record: object) -> None:
        # The driver would begin transactions only before some statements; we begin them all.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

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
