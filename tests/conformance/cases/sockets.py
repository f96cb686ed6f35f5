"""601xxx: the private socket and the older public ones."""

from __future__ import annotations

from tests.conformance.answers import Answer
from tests.conformance.registry import natural
from tests.conformance.trader import BTC, PRIVATE
from tests.conformance.world import PUBLIC_1, PUBLIC_2, World


@natural(601001, on="WS /v1/private")
def half_of_a_json_object(world: World) -> Answer:
    return world.say(PRIVATE, "{")


@natural(601002, on="WS /v2/public")
def a_subscription_to_no_symbol(world: World) -> Answer:
    return world.say(PUBLIC_2, {"event": "SUBSCRIBE", "arg": [{"channel": "BBO"}]})


@natural(601003, on="WS /v2/public")
def a_subscription_to_a_symbol_that_is_not_listed(world: World) -> Answer:
    entry = {"channel": "BBO", "instId": "BINANCE_PERP_FAKE_USDT"}
    return world.say(PUBLIC_2, {"event": "SUBSCRIBE", "arg": [entry]})


@natural(601004, on="WS /v2/public")
def an_action_in_the_other_dialect(world: World) -> Answer:
    return world.say(PUBLIC_2, {"action": "SUBSCRIBE", "arg": [{"channel": "BBO", "instId": BTC}]})


@natural(601005, on="WS /v2/public")
def twenty_one_subscriptions_at_once(world: World) -> Answer:
    entries = [{"channel": "BBO", "instId": BTC}] * 21
    return world.say(PUBLIC_2, {"event": "SUBSCRIBE", "arg": entries})


@natural(601006, on="WS /v2/public")
def a_channel_that_is_none(world: World) -> Answer:
    return world.say(PUBLIC_2, {"event": "SUBSCRIBE", "arg": [{"channel": "FOO", "instId": BTC}]})


@natural(601007, on="WS /v1/private")
def a_login_with_a_key_that_nobody_made(world: World) -> Answer:
    return world.say(PRIVATE, {"action": "login", "args": world.login_args(apiKey="nope")})


@natural(601008, on="WS /v1/private")
def a_login_that_lacks_its_signature(world: World) -> Answer:
    return world.say(PRIVATE, {"action": "login", "args": {"apiKey": "k"}})


@natural(601009, on="WS /v1/private")
def a_login_with_a_wrong_signature(world: World) -> Answer:
    args = world.login_args() | {"sign": "0" * 64}
    return world.say(PRIVATE, {"action": "login", "args": args})


@natural(601010, on="WS /v1/private-algo")
def the_sixty_first_connection_of_a_minute(world: World) -> Answer:
    return world.limited.crowd("/v1/private-algo", connections=61)


@natural(601011, on="WS /v1/private")
def an_action_that_is_none(world: World) -> Answer:
    return world.say(PRIVATE, {"action": "dance", "args": {}})


@natural(601012, on="WS /v1/private")
def a_second_login_within_a_second(world: World) -> Answer:
    limited = world.limited
    frame = {"action": "login", "args": limited.login_args()}
    return limited.say(PRIVATE, frame, frame)


@natural(601013, on="WS /v1/public")
def a_second_subscription_within_a_second(world: World) -> Answer:
    frame = {"action": "SUBSCRIBE", "args": [{"channel": "MARK_PRICE", "instId": BTC}]}
    return world.limited.say(PUBLIC_1, frame, frame)


@natural(601014, on="WS /v2/public")
def a_frame_of_five_thousand_bytes(world: World) -> Answer:
    return world.say(PUBLIC_2, {"event": "SUBSCRIBE", "arg": [{"channel": "B" * 5000}]})


@natural(601015, on="WS /v2/public")
def a_sixth_pair_without_a_login(world: World) -> Answer:
    syms = [f"BINANCE_PERP_{coin}_USDT" for coin in ("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA")]
    entries = [{"channel": "BBO", "instId": sym} for sym in syms]
    return world.limited.say(PUBLIC_2, {"event": "SUBSCRIBE", "arg": entries})
