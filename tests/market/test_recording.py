"""Recorded feeds: the desk's time line, speed, laps, and recordings side by side."""

from decimal import Decimal
from pathlib import Path

import pytest

from openprime.market.events import DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.feed import Feed
from openprime.market.recording import RecordedFeed, Recording, RecordingError, aligned_feeds
from tests.market.capture_kit import (
    PERP,
    SPOT,
    perp_depth,
    recording,
    snapshot,
    spot_depth,
    trade,
    write,
)
from tests.recordings import reference

BIDS = [("99.00", "1")]
ASKS = [("101.00", "1")]


def spot_recording(folder: Path) -> Recording:
    """A book at 1,000 ms, changes at 1,100 and 1,300, a trade at 1,200."""
    path = write(
        folder / "spot.gz",
        spot_depth(1, 5, 1_000),
        snapshot(6, BIDS, ASKS),
        spot_depth(7, 7, 1_100, [("99.00", "2")]),
        trade(11, 1_200),
        spot_depth(8, 8, 1_300, [("99.00", "3")]),
    )
    return recording(SPOT, path)


def times(events: list[MarketEvent]) -> list[int]:
    return [event.time_ms for event in events]


def ids(events: list[MarketEvent]) -> list[int]:
    return [e.trade_id if isinstance(e, MarketTrade) else e.update_id for e in events]


def test_events_come_when_they_are_due(tmp_path: Path) -> None:
    feed: Feed = RecordedFeed(spot_recording(tmp_path), start_ms=50_000)
    assert feed.syms == (SPOT,)
    assert feed.pull(49_999) == []
    first = feed.pull(50_000)
    assert times(first) == [50_000]
    assert isinstance(first[0], DepthSnapshot)
    assert feed.pull(50_099) == []
    assert times(feed.pull(50_250)) == [50_100, 50_200]
    assert times(feed.pull(50_300)) == [50_300]


@pytest.mark.parametrize(
    ("speed", "expected"),
    [
        (2, [0, 50, 100, 150]),
        (Decimal("0.5"), [0, 200, 400, 600]),
        (0.1, [0, 1_000, 2_000, 3_000]),
        (Decimal(3), [0, 33, 66, 100]),
    ],
)
def test_speed_shortens_the_time_between(
    tmp_path: Path, speed: Decimal | float, expected: list[int]
) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0, speed=speed)
    assert times(feed.pull(expected[-1], limit=4)) == expected


def test_speed_zero_gives_as_much_as_is_asked(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0, speed=0)
    assert times(feed.pull(70, limit=3)) == [70, 70, 70]
    assert times(feed.pull(70, limit=3)) == [70, 70, 70]
    assert feed.laps == 1
    assert times(feed.pull(90, limit=2)) == [90, 90]


def test_a_negative_speed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a speed of 0 or more, was -1"):
        RecordedFeed(spot_recording(tmp_path), start_ms=0, speed=-1)


def test_the_limit_leaves_the_rest_for_the_next_pull(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0)
    assert times(feed.pull(300, limit=2)) == [0, 100]
    assert times(feed.pull(300, limit=2)) == [200, 300]


def test_the_end_is_followed_by_the_beginning(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0)
    first = feed.pull(300)
    assert feed.laps == 0
    second = feed.pull(601)
    assert feed.laps == 1
    assert [type(event) for event in second] == [type(event) for event in first]
    assert times(second) == [301, 401, 501, 601]
    assert ids(first) == [6, 7, 11, 8]
    assert ids(second) == [9, 10, 12, 11]
    assert second[0].bids == first[0].bids  # type: ignore[union-attr]
    assert len(feed.pull(3_000_000)) == 10_000
    assert feed.laps == 2_501


def test_times_and_ids_rise_over_laps(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0, speed=7)
    events = feed.pull(2_000)
    assert times(events) == sorted(times(events))
    for kind in (True, False):
        kind_ids = ids([event for event in events if isinstance(event, MarketTrade) is kind])
        assert kind_ids == sorted(set(kind_ids))


def test_the_first_update_of_futures_gets_an_id_of_its_own(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(8, BIDS, ASKS, time_ms=1_000),
        perp_depth(5, 8, 4, 1_100),
        perp_depth(12, 15, 8, 1_200),
    )
    feed = RecordedFeed(recording(PERP, path), start_ms=0)
    assert ids(feed.pull(200)) == [8, 9, 15]


def test_what_lies_before_the_origin_is_in_the_first_book(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0, origin_market_ms=1_150)
    first, second = feed.pull(50)
    assert first == DepthSnapshot(SPOT, 0, 7, [(9_900, 200_000)], [(10_100, 100_000)])
    assert (type(second), second.time_ms) == (MarketTrade, 50)


def test_an_origin_before_the_recording_makes_it_begin_later(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0, origin_market_ms=600)
    assert feed.pull(399) == []
    assert times(feed.pull(500)) == [400, 500]


def test_an_origin_after_the_recording_is_its_last_book(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0, origin_market_ms=5_000, lap_ms=1_000)
    assert times(feed.pull(1_000)) == [0, 1_000]
    assert feed.pull(2_000)[0].bids == [(9_900, 300_000)]  # type: ignore[union-attr]


def test_a_lap_may_end_before_the_recording(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0, lap_ms=150)
    assert times(feed.pull(399)) == [0, 100, 150, 250, 300]


def test_the_desk_clock_may_jump_while_the_market_stands_still(tmp_path: Path) -> None:
    feed = RecordedFeed(spot_recording(tmp_path), start_ms=0)
    feed.pull(100)
    feed.advance(3_600_000)
    assert feed.pull(3_600_100) == []
    assert times(feed.pull(3_600_200)) == [3_600_200]


def perp_file(folder: Path, begin_ms: int, end_ms: int) -> Path:
    return write(
        folder / "perp.gz",
        snapshot(8, BIDS, ASKS, time_ms=begin_ms),
        perp_depth(5, 9, 4, end_ms),
    )


def spot_file(folder: Path, begin_ms: int, end_ms: int) -> Path:
    return write(
        folder / "spot.gz",
        spot_depth(1, 1, begin_ms),
        snapshot(6, BIDS, ASKS),
        spot_depth(7, 7, begin_ms + 100),
        spot_depth(8, 8, end_ms),
    )


def test_recordings_side_by_side_keep_their_market_time(tmp_path: Path) -> None:
    files = {
        PERP: [perp_file(tmp_path, 1_250, 1_700)],
        SPOT: [spot_file(tmp_path, 1_000, 1_900)],
    }
    perp, spot = aligned_feeds(files, reference().instruments, start_ms=0)
    # Both books are there at the start, and market time 1,700 is one moment for both.
    assert times(perp.pull(450)) == [0, 450]
    assert times(spot.pull(650)) == [0, 650]
    # Both begin their second lap when the longer has ended.
    assert times(perp.pull(651)) == [651]
    assert times(spot.pull(651)) == [651]


def test_recordings_without_a_common_time_are_refused(tmp_path: Path) -> None:
    files = {
        PERP: [perp_file(tmp_path, 5_000, 6_000)],
        SPOT: [spot_file(tmp_path, 1_000, 2_000)],
    }
    with pytest.raises(RecordingError) as caught:
        aligned_feeds(files, reference().instruments, start_ms=0)
    assert str(caught.value) == (
        f"expected recordings with a time in common, found {SPOT} ending at 2000 ms "
        f"and {PERP} beginning at 5000 ms"
    )


def test_no_recordings_are_no_feeds() -> None:
    assert aligned_feeds({}, reference().instruments, start_ms=0) == []
