"""Algo orders that ended, and the orders that they set off, as the store finds them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from openprime.desk.algo_state import AlgoOrder, Schedule, SubOrder, Trigger
from openprime.desk.events import AlgoChanged, OrderChanged
from openprime.model.vocabulary import (
    AlgoState,
    AlgoType,
    ConditionType,
    Exchange,
    PositionSide,
    Side,
    TriggerLeg,
    WatchedPrice,
)
from openprime.store import Store, bodies
from openprime.store.algo_history import AlgoHistory
from openprime.store.history import Filter
from tests.store.samples import NOW_MS, PORTFOLIO, keep, order
from tests.store.test_history import _plans

BTC, ETH = "BINANCE_PERP_BTC_USDT", "BINANCE_PERP_ETH_USDT"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "data")
    yield opened
    opened.close()


def algo(number: int, **changes: Any) -> AlgoOrder:
    values: dict[str, Any] = {
        "client_order_id": f"c{number}",
        "portfolio_id": PORTFOLIO,
        "exchange": Exchange.BINANCE,
        "sym": BTC,
        "algo_type": AlgoType.TPSL,
        "provider": "ABEX",
        "condition": ConditionType.CONDITIONAL,
        "side": Side.BUY,
        "position_side": PositionSide.NONE,
        "quantity": Decimal("0.10"),
        "limit_price": Decimal(0),
        "reduce_only": False,
        "created_at_ms": NOW_MS + number,
        "updated_at_ms": NOW_MS + number,
        "state": AlgoState.COMPLETED,
    }
    return AlgoOrder(algo_order_id=number, **(values | changes))


def within(**changes: Any) -> Filter:
    return Filter(portfolio_id=PORTFOLIO, begin_ms=0, end_ms=NOW_MS * 2, **changes)


def test_a_body_comes_back_whole() -> None:
    full = algo(
        7,
        triggers={TriggerLeg.STOP_LOSS: Trigger(Decimal(5), WatchedPrice.MARK_PRICE, Decimal(4))},
        schedule=Schedule(1, 2, 3, 4, 5, Decimal(6), Decimal(7)),
        attached_order_id=9,
        sub_order_ids=[1, 2],
        working={1: SubOrder(Decimal(1), Decimal("0.5"), Decimal(30))},
    )
    assert bodies.ALGO.decode(bodies.encode(full)) == full


def test_only_the_last_word_of_those_that_ended_is_kept(store: Store) -> None:
    waiting = algo(1, state=AlgoState.NEW)
    keep(store, AlgoChanged(waiting, finished=False), AlgoChanged(algo(2), finished=True))
    history = AlgoHistory(store)
    assert history.algo(PORTFOLIO, 1) is None
    assert history.algo(PORTFOLIO, 2) == algo(2)


def test_found_by_any_of_its_names_and_by_no_other_portfolio(store: Store) -> None:
    child = algo(3, attached_order_id=77)
    keep(store, AlgoChanged(child, finished=True))
    history = AlgoHistory(store)
    assert history.algo(PORTFOLIO, client_order_id="c3") == child
    assert history.algo(PORTFOLIO, attached_order_id=77) == child
    assert history.algo(PORTFOLIO, 3, "c4") is None
    assert history.algo(PORTFOLIO + 1, 3) is None


def test_lists_are_newest_first_and_filtered(store: Store) -> None:
    rows = [
        algo(1),
        algo(2, sym=ETH),
        algo(3, algo_type=AlgoType.TWAP, condition=None),
        algo(4, portfolio_id=PORTFOLIO + 1),
    ]
    keep(store, *(AlgoChanged(row, finished=True) for row in rows))
    history = AlgoHistory(store)

    def ids(filter: Filter, kind: AlgoType | None = None) -> list[int]:
        return [row.algo_order_id for row in history.algos(filter, kind, 1, 10).rows]

    assert ids(within()) == [3, 2, 1]
    assert ids(within(syms=(ETH,))) == [2]
    assert ids(within(), AlgoType.TWAP) == [3]
    assert history.algos(within(), None, 2, 2).total == 3


def test_sub_orders_are_found_by_their_ids(store: Store) -> None:
    orders = [order(number) for number in (11, 12, 13)]
    keep(store, *(OrderChanged(row, finished=True) for row in orders))
    history = AlgoHistory(store)
    found = history.orders(PORTFOLIO, [11, 13, 99])
    assert [row.order_id for row in found] == [13, 11]
    assert history.orders(PORTFOLIO + 1, [11]) == []


def test_every_question_walks_an_index(store: Store) -> None:
    keep(store, AlgoChanged(algo(1), finished=True))
    history = AlgoHistory(store)
    questions = {
        "algo_orders_by_time": lambda: history.algos(within(), AlgoType.TPSL, 1, 10),
        "algo_orders_by_client": lambda: history.algo(PORTFOLIO, client_order_id="c1"),
        "algo_orders_by_parent": lambda: history.algo(PORTFOLIO, attached_order_id=1),
    }
    for index, question in questions.items():
        plans = _plans(store, question)
        assert plans
        assert all(index in plan for plan in plans), plans
