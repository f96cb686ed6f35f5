"""What the channels of the market socket send, and when (websocket 3, resolutions 185 to 194)."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openprime.api.market.channels import read_interval
from openprime.api.market.frames import StepText, gzip_bytes
from openprime.model.numbers import text
from tests.api.kit import BTC, NOW_MS, Broker
from tests.api.market_socket_kit import OKX, SPOT, Scene, candle, entry, subscribe
from tests.api.socket_kit import Json, Peer, in_loop


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


async def listening(scene: Scene, *entries: Json) -> tuple[Peer, list[Json]]:
    """A subscribed client, and what it was shown at once."""
    peer = await scene.peer()
    assert (await peer.ask(subscribe(*entries)))["code"] == 0
    return peer, await peer.hear_all()


@in_loop
async def test_bbo_at_every_change_of_the_best(broker: Broker) -> None:
    scene = Scene(broker)
    peer, shown = await listening(scene, entry("BBO"))
    best = {"bid": "60000", "bidqty": "0.005", "ask": "60000.1", "askqty": "0.007"}
    assert shown == [{"arg": entry("BBO"), "data": best | {"ts": str(NOW_MS)}}]
    scene.market.change(BTC, bids=[(599_000, 5)])
    scene.market.trade(BTC, 1)
    assert await peer.hear_all() == []
    scene.market.change(BTC, bids=[(600_000, 6)])
    (frame,) = await peer.hear_all()
    assert frame["data"]["bidqty"] == "0.006"
    scene.market.change(BTC, bids=[(600_000, 0), (599_000, 0)])
    (frame,) = await peer.hear_all()
    assert (frame["data"]["bid"], frame["data"]["bidqty"]) == ("0", "0")
    await peer.leave()


@in_loop
async def test_trades_one_a_frame(broker: Broker) -> None:
    scene = Scene(broker)
    peer, shown = await listening(scene, entry("TRADE"))
    assert shown == []
    scene.market.trade(BTC, 77)
    scene.market.trade(BTC, 78, ticks=600_001, seller=False)
    first, second = await peer.hear_all()
    assert first["data"] == {
        "price": "60000",
        "qty": "0.003",
        "side": "sell",
        "tradeid": "77",
        "ts": str(NOW_MS),
    }
    assert (second["data"]["price"], second["data"]["side"]) == ("60000.1", "buy")
    await peer.leave()


@in_loop
async def test_a_book_is_a_snapshot_and_then_an_unbroken_chain(broker: Broker) -> None:
    scene = Scene(broker)
    peer, shown = await listening(scene, entry("ORDER_BOOK"))
    (snapshot,) = shown
    assert snapshot["arg"] == entry("ORDER_BOOK", level=50, updatetype="all")
    data = snapshot["data"]
    assert (data["updatetype"], data["pre_seq"], data["num"]) == ("snapshot", "0", "2")
    assert (data["Bids"], data["Asks"]) == ([["60000", "0.005"]], [["60000.1", "0.007"]])
    scene.later(250)
    assert await peer.hear_all() == []

    scene.market.change(BTC, bids=[(600_000, 8), (599_990, 1)])
    scene.market.change(BTC, bids=[(599_990, 2)], asks=[(600_001, 0), (600_005, 4)])
    assert await peer.hear_all() == []
    scene.later(250)
    (update,) = await peer.hear_all()
    assert update["arg"]["updatetype"] == update["data"]["updatetype"] == "update"
    assert update["data"]["pre_seq"] == data["seq"]
    assert int(update["data"]["seq"]) == int(data["seq"]) + 1
    assert update["data"]["Bids"] == [["60000", "0.008"], ["59999", "0.002"]]
    assert update["data"]["Asks"] == [["60000.1", "0"], ["60000.5", "0.004"]]
    assert update["data"]["num"] == "4"
    await peer.leave()


@in_loop
async def test_a_change_that_is_taken_back_is_no_update(broker: Broker) -> None:
    scene = Scene(broker)
    peer, _ = await listening(scene, entry("ORDER_BOOK"))
    scene.market.change(BTC, bids=[(600_000, 8)])
    scene.market.change(BTC, bids=[(600_000, 5)])
    scene.later(250)
    assert await peer.hear_all() == []
    await peer.leave()


@in_loop
async def test_a_level_that_drops_out_of_the_depth_is_removed(broker: Broker) -> None:
    scene = Scene(broker)
    bids = [(600_000 - place, 1) for place in range(60)]
    scene.market.snapshot(BTC, bids, [(600_001, 1)])
    peer, shown = await listening(scene, entry("ORDER_BOOK"), entry("ORDER_BOOK", level=200))
    assert [len(frame["data"]["Bids"]) for frame in shown] == [50, 60]
    assert shown[0]["data"]["Bids"][0] == ["60000", "0.001"]
    scene.market.change(BTC, asks=[(600_001, 0), (600_003, 1)], bids=[(600_001, 2)])
    scene.later(250)
    narrow, wide = await peer.hear_all()
    assert narrow["arg"]["level"] == 50
    assert narrow["data"]["Bids"] == [["60000.1", "0.002"], ["59995.1", "0"]]
    assert wide["data"]["Bids"] == [["60000.1", "0.002"]]
    await peer.leave()


@in_loop
async def test_a_later_client_and_a_repeat_join_the_same_chain(broker: Broker) -> None:
    scene = Scene(broker)
    first, (start,) = await listening(scene, entry("ORDER_BOOK"))
    scene.market.change(BTC, bids=[(600_000, 8)])
    scene.later(250)
    (update,) = await first.hear_all()
    second, (joined,) = await listening(scene, entry("ORDER_BOOK"))
    assert joined["data"]["seq"] == update["data"]["seq"] > start["data"]["seq"]
    assert joined["data"]["Bids"] == [["60000", "0.008"]]
    first.say(subscribe(entry("ORDER_BOOK")))
    acknowledged, again = await first.hear_all()
    assert acknowledged["code"] == 0
    assert again == joined
    scene.market.change(BTC, bids=[(600_000, 9)])
    scene.later(250)
    (one,), (two,) = await first.hear_all(), await second.hear_all()
    assert one == two
    assert one["data"]["pre_seq"] == joined["data"]["seq"]
    await first.leave()
    await second.leave()


@in_loop
async def test_a_stream_that_begins_anew_begins_above(broker: Broker) -> None:
    scene = Scene(broker)
    peer, _ = await listening(scene, entry("ORDER_BOOK"))
    seen = 0
    for lots in range(10, 20):
        scene.market.change(BTC, bids=[(600_000, lots)])
        scene.later(250)
        seen = max(int(frame["data"]["seq"]) for frame in await peer.hear_all())
    await peer.leave()
    peer, (snapshot,) = await listening(scene, entry("ORDER_BOOK"))
    assert int(snapshot["data"]["seq"]) > seen
    await peer.leave()


@in_loop
async def test_ticker_every_two_seconds(broker: Broker) -> None:
    scene = Scene(broker)
    peer, (shown,) = await listening(scene, entry("TICKER"))
    assert shown["data"] == {
        "last": "60100",
        "open24h": "60000",
        "high24h": "60500",
        "low24h": "59000",
        "vol24h": "750000",
        "vol24v": "12.5",
        "chg": "0.00166667",
        "ts": str(NOW_MS),
    }
    scene.later(0)
    await peer.hear_all()
    for _ in range(80):
        scene.later(50)
    assert len(await peer.hear_all()) == 2
    await peer.leave()


@in_loop
async def test_mark_and_index_every_second(broker: Broker) -> None:
    scene = Scene(broker)
    peer, (mark, index) = await listening(scene, entry("MARK_PRICE"), entry("INDEX_PRICE"))
    assert mark["data"] == {"markpx": "60010.12345678", "ts": str(NOW_MS)}
    assert index["data"] == {"indexpx": "60000", "ts": str(NOW_MS)}
    scene.later(0)
    await peer.hear_all()
    for _ in range(20):
        scene.later(50)
    heard = await peer.hear_all()
    assert sorted(frame["arg"]["channel"] for frame in heard) == ["INDEX_PRICE", "MARK_PRICE"]
    await peer.leave()


@in_loop
async def test_open_interest_when_it_changes(broker: Broker) -> None:
    scene = Scene(broker)
    peer, (shown,) = await listening(scene, entry("OPEN_INTEREST"))
    assert shown["data"] == {"open_interest": "1666.667", "ts": str(NOW_MS)}
    scene.later(1000)
    scene.later(1000)
    assert await peer.hear_all() == []
    scene.market.interest = Decimal(1700)
    scene.later(1000)
    (frame,) = await peer.hear_all()
    assert frame["data"]["open_interest"] == "1700"
    await peer.leave()


@pytest.mark.parametrize("channel", ["KLINE", "MARK_PRICE_KLINE", "INDEX_KLINE"])
@in_loop
async def test_candles(broker: Broker, channel: str) -> None:
    scene = Scene(broker)
    minute = NOW_MS - NOW_MS % 60_000
    broker.clock_ms = minute + 58_000
    scene.market.rows = [candle(minute - 60_000), candle(minute)]
    asked = entry(channel, interval="1m")
    peer, (shown,) = await listening(scene, asked)
    row = [minute, "60000", "60200", "59900", "60100", "1.5", False]
    assert shown == {"arg": asked, "data": [row]}
    scene.later(1000)
    assert await peer.hear_all() == []
    # The candle ends with another price, and the next one begins.
    scene.market.rows = [candle(minute, close="60150"), candle(minute + 60_000)]
    scene.later(1000)
    closed, running = await peer.hear_all()
    assert closed["data"] == [[*row[:4], "60150", "1.5", True]]
    assert running["data"] == [[minute + 60_000, *row[1:]]]
    scene.later(1000)
    assert await peer.hear_all() == []
    await peer.leave()


@in_loop
async def test_a_channel_that_fails_falls_silent_and_no_other(broker: Broker) -> None:
    scene = Scene(broker)
    peer, _ = await listening(scene, entry("MARK_PRICE"), entry("INDEX_PRICE"))
    scene.later(0)
    await peer.hear_all()
    scene.market.marks[BTC] = "no number"  # type: ignore[assignment]
    scene.later(1000)
    scene.later(1000)
    heard = await peer.hear_all()
    assert [frame["arg"]["channel"] for frame in heard] == ["INDEX_PRICE", "INDEX_PRICE"]
    await peer.leave()
    assert scene.hub.stream_count == 0


@in_loop
async def test_quantities_of_okx_are_contracts(broker: Broker) -> None:
    scene = Scene(broker)
    peer, (shown,) = await listening(scene, entry("BBO", OKX))
    assert shown["data"]["bidqty"] == "0.05"
    await peer.leave()


@in_loop
async def test_margin_shares_the_book_of_spot(broker: Broker) -> None:
    scene = Scene(broker)
    margin = "BINANCE_MARGIN_BTC_USDT"
    peer, (shown,) = await listening(scene, entry("BBO", margin))
    assert shown["arg"]["sym"] == margin
    scene.market.change(SPOT, bids=[(6_000_000, 9)])
    (frame,) = await peer.hear_all()
    assert frame["arg"]["sym"] == margin
    await peer.leave()


@in_loop
async def test_the_same_bytes_go_to_every_subscriber(broker: Broker) -> None:
    scene = Scene(broker)
    peers = [await scene.peer(binary=True) for _ in range(3)]
    for peer in peers:
        peer.say(subscribe(entry("BBO")))
        await peer.hear_all()
    scene.market.change(BTC, bids=[(600_000, 6)])
    frames = [await peer.message() for peer in peers]
    assert frames[0] is frames[1] is frames[2]
    for peer in peers:
        await peer.leave()


def test_intervals_in_any_case_but_minutes_and_months() -> None:
    assert [read_interval(told) for told in ("1H", "1d", "1W", "1m", "1M", "15m")] == [
        *("1h", "1d", "1w", "1m", "1M", "15m"),
    ]
    bad: list[Any] = ["15M", "7m", "", None, 1, "1mo"]
    assert {read_interval(told) for told in bad} == {None}


@given(
    st.decimals(min_value="0.00000001", max_value=1000, places=8),
    st.integers(min_value=0, max_value=10**12),
)
def test_steps_print_as_decimals_do(step: Decimal, count: int) -> None:
    printed = StepText(step)
    assert printed(count) == text(step * count) == printed(count)


@pytest.mark.parametrize("step", ["1", "10", "0.5", "0.00000001", "100", "0.25"])
def test_steps_of_all_kinds(step: str) -> None:
    for count in (0, 1, 2, 4, 10, 12345):
        assert StepText(Decimal(step))(count) == text(Decimal(step) * count)


@given(st.binary())
def test_packed_frames_unpack(data: bytes) -> None:
    assert gzip.decompress(gzip_bytes(data)) == data
