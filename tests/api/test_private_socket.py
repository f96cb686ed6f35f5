"""The private socket: handshake, login, actions, errors, endings (websocket 1, clients 1.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from openprime.api.private.socket import PrivateSocketSettings
from openprime.api.sockets.link import LinkSettings
from openprime.desk.commands import DeleteKey, FreezeKey, OpenWindow, UpdateKey
from openprime.desk.switches import ServiceType
from openprime.errors import message
from openprime.model.vocabulary import Permission
from tests.api.kit import BTC, Broker, base_order
from tests.api.socket_kit import (
    Json,
    Peer,
    Server,
    in_loop,
    logged_in,
    login_frame,
    private_socket,
)


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    made.fund()
    yield made
    made.close()


def refusal(event: str, code: int, frame_id: Any = None, told: str | None = None) -> Json:
    return {
        "id": frame_id,
        "event": event,
        "code": code,
        "msg": message(code) if told is None else told,
        "data": None,
    }


def action(name: str, arguments: Any, frame_id: Any = "1") -> Json:
    return {"id": frame_id, "action": name, "args": arguments}


async def reply_of(peer: Peer, frame: Json) -> Json:
    """The answer to an action, pushes left out."""
    peer.say(frame)
    while "event" not in (answer := await peer.hear()):
        pass
    found: Json = answer
    return found


# ---------------------------------------------------------------- handshake and login


@in_loop
async def test_the_subprotocol_of_the_sdk_is_echoed(broker: Broker) -> None:
    socket = private_socket(broker)
    with_one = Peer(socket, subprotocols=("other", "v1.api.liquiditytech.com"))
    without = Peer(socket)
    assert (await with_one.opened())["subprotocol"] == "v1.api.liquiditytech.com"
    assert (await without.opened())["subprotocol"] is None
    await with_one.leave()
    await without.leave()
    assert socket.connection_count == 0


@in_loop
async def test_login_and_ping(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    assert await peer.ask("ping") == "pong"
    await peer.leave()


@in_loop
async def test_a_login_may_have_an_id_and_further_members(broker: Broker) -> None:
    peer = Peer(private_socket(broker))
    await peer.opened()
    frame = login_frame(broker) | {"id": "7", "ts": "1790000000000000"}
    assert (await peer.ask(frame))["id"] == "7"
    await peer.leave()


LOGIN_REFUSALS = [
    ({"apiKey": None}, 601008),
    ({"sign": ""}, 601008),
    ({"timestamp": None}, 601008),
    ({"apiKey": "nope"}, 601007),
    ({"sign": "00" * 32}, 601009),
    ({"timestamp": "1790000000000"}, 601016),
    ({"timestamp": "soon"}, 601016),
    ({"timestamp": "1789999900"}, 601009),
]


@pytest.mark.parametrize(("changes", "code"), LOGIN_REFUSALS)
@in_loop
async def test_refused_logins(broker: Broker, changes: Json, code: int) -> None:
    peer = Peer(private_socket(broker))
    await peer.opened()
    assert await peer.ask(login_frame(broker, **changes)) == refusal("login", code)
    assert (await peer.ask(login_frame(broker)))["code"] == 0
    await peer.leave()


@in_loop
async def test_a_login_from_an_address_not_on_the_list(broker: Broker) -> None:
    await asyncio.sleep(0)
    peer = Peer(private_socket(broker), client="10.9.9.9")
    await peer.opened()
    assert (await peer.ask(login_frame(broker, "listed-key")))["code"] == 2001
    await peer.leave()


@pytest.fixture(autouse=True)
def listed_key(broker: Broker) -> None:
    broker.make_key("listed-key", broker.main_id, addresses=["203.0.113.7"])
    broker.make_key("reader", broker.main_id, permissions=[Permission.READ])


@in_loop
async def test_login_once_a_second(broker: Broker) -> None:
    peer = Peer(private_socket(broker, logins_per_second=1))
    await peer.opened()
    assert (await peer.ask(login_frame(broker)))["code"] == 0
    assert await peer.ask(login_frame(broker)) == refusal("login", 601012)
    broker.clock_ms += 1000
    assert (await peer.ask(login_frame(broker)))["code"] == 0
    await peer.leave()


@in_loop
async def test_generic_errors(broker: Broker) -> None:
    peer = Peer(private_socket(broker, PrivateSocketSettings(generic_errors=True)))
    await peer.opened()
    expected = {"id": None, "event": "error", "code": "60009", "msg": "Login failed."}
    assert await peer.ask(login_frame(broker, "nope")) == expected | {"data": None}
    await peer.leave()


# ---------------------------------------------------------------- actions


@in_loop
async def test_the_life_of_an_order(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    placed = await reply_of(peer, action("place_order", base_order(clientOrderId="mine-1")))
    order_id = placed["data"]["orderId"]
    assert placed == {
        "id": "1",
        "event": "place_order",
        "code": 200000,
        "msg": "Success",
        "data": {"orderId": order_id, "clientOrderId": "mine-1"},
    }
    replaced = await reply_of(
        peer, action("replace_order", {"orderId": order_id, "replacePrice": "59000"}, "2")
    )
    assert (replaced["id"], replaced["data"]["orderId"]) == ("2", order_id)
    cancelled = await reply_of(peer, action("cancel_order", {"clientOrderId": "mine-1"}, "3"))
    assert cancelled["data"]["orderState"] == "CANCELLED"
    everything = await reply_of(peer, action("cancel_orders", {}, "4"))
    assert (everything["code"], everything["data"]) == (200000, {})
    await peer.leave()


@pytest.mark.parametrize("frame_id", ["a-b", None])
@in_loop
async def test_the_id_comes_back_as_sent(broker: Broker, frame_id: Any) -> None:
    peer = await logged_in(broker, private_socket(broker))
    reply = await reply_of(peer, action("cancel_order", {"orderId": "9" * 16}, frame_id))
    assert reply == refusal("cancel_order", 401018, frame_id)
    await peer.leave()


@in_loop
async def test_a_number_as_id_keeps_its_digits(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    peer.say('{"id":12345678901234567890,"action":"cancel_order","args":{}}')
    text = (await peer.message())["text"]
    assert text.startswith('{"id":12345678901234567890,')
    await peer.leave()


@in_loop
async def test_an_action_without_id_is_answered_with_null(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    reply = await reply_of(peer, {"action": "cancel_orders", "args": {"exchangeType": ""}})
    assert (reply["id"], reply["code"]) == (None, 200000)
    await peer.leave()


@in_loop
async def test_numbers_and_booleans_do_as_well_as_texts(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    order = base_order(orderQty=0.01, limitPrice=59000, reduceOnly=False)
    reply = await reply_of(peer, action("place_order", order))
    assert reply["code"] == 200000
    await peer.leave()


PLACE_REFUSALS = [
    ({"side": "HOLD"}, 401002),
    ({"orderType": None}, 401003),
    ({"orderQty": "-1"}, 401005),
    ({"limitPrice": ""}, 401006),
    ({"sym": None}, 400009),
    ({"sym": "BINANCE_PERP_FAKE_USDT"}, 401011),
    ({"clientOrderId": "x" * 64}, 401001),
    ({"side": {}}, 400000),
]


@pytest.mark.parametrize(("changes", "code"), PLACE_REFUSALS)
@in_loop
async def test_an_action_has_the_codes_of_its_route(
    broker: Broker, changes: Json, code: int
) -> None:
    peer = await logged_in(broker, private_socket(broker))
    order = base_order(**changes)
    reply = await reply_of(peer, action("place_order", order))
    assert reply == refusal("place_order", code, "1")
    await peer.leave()


@in_loop
async def test_a_client_order_id_serves_once(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    order = base_order(clientOrderId="once")
    assert (await reply_of(peer, action("place_order", order)))["code"] == 200000
    assert await reply_of(peer, action("place_order", order)) == refusal("place_order", 401009, "1")
    await peer.leave()


@in_loop
async def test_an_action_needs_a_login_and_the_permission(broker: Broker) -> None:
    socket = private_socket(broker)
    stranger = Peer(socket)
    await stranger.opened()
    answer = await stranger.ask(action("place_order", base_order()))
    assert answer == refusal("place_order", 2002, "1")
    reader = await logged_in(broker, socket, "reader")
    answer = await reader.ask(action("place_order", base_order()))
    assert answer == refusal("place_order", 2002, "1")
    await stranger.leave()
    await reader.leave()


@in_loop
async def test_maintenance_refuses_actions(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    broker.sequencer.post(OpenWindow(ServiceType.TRADE, 0, broker.clock_ms + 60_000, "test"))
    answer = await peer.ask(action("place_order", base_order()))
    assert answer == refusal("place_order", 50001, "1")
    await peer.leave()


@in_loop
async def test_orders_reach_the_desk_in_the_order_of_their_frames(broker: Broker) -> None:
    socket = private_socket(broker, PrivateSocketSettings(actions_max=8))
    peer = await logged_in(broker, socket, onlyTrade=True)
    for number in range(100):
        order = base_order(sym="BINANCE_PERP_ETH_USDT", orderQty="0.1", limitPrice="2000")
        peer.say(action("place_order", order | {"clientOrderId": f"c{number}"}, str(number)))
    answers = [await peer.hear() for _ in range(100)]
    accepted = [answer for answer in answers if answer["code"] == 200000]
    # The symbol's cap refuses those beyond it, in order of arrival again.
    assert {answer["id"] for answer in accepted} == {str(number) for number in range(60)}
    by_id = sorted(accepted, key=lambda answer: int(answer["data"]["orderId"]))
    assert [answer["id"] for answer in by_id] == [str(number) for number in range(60)]
    await peer.leave()


# ---------------------------------------------------------------- frames


@in_loop
async def test_subscribe_is_acknowledged_after_login(broker: Broker) -> None:
    socket = private_socket(broker)
    frame = {"action": "subscribe", "args": {"channel": "order"}}
    stranger = Peer(socket)
    await stranger.opened()
    assert await stranger.ask(frame) == refusal("subscribe", 2002)
    peer = await logged_in(broker, socket)
    expected = {"id": None, "event": "subscribe", "code": 200000, "msg": "Success", "data": {}}
    assert await peer.ask(frame) == expected
    trader = await logged_in(broker, socket, onlyTrade="true")
    assert await trader.ask(frame) == refusal("subscribe", 601011)
    for each in (stranger, peer, trader):
        await each.leave()


BAD_FRAMES = [
    ("{", refusal("error", 601001)),
    ("[]", refusal("error", 601001)),
    ("null", refusal("error", 601001)),
    ('{"action":"login","args":"x"}', refusal("login", 601001)),
    ('{"action":"login","args":{},"args":{}}', refusal("login", 601001)),
    ('{"action":"login","args":{"apiKey":"a","apiKey":"b"}}', refusal("login", 601001)),
    ("{}", refusal("error", 601008)),
    ('{"action":"login","args":{}}', refusal("login", 601008)),
    ('{"action":"place_order"}', refusal("place_order", 601008)),
    ('{"action":"dance"}', refusal("dance", 601011)),
    ('{"id":"9","action":"dance","args":{}}', refusal("dance", 601011, "9")),
    ("x" * 4097, refusal("error", 601014)),
    ('"' + "é" * 2100 + '"', refusal("error", 601014)),
    (b"\xff", refusal("error", 601001)),
    ("[" * 4000, refusal("error", 601001)),
]


@pytest.mark.parametrize(("frame", "expected"), BAD_FRAMES)
@in_loop
async def test_frames_that_nothing_can_be_done_with(
    broker: Broker, frame: str | bytes, expected: Json
) -> None:
    peer = Peer(private_socket(broker))
    await peer.opened()
    assert await peer.ask(frame) == expected
    assert await peer.ask("ping") == "pong"
    await peer.leave()


OTHER_DIALECTS = [
    '{"action":"subscribe","arg":[]}',
    '{"event":"subscribe","args":{}}',
    '{"action":"subscribe","args":[]}',
]


@pytest.mark.parametrize("frame", OTHER_DIALECTS)
@in_loop
async def test_another_dialect_is_told_the_form(broker: Broker, frame: str) -> None:
    peer = Peer(private_socket(broker))
    await peer.opened()
    told = message(601004) + '{"action":"subscribe","args":{"channel":""}}'
    assert await peer.ask(frame) == refusal("subscribe", 601004, told=told)
    await peer.leave()


# ---------------------------------------------------------------- endings


@in_loop
async def test_a_silent_client_is_sent_away(broker: Broker) -> None:
    settings = PrivateSocketSettings(link=LinkSettings(idle_seconds=0.01))
    peer = Peer(private_socket(broker, settings))
    assert await peer.ended() == (1000, "idle")


@in_loop
async def test_pings_of_the_protocol_are_a_sign_of_life(broker: Broker) -> None:
    now = asyncio.get_running_loop().time
    server = Server()
    server.pinged_at = started = now() + 0.05
    server.ponged_at = now() + 1000
    settings = PrivateSocketSettings(link=LinkSettings(idle_seconds=0.01))
    peer = Peer(private_socket(broker, settings), server=server)
    assert await peer.ended() == (1000, "idle")
    assert now() >= started


@in_loop
async def test_the_server_says_why_it_goes(broker: Broker) -> None:
    socket = private_socket(broker)
    peer = await logged_in(broker, socket)
    await socket.close_all("server stops")
    assert await peer.ended() == (1001, "server stops")


@in_loop
async def test_too_many_connections_a_minute(broker: Broker) -> None:
    socket = private_socket(broker, PrivateSocketSettings(connections_per_minute=1))
    first, second = Peer(socket), Peer(socket)
    await first.opened()
    await second.opened()
    assert await second.hear() == refusal("error", 601010)
    assert (await second.ended() or (0, ""))[0] == 1008
    await first.leave()


@in_loop
async def test_a_full_house_is_told_at_the_door(broker: Broker) -> None:
    socket = private_socket(broker, PrivateSocketSettings(connections_max=1))
    first = Peer(socket)
    await first.opened()
    second = Peer(socket)
    assert (await second.opened())["status"] == 429
    await first.leave()


@in_loop
async def test_a_client_that_does_not_read_is_dropped(broker: Broker) -> None:
    server = Server()
    link = LinkSettings(frames_waiting_max=8, close_seconds=0.01)
    socket = private_socket(broker, PrivateSocketSettings(link=link))
    peer = Peer(socket, server=server)
    await peer.opened()
    await peer.ask(login_frame(broker))
    peer.reading.clear()
    for _ in range(20):
        peer.say("ping")
    await asyncio.wait_for(peer.task, 5)
    assert server.aborted


@in_loop
async def test_a_client_that_nobody_knows_may_let_little_wait(broker: Broker) -> None:
    """Answers repeat the id of their frame, so they are as long as the client wants them."""
    settings = PrivateSocketSettings(
        stranger_bytes_max=10_000, link=LinkSettings(close_seconds=0.01)
    )
    for known, dropped in ((True, False), (False, True)):
        server = Server()
        peer = Peer(private_socket(broker, settings), server=server)
        await peer.opened()
        if known:
            await peer.ask(login_frame(broker))
        peer.reading.clear()
        for number in range(20):
            peer.say({"id": f"{number}{'x' * 1000}", "action": "place_order", "args": {}})
        if dropped:
            await asyncio.wait_for(peer.task, 5)
        assert server.aborted is dropped
        peer.reading.set()
        if known:
            assert len([await peer.hear() for _ in range(20)]) == 20
            await peer.leave()


@in_loop
async def test_a_stalled_client_is_told_so_once_it_reads_again(broker: Broker) -> None:
    link = LinkSettings(stalled_seconds=0.01, close_seconds=5.0)
    peer = Peer(private_socket(broker, PrivateSocketSettings(link=link)))
    await peer.opened()
    peer.reading.clear()
    peer.say("ping")
    asyncio.get_running_loop().call_later(0.05, peer.reading.set)
    assert await peer.ended() == (1013, "reader too slow")


@pytest.mark.parametrize("command", [FreezeKey("reader", True), DeleteKey("reader")])
@in_loop
async def test_a_key_that_goes_takes_its_sockets_along(broker: Broker, command: Any) -> None:
    socket = private_socket(broker)
    reader = await logged_in(broker, socket, "reader")
    other = await logged_in(broker, socket)
    await broker.sequencer.submit(command)
    assert await reader.ended() == (1008, "key changed")
    assert await other.ask("ping") == "pong"
    await other.leave()


@in_loop
async def test_a_key_that_is_shut_in_leaves_the_sockets_outside(broker: Broker) -> None:
    """Pushes go to the addresses of a key's list alone, also where the list came later."""
    reader = await logged_in(broker, private_socket(broker), "reader")
    await broker.sequencer.submit(UpdateKey("reader", addresses=["127.0.0.0/8"]))
    assert await reader.ask("ping") == "pong"
    await broker.sequencer.submit(UpdateKey("reader", addresses=["203.0.113.7", "::1"]))
    assert await reader.ended() == (1008, "key changed")


@in_loop
async def test_an_order_is_finished_though_its_client_is_gone(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    peer.say(action("place_order", base_order(sym=BTC, limitPrice="59000")))
    await peer.leave()
    await broker.sequencer.settled()
    assert len(broker.state.orders) <= 1
