"""A resting order while the market moves: when it comes forward, and what fills it."""

import pytest

from openprime.market.events import DepthChange
from openprime.model.venue import Accepted, Filled
from tests.venues.kit import BUY, MAKER, PERP, SELL, SPOT, TAKER, Venue, fills

PROBE_LOTS = 100_000


def resting(ahead: int, behind: int = 0) -> Venue:
    """A large bid at 100 with market lots before and behind it."""
    venue = Venue(bids=[(100, ahead)] if ahead else [(90, 1)], asks=[(110, 50)])
    venue.order(1, BUY, 2 * PROBE_LOTS, 100)
    if behind:
        venue.change(bids=[(100, ahead + behind)])
    return venue


def ahead_of(venue: Venue, order_id: int = 1) -> int:
    """How many lots of the market still stand before the order, told by a large trade."""
    probe = [fill for fill in fills(venue.trade(SELL, PROBE_LOTS, 100)) if fill[0] == order_id]
    return PROBE_LOTS - probe[0][1]


def test_it_waits_behind_the_quantity_displayed_when_it_arrived() -> None:
    venue = Venue(bids=[(100, 10)])
    venue.order(1, BUY, 5, 100)
    assert venue.trade(SELL, 10, 100) == []
    assert venue.trade(SELL, 2, 100) == [Filled(1, 1, 100, 2, MAKER, done=False)]
    assert venue.trade(SELL, 9, 100) == [Filled(1, 2, 100, 3, MAKER, done=True)]
    assert venue.exchange.working_orders == 0


def test_one_trade_uses_up_what_is_before_it_and_fills_it_with_the_rest() -> None:
    assert ahead_of(resting(ahead=10)) == 10


def test_it_waits_only_behind_what_clients_left_of_the_level() -> None:
    venue = Venue(bids=[(100, 10)])
    venue.order(2, SELL, 4, 100)
    venue.order(1, BUY, 2 * PROBE_LOTS, 100)
    assert ahead_of(venue) == 6


def test_what_a_client_takes_before_it_brings_it_forward() -> None:
    venue = resting(ahead=10, behind=10)
    venue.order(2, SELL, 4, 100)
    venue.change(bids=[(100, 20)])
    assert ahead_of(venue) == 6


def test_a_trade_whose_aggressor_is_on_its_own_side_does_not_touch_it() -> None:
    venue = resting(ahead=0)
    assert venue.trade(BUY, 50, 100) == []
    assert venue.trade(BUY, 50, 99) == []


def test_a_trade_at_a_worse_price_for_the_aggressor_does_not_touch_it() -> None:
    assert resting(ahead=0).trade(SELL, 50, 101) == []


def test_orders_at_one_price_are_hit_in_time_with_the_market_between_them() -> None:
    venue = Venue(bids=[(100, 10)])
    venue.order(1, BUY, 5, 100)
    venue.change(bids=[(100, 14)])
    venue.order(2, BUY, 5, 100)
    # 10 of the market, 5 of order 1, 4 of the market, 1 of order 2
    assert fills(venue.trade(SELL, 20, 100)) == [(1, 5, 100), (2, 1, 100)]


def test_another_symbol_does_not_touch_it() -> None:
    venue = resting(ahead=0)
    assert venue.exchange.on_market(DepthChange(PERP, 1, 1, [], [(50, 5)])) == []


# ------------------------------------------------------------------ book changes


def test_new_quantity_joins_behind_it() -> None:
    venue = resting(ahead=10)
    venue.change(bids=[(100, 500)])
    assert ahead_of(venue) == 10


def test_a_fall_without_a_trade_is_spread_over_the_line() -> None:
    venue = resting(ahead=10, behind=30)
    venue.change(bids=[(100, 20)])
    assert ahead_of(venue) == 5


def test_the_spread_is_rounded_against_the_client() -> None:
    venue = resting(ahead=10, behind=30)
    venue.change(bids=[(100, 39)])
    assert ahead_of(venue) == 10


def test_it_never_stands_behind_more_than_is_displayed() -> None:
    venue = resting(ahead=10, behind=1)
    for displayed in range(10, 2, -1):
        venue.change(bids=[(100, displayed)])
    assert ahead_of(venue) == 3


def test_a_level_that_leaves_the_book_leaves_it_in_front() -> None:
    venue = resting(ahead=10, behind=30)
    venue.change(bids=[(100, 0)])
    venue.change(bids=[(100, 80)])
    assert ahead_of(venue) == 0


def test_a_change_that_shows_a_trade_does_not_count_twice() -> None:
    venue = resting(ahead=10, behind=10)
    venue.trade(SELL, 4, 100)
    venue.change(bids=[(100, 16)])
    assert ahead_of(venue) == 6


def test_what_falls_beyond_the_trades_is_spread() -> None:
    venue = resting(ahead=10, behind=10)
    venue.trade(SELL, 4, 100)
    venue.change(bids=[(100, 8)])
    assert ahead_of(venue) == 3


def test_new_quantity_that_hides_a_trade_joins_behind() -> None:
    venue = resting(ahead=10, behind=10)
    venue.trade(SELL, 4, 100)
    venue.change(bids=[(100, 25)])
    assert ahead_of(venue) == 6


def test_a_trade_told_after_the_change_that_shows_it_counts_once() -> None:
    venue = resting(ahead=10, behind=30)
    traded_at_ms = venue.time_ms + 5
    venue.change(bids=[(100, 32)])
    # The fall of 8 looked like cancels and moved it by 2; the trade says that it was 8 in front.
    assert venue.trade(SELL, 8, 100, time_ms=traded_at_ms) == []
    assert ahead_of(venue) == 2


def test_only_as_much_as_the_late_trade_explains_is_taken_back() -> None:
    venue = resting(ahead=20, behind=20)
    traded_at_ms = venue.time_ms + 5
    venue.change(bids=[(100, 32)])  # 8 fewer: forward by 4
    venue.trade(SELL, 2, 100, time_ms=traded_at_ms)  # 1 of the 4 taken back, then 2 forward
    assert ahead_of(venue) == 15


def test_a_late_trade_leaves_the_displayed_quantity_alone() -> None:
    venue = resting(ahead=10, behind=10)
    traded_at_ms = venue.time_ms + 5
    venue.change(bids=[(100, 16)])
    venue.trade(SELL, 4, 100, time_ms=traded_at_ms)
    venue.change(bids=[(100, 16)])
    assert ahead_of(venue) == 6


def test_a_late_trade_that_new_quantity_hid_leaves_the_displayed_quantity_alone() -> None:
    venue = resting(ahead=10, behind=10)
    traded_at_ms = venue.time_ms + 5
    venue.change(bids=[(100, 20)])  # 4 traded, 4 came
    venue.trade(SELL, 4, 100, time_ms=traded_at_ms)
    venue.change(bids=[(100, 10)])  # of 20 again, not of 16
    assert ahead_of(venue) == 3


def test_a_trade_older_than_the_order_does_not_touch_it() -> None:
    venue = Venue(bids=[(100, 10)])
    before_ms = venue.time_ms - 1
    venue.order(1, BUY, 5, 100)
    venue.order(2, BUY, 5, 101)
    assert venue.trade(SELL, 50, 100, time_ms=before_ms) == []
    assert fills(venue.trade(SELL, 11, 100)) == [(2, 5, 101), (1, 1, 100)]


def test_a_snapshot_counts_like_a_change() -> None:
    venue = resting(ahead=10, behind=30)
    venue.snapshot([(100, 20), (99, 1)], [(110, 1)])
    assert ahead_of(venue) == 5


def test_a_snapshot_is_silent_beyond_its_last_level() -> None:
    venue = resting(ahead=10, behind=30)
    venue.snapshot([(102, 20), (101, 1)], [(110, 1)])
    venue.change(bids=[(100, 40)])
    assert ahead_of(venue) == 10


def test_a_level_missing_within_a_snapshot_is_gone() -> None:
    venue = resting(ahead=10, behind=30)
    venue.snapshot([(102, 20), (99, 1)], [(110, 1)])
    assert ahead_of(venue) == 0


# ------------------------------------------------------------------ through and across


@pytest.mark.parametrize("lots", [1, 500])
def test_a_trade_through_its_price_fills_it_whole_at_its_own_price(lots: int) -> None:
    venue = Venue(bids=[(100, 10)])
    venue.order(1, BUY, 5, 100)
    venue.order(2, BUY, 5, 101)
    venue.order(3, BUY, 5, 98)
    assert venue.trade(SELL, lots, 99) == [
        Filled(2, 1, 101, 5, MAKER, done=True),
        Filled(1, 2, 100, 5, MAKER, done=True),
    ]


def test_a_resting_sell_is_filled_by_a_buyer_who_trades_through() -> None:
    venue = Venue(asks=[(100, 10)])
    venue.order(1, SELL, 5, 100)
    assert fills(venue.trade(BUY, 10, 100)) == []
    assert fills(venue.trade(BUY, 1, 101)) == [(1, 5, 100)]


def test_a_market_that_moves_across_its_price_fills_it_as_maker() -> None:
    venue = Venue(bids=[(100, 10)], asks=[(102, 5)])
    venue.order(1, BUY, 8, 101)
    reports = venue.change(bids=[(100, 0)], asks=[(99, 3), (100, 2), (101, 9)])
    assert reports == [
        Filled(1, 1, 101, 3, MAKER, done=False),
        Filled(1, 2, 101, 2, MAKER, done=False),
        Filled(1, 3, 101, 3, MAKER, done=True),
    ]
    assert venue.exchange.depth(SPOT, SELL, 2) == [(101, 6), (102, 5)]


def test_what_it_was_given_then_is_taken() -> None:
    venue = Venue(bids=[(90, 1)], asks=[(105, 5)])
    venue.order(1, BUY, 8, 101)
    assert fills(venue.change(asks=[(100, 3)])) == [(1, 3, 101)]
    assert venue.change(asks=[(107, 3)]) == []
    assert venue.touch() == (101, 105)
    assert fills(venue.change(asks=[(100, 4)])) == [(1, 4, 101)]


def test_a_resting_sell_is_filled_by_bids_that_come_across() -> None:
    venue = Venue(bids=[(99, 5)], asks=[(110, 5)])
    venue.order(1, SELL, 4, 100)
    venue.order(2, SELL, 4, 100)
    assert fills(venue.snapshot([(101, 6)], [(110, 5)])) == [(1, 4, 100), (2, 2, 100)]
    assert venue.touch() == (None, 100)


# ------------------------------------------------------------------ after a restart


def test_a_resumed_order_rests_at_the_back() -> None:
    venue = Venue(bids=[(100, 10)])
    assert venue.order(1, BUY, 2 * PROBE_LOTS, 100, resumed=True) == [Accepted(1)]
    assert ahead_of(venue) == 10


def test_a_resumed_order_that_crosses_now_is_filled_as_maker_at_its_own_price() -> None:
    venue = Venue(asks=[(99, 3), (105, 3)])
    assert venue.order(1, BUY, 5, 100, resumed=True) == [
        Accepted(1),
        Filled(1, 1, 100, 3, MAKER, done=False),
    ]
    assert venue.touch() == (100, 105)


def test_whom_a_resumed_order_meets_is_the_taker() -> None:
    venue = Venue()
    venue.order(2, SELL, 5, 99)
    assert venue.order(1, BUY, 2, 100, resumed=True) == [
        Accepted(1),
        Filled(1, 1, 100, 2, MAKER, done=True),
        Filled(2, 1, 100, 2, TAKER, done=False),
    ]
