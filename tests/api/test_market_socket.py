"""The market socket: frames in, acknowledgements, limits, endings (websocket 3, resolutions O)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from openprime.api.market.limits import MarketLimits
from openprime.api.market.socket import MarketSocketSettings
from openprime.api.sockets.link import LinkSettings
from openprime.desk.commands import CreateKey
from openprime.errors import message
from tests.api.kit import BTC, ETH, SECRET, Broker
from tests.api.market_socket_kit import OKX, SPOT, Scene, entry, subscribe, unsubscribe
from tests.api.socket_kit import Json, Peer, Server, in_loop, login_frame


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


def acknowledged(event: str, *entries: Any) -> Json:
    return {"event": event, "arg": list(entries), "code": 0, "message": "Success", "msg": "Success"}


def refused(event: str, code: int, *entries: Any, accepted: tuple[Any, ...] = ()) -> Json:
    told = message(code)
    head = {"event": event, "arg": list(accepted), "code": code, "message": told, "msg": told}
    return head | {"invalidArg": list(entries)}


def unreadable(event: str, code: int) -> Json:
    return {"event": event, "code": code, "message": message(code), "msg": message(code)}


@in_loop
async def test_subscribe_is_acknowledged_and_then_shown(broker: Broker) -> None:
    peer = await Scene(broker).peer()
    assert await peer.ask(subscribe(entry("BBO"))) == acknowledged("subscribe", entry("BBO"))
    assert (await peer.hear())["arg"] == entry("BBO")
    await peer.leave()


@in_loop
async def test_frames_are_gzip_unless_text_is_asked_for(broker: Broker) -> None:
    scene = Scene(broker)
    packed, plain = await scene.peer(binary=True), await scene.peer()
    for peer in (packed, plain):
        peer.say(subscribe(entry("BBO")))
    assert "bytes" in (first := await packed.message())
    assert first["bytes"][:2] == b"\x1f\x8b"
    assert "text" in await plain.message()
    assert await packed.hear() == await plain.hear()
    assert await packed.ask("ping") == "pong"
    for peer in (packed, plain):
        await peer.leave()


@in_loop
async def test_keep_alive(broker: Broker) -> None:
    peer = await Scene(broker).peer()
    assert await peer.ask("ping") == "pong"
    assert await peer.ask({"ping": 1719388800000}) == {"pong": 1719388800000}
    await peer.leave()


BAD_ENTRIES = [
    (entry("FOO"), 11101),
    (entry("bbo"), 11101),
    ({"sym": BTC}, 11101),
    (entry("BBO", "FOO"), 11100),
    (entry("BBO", "binance_perp_btc_usdt"), 11100),
    ({"channel": "BBO"}, 11100),
    (entry("BBO", 5), 11100),  # type: ignore[arg-type]
    (entry("MARK_PRICE", SPOT), 11100),
    (entry("OPEN_INTEREST", SPOT), 11100),
    (entry("INDEX_KLINE", SPOT, interval="1m"), 11100),
    (entry("BBO", "BINANCE_PERP_FAKE_USDT"), 11250),
    (entry("BBO", "EDX_PERP_BTC_USDT"), 11250),
    (entry("BBO", ETH), 11250),
    (entry("KLINE"), 11102),
    (entry("KLINE", interval="7m"), 11102),
    (entry("ORDER_BOOK", level=51), 11102),
    ("BBO", 11102),
]


@pytest.mark.parametrize(("bad", "code"), BAD_ENTRIES)
@in_loop
async def test_a_bad_entry_does_not_undo_the_good_ones(broker: Broker, bad: Any, code: int) -> None:
    peer = await Scene(broker).peer()
    good = entry("TRADE")
    answer = await peer.ask(subscribe(bad, good))
    assert answer == refused("subscribe", code, bad, accepted=(good,))
    await peer.leave()


@in_loop
async def test_the_first_refusal_gives_the_code(broker: Broker) -> None:
    peer = await Scene(broker).peer()
    bad = [entry("BBO", "FOO"), entry("FOO")]
    assert await peer.ask(subscribe(*bad)) == refused("subscribe", 11100, *bad)
    await peer.leave()


BAD_FRAMES = [
    ("{", unreadable("error", 11103)),
    ("[]", unreadable("error", 11103)),
    ("{}", unreadable("error", 11103)),
    ('{"event":"dance","arg":[]}', unreadable("dance", 11103)),
    ('{"event":"subscribe"}', unreadable("subscribe", 11102)),
    ('{"event":"subscribe","arg":[]}', unreadable("subscribe", 11102)),
    ('{"event":"subscribe","arg":{}}', unreadable("subscribe", 11102)),
    ('{"event":["subscribe"],"arg":[]}', unreadable("error", 11103)),
    ("x" * 4097, unreadable("error", 11103)),
    ("[" * 4000, unreadable("error", 11103)),
    (b"\xff\xfe", unreadable("error", 11103)),
]


@pytest.mark.parametrize(("frame", "expected"), BAD_FRAMES)
@in_loop
async def test_frames_that_nothing_can_be_done_with(
    broker: Broker, frame: Any, expected: Json
) -> None:
    peer = await Scene(broker).peer()
    assert await peer.ask(frame) == expected
    await peer.leave()


@in_loop
async def test_unsubscribe(broker: Broker) -> None:
    scene = Scene(broker)
    peer = await scene.peer()
    never = entry("TRADE")
    assert await peer.ask(unsubscribe(never)) == refused("unsubscribe", 11112, never)
    peer.say(subscribe(entry("BBO"), entry("ORDER_BOOK", level="200")))
    await peer.hear_all()
    done = [entry("BBO"), entry("ORDER_BOOK", level=200)]
    assert await peer.ask(unsubscribe(*done)) == acknowledged("unsubscribe", *done)
    scene.market.change(BTC, bids=[(600_000, 9)])
    scene.later(250)
    assert await peer.hear_all() == []
    assert scene.hub.stream_count == 0
    await peer.leave()


@in_loop
async def test_a_connection_that_ends_leaves_no_stream(broker: Broker) -> None:
    scene = Scene(broker)
    peer = await scene.peer()
    every = [
        entry("KLINE", interval="1m"),
        *(entry(name) for name in ("BBO", "TRADE", "ORDER_BOOK", "TICKER", "MARK_PRICE")),
    ]
    peer.say(subscribe(*every))
    await peer.hear_all()
    assert scene.hub.stream_count == 6
    await peer.leave()
    assert scene.hub.stream_count == 0
    assert scene.socket.connection_count == 0


# ---------------------------------------------------------------- login


@in_loop
async def test_login(broker: Broker) -> None:
    peer = await Scene(broker).peer()
    frame = login_frame(broker)
    assert await peer.ask(frame) == {"event": "login", "code": "200000", "msg": "success"}
    in_ms = login_frame(broker, timestamp=str(broker.clock_ms))
    assert (await peer.ask(in_ms))["code"] == "200000"
    await peer.leave()


LOGIN_REFUSALS = [
    ({"apiKey": "nope"}, 11106),
    ({"sign": "00"}, 11107),
    ({"timestamp": "1"}, 11108),
    ({"timestamp": "soon"}, 11108),
    ({"sign": None}, 11102),
]


@pytest.mark.parametrize(("changes", "code"), LOGIN_REFUSALS)
@in_loop
async def test_refused_logins(broker: Broker, changes: Json, code: int) -> None:
    peer = await Scene(broker).peer()
    assert await peer.ask(login_frame(broker, **changes)) == unreadable("login", code)
    await peer.leave()


@in_loop
async def test_generic_errors_have_one_code_for_failed_logins(broker: Broker) -> None:
    peer = await Scene(broker, settings=MarketSocketSettings(generic_errors=True)).peer()
    failed = {"id": None, "event": "login", "code": "10001", "msg": "auth failed"}
    for changes, _ in LOGIN_REFUSALS:
        assert await peer.ask(login_frame(broker, **changes)) == failed
    assert await peer.ask("{") == unreadable("error", 11103)
    assert (await peer.ask(login_frame(broker)))["code"] == "200000"
    await peer.leave()


@pytest.mark.parametrize("newest", [False, True])
@in_loop
async def test_codes_of_keys_are_told_in_the_words_of_the_profile(
    broker: Broker, newest: bool
) -> None:
    sealed = broker.store.vault.seal(SECRET, "elsewhere")
    command = CreateKey(broker.main_id, "elsewhere", sealed, "test", [], ["203.0.113.7"])
    await broker.sequencer.submit(command)
    peer = await Scene(broker, settings=MarketSocketSettings(newest_messages=newest)).peer()
    told = message(2001, newest=newest)
    answer = await peer.ask(login_frame(broker, "elsewhere"))
    assert answer == {"event": "login", "code": 2001, "message": told, "msg": told}
    await peer.leave()


# ---------------------------------------------------------------- limits


@in_loop
async def test_pairs_are_counted_once_over_channels(broker: Broker) -> None:
    scene = Scene(broker, MarketLimits(enforced=True, pairs_anonymous=2, pairs_known=3))
    peer = await scene.peer()
    two = [entry("BBO"), entry("TRADE"), entry("TRADE", SPOT)]
    assert await peer.ask(subscribe(*two)) == acknowledged("subscribe", *two)
    await peer.hear_all()
    third = entry("TRADE", OKX)
    assert await peer.ask(subscribe(third)) == refused("subscribe", 11210, third)
    assert (await peer.ask(login_frame(broker)))["code"] == "200000"
    assert await peer.ask(subscribe(third)) == acknowledged("subscribe", third)
    fourth = entry("TRADE", "OKX_SPOT_BTC_USDT")
    assert await peer.ask(subscribe(fourth)) == refused("subscribe", 11220, fourth)
    peer.say(unsubscribe(third))
    await peer.hear()
    assert await peer.ask(subscribe(fourth)) == acknowledged("subscribe", fourth)
    await peer.leave()


@in_loop
async def test_without_limits_a_bound_stays(broker: Broker) -> None:
    peer = await Scene(broker, MarketLimits(pairs_max=1)).peer()
    two = [entry("TRADE"), entry("TRADE", SPOT)]
    expected = refused("subscribe", 11220, two[1], accepted=(two[0],))
    assert await peer.ask(subscribe(*two)) == expected
    await peer.leave()


@in_loop
async def test_connections_of_an_address(broker: Broker) -> None:
    scene = Scene(broker, MarketLimits(enforced=True, connections_anonymous=1))
    first = await scene.peer()
    second = Peer(scene.socket)
    assert (await second.opened())["status"] == 429
    assert (await second.message())["body"] == (
        b'{"code":11200,"message":"too many connections per IP","data":{}}'
    )
    elsewhere = await scene.peer(client="10.0.0.2")
    assert (await first.ask(login_frame(broker)))["code"] == "200000"
    third = await scene.peer()
    for peer in (first, third, elsewhere):
        await peer.leave()
    fourth = await scene.peer()
    await fourth.leave()


@in_loop
async def test_known_connections_of_an_address(broker: Broker) -> None:
    scene = Scene(broker, MarketLimits(enforced=True, connections_known=1))
    first, second = await scene.peer(), await scene.peer()
    assert (await first.ask(login_frame(broker)))["code"] == "200000"
    assert await second.ask(login_frame(broker)) == unreadable("login", 11200)
    for peer in (first, second):
        await peer.leave()


@in_loop
async def test_frames_a_second_of_an_address(broker: Broker) -> None:
    scene = Scene(broker, MarketLimits(enforced=True, frames_per_second=2))
    one, two = await scene.peer(), await scene.peer()
    for peer in (one, two):
        assert (await peer.ask(subscribe(entry("TRADE"))))["code"] == 0
    assert await one.ask(subscribe(entry("TRADE"))) == unreadable("subscribe", 11260)
    assert await one.ask("ping") == "pong"
    broker.clock_ms += 1000
    assert (await one.ask(subscribe(entry("TRADE"))))["code"] == 0
    for peer in (one, two):
        await peer.leave()


@in_loop
async def test_entries_a_second_of_a_connection(broker: Broker) -> None:
    peer = await Scene(broker, MarketLimits(enforced=True, entries_per_second=2)).peer()
    three = [entry("TRADE"), entry("TRADE", SPOT), entry("TRADE", OKX)]
    expected = refused("subscribe", 11240, three[2], accepted=tuple(three[:2]))
    assert await peer.ask(subscribe(*three)) == expected
    await peer.leave()


# ---------------------------------------------------------------- slow readers and endings


@in_loop
async def test_a_slow_reader_skips_and_is_brought_up_to_date(broker: Broker) -> None:
    scene = Scene(broker, settings=MarketSocketSettings(conflate_from=4))
    slow, quick = await scene.peer(), await scene.peer()
    for peer in (slow, quick):
        peer.say(subscribe(entry("BBO"), entry("ORDER_BOOK")))
        await peer.hear_all()
    slow.reading.clear()
    for lots in range(100, 120):
        scene.market.change(BTC, bids=[(600_000, lots)])
        scene.later(250)
        await asyncio.sleep(0)
    slow.reading.set()
    heard = await slow.hear_all()
    while len(await slow.hear_all()):
        pass
    assert len(heard) < 12
    best = [frame["data"]["bidqty"] for frame in heard if frame["arg"]["channel"] == "BBO"]
    assert best[-1] == "0.119"
    books = [frame for frame in heard if frame["arg"]["channel"] == "ORDER_BOOK"]
    assert (books[-1]["arg"]["updatetype"], books[-1]["data"]["pre_seq"]) == ("all", "0")
    assert books[-1]["data"]["Bids"] == [["60000", "0.119"]]
    seq = books[-1]["data"]["seq"]
    scene.market.change(BTC, bids=[(600_000, 1)])
    scene.later(250)
    update = next(f for f in await slow.hear_all() if f["arg"]["channel"] == "ORDER_BOOK")
    assert update["data"]["pre_seq"] == seq
    assert len([f for f in await quick.hear_all() if f["arg"]["channel"] == "BBO"]) == 21
    for peer in (slow, quick):
        await peer.leave()


@in_loop
async def test_a_slow_reader_of_trades_is_dropped(broker: Broker) -> None:
    server = Server()
    settings = MarketSocketSettings(
        link=LinkSettings(frames_waiting_max=8, close_seconds=0.01), conflate_from=4
    )
    scene = Scene(broker, settings=settings)
    peer = await scene.peer(server=server)
    await peer.ask(subscribe(entry("TRADE")))
    peer.reading.clear()
    for number in range(20):
        scene.market.trade(BTC, number)
    await asyncio.wait_for(peer.task, 5)
    assert server.aborted
    assert scene.hub.stream_count == 0


@in_loop
async def test_silence_ends_a_connection_where_pongs_can_be_seen(broker: Broker) -> None:
    settings = MarketSocketSettings(link=LinkSettings(idle_seconds=0.01))
    scene = Scene(broker, settings=settings)
    blind = await scene.peer()
    seen = await scene.peer(server=Server())
    assert await seen.ended() == (1000, "idle")
    assert await blind.ask("ping") == "pong"
    await scene.socket.close_all("server stops")
    assert await blind.ended() == (1001, "server stops")
