"""Questions to history about money that moves: transfers, deposits, withdrawals.

Every list is one user's, inside a window of creation times with both ends included, newest first
and of equal times the higher id first, in one walk along the index by time. What is under way is
in it as well, as it stands. Run the questions with `Store.read`, in a thread of their own.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, Table, desc, literal, or_, select, union_all

from openprime.desk.funds import Deposit, Transfer, Withdrawal
from openprime.model.vocabulary import BillKind
from openprime.store import bodies
from openprime.store.bodies import Body
from openprime.store.store import Store
from openprime.store.tables import deposits, transfers, withdrawals


class FundsFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; None narrows nothing. Times are in ms, both ends included.

    `account_ids` are portfolios, and the user's own id for the funding account; of transfers one
    side is enough. `account_type` is an exchange, "" for the funding account.
    """

    user_id: int
    begin_ms: int
    end_ms: int
    account_ids: tuple[int, ...] | None = None
    account_type: str | None = None
    number: int | None = None
    coin: str | None = None
    statuses: tuple[int, ...] | None = None


_KINDS: dict[BillKind, tuple[Table, Body[Any]]] = {
    BillKind.DEPOSIT: (deposits, bodies.DEPOSIT),
    BillKind.TRANSFER: (transfers, bodies.TRANSFER),
    BillKind.WITHDRAWAL: (withdrawals, bodies.WITHDRAWAL),
}


class FundsHistory:
    """The questions. `page` counts from 1."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def transfer(self, user_id: int, transfer_id: int) -> Transfer | None:
        """A user's transfer by id."""
        c = transfers.c
        return self._transfer(select(c.body).where(c.transfer_id == transfer_id), user_id)

    def transfer_by_client_id(self, user_id: int, client_order_id: str) -> Transfer | None:
        """The newest transfer that the user gave this id."""
        c = transfers.c
        its = select(c.body).where(c.client_order_id == client_order_id)
        return self._transfer(its.order_by(c.transfer_id.desc()).limit(1), user_id)

    def transfers(self, filter: FundsFilter, page: int, page_size: int) -> list[Transfer]:
        """Transfers."""
        return self._list(transfers, bodies.TRANSFER, filter, page, page_size)

    def deposits(self, filter: FundsFilter, page: int, page_size: int) -> list[Deposit]:
        """Deposits."""
        return self._list(deposits, bodies.DEPOSIT, filter, page, page_size)

    def withdrawals(self, filter: FundsFilter, page: int, page_size: int) -> list[Withdrawal]:
        """Withdrawals."""
        return self._list(withdrawals, bodies.WITHDRAWAL, filter, page, page_size)

    def bills(
        self, filters: Mapping[BillKind, FundsFilter], page: int, page_size: int
    ) -> list[tuple[BillKind, Any]]:
        """What moved, of all the kinds that have a filter, as one list."""
        merged = (
            union_all(*(_keys(kind, filter) for kind, filter in filters.items()))
            .order_by(desc("created_at_ms"), desc("number"))
            .limit(page_size)
            .offset((page - 1) * page_size)
        )
        with self._store.reading() as connection:
            keys = [(BillKind(kind), number) for kind, _, number in connection.execute(merged)]
            found: dict[tuple[BillKind, int], Any] = {}
            for kind, (table, body) in _KINDS.items():
                key = _key_of(table)
                numbers = [number for its, number in keys if its is kind]
                rows = connection.execute(select(key, table.c.body).where(key.in_(numbers)))
                found |= {(kind, number): body.decode(row) for number, row in rows}
        return [(kind, found[kind, number]) for kind, number in keys]

    def _transfer(self, statement: Select[tuple[bytes]], user_id: int) -> Transfer | None:
        with self._store.reading() as connection:
            its = statement.where(transfers.c.user_id == user_id)
            body = connection.execute(its).scalar()
        return None if body is None else bodies.TRANSFER.decode(body)

    def _list(
        self, table: Table, body: Body[Any], filter: FundsFilter, page: int, page_size: int
    ) -> list[Any]:
        key = _key_of(table)
        statement = (
            select(table.c.body)
            .where(*_clauses(table, key, filter))
            .order_by(table.c.created_at_ms.desc(), key.desc())
            .limit(page_size)
            .offset((page - 1) * page_size)
        )
        with self._store.reading() as connection:
            found = connection.execute(statement).scalars().all()
        return [body.decode(row) for row in found]


def _key_of(table: Table) -> ColumnElement[int]:
    key: ColumnElement[int] = next(iter(table.primary_key))
    return key


def _keys(kind: BillKind, filter: FundsFilter) -> Select[Any]:
    """Kind, time and id of the rows of one kind."""
    table, _ = _KINDS[kind]
    key = _key_of(table)
    return select(
        literal(kind.value).label("kind"),
        table.c.created_at_ms.label("created_at_ms"),
        key.label("number"),
    ).where(*_clauses(table, key, filter))


def _clauses(
    table: Table, key: ColumnElement[int], filter: FundsFilter
) -> list[ColumnElement[bool]]:
    c = table.c
    clauses = [c.user_id == filter.user_id]
    clauses += [c.created_at_ms.between(filter.begin_ms, filter.end_ms)]
    if filter.account_ids is not None and table is transfers:
        accounts = filter.account_ids
        clauses.append(or_(c.source_id.in_(accounts), c.target_id.in_(accounts)))
    elif filter.account_ids is not None:
        clauses.append(c.account_id.in_(filter.account_ids))
    if filter.account_type is not None and table is not transfers:
        clauses.append(c.account_type == filter.account_type)
    if filter.number is not None:
        # Adding 0 keeps SQLite on the index by time, from which the order comes.
        clauses.append(key + 0 == filter.number)
    if filter.coin is not None:
        clauses.append(c.coin == filter.coin)
    if filter.statuses is not None:
        clauses.append(c.status.in_(filter.statuses))
    return clauses
