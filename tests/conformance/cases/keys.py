"""2000 to 100041: keys, their owners and what they may do."""

from __future__ import annotations

from tests.conformance.answers import Answer
from tests.conformance.registry import natural
from tests.conformance.trader import ACCOUNT, BTC, ORDERS, SUCCESS
from tests.conformance.world import World


@natural(2000, on="GET /api/v1/trading/orders")
def a_signature_with_one_digit_changed(world: World) -> Answer:
    parameters = {"sym": BTC}
    headers = world.main.client.headers(parameters)
    last = headers["signature"][-1]
    headers["signature"] = headers["signature"][:-1] + ("0" if last != "0" else "1")
    with world.main.unchanged():
        return world.main.send("GET", ORDERS, parameters, headers)


@natural(2001, on="GET /api/v1/trading/account")
def a_call_from_an_address_that_the_key_does_not_list(world: World) -> Answer:
    return world.trader(ip="203.0.113.7").call("GET", ACCOUNT)


@natural(2002, on="POST /api/v1/trading/order")
def an_order_with_a_key_that_may_read(world: World) -> Answer:
    return world.trader(permission="READ").place()


@natural(100041, on="GET /api/v1/trading/account")
def a_frozen_key(world: World) -> Answer:
    trader = world.trader()
    world.operator.do("keys/freeze", accessKey=trader.client.access_key)
    return trader.call("GET", ACCOUNT)


@natural(100002, on="GET /api/v1/trading/account")
def a_user_who_is_not_yet_known(world: World) -> Answer:
    trader = world.trader()
    world.operator.do("users/state", userId=trader.user_id, state="PENDING_KYB")
    return trader.call("GET", ACCOUNT)


@natural(100018, on="GET /api/v1/trading/account")
def a_key_that_nobody_made(world: World) -> Answer:
    stranger = world.trader()
    stranger.client.access_key = "nope"
    return stranger.call("GET", ACCOUNT)


@natural(100001, on="GET /api/v1/trading/account")
def a_key_whose_portfolio_was_closed(world: World) -> Answer:
    trader = world.trader()
    world.operator.do("portfolios/close", portfolioId=trader.portfolio_id)
    return trader.call("GET", ACCOUNT)


@natural(100429, on=f"GET {ACCOUNT}")
def more_calls_in_a_second_than_the_limit(world: World) -> Answer:
    client = world.limited.main
    answers = (client.ask("GET", ACCOUNT) for _ in range(10))
    return next(answer for answer in answers if answer.code not in SUCCESS)
