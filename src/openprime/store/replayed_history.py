"""The history tables held against what a replay's events say.

The replay writes its history once more, with the writer of the broker, into an empty database that
goes with its connection; then the two are compared table by table. So memory does not grow with the
replay, and what is told twice counts by its last word, as it does in the folder.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Table

from openprime.store import bodies
from openprime.store.batch import Batch
from openprime.store.database import scratch_engine
from openprime.store.errors import FROM_BACKUP, StoreError
from openprime.store.examination import FIELDS, Tell
from openprime.store.markets import Markets
from openprime.store.tables import metadata
from openprime.store.writer import BatchWriter


class ReplayedHistory:
    """Takes batches as they are replayed; `compare` says how the folder's history differs."""

    def __init__(self, path: Path, markets: Markets) -> None:
        self._engine = scratch_engine(path, _prepare)
        self._connection = self._engine.connect()
        self._writer = BatchWriter(markets, keeps_journal=False)

    def take(self, batch: Batch) -> None:
        """Add what a batch's events say."""
        self._writer.write(self._connection, batch)

    def compare(self, since_ms: int, tell: Tell) -> str:
        """What both say; StoreError where the folder lacks a row, has another, or one too many.

        Rows made after `since_ms` must be the replay's.
        """
        total = 0
        for number, name in enumerate(FIELDS):
            tell("history of the replay", number, len(FIELDS))
            total += _compare(self._connection, metadata.tables[name], since_ms)
        return f"{total} rows are as the replay's events say"

    def close(self) -> None:
        """Forget it."""
        self._connection.close()
        self._engine.dispose()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.create_function("same_row", 3, _same, deterministic=True)


def _same(table: str, one: bytes, other: bytes) -> bool:
    """Whether two bodies say the same: one may be of before a field was added, or of checksums."""
    body = bodies.ALL[table]
    try:
        return body.decode(one) == body.decode(other)
    except Exception:
        return False


def _compare(connection: Connection, table: Table, since_ms: int) -> int:
    name = table.name
    key = next(iter(table.primary_key)).name
    said = [column.name for column in table.columns if column.name not in (key, "body")]
    differs = " OR ".join(
        [f"kept.{key} IS NULL"]
        + [f"made.{column} IS NOT kept.{column}" for column in said]
        + [f"made.body IS NOT kept.body AND NOT same_row('{name}', made.body, kept.body)"]
    )
    both = f"main.{name} made LEFT JOIN kept.{name} kept ON kept.{key} = made.{key}"
    _expect_none(
        connection, f"SELECT made.{key} FROM {both} WHERE {differs}", name, "missing or other"
    )
    if "created_at_ms" in said:
        among = f"SELECT 1 FROM main.{name} made WHERE made.{key} = kept.{key}"
        later = f"kept.created_at_ms > {since_ms} AND NOT EXISTS ({among})"
        _expect_none(
            connection, f"SELECT kept.{key} FROM kept.{name} kept WHERE {later}", name, "made up"
        )
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM main.{name}").scalar_one())


def _expect_none(connection: Connection, query: str, name: str, what: str) -> None:
    counted = f"SELECT count(*), min(found) FROM (SELECT 0 AS found WHERE 0 UNION ALL {query})"
    count, first = connection.exec_driver_sql(counted).one()
    if count:
        raise StoreError(
            expected=f"rows of {name} as the replay's events say",
            found=f"{count} {what}, the first of them {first}",
            remedy=FROM_BACKUP,
        )
