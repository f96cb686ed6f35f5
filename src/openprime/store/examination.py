"""A database examined as it lies: its pages and indexes, its tables, and every row of history.

Each function reads alone, says in a few words what it found, and raises StoreError where that is
not what must be there. Memory is bounded by the daily totals; all else is read row by row.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, select

from openprime.store import bodies
from openprime.store.batch import Finished
from openprime.store.errors import FROM_BACKUP, StoreError
from openprime.store.markets import Markets
from openprime.store.tables import SCHEMA, daily_totals, executions, meta, metadata
from openprime.store.totals import DAY_MS, Key, Sums, fee_in_quote
from openprime.store.writer import BatchWriter

# Told what is examined, how much of it is done, and how much there is.
Tell = Callable[[str, int, int], object]

PROBLEMS_MAX = 3
_ROWS_FETCHED = 500

# Where a batch's additions to history hold what becomes rows of a table.
FIELDS = {
    "orders": "orders",
    "executions": "trades",
    "position_history": "positions",
    "statements": "statements",
    "audit": "audited",
    "transfers": "transfers",
    "deposits": "deposits",
    "withdrawals": "withdrawals",
    "markups": "markups",
    "algo_orders": "algos",
    "loan_orders": "loan_orders",
    "loan_statements": "loan_entries",
}


def silent(what: str, done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


def examine_pages(connection: Connection, tell: Tell = silent) -> str:
    """SQLite's own check of every page, and of every index against its table: one call, which does
    not tell how far it is.
    """
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    tell("pages of the database", 0, pages)
    problems = f"PRAGMA integrity_check({PROBLEMS_MAX})"
    found = list(connection.exec_driver_sql(problems).scalars())
    if found != ["ok"]:
        raise StoreError(
            expected="pages and indexes that fit together",
            found="; ".join(" ".join(str(line).split()) for line in found),
            remedy=FROM_BACKUP,
        )
    return f"{pages} pages and all indexes fit together"


def examine_schema(connection: Connection) -> str:
    """Every table and index of this release is there."""
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if version != SCHEMA:
        raise StoreError(
            expected=f"a database of schema {SCHEMA}",
            found=f"schema {version}",
            remedy="verify it with the release that made it; a start brings an older one up to "
            "date",
        )
    wanted = {table.name for table in metadata.sorted_tables}
    wanted |= {str(index.name) for table in metadata.sorted_tables for index in table.indexes}
    there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    if missing := sorted(wanted - there):
        raise StoreError(
            expected="all tables and indexes of its schema",
            found=f"none named {', '.join(missing)}",
            remedy=FROM_BACKUP,
        )
    for name, body in bodies.ALL.items():
        key = meta.c.key == f"fields.{name}"
        body.check_fields(name, connection.execute(select(meta.c.value).where(key)).scalar())
    return f"schema {SCHEMA}, {len(wanted)} tables and indexes"


def examine_rows(connection: Connection, tell: Tell = silent) -> str:
    """Every row of history has its checksum, and columns that say what its body says."""
    markets = Markets(connection)
    known = len(markets.by_number())
    writer = BatchWriter(markets, keeps_journal=False)
    total = 0
    for name in FIELDS:
        table = metadata.tables[name]
        count = connection.execute(select(func.count()).select_from(table)).scalar_one()
        key = next(iter(table.primary_key))
        rows = connection.execute(
            select(table).order_by(key), execution_options={"yield_per": _ROWS_FETCHED}
        )
        for number, row in enumerate(rows):
            _examine_row(writer, name, row)
            if number % _ROWS_FETCHED == 0:
                tell(f"rows of {name}", number, count)
        total += count
    if len(markets.by_number()) != known:
        raise _wrong("a number for every market", "rows of a market that has none")
    return f"{total} rows say what they were stored with"


def _examine_row(writer: BatchWriter, name: str, row: Row[Any]) -> None:
    place = f"row {row[0]} of {name}"
    try:
        value = bodies.ALL[name].decode(row.body)
    except Exception as error:
        raise _wrong(f"{place} with the checksum that it was stored with", str(error)) from error
    field = FIELDS[name]
    container: Any = {row[0]: value} if isinstance(getattr(_NOTHING, field), dict) else [value]
    made = writer.rows(Finished(**{field: container}))
    (written,) = next(rows for insert, rows in made if insert.table.name == name)
    # The last column is the body, which may be of before a field was added.
    if tuple(row)[:-1] != tuple(written)[:-1]:
        raise _wrong(f"{place} with columns {written[:-1]}", f"{tuple(row)[:-1]}")


_NOTHING = Finished()


def examine_totals(connection: Connection, tell: Tell = silent) -> str:
    """The daily totals are the sums of the executions."""
    sums: dict[Key, Sums] = {}
    count = connection.execute(select(func.count()).select_from(executions)).scalar_one()
    trades = select(executions.c.market_id, executions.c.body)
    rows = connection.execute(trades, execution_options={"yield_per": _ROWS_FETCHED})
    for number, (market_id, body) in enumerate(rows):
        trade = bodies.TRADE.decode(body)
        key = (trade.user_id, trade.time_ms // DAY_MS, trade.portfolio_id, market_id)
        amount, fee, pnl = sums.get(key, (Decimal(0), Decimal(0), Decimal(0)))
        sums[key] = (
            amount + trade.amount,
            fee + fee_in_quote(trade),
            pnl + trade.realised_pnl,
        )
        if number % _ROWS_FETCHED == 0:
            tell("daily totals", number, count)
    kept: dict[Key, Sums] = {
        (row[0], row[1], row[2], row[3]): (Decimal(row[4]), Decimal(row[5]), Decimal(row[6]))
        for row in connection.execute(select(daily_totals))
    }
    for key in sorted(sums.keys() | kept.keys()):
        if sums.get(key) != kept.get(key):
            place = f"user {key[0]}, day {key[1]}, portfolio {key[2]}, market {key[3]}"
            raise _wrong(
                f"totals {_told(sums.get(key))} of {place}, as the executions add up",
                _told(kept.get(key)),
            )
    return f"{len(kept)} totals of {count} executions"


def examine_all(connection: Connection) -> None:
    """All of the above; StoreError at the first that is not as it must be."""
    examine_pages(connection)
    examine_rows(connection)
    examine_totals(connection)


def _told(sums: Sums | None) -> str:
    return "none" if sums is None else ", ".join(map(str, sums))


def _wrong(expected: str, found: str) -> StoreError:
    return StoreError(expected=expected, found=found, remedy=FROM_BACKUP)
