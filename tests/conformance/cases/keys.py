"""2000 to 100041: keys, their owners and what they may do."""

from __future__ import annotations

from tests.conformance.answers import Answer
from tests.conformance.registry import natural
from tests.conformance.world import ACCOUNT, World


@natural(2000)
def a_signature_with_one_digit_changed(world: World) -> Answer:
    parameters = {"sym": "BINANCE_PERP_BTC_USDT"}
    headers = world.main.client.headers(parameters)
    last = headers["signature"][-1]
    headers["signature"] = headers["signature"][:-1] + ("0" if last != "0" else "1")
    return world.main.send("GET", "/api/v1/trading/orders", parameters, headers)


@natural(2001)
def a_call_from_an_address_that_the_key_does_not_list(world: World) -> Answer:
    return world.trader(ip="203.0.113.7").call("GET", ACCOUNT)


@natural(2002)
def an_order_with_a_key_that_may_read(world: World) -> Answer:
    return world.trader(permission="READ").place()


@natural(100041)
def a_frozen_key(world: World) -> Answer:
    trader = world.trader()
    world.freeze_key(trader)
    return trader.call("GET", ACCOUNT)


@natural(100002)
def a_suspended_user(world: World) -> Answer:
    trader = world.trader()
    world.set_user_state(trader, "PENDING_KYB")
    return trader.call("GET", ACCOUNT)


@natural(100018)
def a_key_that_nobody_made(world: World) -> Answer:
    stranger = world.trader()
    stranger.client.access_key = "nope"
    return stranger.call("GET", ACCOUNT)


@natural(100001)
def a_key_whose_portfolio_was_closed(world: World) -> Answer:
    trader = world.trader()
    world.close_portfolio(trader)
    return trader.call("GET", ACCOUNT)
