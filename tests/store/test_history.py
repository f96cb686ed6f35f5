"""History answers what a plain filter over all rows would, and from an index."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from openprime.model.vocabulary import Business, Exchange, StatementType
from openprime.store import Filter, History, Store
from tests.store.samples import (
    BTC_PERP,
    BTC_SPOT,
    ETH_SWAP,
    NOW_MS,
    PORTFOLIO,
    finished,
    keep,
    order,
    position,
    reduced,
    statement,
    trade,
)

SYMS = [BTC_PERP, BTC_SPOT, ETH_SWAP]
OTHER = PORTFOLIO + 9


def _rows() -> dict[str, list[Any]]:
    """Sixty of each kind: few portfolios, symbols and times, so that all filters and ties occur."""
    chance = random.Random(7)
    rows: dict[str, list[Any]] = {"orders": [], "executions": [], "positions": [], "statements": []}
    for number in range(1, 61):
        common = {
            "portfolio_id": chance.choice([PORTFOLIO, PORTFOLIO, OTHER]),
            "sym": chance.choice(SYMS),
        }
        time_ms = NOW_MS + chance.randrange(10)
        executed = chance.randrange(2)
        rows["orders"].append(
            order(number, created_at_ms=time_ms, executed_quantity=executed, **common)
        )
        which = chance.randrange(3)
        rows["executions"].append(
            trade(number, time_ms=NOW_MS + number // 7, order_id=which, **common)
        )
        rows["positions"].append(position(number, created_at_ms=time_ms, **common))
        exchange, business = common["sym"].split("_")[:2]
        rows["statements"].append(
            statement(
                number,
                time_ms=time_ms,
                exchange=Exchange(exchange),
                business=Business(business),
                coin=chance.choice(["USDT", "BTC"]),
                statement_type=chance.choice(list(StatementType)),
                **common,
            )
        )
    return rows


ROWS = _rows()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("history"), "relaxed")
    _fill(store)
    yield store
    store.close()


def _fill(store: Store) -> None:
    keep(store, *map(finished, ROWS["orders"]), *ROWS["executions"])
    keep(store, *map(reduced, ROWS["positions"]), *ROWS["statements"])


filters = st.builds(
    Filter,
    portfolio_id=st.sampled_from([PORTFOLIO, OTHER, 5]),
    begin_ms=st.integers(NOW_MS - 2, NOW_MS + 12),
    end_ms=st.integers(NOW_MS - 2, NOW_MS + 12),
    exchange=st.none() | st.sampled_from(Exchange),
    business=st.none() | st.sampled_from(Business),
    syms=st.lists(st.sampled_from([*SYMS, "OKX_SPOT_BTC_USDT"]), max_size=2).map(tuple),
    order_id=st.none() | st.integers(0, 3),
    executed_only=st.booleans(),
    coin=st.none() | st.sampled_from(["USDT", "BTC", "ETH"]),
    statement_type=st.none() | st.sampled_from(StatementType),
)


def _expected(kind: str, wanted: Filter) -> list[Any]:
    """The naive answer, the fields read as the specification names them."""

    def time_ms(row: Any) -> int:
        return row.created_at_ms if kind in ("orders", "positions") else row.time_ms

    def admitted(row: Any) -> bool:
        exchange, business = row.sym.split("_")[:2]
        return (
            row.portfolio_id == wanted.portfolio_id
            and wanted.begin_ms <= time_ms(row) <= wanted.end_ms
            and wanted.exchange in (None, exchange)
            and wanted.business in (None, business)
            and (not wanted.syms or row.sym in wanted.syms)
            and (kind != "executions" or wanted.order_id in (None, row.order_id))
            and (kind != "orders" or not wanted.executed_only or row.executed_quantity > 0)
            and (kind != "statements" or wanted.coin in (None, row.coin))
            and (kind != "statements" or wanted.statement_type in (None, row.statement_type))
        )

    def newest_first(row: Any) -> tuple[int, int]:
        return time_ms(row), getattr(row, row.__struct_fields__[0])

    return sorted(filter(admitted, ROWS[kind]), key=newest_first, reverse=True)


@pytest.mark.parametrize("kind", list(ROWS))
@given(wanted=filters, page=st.integers(1, 4), page_size=st.integers(1, 40))
def test_pages_and_totals_are_those_of_a_plain_filter(
    store: Store, kind: str, wanted: Filter, page: int, page_size: int
) -> None:
    history = History(store)
    queries: dict[str, Callable[..., Any]] = {
        "orders": history.orders,
        "executions": history.executions_page,
        "positions": history.positions,
        "statements": history.statements,
    }
    found = queries[kind](wanted, page, page_size)
    expected = _expected(kind, wanted)
    assert found.rows == expected[(page - 1) * page_size :][:page_size]
    assert found.total == len(expected)


@given(wanted=filters, limit=st.integers(1, 70))
def test_limited_executions_are_the_newest(store: Store, wanted: Filter, limit: int) -> None:
    assert History(store).executions(wanted, limit) == _expected("executions", wanted)[:limit]


def test_a_database_in_memory_answers_the_same() -> None:
    store = Store.open(None)
    _fill(store)
    wanted = Filter(portfolio_id=PORTFOLIO, begin_ms=0, end_ms=NOW_MS * 2, syms=(BTC_SPOT,))
    assert History(store).orders(wanted, 1, 1000).rows == _expected("orders", wanted)
    store.close()


def test_one_order_by_id_and_the_newest_by_client_id() -> None:
    store = Store.open(None)
    history = History(store)
    keep(store, finished(order(5, client_order_id="a")), finished(order(6, client_order_id="a")))
    keep(store, finished(order(7, client_order_id="a", portfolio_id=OTHER)))
    assert history.order(PORTFOLIO, 5) == order(5, client_order_id="a")
    assert history.order(PORTFOLIO, 7) is None
    assert history.order(PORTFOLIO, 99) is None
    # An operator asks without knowing whose it is.
    assert history.order(None, 5) == history.order(PORTFOLIO, 5)
    assert history.order(None, 7) is not None
    assert history.order_by_client_id(PORTFOLIO, "a") == order(6, client_order_id="a")
    assert history.order_by_client_id(PORTFOLIO, "b") is None
    store.close()


def test_a_position_told_again_keeps_its_place_and_takes_the_newer_values() -> None:
    store = Store.open(None)
    keep(store, reduced(position(1)), reduced(position(2)))
    keep(store, reduced(position(1, closed_quantity=2)), reduced(position(1, closed_quantity=3)))
    everything = Filter(portfolio_id=PORTFOLIO, begin_ms=0, end_ms=NOW_MS)
    found = History(store).positions(everything, 1, 10)
    assert found.rows == [position(2), position(1, closed_quantity=3)]
    assert found.total == 2
    store.close()


# -- plans

INDEX = {
    "orders": "SEARCH orders USING INDEX orders_by_time (portfolio_id=? AND created_at_ms>?",
    "executions": "SEARCH executions USING INDEX executions_by_time (portfolio_id=?",
    "position_history": "SEARCH position_history USING INDEX position_history_by_time",
    "statements": "SEARCH statements USING INDEX statements_by_time (portfolio_id=?",
}


def _plans(store: Store, query: Callable[[], object]) -> list[str]:
    """The plan of each statement that the query sent to the database."""
    sent: list[tuple[str, Any]] = []
    engine = store._reader_engine
    assert engine is not None

    def listen(conn: Any, cursor: Any, text: str, parameters: Any, *rest: Any) -> None:
        if text.startswith("SELECT"):
            sent.append((text, parameters))

    event.listen(engine, "before_cursor_execute", listen)
    query()
    event.remove(engine, "before_cursor_execute", listen)
    plans = []
    with store.reading() as connection:
        for text, parameters in sent:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters).all()
            plans.append("; ".join(row[3] for row in rows))
    assert plans
    return plans


def _all_filters() -> list[Filter]:
    base = {"portfolio_id": PORTFOLIO, "begin_ms": 0, "end_ms": NOW_MS * 2}
    narrowed: list[dict[str, Any]] = [
        {},
        {"syms": (BTC_PERP,)},
        {"syms": (BTC_PERP, ETH_SWAP)},
        {"exchange": Exchange.BINANCE},
        {"business": Business.PERP, "exchange": Exchange.OKX},
        {"executed_only": True},
        {"coin": "USDT"},
        {"statement_type": StatementType.FUNDING_FEE, "coin": "USDT"},
    ]
    return [Filter(**base, **fields) for fields in narrowed]


@pytest.mark.parametrize("wanted", _all_filters())
def test_every_list_and_count_walks_its_time_index(store: Store, wanted: Filter) -> None:
    history = History(store)
    for query in (history.orders, history.executions_page, history.positions, history.statements):
        # A full first page asks for the count too.
        rows, counted = _plans(store, lambda query=query: query(wanted, 1, 1))  # type: ignore[misc]
        table = rows.split()[1]
        assert rows.startswith(INDEX[table])
        assert ";" not in rows, "no sort"
        covering = INDEX[table].replace("USING INDEX", "USING COVERING INDEX")
        assert counted.startswith(covering), "the count touches the index alone"


def test_single_rows_are_found_by_their_keys(store: Store) -> None:
    history = History(store)
    by_order = Filter(portfolio_id=PORTFOLIO, begin_ms=0, end_ms=NOW_MS * 2, order_id=1)
    assert (
        _plans(store, lambda: history.executions_page(by_order, 1, 1))
        == ["SEARCH executions USING INDEX executions_by_order (order_id=?)"] * 2
    )
    assert _plans(store, lambda: history.executions(by_order, 5)) == [
        "SEARCH executions USING INDEX executions_by_order (order_id=?)"
    ]
    assert _plans(store, lambda: history.order(PORTFOLIO, 5)) == [
        "SEARCH orders USING INTEGER PRIMARY KEY (rowid=?)"
    ]
    assert _plans(store, lambda: history.order_by_client_id(PORTFOLIO, "c5")) == [
        "SEARCH orders USING INDEX orders_by_client (portfolio_id=? AND client_order_id=?)"
    ]
    assert _plans(store, lambda: history.traded(PORTFOLIO, 1, 90)) == [
        "SEARCH daily_totals USING PRIMARY KEY (user_id=? AND day>? AND day<?)"
    ]
