"""The checks of lists in their order, and the time ranges they come to (resolutions 37 to 46)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from openprime.api.parameters import history as lists
from openprime.api.parameters.history import ListQuery
from openprime.errors import Refusal
from tests.api.kit import DAY_MS, NOW_MS, Broker, refuses

T = "/api/v1/trading/"
ORDERS = [f"{T}orders", f"{T}history/orders", f"{T}archive/history/orders"]
EXECUTIONS = [
    f"{T}executions",
    f"{T}executions/pageable",
    f"{T}archive/executions/pageable",
]
POSITIONS = f"{T}history/position"
STATEMENT = f"{T}statement"
STATS = f"{T}user/tradingStats"
ALL = [*ORDERS, *EXECUTIONS, POSITIONS, STATEMENT]
PAGED = [path for path in ALL if path != f"{T}executions"] + [f"{T}portfolio/assets"]


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


def case(path: str, code: int, **params: Any) -> Any:
    return pytest.param(path, {key: str(value) for key, value in params.items()}, code)


CASES = [
    *(case(path, 401000, portfolioId="abc") for path in ALL),
    *(case(path, 401010, portfolioId="9999999999999999") for path in ALL),
    *(case(path, 401020, orderId="x") for path in EXECUTIONS),
    *(case(path, 401007, orderId="123") for path in EXECUTIONS),
    *(case(path, 401030, symbol="BTC_USDT") for path in [*ORDERS, *EXECUTIONS]),
    *(case(path, 401069, businessType="FUTURE") for path in [*ORDERS, *EXECUTIONS]),
    *(case(path, 401023, exchange="FTX") for path in ALL),
    *(case(path, 401023, exchangeType="FTX") for path in [*ALL, f"{T}portfolio/assets"]),
    case(STATEMENT, 401050, statementType="LUNCH"),
    *(case(path, 401039, begin="yesterday") for path in ALL),
    *(case(path, 401039, begin="-1") for path in ALL),
    *(case(path, 401039, startTime="1" * 14) for path in ALL),
    *(case(path, 401040, end="-1") for path in ALL),
    *(case(path, 401040, endTime="1.5") for path in ALL),
    *(case(path, 400004, begin=NOW_MS - 5, end=NOW_MS - 5) for path in ALL),
    *(case(path, 400004, begin=2000, end=1000) for path in ALL),
    *(case(path, 400005, begin=NOW_MS + 3_600_000) for path in ALL),
    *(case(path, 400005, startTime=NOW_MS + 5_001) for path in ALL),
    *(case(path, 400001, begin=NOW_MS - 8 * DAY_MS) for path in [ORDERS[0], ORDERS[1]]),
    *(case(path, 400001, begin=NOW_MS - 8 * DAY_MS) for path in EXECUTIONS[:2]),
    *(case(path, 400001, begin=NOW_MS - 91 * DAY_MS) for path in ALL),
    case(ORDERS[1], 400001, begin=NOW_MS - 6 * DAY_MS, end=NOW_MS + 2 * DAY_MS),
    case(f"{T}executions", 400007, limit=0),
    case(f"{T}executions", 400007, limit=1001),
    case(f"{T}executions", 400007, limit="x"),
    *(case(path, 400002, pageSize=1001) for path in PAGED),
    *(case(path, 400002, pageSize="9" * 4000) for path in PAGED),
    *(case(path, 400003, page=10_001) for path in PAGED),
    *(case(path, 400003, pageNum=10_001) for path in PAGED),
    *(case(path, 400000, page=0) for path in PAGED),
    *(case(path, 400000, page="1.0") for path in PAGED),
    *(case(path, 400000, pageSize="-5") for path in PAGED),
    *(case(path, 400000, filterExecuted="maybe") for path in ORDERS[1:]),
    *(case(path, 401011, sym="BINANCE_PERP_FAKE_USDT") for path in ALL),
    *(case(path, 401011, symbol="FAKE_USDT", businessType="PERP") for path in ORDERS),
    case(STATS, 400009, begin=NOW_MS - 1),
    case(STATS, 400009, end=NOW_MS),
    case(STATS, 401069, begin=1, end=2, businessType="X"),
    case(STATS, 401023, begin=1, end=2, exchange="FTX"),
    case(STATS, 401039, begin="x", end=2),
    case(STATS, 401040, begin=1, end="x"),
    case(STATS, 400004, begin=NOW_MS, end=NOW_MS - DAY_MS),
    case(STATS, 400005, begin=NOW_MS + DAY_MS, end=NOW_MS + 2 * DAY_MS),
    case(STATS, 400001, begin=NOW_MS - 91 * DAY_MS, end=NOW_MS),
    case(STATS, 400001, begin=(NOW_MS - 91 * DAY_MS) // 1000, end=NOW_MS // 1000),
]


@pytest.mark.parametrize(("path", "params", "code"), CASES)
def test_refusals(broker: Broker, path: str, params: dict[str, str], code: int) -> None:
    refuses(broker.call("GET", path, params), code)


def test_errors_are_found_in_their_order(broker: Broker) -> None:
    fixes: list[tuple[int, dict[str, str | None]]] = [
        (401000, {"portfolioId": "9999999999999999"}),
        (401020, {"orderId": "1"}),
        (401007, {"orderId": None}),
        (401030, {"symbol": None}),
        (401069, {"businessType": None}),
        (401023, {"exchange": None}),
        (401039, {"begin": str(NOW_MS + 2 * DAY_MS)}),
        (401040, {"end": str(NOW_MS + DAY_MS)}),
        (400004, {"end": None}),
        (400005, {"begin": str(NOW_MS - 8 * DAY_MS)}),
        (400001, {"begin": None}),
        (400002, {"pageSize": None}),
        (400003, {"page": None}),
        (401010, {"portfolioId": None}),
        (401011, {"sym": None}),
    ]
    params: dict[str, str | None] = {
        "portfolioId": "x",
        "orderId": "x",
        "symbol": "BTC_USDT",
        "exchange": "FTX",
        "begin": "x",
        "end": "x",
        "pageSize": "1001",
        "page": "10001",
        "sym": "FAKE",
    }
    for code, fix in fixes:
        sent = {key: value for key, value in params.items() if value is not None}
        refuses(broker.call("GET", EXECUTIONS[1], sent), code)
        if code == 401030:
            fix = fix | {"businessType": "FUTURE"}
        params |= fix
    assert broker.call("GET", EXECUTIONS[1]).data["list"] == []


def read(table: Any, **params: Any) -> ListQuery:
    found = table.read({key: str(value) for key, value in params.items()}, NOW_MS)
    assert not isinstance(found, Refusal), found
    assert isinstance(found, ListQuery)
    return found


def test_default_windows() -> None:
    assert read(lists.OPEN_ORDERS).begin_ms == 0
    assert read(lists.HISTORY_ORDERS).begin_ms == NOW_MS - 7 * DAY_MS
    assert read(lists.ARCHIVE_ORDERS).begin_ms == NOW_MS - 90 * DAY_MS
    assert read(lists.EXECUTIONS).begin_ms == NOW_MS - 7 * DAY_MS
    assert read(lists.HISTORY_POSITIONS).begin_ms == NOW_MS - 90 * DAY_MS
    assert read(lists.STATEMENTS).begin_ms == NOW_MS - 7 * DAY_MS
    assert read(lists.HISTORY_ORDERS).end_ms >= NOW_MS


def test_end_alone_sets_the_begin_cut_to_what_is_kept() -> None:
    end = NOW_MS - DAY_MS
    assert read(lists.HISTORY_ORDERS, end=end).begin_ms == NOW_MS - 7 * DAY_MS
    assert read(lists.STATEMENTS, endTime=end).begin_ms == NOW_MS - 90 * DAY_MS
    assert read(lists.OPEN_ORDERS, end=end).begin_ms == 0
    assert read(lists.HISTORY_ORDERS, end=1).end_ms == 1


def test_slack_of_a_minute() -> None:
    begin = NOW_MS - 7 * DAY_MS - 60_000
    assert read(lists.HISTORY_ORDERS, begin=begin).begin_ms == begin
    assert read(lists.HISTORY_ORDERS, begin=begin, end=NOW_MS).end_ms == NOW_MS


def test_pages_by_either_name() -> None:
    assert read(lists.ASSETS, page="3", pageSize="7").page == 3
    assert read(lists.ASSETS, pageNum="4").page == 4
    assert read(lists.ASSETS).page_size == 1000


def test_the_first_seconds_of_the_day_count_for_stats() -> None:
    found = lists.TRADING_STATS.read({"begin": "1789900000", "end": "1790000000000"}, NOW_MS)
    assert not isinstance(found, Refusal)
    assert (found.begin_ms, found.end_ms) == (1_789_900_000_000, 1_790_000_000_000)
