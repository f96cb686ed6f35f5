"""Continuity: joining a snapshot, holding the chain, and what happens where it breaks."""

from pathlib import Path

from openprime.market.events import DepthChange, DepthSnapshot, MarketTrade
from tests.market.capture_kit import (
    PERP,
    SPOT,
    book_after,
    perp_depth,
    recording,
    snapshot,
    spot_depth,
    trade,
    write,
)

BIDS = [("99.00", "1"), ("98.00", "1")]
ASKS = [("101.00", "1"), ("102.00", "1")]


def test_spot_joins_by_first_id_and_drops_what_the_snapshot_holds(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        spot_depth(1, 4, 1_000, [("97.00", "9")]),
        spot_depth(5, 8, 1_100, [("98.00", "2")]),
        snapshot(6, BIDS, ASKS),
        spot_depth(9, 9, 1_200, [("99.00", "0")]),
    )
    played = recording(SPOT, path)
    events = list(played.events())
    assert [(type(e), e.time_ms) for e in events] == [
        (DepthSnapshot, 1_100),
        (DepthChange, 1_100),
        (DepthChange, 1_200),
    ]
    assert played.gaps == 0
    assert book_after(events).bids == {9_800: 200_000}


def test_futures_join_on_the_id_itself_and_chain_by_pu(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        perp_depth(1, 4, 0, 1_000),
        perp_depth(5, 8, 4, 1_100, [("98.00", "2")]),
        snapshot(8, BIDS, ASKS, time_ms=1_090),
        perp_depth(12, 15, 8, 1_200, [("99.00", "0")]),
    )
    played = recording(PERP, path)
    events = list(played.events())
    # u == lastUpdateId still joins on futures: it counts as applied.
    assert [(type(e), e.time_ms) for e in events] == [
        (DepthSnapshot, 1_090),
        (DepthChange, 1_100),
        (DepthChange, 1_200),
    ]
    assert (played.gaps, played.first_ms, played.last_ms) == (0, 1_090, 1_200)


def test_futures_may_begin_exactly_after_the_snapshot(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(8, BIDS, ASKS, time_ms=1_090),
        perp_depth(12, 15, 8, 1_200, [("99.00", "0")]),
    )
    assert recording(PERP, path).gaps == 0


def test_levels_beyond_the_snapshot_come_and_go(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(6, BIDS, ASKS),
        spot_depth(7, 7, 1_000, [("50.00", "3"), ("40.00", "0")], [("200.00", "4")]),
        spot_depth(8, 8, 1_100, [("50.00", "0")]),
    )
    book = book_after(list(recording(SPOT, path).events()))
    assert book.bids == {9_900: 100_000, 9_800: 100_000}
    assert book.asks == {10_100: 100_000, 10_200: 100_000, 20_000: 400_000}


def test_trades_before_the_first_book_are_not_told(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        trade(1, 900),
        snapshot(6, BIDS, ASKS),
        trade(2, 1_000),
    )
    events = list(recording(SPOT, path).events())
    assert [type(event) for event in events] == [DepthSnapshot, MarketTrade]
    assert [event.time_ms for event in events] == [900, 1_000]


def test_times_never_decrease(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(6, BIDS, ASKS),
        trade(1, 1_000),
        spot_depth(7, 7, 990),
        trade(2, 995),
        trade(3, 1_001),
    )
    times = [event.time_ms for event in recording(SPOT, path).events()]
    assert times == [0, 1_000, 1_000, 1_000, 1_001]


def test_a_gap_waits_for_the_next_snapshot(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(6, BIDS, ASKS),
        spot_depth(7, 7, 1_000),
        spot_depth(10, 12, 1_100, [("98.50", "5")]),
        trade(1, 1_150),
        spot_depth(13, 14, 1_200, [("98.60", "6")]),
        snapshot(12, [("98.50", "5")], [("103.00", "1")]),
        spot_depth(15, 15, 1_300, [("98.70", "7")]),
    )
    played = recording(SPOT, path)
    events = list(played.events())
    assert played.gaps == 1
    assert [(type(e), e.time_ms) for e in events] == [
        (DepthSnapshot, 0),
        (DepthChange, 1_000),
        (MarketTrade, 1_150),
        (DepthSnapshot, 1_200),
        (DepthChange, 1_200),
        (DepthChange, 1_300),
    ]
    book = book_after(events)
    assert book.bids == {9_850: 500_000, 9_860: 600_000, 9_870: 700_000}
    assert book.asks == {10_300: 100_000}


def test_a_gap_without_a_later_snapshot_goes_on_from_what_is_known(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(6, BIDS, ASKS, time_ms=900),
        perp_depth(5, 7, 4, 1_000),
        perp_depth(20, 22, 19, 1_100, [("100.00", "5")]),
        perp_depth(23, 24, 22, 1_200, [("101.50", "6")], [("101.60", "2")]),
    )
    played = recording(PERP, path)
    events = list(played.events())
    assert played.gaps == 1
    assert [type(e) for e in events] == [DepthSnapshot, DepthChange, DepthSnapshot, DepthChange]
    assert events[2] == DepthSnapshot(
        PERP,
        1_100,
        22,
        [(1_000, 5_000), (990, 1_000), (980, 1_000)],
        [(1_010, 1_000), (1_020, 1_000)],
    )
    # The old ask of 101.0 is crossed by the newer bid, so it must have gone in the gap.
    book = book_after(events)
    assert book.best_bid() == (1_015, 6_000)
    assert book.best_ask() == (1_016, 2_000)


def test_after_a_gap_a_newer_ask_takes_the_older_bids_away(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(6, BIDS, ASKS, time_ms=900),
        perp_depth(20, 22, 19, 1_100, asks=[("98.50", "5")]),
    )
    book = book_after(list(recording(PERP, path).events()))
    assert book.best_bid() == (980, 1_000)
    assert book.best_ask() == (985, 5_000)


def test_a_snapshot_in_an_unbroken_chain_changes_nothing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(6, BIDS, ASKS),
        spot_depth(7, 7, 1_000),
        snapshot(7, [("1.00", "1")], []),
        spot_depth(8, 8, 1_100),
    )
    played = recording(SPOT, path)
    assert [type(e) for e in played.events()] == [DepthSnapshot, DepthChange, DepthChange]
    assert played.gaps == 0


def test_a_snapshot_older_than_the_chain_leaves_a_gap(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(2, BIDS, ASKS),
        spot_depth(5, 5, 1_000, [("98.50", "5")]),
        snapshot(4, [("98.00", "3")], ASKS),
        spot_depth(6, 6, 1_100),
    )
    played = recording(SPOT, path)
    events = list(played.events())
    assert played.gaps == 1
    assert book_after(events).bids == {9_800: 300_000, 9_850: 500_000}


def test_several_files_are_one_stream(tmp_path: Path) -> None:
    first = write(tmp_path / "a.gz", snapshot(6, BIDS, ASKS), spot_depth(7, 7, 1_000))
    second = write(tmp_path / "b.gz", spot_depth(7, 7, 1_000), spot_depth(8, 9, 1_100))
    third = write(tmp_path / "c.gz", spot_depth(10, 10, 1_200, [("99.00", "7")]))
    played = recording(SPOT, first, second, third)
    events = list(played.events())
    assert played.gaps == 0
    # The update that both files hold is applied once.
    assert [event.time_ms for event in events] == [0, 1_000, 1_100, 1_200]
    assert book_after(events).best_bid() == (9_900, 700_000)
    assert list(played.events()) == events
