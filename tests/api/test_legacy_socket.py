"""The older public sockets: both dialects, frames with their exact types, and every code."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from openprime.api.legacy.channels import LEGACY_CHANNELS
from openprime.api.legacy.socket import FIRST, SECOND, Edition, LegacySettings, LegacySocket
from openprime.api.market.channels import CHANNELS
from openprime.api.market.hub import MarketHub
from openprime.api.settings import ApiSettings
from openprime.api.sockets.link import LinkSettings
from openprime.errors import message
from tests.api.kit import BTC, NOW_MS, Broker
from tests.api.market_socket_kit import OKX, OKX_SPOT, SPOT, PlayedMarket
from tests.api.socket_kit import Json, Peer, Server, in_loop, login_frame, logins

NS = 1_000_000
LISTEN = {FIRST: ("action", "args"), SECOND: ("event", "arg")}
both = pytest.mark.parametrize("edition", [FIRST, SECOND], ids=["v1", "v2"])


class Scene:
    """A played market behind one of the sockets."""

    def __init__(
        self,
        broker: Broker,
        edition: Edition,
        settings: LegacySettings | None = None,
        logins_per_second: int | None = None,
    ) -> None:
        self.broker = broker
        self.edition = edition
        self.market = PlayedMarket()
        self.hub = MarketHub(
            self.market,  # type: ignore[arg-type]
            lambda: broker.clock_ms,
            CHANNELS | LEGACY_CHANNELS,
        )
        self.socket = LegacySocket(
            edition,
            broker.services,
            self.hub,
            logins(broker, logins_per_second),
            lambda: broker.clock_ms / 1000,
            settings,
        )

    async def peer(self, **others: Any) -> Peer:
        peer = Peer(self.socket, **others)
        assert (await peer.opened())["type"] == "websocket.accept"
        return peer

    def later(self, by_ms: int) -> None:
        self.broker.clock_ms += by_ms
        self.hub.on_timer(self.broker.clock_ms)

    def ask(self, event: str, *entries: Any) -> Json:
        """A frame in the socket's own dialect."""
        verb, member = LISTEN[self.edition]
        return {verb: event, member: list(entries)}

    def subscribe(self, *entries: Any) -> Json:
        return self.ask("SUBSCRIBE", *entries)

    def acknowledged(self, event: str, *entries: Any) -> Json:
        answer = {"event": event, LISTEN[self.edition][1]: list(entries), "code": 0}
        return answer if self.edition is FIRST else answer | {"message": "Success"}

    def refused(self, event: str, code: int, *entries: Any, accepted: tuple[Any, ...] = ()) -> Json:
        member = LISTEN[self.edition][1]
        return unreadable(event, code) | {member: list(accepted), "invalidArg": list(entries)}


def unreadable(event: str, code: int, more: str = "") -> Json:
    told = message(code) + more
    return {"event": event, "code": code, "msg": told, "message": told}


def entry(channel: str, sym: str = BTC) -> Json:
    return {"channel": channel, "instId": sym}


# ---------------------------------------------------------------- frames


async def listening(scene: Scene, *entries: Json) -> tuple[Peer, list[Any]]:
    """A subscribed peer and what it is shown at once."""
    peer = await scene.peer()
    assert await peer.ask(scene.subscribe(*entries)) == scene.acknowledged("SUBSCRIBE", *entries)
    return peer, await peer.hear_all()


@in_loop
async def test_best_prices_of_the_second_edition(broker: Broker) -> None:
    scene = Scene(broker, SECOND)
    peer, (first,) = await listening(scene, entry("BBO"))
    assert first == {
        "instId": BTC,
        "channel": "BBO",
        "localTs": NOW_MS * NS,
        "exchangeTs": NOW_MS * NS,
        "seqNum": 1,
        "exchange": "BINANCE_USDM",
        "bid": {"price": "60000", "qty": "0.005"},
        "ask": {"price": "60000.1", "qty": "0.007"},
    }
    scene.market.change(BTC, bids=[(599_000, 9)])
    assert await peer.hear_all() == []
    scene.market.change(BTC, bids=[(600_000, 9)])
    (second,) = await peer.hear_all()
    assert (second["bid"], second["seqNum"]) == ({"price": "60000", "qty": "0.009"}, 3)
    await peer.leave()


@in_loop
async def test_best_prices_of_the_first_edition(broker: Broker) -> None:
    peer, (first,) = await listening(Scene(broker, FIRST), entry("BBO", SPOT))
    assert first == {
        "instId": SPOT,
        "publicChannelTypeEnum": "BBO",
        "localTs": NOW_MS * NS,
        "exchangeTs": NOW_MS * NS,
        "seqNum": 1,
        "symbol": "BTCUSDT",
        "exchange": "BINANCE_SPOT",
        "bid": {"price": 60000, "qty": 0.00005},
        "ask": {"price": 60000.1, "qty": 0.00007},
    }
    await peer.leave()


@in_loop
async def test_book_of_the_second_edition(broker: Broker) -> None:
    scene = Scene(broker, SECOND)
    peer, (first,) = await listening(scene, entry("ORDER_BOOK"))
    data = first["data"]
    seq = data.pop("seqNum")
    assert first["arg"] == entry("ORDER_BOOK")
    assert data == {
        "localTs": NOW_MS * NS,
        "exchangeTs": NOW_MS * NS,
        "type": "snapshot",
        "preseqNum": 0,
        "ltp": "60100",
        "ttv": "750000",
        "ttq": "12.5",
        "state": "0",
        "bids": [["60000", "0.005"]],
        "asks": [["60000.1", "0.007"]],
        "trades": [],
    }
    scene.market.change(BTC, bids=[(600_000, 0), (599_999, 4)])
    scene.market.trade(BTC, 5)
    scene.later(250)
    (update,) = await peer.hear_all()
    told = update["data"]
    assert (told["type"], told["preseqNum"], told["seqNum"]) == ("update", seq, seq + 1)
    assert told["bids"] == [["60000", "0"], ["59999.9", "0.004"]]
    assert told["asks"] == []
    assert told["trades"] == [["60000", "0.003", "1", str(NOW_MS * NS)]]
    scene.market.trade(BTC, 6, seller=False)
    scene.later(250)
    (of_trade,) = await peer.hear_all()
    assert of_trade["data"]["trades"][0][2] == "0"
    assert of_trade["data"]["preseqNum"] == seq + 1
    scene.later(250)
    assert await peer.hear_all() == []
    await peer.leave()


@in_loop
async def test_book_of_the_first_edition(broker: Broker) -> None:
    scene = Scene(broker, FIRST)
    peer, (first,) = await listening(scene, entry("ORDER_BOOK"))
    scene.market.change(BTC, asks=[(600_001, 0), (600_003, 8)])
    scene.market.trade(BTC, 5, seller=False)
    scene.later(250)
    (update,) = await peer.hear_all()
    assert first["levelsAsks"] == [{"price": 60000.1, "qty": 0.007}]
    assert update == {
        "instId": BTC,
        "publicChannelTypeEnum": "ORDER_BOOK",
        "exchangeTs": NOW_MS * NS,
        "localTs": (NOW_MS + 250) * NS,
        "seqNum": first["seqNum"] + 1,
        "ltp": 60100,
        "ttv": 750000,
        "ttq": 12.5,
        "symbol": "BTCUSDT",
        "bookId": 0,
        "exchange": "BINANCE_USDM",
        "tradingState": "NORMAL",
        "levelsBids": [{"price": 60000, "qty": 0.005}],
        "levelsAsks": [{"price": 60000.3, "qty": 0.008}],
        "updates": [{"price": 60000, "qty": 0.003, "side": "BUY", "type": "TRADE", "level": 0}],
    }
    await peer.leave()


@in_loop
async def test_mark_prices(broker: Broker) -> None:
    for edition in (FIRST, SECOND):
        scene = Scene(broker, edition)
        peer, (first,) = await listening(scene, entry("MARK_PRICE"))
        if edition is FIRST:
            assert first == {
                "publicChannelTypeEnum": "MARK_PRICE",
                "sym": BTC,
                "markPrice": "60010.12345678",
                "time": broker.clock_ms,
            }
        else:
            assert first == {
                "channel": "MARK_PRICE",
                "localTs": broker.clock_ms,
                "instId": BTC,
                "markPrice": "60010.12345678",
            }
        scene.later(1000)
        assert len(await peer.hear_all()) == 1
        await peer.leave()


@in_loop
async def test_the_names_of_okx_markets(broker: Broker) -> None:
    peer, shown = await listening(Scene(broker, SECOND), entry("BBO", OKX), entry("BBO", OKX_SPOT))
    assert [frame["exchange"] for frame in shown] == ["OKX_SWAP", "OKX_SPOT"]
    await peer.leave()


@in_loop
async def test_the_first_speaks_text_and_the_second_gzip(broker: Broker) -> None:
    first, second = await Scene(broker, FIRST).peer(), await Scene(broker, SECOND).peer()
    for peer, frame in ((first, "text"), (second, "bytes")):
        peer.say("{")
        assert frame in await peer.message()
        peer.say("ping")
        assert await peer.message() == {"type": "websocket.send", "text": "pong"}
        await peer.leave()


@in_loop
async def test_one_frame_goes_to_all(broker: Broker) -> None:
    scene = Scene(broker, SECOND)
    one, _ = await listening(scene, entry("BBO"))
    two, _ = await listening(scene, entry("BBO"))
    scene.market.change(BTC, bids=[(600_000, 9)])
    assert (await one.message())["bytes"] is (await two.message())["bytes"]
    for peer in (one, two):
        await peer.leave()
    assert scene.hub.stream_count == 0


@both
@in_loop
async def test_unsubscribing_ends_the_pushes(broker: Broker, edition: Edition) -> None:
    scene = Scene(broker, edition)
    peer, _ = await listening(scene, entry("BBO"), entry("ORDER_BOOK"))
    done = scene.ask("UNSUBSCRIBE", entry("BBO"), entry("ORDER_BOOK"))
    for _ in range(2):
        answer = scene.acknowledged("UNSUBSCRIBE", entry("BBO"), entry("ORDER_BOOK"))
        assert await peer.ask(done) == answer
    assert scene.hub.stream_count == 0
    await peer.leave()


@both
@in_loop
async def test_the_other_dialect_is_understood(broker: Broker, edition: Edition) -> None:
    peer = await Scene(broker, edition).peer()
    asked = entry("MARK_PRICE")
    for verb, member in LISTEN.values():
        answer = await peer.ask({verb: "subscribe", member: [asked]})
        assert (answer["event"], answer[member], answer["code"]) == ("subscribe", [asked], 0)
        assert (await peer.hear())["markPrice"] == "60010.12345678"
    await peer.leave()


# ---------------------------------------------------------------- codes

LOGIN_FORM = '"{}":{{"apiKey":"","timestamp":"","sign":""}}}}'
LIST_FORM = '"{}":[{{"channel":"","instId":""}}]}}'


def shown_form(edition: Edition, action: str) -> str:
    verb, member = LISTEN[edition]
    shape = LOGIN_FORM if action == "login" else LIST_FORM
    return f'{{"{verb}":"{action}",' + shape.format(member)


BAD_FRAMES = [
    ("{", "error", 601001),
    ("[]", "error", 601001),
    (b"\xff", "error", 601001),
    ({"event": "subscribe", "arg": "x"}, "subscribe", 601001),
    ({"action": 5, "args": []}, "error", 601001),
    ('{"event":"a","event":"b"}', "error", 601001),
    ({}, "error", 601008),
    ({"arg": []}, "error", 601008),
    ({"event": "subscribe"}, "subscribe", 601008),
    ({"action": "dance"}, "dance", 601011),
    ({"action": "place_order", "args": {}}, "place_order", 601011),
    ("x" * 4097, "error", 601014),
]


@both
@pytest.mark.parametrize(("frame", "event", "code"), BAD_FRAMES)
@in_loop
async def test_frames_that_nothing_can_be_done_with(
    broker: Broker, edition: Edition, frame: Any, event: str, code: int
) -> None:
    peer = await Scene(broker, edition).peer()
    assert await peer.ask(frame) == unreadable(event, code)
    await peer.leave()


MIXED_FRAMES = [
    ({"action": "subscribe", "arg": [entry("BBO")]}, "subscribe"),
    ({"event": "SUBSCRIBE", "args": [entry("BBO")]}, "SUBSCRIBE"),
    ({"event": "subscribe", "arg": {}}, "subscribe"),
    ({"event": "unsubscribe", "arg": [], "args": []}, "unsubscribe"),
    ({"action": "login", "args": []}, "login"),
    ({"action": "login", "arg": {}}, "login"),
]


@both
@pytest.mark.parametrize(("frame", "event"), MIXED_FRAMES)
@in_loop
async def test_mixed_dialects_are_shown_the_form(
    broker: Broker, edition: Edition, frame: Any, event: str
) -> None:
    peer = await Scene(broker, edition).peer()
    form = shown_form(edition, event.lower())
    assert await peer.ask(frame) == unreadable(event, 601004, form)
    await peer.leave()


BAD_ENTRIES = [
    (entry("FOO"), 601006),
    (entry("bbo"), 601006),
    ({"instId": BTC}, 601006),
    ({"channel": "BBO"}, 601002),
    (entry("BBO", ""), 601002),
    (entry("BBO", "BINANCE_PERP_FAKE_USDT"), 601003),
    (entry("MARK_PRICE", SPOT), 601003),
    ({"channel": "BBO", "instId": 7}, 601003),
    ("BBO", 601001),
]


@both
@pytest.mark.parametrize(("bad", "code"), BAD_ENTRIES)
@in_loop
async def test_a_bad_entry_does_not_undo_the_good_ones(
    broker: Broker, edition: Edition, bad: Any, code: int
) -> None:
    scene = Scene(broker, edition)
    peer = await scene.peer()
    good = entry("ORDER_BOOK")
    for event in ("UNSUBSCRIBE", "SUBSCRIBE"):
        answer = await peer.ask(scene.ask(event, bad, good))
        assert answer == scene.refused(event, code, bad, accepted=(good,))
    assert len(await peer.hear_all()) == 1
    await peer.leave()


@both
@in_loop
async def test_an_empty_list_names_no_instrument(broker: Broker, edition: Edition) -> None:
    scene = Scene(broker, edition)
    peer = await scene.peer()
    assert await peer.ask(scene.subscribe()) == unreadable("SUBSCRIBE", 601002)
    await peer.leave()


@both
@in_loop
async def test_twenty_entries_and_no_more(broker: Broker, edition: Edition) -> None:
    scene = Scene(broker, edition)
    peer = await scene.peer()
    many = scene.subscribe(*[entry("FOO")] * 21)
    assert await peer.ask(many) == unreadable("SUBSCRIBE", 601005)
    twenty = [entry("FOO")] * 20
    answer = await peer.ask(scene.subscribe(*twenty))
    assert answer == scene.refused("SUBSCRIBE", 601006, *twenty)
    await peer.leave()


@both
@in_loop
async def test_frames_a_second_of_an_address(broker: Broker, edition: Edition) -> None:
    scene = Scene(broker, edition, LegacySettings(enforced=True))
    peer, other = await scene.peer(), await scene.peer()
    elsewhere = await scene.peer(client="10.0.0.2")
    for _ in range(edition.frames_per_second):
        assert (await peer.ask(scene.subscribe(entry("FOO"))))["code"] == 601006
    late = scene.subscribe(*[entry("BBO")] * 21)
    assert await other.ask(late) == unreadable("SUBSCRIBE", 601013)
    assert (await elsewhere.ask(late))["code"] == 601005
    broker.clock_ms += 1000
    assert (await other.ask(late))["code"] == 601005
    for each in (peer, other, elsewhere):
        await each.leave()


@both
@in_loop
async def test_pairs_of_a_connection(broker: Broker, edition: Edition) -> None:
    settings = LegacySettings(enforced=True, pairs_anonymous=2, pairs_known=3)
    scene = Scene(broker, edition, settings)
    peer = await scene.peer()
    three = [entry("BBO"), entry("ORDER_BOOK"), entry("BBO", SPOT), entry("BBO", OKX)]
    answer = await peer.ask(scene.subscribe(*three))
    assert answer == scene.refused("SUBSCRIBE", 601015, three[3], accepted=tuple(three[:3]))
    await peer.hear_all()
    assert (await peer.ask(login_frame(broker)))["code"] == "200000"
    broker.clock_ms += 1000
    four = [entry("BBO", OKX), entry("BBO", OKX_SPOT)]
    answer = await peer.ask(scene.subscribe(*four))
    assert answer == scene.refused("SUBSCRIBE", 601015, four[1], accepted=(four[0],))
    await peer.leave()


@both
@in_loop
async def test_without_limits_a_bound_stays(broker: Broker, edition: Edition) -> None:
    scene = Scene(broker, edition, LegacySettings(pairs_max=1))
    peer = await scene.peer()
    two = [entry("BBO"), entry("BBO", SPOT)]
    answer = await peer.ask(scene.subscribe(*two))
    assert answer == scene.refused("SUBSCRIBE", 601015, two[1], accepted=(two[0],))
    await peer.leave()


@both
@in_loop
async def test_connections_a_minute_of_an_address(broker: Broker, edition: Edition) -> None:
    scene = Scene(broker, edition, LegacySettings(enforced=True, connections_per_minute=1))
    first = await scene.peer()
    second = await scene.peer()
    assert await second.hear() == unreadable("error", 601010)
    assert await second.ended() == (1008, "too many connections")
    broker.clock_ms += 60_000
    third = await scene.peer()
    assert await third.ask("ping") == "pong"
    for peer in (first, third):
        await peer.leave()


@in_loop
async def test_connections_altogether(broker: Broker) -> None:
    scene = Scene(broker, FIRST, LegacySettings(connections_max=1))
    first = await scene.peer()
    second = Peer(scene.socket)
    assert (await second.opened())["status"] == 429
    assert b'"code":601010' in (await second.message())["body"]
    await first.leave()
    assert scene.socket.connection_count == 0


# ---------------------------------------------------------------- login


@both
@in_loop
async def test_login(broker: Broker, edition: Edition) -> None:
    peer = await Scene(broker, edition).peer()
    success = {"id": None, "event": "login", "code": "200000", "msg": "success"}
    frame = login_frame(broker)
    assert await peer.ask(frame) == success
    assert await peer.ask({"event": "login", "arg": frame["args"]}) == success
    await peer.leave()


LOGIN_REFUSALS = [
    ({"apiKey": "nope"}, 601007),
    ({"sign": "00"}, 601009),
    ({"timestamp": "1"}, 601009),
    ({"timestamp": f"{NOW_MS}"}, 601016),
    ({"sign": None}, 601008),
]


@both
@pytest.mark.parametrize(("changes", "code"), LOGIN_REFUSALS)
@in_loop
async def test_refused_logins(broker: Broker, edition: Edition, changes: Json, code: int) -> None:
    peer = await Scene(broker, edition).peer()
    assert await peer.ask(login_frame(broker, **changes)) == unreadable("login", code)
    await peer.leave()


@in_loop
async def test_logins_a_second_of_a_key(broker: Broker) -> None:
    peer = await Scene(broker, SECOND, logins_per_second=1).peer()
    assert (await peer.ask(login_frame(broker)))["code"] == "200000"
    assert await peer.ask(login_frame(broker, apiKey="nope")) == unreadable("login", 601007)
    assert await peer.ask(login_frame(broker)) == unreadable("login", 601012)
    await peer.leave()


def test_generic_errors() -> None:
    broker = Broker(ApiSettings(generic_socket_errors=True))

    async def ask() -> None:
        peer = await Scene(broker, SECOND).peer()
        failed = {"id": None, "event": "login", "code": "10001", "msg": "auth failed"}
        for changes in ({"apiKey": "nope"}, {"sign": "00"}, {"timestamp": "1"}):
            assert await peer.ask(login_frame(broker, **changes)) == failed
        assert await peer.ask("{") == unreadable("error", 601001)
        await peer.leave()

    broker.runner.run(ask())
    broker.close()


# ---------------------------------------------------------------- slow readers and endings


@in_loop
async def test_a_slow_reader_is_brought_up_to_date(broker: Broker) -> None:
    scene = Scene(broker, SECOND, LegacySettings(conflate_from=2))
    peer, _ = await listening(scene, entry("ORDER_BOOK"))
    peer.reading.clear()
    for lots in range(100, 120):
        scene.market.change(BTC, bids=[(600_000, lots)])
        scene.later(250)
        await asyncio.sleep(0)
    peer.reading.set()
    heard = await peer.hear_all()
    while more := await peer.hear_all():
        heard += more
    assert len(heard) < 8
    assert heard[-1]["data"]["preseqNum"] == 0
    assert heard[-1]["data"]["bids"] == [["60000", "0.119"]]
    await peer.leave()


@both
@in_loop
async def test_silence_and_the_end_of_the_server(broker: Broker, edition: Edition) -> None:
    silent = Scene(broker, edition, LegacySettings(link=LinkSettings(idle_seconds=0.01)))
    peer = await silent.peer(server=Server())
    assert await peer.ended() == (1000, "idle")
    scene = Scene(broker, edition)
    peer = await scene.peer()
    await scene.socket.close_all("server stops")
    assert await peer.ended() == (1001, "server stops")
