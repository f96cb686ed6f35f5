"""A batch as rows, written in one transaction.

The statements are compiled once from the tables and handed to the driver with plain tuples: at
this place SQLAlchemy's convenience would cost more than SQLite's work.
"""

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite

from openprime.desk.commands import Envelope
from openprime.store import bodies, tables
from openprime.store.batch import Batch, Finished, finished
from openprime.store.digest import seal
from openprime.store.markets import Markets, business_of
from openprime.store.totals import DailyTotals

Row = tuple[object, ...]

_encode_envelopes = msgspec.msgpack.Encoder().encode
decode_envelopes = msgspec.msgpack.Decoder(list[Envelope]).decode


def _insert(table: Table, replace: bool = False) -> str:
    statement = sqlite.insert(table)
    if replace:
        # A later word on the same thing: its key and its place in time stay as they were.
        changed = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if not column.primary_key and column.name not in ("portfolio_id", "created_at_ms")
        }
        statement = statement.on_conflict_do_update(
            index_elements=list(table.primary_key), set_=changed
        )
    return str(statement.compile(dialect=sqlite.dialect()))


_JOURNAL = _insert(tables.journal)
_MARKETS = _insert(tables.markets)
_ORDERS = _insert(tables.orders, replace=True)
_EXECUTIONS = _insert(tables.executions)
_POSITIONS = _insert(tables.positions, replace=True)
_STATEMENTS = _insert(tables.statements)
_TOTALS = _insert(tables.daily_totals, replace=True)


class BatchWriter:
    """Writes batches on the store's one writing connection; holds what that needs to know."""

    def __init__(self, markets: Markets, keeps_journal: bool) -> None:
        self._markets = markets
        self._totals = DailyTotals(markets)
        self._keeps_journal = keeps_journal

    def write(self, connection: Connection, batch: Batch) -> None:
        """Write a batch inside the connection's transaction."""
        if self._keeps_journal:
            blob = _encode_envelopes(batch.envelopes)
            checksum = seal(batch.digest_before, blob)
            row = (batch.first_sequence, batch.last_sequence, blob, checksum, batch.digest)
            connection.exec_driver_sql(_JOURNAL, row)
        history = finished(batch.events)
        if history is None:
            return
        rows = self._rows(connection, history)
        fresh = self._markets.fresh_rows()
        for statement, values in ((_MARKETS, fresh), *rows):
            if values:
                connection.exec_driver_sql(statement, values)

    def committed(self) -> None:
        """The transaction is done: new market numbers are for good."""
        self._markets.keep_fresh()

    def failed(self) -> None:
        """The transaction came to nothing: forget what was remembered of it."""
        self._totals.forget()

    def _rows(self, connection: Connection, history: Finished) -> list[tuple[str, list[Row]]]:
        number = self._markets.number
        orders: list[Row] = [
            (
                order.order_id,
                order.portfolio_id,
                order.created_at_ms,
                number(order.exchange, business_of(order.sym), order.sym),
                order.executed_quantity > 0,
                order.client_order_id,
                bodies.encode(order),
            )
            for order in history.orders.values()
        ]
        executions: list[Row] = [
            (
                trade.transaction_id,
                trade.portfolio_id,
                trade.order_id,
                trade.time_ms,
                number(trade.exchange, trade.business, trade.sym),
                bodies.encode(trade),
            )
            for trade in history.trades
        ]
        positions: list[Row] = [
            (
                row.position_id,
                row.portfolio_id,
                row.created_at_ms,
                number(row.exchange, business_of(row.sym), row.sym),
                bodies.encode(row),
            )
            for row in history.positions.values()
        ]
        statements: list[Row] = [
            (
                row.statement_id,
                row.portfolio_id,
                row.time_ms,
                number(row.exchange, row.business, row.sym),
                row.coin,
                row.statement_type,
                bodies.encode(row),
            )
            for row in history.statements
        ]
        return [
            (_ORDERS, orders),
            (_EXECUTIONS, executions),
            (_POSITIONS, positions),
            (_STATEMENTS, statements),
            (_TOTALS, self._totals.rows(connection, history.trades)),
        ]
