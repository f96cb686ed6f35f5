"""402xxx: portfolios and their keys."""

from __future__ import annotations

from tests.conformance.answers import Answer
from tests.conformance.registry import natural
from tests.conformance.world import KEYS, PORTFOLIOS, World


@natural(402000, on="POST /api/v1/trading/portfolio")
def a_portfolio_without_a_name(world: World) -> Answer:
    return world.main.call("POST", PORTFOLIOS)


@natural(402001, on="POST /api/v1/trading/portfolio")
def a_name_used_twice(world: World) -> Answer:
    trader = world.trader()
    trader.data("POST", PORTFOLIOS, name="Alpha01")
    return trader.call("POST", PORTFOLIOS, name="Alpha01")


@natural(402003, on="POST /api/v1/apiKey/portfolio")
def a_key_for_another_user_s_portfolio(world: World) -> Answer:
    other = world.trader()
    return world.main.call("POST", KEYS, portfolioId=str(other.portfolio_id), apiName="theirs")


@natural(402004, on="POST /api/v1/trading/portfolio")
def a_name_of_65_characters(world: World) -> Answer:
    return world.main.call("POST", PORTFOLIOS, name="n" * 65)


@natural(402005, on="POST /api/v1/apiKey/portfolio")
def a_key_for_no_portfolio(world: World) -> Answer:
    return world.main.call("POST", KEYS, apiName="nowhere")


@natural(402006, on="GET /api/v1/trading/portfolio")
def a_portfolio_that_nobody_has(world: World) -> Answer:
    return world.main.call("GET", PORTFOLIOS, portfolioId="1111111111111111")


@natural(402007, on="POST /api/v1/trading/portfolio")
def the_fifty_first_portfolio(world: World) -> Answer:
    trader = world.trader()
    for number in range(50):
        trader.data("POST", PORTFOLIOS, name=f"Alpha{number:02}")
    return trader.call("POST", PORTFOLIOS, name="Alpha50")
