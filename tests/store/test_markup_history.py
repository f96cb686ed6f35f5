"""What brokers collected, kept and found again from one index."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from openprime.desk.events import MarkupCollected
from openprime.model.vocabulary import Business, Exchange
from openprime.store import Filter, Store
from openprime.store.markup_history import markups_collected
from tests.store.samples import BTC_PERP, NOW_MS, PORTFOLIO, USER, keep


def _rows() -> list[MarkupCollected]:
    chance = random.Random(3)
    return [
        MarkupCollected(
            collection_id=number,
            user_id=USER,
            portfolio_id=chance.choice([PORTFOLIO, PORTFOLIO, PORTFOLIO + 9]),
            sub_portfolio_id=PORTFOLIO + 1,
            exchange=chance.choice([Exchange.BINANCE, Exchange.OKX]),
            business=chance.choice([Business.SPOT, Business.PERP]),
            sym=BTC_PERP,
            transaction_id=number + 100,
            coin=chance.choice(["USDT", "USDC"]),
            amount=Decimal("0.15"),
            time_ms=NOW_MS + chance.randrange(5),
        )
        for number in range(1, 61)
    ]


ROWS = _rows()


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made = Store.open(None)
    keep(made, *ROWS)
    yield made
    made.close()


@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"exchange": Exchange.OKX},
        {"business": Business.SPOT},
        {"coin": "USDC", "exchange": Exchange.BINANCE},
        {"begin_ms": NOW_MS + 2, "end_ms": NOW_MS + 3},
    ],
)
def test_lists_are_what_a_plain_filter_would_find(store: Store, narrowed: dict[str, Any]) -> None:
    wanted = Filter(**{"portfolio_id": PORTFOLIO, "begin_ms": 0, "end_ms": NOW_MS * 2} | narrowed)
    expected = [
        row
        for row in ROWS
        if row.portfolio_id == PORTFOLIO
        and wanted.begin_ms <= row.time_ms <= wanted.end_ms
        and wanted.exchange in (None, row.exchange)
        and wanted.business in (None, row.business)
        and wanted.coin in (None, row.coin)
    ]
    expected.sort(key=lambda row: (row.time_ms, row.collection_id), reverse=True)
    assert expected
    assert list(markups_collected(store, wanted, 1, 1000)) == expected
    assert list(markups_collected(store, wanted, 2, 3)) == expected[3:6]


def test_it_is_one_walk_along_the_index(store: Store) -> None:
    asked = (
        "EXPLAIN QUERY PLAN SELECT body FROM markups WHERE portfolio_id = 1 AND created_at_ms "
        "BETWEEN 1 AND 2 AND exchange = 'OKX' ORDER BY created_at_ms DESC, collection_id DESC"
    )
    with store.reading() as connection:
        plan = "; ".join(row[3] for row in connection.execute(text(asked)).all())
    assert plan.startswith("SEARCH markups USING INDEX markups_by_time")
    assert ";" not in plan, "no sort"
