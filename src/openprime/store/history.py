"""Questions to history: finished orders, executions, closed positions, statements, totals.

Every list is one portfolio's, inside a window of creation times with both ends included, newest
first and of equal times the higher id first. Each question is one walk along one index; the
tests hold every statement to that. Run them with `Store.read`, in a thread of their own.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, func, select

from openprime.desk.events import Audited, Statement, Trade
from openprime.desk.state import Order, PositionHistory
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import Business, Exchange, StatementType
from openprime.store import bodies, tables
from openprime.store.bodies import Body
from openprime.store.store import Store
from openprime.store.tables import (
    daily_totals,
    executions,
    orders,
    positions,
    statements,
)

T = TypeVar("T")


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to. None, False and no `syms` narrow nothing.

    `order_id` is for executions, `executed_only` for orders, `coin` and `statement_type` for
    statements; times are in ms, both ends included.
    """

    portfolio_id: int
    begin_ms: int
    end_ms: int
    exchange: Exchange | None = None
    business: Business | None = None
    syms: tuple[str, ...] = ()
    order_id: int | None = None
    executed_only: bool = False
    coin: str | None = None
    statement_type: StatementType | None = None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list, and how long the whole list is."""

    rows: list[T]
    total: int


class Traded(msgspec.Struct, frozen=True):
    """What a portfolio traded in a market over some days, in the market's quote coin."""

    portfolio_id: int
    exchange: Exchange
    business: Business
    sym: str
    amount: Decimal
    fee: Decimal
    realised_pnl: Decimal


# Clients ask for one order again and again: these two are made once, which is half of their cost.
_ORDER = select(orders.c.portfolio_id, orders.c.body).where(
    orders.c.order_id == bindparam("order_id")
)
_ORDER_BY_CLIENT_ID = (
    select(orders.c.body)
    .where(orders.c.client_order_id == bindparam("client_order_id"))
    .where(orders.c.portfolio_id == bindparam("portfolio_id"))
    .order_by(orders.c.order_id.desc())
    .limit(1)
)


class History:
    """The questions. `page` counts from 1."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def order(self, portfolio_id: int | None, order_id: int) -> Order | None:
        """A finished order by id; no portfolio: whosever it is."""
        with self._store.reading() as connection:
            row = connection.execute(_ORDER, {"order_id": order_id}).first()
        if row is None or portfolio_id not in (None, row.portfolio_id):
            return None
        return bodies.ORDER.decode(row.body)

    def order_by_client_id(self, portfolio_id: int, client_order_id: str) -> Order | None:
        """The newest finished order that the portfolio gave this id."""
        asked = {"portfolio_id": portfolio_id, "client_order_id": client_order_id}
        with self._store.reading() as connection:
            body = connection.execute(_ORDER_BY_CLIENT_ID, asked).scalar()
        return None if body is None else bodies.ORDER.decode(body)

    def orders(self, filter: Filter, page: int, page_size: int) -> Page[Order]:
        """Finished orders."""
        return self.page(orders, bodies.ORDER, filter, page, page_size)

    def executions(self, filter: Filter, limit: int) -> list[Trade]:
        """The newest executions, at most `limit`."""
        with self._store.reading() as connection:
            return self._rows(connection, executions, bodies.TRADE, filter, 0, limit)

    def executions_page(self, filter: Filter, page: int, page_size: int) -> Page[Trade]:
        """Executions."""
        return self.page(executions, bodies.TRADE, filter, page, page_size)

    def positions(self, filter: Filter, page: int, page_size: int) -> Page[PositionHistory]:
        """Positions that were reduced or closed."""
        return self.page(positions, bodies.POSITION, filter, page, page_size)

    def statements(self, filter: Filter, page: int, page_size: int) -> Page[Statement]:
        """Rows of the account statement."""
        return self.page(statements, bodies.STATEMENT, filter, page, page_size)

    def audit(self, page: int, page_size: int) -> Page[Audited]:
        """The operator's audit, newest first."""
        rows = select(tables.audit.c.body).order_by(tables.audit.c.audit_id.desc())
        with self._store.reading() as connection:
            found = connection.execute(rows.limit(page_size).offset((page - 1) * page_size))
            bodies_found = [bodies.AUDITED.decode(body) for body in found.scalars()]
            total = connection.execute(select(func.count()).select_from(tables.audit)).scalar_one()
        return Page(bodies_found, total)

    def traded(self, user_id: int, first_day: int, last_day: int) -> list[Traded]:
        """A user's trading by portfolio and market over UTC days, counted since 1970."""
        c = daily_totals.c
        rows = select(c.portfolio_id, c.market_id, c.amount, c.fee, c.realised_pnl).where(
            c.user_id == user_id, c.day.between(first_day, last_day)
        )
        sums: dict[tuple[int, int], tuple[Decimal, Decimal, Decimal]] = {}
        with self._store.reading() as connection:
            for portfolio_id, market_id, amount, fee, pnl in connection.execute(rows):
                known = sums.get((portfolio_id, market_id), (ZERO, ZERO, ZERO))
                sums[portfolio_id, market_id] = (
                    known[0] + Decimal(amount),
                    known[1] + Decimal(fee),
                    known[2] + Decimal(pnl),
                )
        markets = self._store.markets.by_number()
        return [
            Traded(portfolio_id, Exchange(market[0]), Business(market[1]), market[2], *values)
            for (portfolio_id, number), values in sorted(sums.items())
            for market in [markets[number]]
        ]

    def page(
        self,
        table: Table,
        body: Body[Any],
        filter: Filter,
        page: int,
        page_size: int,
        more: Sequence[ColumnElement[bool]] = (),
    ) -> Page[Any]:
        """One page of a table's list, under `more` conditions of its own."""
        offset = (page - 1) * page_size
        with self._store.reading() as connection:
            rows = self._rows(connection, table, body, filter, offset, page_size, more)
            if len(rows) < page_size and (rows or page == 1):
                return Page(rows, offset + len(rows))
            clauses = self._clauses(table, filter)
            if clauses is None:
                return Page([], 0)
            counted = select(func.count()).select_from(table).where(*clauses, *more)
            return Page(rows, connection.execute(counted).scalar_one())

    def _rows(
        self,
        connection: Connection,
        table: Table,
        body: Body[Any],
        filter: Filter,
        offset: int,
        limit: int,
        more: Sequence[ColumnElement[bool]] = (),
    ) -> list[Any]:
        clauses = self._clauses(table, filter)
        if clauses is None:
            return []
        statement = select(table.c.body).where(*clauses, *more)
        ordered = statement.order_by(*_newest_first(table, filter)).limit(limit).offset(offset)
        bodies_found = connection.execute(ordered).scalars()
        return [body.decode(found) for found in bodies_found]

    def _clauses(self, table: Table, filter: Filter) -> list[ColumnElement[bool]] | None:
        """The conditions of a list; None where no row can meet them."""
        markets = self._store.markets.matching(filter.exchange, filter.business, filter.syms)
        if markets == []:
            return None
        c = table.c
        owner: Column[int] | ColumnElement[int] = c.portfolio_id
        clauses = []
        if filter.order_id is not None and table is executions:
            # One order's executions are few: the index by order serves them, and adding 0 keeps
            # SQLite from preferring the index by time.
            clauses.append(c.order_id == filter.order_id)
            owner = c.portfolio_id + 0
        clauses += [owner == filter.portfolio_id]
        clauses += [c.created_at_ms.between(filter.begin_ms, filter.end_ms)]
        if markets is not None:
            clauses.append(c.market_id.in_(markets))
        if filter.executed_only and table is orders:
            clauses.append(c.executed.is_(True))
        if filter.coin is not None and table is statements:
            clauses.append(c.coin == filter.coin)
        if filter.statement_type is not None and table is statements:
            clauses.append(c.statement_type == filter.statement_type.value)
        return clauses


def _newest_first(table: Table, filter: Filter) -> list[ColumnElement[Any]]:
    """The order of a list. Inside one order, ids rise with time: they alone are enough."""
    key: Column[Any] = next(iter(table.primary_key))
    if filter.order_id is not None and table is executions:
        return [key.desc()]
    return [table.c.created_at_ms.desc(), key.desc()]
