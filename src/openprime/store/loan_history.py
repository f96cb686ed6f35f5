"""Questions to history about RapidX loans: what was borrowed and paid back, and their statement.

Lists are one portfolio's, inside a window of times with both ends included, newest first and of
equal times the higher id first. Run them with `Store.read`, in a thread of their own.
"""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Table, func, select

from openprime.desk.events import LoanEntry, LoanOrder
from openprime.model.vocabulary import LoanKind
from openprime.store import bodies
from openprime.store.bodies import Body
from openprime.store.history import Page
from openprime.store.store import Store
from openprime.store.tables import loan_orders, loan_statements


class LoanFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; None narrows nothing. Times are in ms, both ends included. The
    two ids are those of orders.
    """

    portfolio_id: int
    begin_ms: int
    end_ms: int
    kind: LoanKind | None = None
    coin: str | None = None
    order_id: int | None = None
    client_order_id: str | None = None


def loan_orders_page(
    store: Store, filter: LoanFilter, page: int, page_size: int
) -> Page[LoanOrder]:
    """What was borrowed and paid back; `page` counts from 1."""
    c = loan_orders.c
    clauses = []
    if filter.order_id is not None:
        # Adding 0 keeps SQLite on the index by time, from which the order comes.
        clauses.append(c.order_id + 0 == filter.order_id)
    if filter.client_order_id is not None:
        clauses.append(c.client_order_id == filter.client_order_id)
    return _page(store, loan_orders, bodies.LOAN_ORDER, filter, clauses, page, page_size)


def loan_statement_page(
    store: Store, filter: LoanFilter, page: int, page_size: int
) -> Page[LoanEntry]:
    """Rows of the statement of loans; `page` counts from 1."""
    return _page(store, loan_statements, bodies.LOAN_ENTRY, filter, [], page, page_size)


def _page(
    store: Store,
    table: Table,
    body: Body[Any],
    filter: LoanFilter,
    clauses: list[ColumnElement[bool]],
    page: int,
    page_size: int,
) -> Page[Any]:
    c = table.c
    clauses += [c.portfolio_id == filter.portfolio_id]
    clauses += [c.created_at_ms.between(filter.begin_ms, filter.end_ms)]
    if filter.kind is not None:
        clauses.append(c.kind == filter.kind.value)
    if filter.coin is not None:
        clauses.append(c.coin == filter.coin)
    key: ColumnElement[int] = next(iter(table.primary_key))
    rows = (
        select(c.body)
        .where(*clauses)
        .order_by(c.created_at_ms.desc(), key.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    counted = select(func.count()).select_from(table).where(*clauses)
    with store.reading() as connection:
        found = connection.execute(rows).scalars().all()
        total = connection.execute(counted).scalar_one()
    return Page([body.decode(row) for row in found], total)
