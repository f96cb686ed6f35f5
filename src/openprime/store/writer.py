"""A batch as rows, written in one transaction.

The statements are compiled once from the tables and run on the driver's own cursor: at this place
SQLAlchemy's convenience costs more than SQLite's work. Many rows go in with one statement. SQLite
is left and entered once a statement, and each time Python's lock is given up, which the thread of
the loop may take meanwhile.
"""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import cast

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite

from openprime.desk.algo_state import AlgoOrder
from openprime.desk.commands import Envelope
from openprime.desk.events import LoanEntry, LoanOrder, MarkupCollected
from openprime.desk.funds import Deposit, Transfer, Withdrawal
from openprime.store import bodies, tables
from openprime.store.batch import Batch, Finished, finished
from openprime.store.digest import seal
from openprime.store.markets import Markets, business_of
from openprime.store.totals import DailyTotals

Row = tuple[object, ...]

_encode_envelopes = msgspec.msgpack.Encoder().encode
decode_envelopes = msgspec.msgpack.Decoder(list[Envelope]).decode


# Rows of one statement at most: SQLite takes 32,766 values, the driver keeps 128 statements ready.
_ROWS_MAX = 16


class Insert:
    """Inserts rows into a table; `replace`: a later word on the same thing counts."""

    def __init__(self, table: Table, replace: bool = False) -> None:
        self.table = table
        self._replace = replace
        self._texts: dict[int, str] = {}

    def run(self, cursor: sqlite3.Cursor, rows: Sequence[Row]) -> None:
        for begin in range(0, len(rows), _ROWS_MAX):
            some = rows[begin : begin + _ROWS_MAX]
            text = self._texts.get(len(some)) or self._compiled(len(some))
            cursor.execute(text, list(chain.from_iterable(some)))

    def _compiled(self, count: int) -> str:
        """The statement for so many rows."""
        row = dict.fromkeys(self.table.columns.keys())
        statement = sqlite.insert(self.table).values([row] * count)
        if self._replace:
            # Key and place in time stay as they were.
            changed = {
                column.name: statement.excluded[column.name]
                for column in self.table.columns
                if not column.primary_key and column.name not in ("portfolio_id", "created_at_ms")
            }
            statement = statement.on_conflict_do_update(
                index_elements=list(self.table.primary_key), set_=changed
            )
        text = self._texts[count] = str(statement.compile(dialect=sqlite.dialect()))
        return text


_JOURNAL = Insert(tables.journal)
_MARKETS = Insert(tables.markets)
_ORDERS = Insert(tables.orders, replace=True)
_EXECUTIONS = Insert(tables.executions)
_POSITIONS = Insert(tables.positions, replace=True)
_STATEMENTS = Insert(tables.statements)
_AUDIT = Insert(tables.audit)
_TRANSFERS = Insert(tables.transfers, replace=True)
_DEPOSITS = Insert(tables.deposits, replace=True)
_WITHDRAWALS = Insert(tables.withdrawals, replace=True)
_MARKUPS = Insert(tables.markups)
_ALGOS = Insert(tables.algo_orders, replace=True)
_LOAN_ORDERS = Insert(tables.loan_orders)
_LOAN_STATEMENTS = Insert(tables.loan_statements)
_TOTALS = Insert(tables.daily_totals, replace=True)


class BatchWriter:
    """Writes batches on the store's one writing connection; holds what that needs to know."""

    def __init__(self, markets: Markets, keeps_journal: bool) -> None:
        self._markets = markets
        self._totals = DailyTotals(markets)
        self._keeps_journal = keeps_journal

    def write(self, connection: Connection, batch: Batch) -> None:
        """Write a batch inside the connection's transaction; sqlite3.Error where it fails."""
        # SQLAlchemy types this for all drivers; ours is sqlite3.
        cursor = cast(sqlite3.Cursor, connection.connection.cursor())
        if self._keeps_journal:
            blob = _encode_envelopes(batch.envelopes)
            checksum = seal(batch.digest_before, blob)
            row = (batch.first_sequence, batch.last_sequence, blob, checksum, batch.digest)
            _JOURNAL.run(cursor, [row])
        history = finished(batch.events)
        if history is None:
            return
        rows = self.rows(history)
        totals = self._totals.rows(connection, history.trades)
        fresh = self._markets.fresh_rows()
        for insert, values in ((_MARKETS, fresh), *rows, (_TOTALS, totals)):
            insert.run(cursor, values)

    def committed(self) -> None:
        """The transaction is done: new market numbers are for good."""
        self._markets.keep_fresh()

    def failed(self) -> None:
        """The transaction came to nothing: forget what was remembered of it."""
        self._totals.forget()

    def rows(self, history: Finished) -> list[tuple[Insert, list[Row]]]:
        """What a batch adds to history, as rows; markets that are new get their numbers."""
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
            (_AUDIT, [(row.audit_id, bodies.encode(row)) for row in history.audited]),
            (_TRANSFERS, list(map(_transfer_row, history.transfers.values()))),
            (_DEPOSITS, list(map(_deposit_row, history.deposits.values()))),
            (_WITHDRAWALS, list(map(_withdrawal_row, history.withdrawals.values()))),
            (_ALGOS, [self._algo_row(row) for row in history.algos.values()]),
            (_LOAN_ORDERS, list(map(_loan_order_row, history.loan_orders))),
            (_LOAN_STATEMENTS, list(map(_loan_entry_row, history.loan_entries))),
            (_MARKUPS, list(map(_markup_row, history.markups))),
        ]

    def _algo_row(self, row: AlgoOrder) -> Row:
        market = self._markets.number(row.exchange, business_of(row.sym), row.sym)
        named = (row.algo_order_id, row.portfolio_id, row.created_at_ms, market)
        names = (row.algo_type.value, row.client_order_id, row.attached_order_id)
        return (*named, *names, bodies.encode(row))


def _transfer_row(row: Transfer) -> Row:
    terms = row.terms
    return (
        row.transfer_id,
        row.user_id,
        row.created_at_ms,
        terms.source.account_id,
        terms.target.account_id,
        terms.coin,
        row.status.value,
        row.client_order_id,
        bodies.encode(row),
    )


def _deposit_row(row: Deposit) -> Row:
    where = (row.place.account_id, row.place.exchange or "", row.coin)
    named = (row.deposit_id, row.user_id, row.created_at_ms)
    return (*named, *where, row.status.value, bodies.encode(row))


def _withdrawal_row(row: Withdrawal) -> Row:
    where = (row.source.account_id, row.source.exchange or "", row.terms.coin)
    named = (row.withdrawal_id, row.user_id, row.created_at_ms)
    return (*named, *where, row.status.value, bodies.encode(row))


def _loan_order_row(row: LoanOrder) -> Row:
    what = (row.kind.value, row.coin, row.client_order_id)
    return (row.order_id, row.portfolio_id, row.time_ms, *what, bodies.encode(row))


def _loan_entry_row(row: LoanEntry) -> Row:
    what = (row.kind.value, row.coin)
    return (row.statement_id, row.portfolio_id, row.time_ms, *what, bodies.encode(row))


def _markup_row(row: MarkupCollected) -> Row:
    what = (row.exchange.value, row.business.value, row.coin)
    return (row.collection_id, row.portfolio_id, row.time_ms, *what, bodies.encode(row))
