"""400xxx: parameters, pages and times."""

from __future__ import annotations

from tests.conformance.answers import Answer
from tests.conformance.registry import natural
from tests.conformance.trader import BTC
from tests.conformance.world import DAY_MS, World

EXECUTIONS = "/api/v1/trading/executions"
STATEMENT = "/api/v1/trading/statement"


@natural(400000, on="POST /api/v1/trading/order")
def a_position_side_that_is_none(world: World) -> Answer:
    return world.main.place(positionSide="UP")


@natural(400001, on="GET /api/v1/trading/executions")
def older_than_a_list_reaches(world: World) -> Answer:
    return world.main.call("GET", EXECUTIONS, begin=str(world.now_ms() - 8 * DAY_MS))


@natural(400002, on="GET /api/v1/trading/history/orders")
def too_large_a_page(world: World) -> Answer:
    return world.main.call("GET", "/api/v1/trading/history/orders", pageSize="1001")


@natural(400003, on="GET /api/v1/trading/statement")
def too_far_a_page(world: World) -> Answer:
    return world.main.call("GET", STATEMENT, page="10001")


@natural(400004, on="GET /api/v1/trading/statement")
def a_range_that_ends_before_it_begins(world: World) -> Answer:
    now_ms = world.now_ms()
    return world.main.call(
        "GET", STATEMENT, startTime=str(now_ms - 1000), endTime=str(now_ms - 2000)
    )


@natural(400005, on="GET /api/v1/trading/statement")
def a_range_that_begins_in_an_hour(world: World) -> Answer:
    return world.main.call("GET", STATEMENT, startTime=str(world.now_ms() + 3_600_000))


@natural(400006, on="POST /api/v1/algo/order")
def a_schedule_that_ended_a_second_ago(world: World) -> Answer:
    now_ms = world.now_ms()
    return world.main.call(
        "POST", "/api/v1/algo/order",
        algoOrderType="TWAP", algoProvider="ABEX", sym=BTC, side="BUY", orderQty="0.1",
        startTime=str(now_ms - 60_000), endTime=str(now_ms - 1000), interval="5",
    )  # fmt: skip


@natural(400007, on="GET /api/v1/trading/executions")
def no_rows_at_all(world: World) -> Answer:
    return world.main.call("GET", EXECUTIONS, limit="0")


@natural(400009, on="GET /api/v1/market/fundingRate")
def a_funding_rate_of_nothing(world: World) -> Answer:
    return world.main.call("GET", "/api/v1/market/fundingRate")
