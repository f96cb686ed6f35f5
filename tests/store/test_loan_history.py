"""RapidX loans and their statement, kept and found again from one index each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from openprime.desk.events import LoanEntry, LoanOrder
from openprime.model.vocabulary import Exchange, LoanKind
from openprime.store import Store
from openprime.store.loan_history import LoanFilter, loan_orders_page, loan_statement_page
from tests.store.samples import NOW_MS, PORTFOLIO, keep

CHANCE = random.Random(5)


def _common(number: int) -> dict[str, Any]:
    return {
        "portfolio_id": CHANCE.choice([PORTFOLIO, PORTFOLIO, PORTFOLIO + 9]),
        "exchange": CHANCE.choice([Exchange.BINANCE, Exchange.OKX]),
        "kind": CHANCE.choice([LoanKind.BORROW, LoanKind.REPAY]),
        "coin": CHANCE.choice(["USDT", "BTC"]),
        "time_ms": NOW_MS + CHANCE.randrange(5),
    }


ORDERS = [
    LoanOrder(
        order_id=number,
        client_order_id=f"c{number}",
        amount=Decimal("1.5"),
        loan=Decimal(number),
        available=Decimal(0),
        **_common(number),
    )
    for number in range(1, 61)
]
ENTRIES = [
    LoanEntry(
        statement_id=number, delta=Decimal("-0.000228"), balance=Decimal(7), **_common(number)
    )
    for number in range(1, 61)
]


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made = Store.open(None)
    keep(made, *ORDERS, *ENTRIES)
    yield made
    made.close()


@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"kind": LoanKind.REPAY},
        {"coin": "BTC", "kind": LoanKind.BORROW},
        {"begin_ms": NOW_MS + 2, "end_ms": NOW_MS + 3},
    ],
)
def test_lists_are_what_a_plain_filter_would_find(store: Store, narrowed: dict[str, Any]) -> None:
    values: dict[str, Any] = {"portfolio_id": PORTFOLIO, "begin_ms": 0, "end_ms": NOW_MS * 2}
    wanted = LoanFilter(**values | narrowed)

    def expected(rows: list[Any], key: str) -> list[Any]:
        found = [
            row
            for row in rows
            if row.portfolio_id == PORTFOLIO
            and wanted.begin_ms <= row.time_ms <= wanted.end_ms
            and wanted.kind in (None, row.kind)
            and wanted.coin in (None, row.coin)
        ]
        assert found
        return sorted(found, key=lambda row: (row.time_ms, getattr(row, key)), reverse=True)

    orders = expected(ORDERS, "order_id")
    assert loan_orders_page(store, wanted, 1, 1000).rows == orders
    page = loan_orders_page(store, wanted, 2, 3)
    assert (page.rows, page.total) == (orders[3:6], len(orders))
    entries = expected(ENTRIES, "statement_id")
    assert loan_statement_page(store, wanted, 1, 1000).rows == entries


def test_one_order_by_either_id(store: Store) -> None:
    order = next(order for order in ORDERS if order.portfolio_id == PORTFOLIO)
    window = {"portfolio_id": PORTFOLIO, "begin_ms": 0, "end_ms": NOW_MS * 2}
    for named in ({"order_id": order.order_id}, {"client_order_id": order.client_order_id}):
        wanted = LoanFilter(**window, **named)  # type: ignore[arg-type]
        assert loan_orders_page(store, wanted, 1, 10).rows == [order]
    other = LoanFilter(**window | {"portfolio_id": 1}, order_id=order.order_id)
    assert loan_orders_page(store, other, 1, 10).total == 0


@pytest.mark.parametrize(
    ("table", "key"), [("loan_orders", "order_id"), ("loan_statements", "statement_id")]
)
def test_it_is_one_walk_along_the_index(store: Store, table: str, key: str) -> None:
    asked = (
        f"EXPLAIN QUERY PLAN SELECT body FROM {table} WHERE portfolio_id = 1 AND created_at_ms "
        f"BETWEEN 1 AND 2 AND kind = 'borrow' ORDER BY created_at_ms DESC, {key} DESC"
    )
    with store.reading() as connection:
        plan = "; ".join(row[3] for row in connection.execute(text(asked)).all())
    assert plan.startswith(f"SEARCH {table} USING INDEX {table}_by_time")
    assert ";" not in plan, "no sort"
