"""An incoming order: what it trades with, in which order, and what becomes of the rest."""

from decimal import Decimal

import pytest

from openprime.model.venue import Accepted, Cancelled, Filled, Rejected
from openprime.model.vocabulary import OrderType, TimeInForce
from tests.venues.kit import BUY, MAKER, MARGIN, SELL, SPOT, TAKER, Venue, fills, instruments, kinds

IOC, FOK, GTX = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTX
MARKET = OrderType.MARKET


def test_a_marketable_order_walks_the_displayed_depth_as_taker() -> None:
    venue = Venue(asks=[(100, 5), (101, 5), (103, 5)])
    assert venue.order(1, BUY, 12, 103) == [
        Accepted(1),
        Filled(1, 1, 100, 5, TAKER, done=False),
        Filled(1, 2, 101, 5, TAKER, done=False),
        Filled(1, 3, 103, 2, TAKER, done=True),
    ]


def test_a_sell_walks_the_bids_downwards() -> None:
    venue = Venue(bids=[(100, 5), (98, 5)])
    assert fills(venue.order(1, SELL, 8, 98)) == [(1, 5, 100), (1, 3, 98)]


def test_an_order_does_not_walk_beyond_its_limit_and_rests_with_what_is_left() -> None:
    venue = Venue(asks=[(100, 5), (102, 5)])
    assert fills(venue.order(1, BUY, 8, 101)) == [(1, 5, 100)]
    assert venue.touch() == (101, 102)


def test_what_was_taken_stays_taken() -> None:
    venue = Venue(asks=[(100, 5), (101, 5)])
    venue.order(1, BUY, 4, 100)
    assert fills(venue.order(2, BUY, 3, 101)) == [(2, 1, 100), (2, 2, 101)]
    assert venue.touch() == (None, 101)
    assert venue.exchange.depth(SPOT, SELL, 5) == [(101, 3)]


def test_a_level_that_the_market_names_is_whole_again_and_no_other() -> None:
    venue = Venue(asks=[(100, 5), (101, 5)])
    venue.order(1, BUY, 10, 101)
    venue.change(asks=[(100, 7)])
    assert fills(venue.order(2, BUY, 20, 101, IOC)) == [(2, 7, 100)]


def test_a_snapshot_makes_every_level_whole_again() -> None:
    venue = Venue(asks=[(100, 5), (101, 5)])
    venue.order(1, BUY, 10, 101)
    venue.snapshot([], [(100, 5), (101, 5)])
    assert fills(venue.order(2, BUY, 20, 101, IOC)) == [(2, 5, 100), (2, 5, 101)]


def test_the_touch_looks_past_levels_that_are_taken_whole() -> None:
    venue = Venue(bids=[(99, 1), (98, 1)], asks=[(100, 1), (101, 1)])
    venue.order(1, BUY, 1, 100)
    venue.order(2, SELL, 1, 99)
    assert venue.touch() == (98, 101)
    venue.change(bids=[(98, 0)], asks=[(101, 0), (102, 4)])
    assert venue.touch() == (None, 102)


def test_two_clients_trade_under_one_trade_id_at_the_resting_price() -> None:
    venue = Venue(bids=[(90, 1)], asks=[(110, 1)])
    venue.order(1, SELL, 5, 100)
    assert venue.order(2, BUY, 3, 105) == [
        Accepted(2),
        Filled(2, 1, 100, 3, TAKER, done=True),
        Filled(1, 1, 100, 3, MAKER, done=False),
    ]
    assert venue.order(3, BUY, 4, 100) == [
        Accepted(3),
        Filled(3, 2, 100, 2, TAKER, done=False),
        Filled(1, 2, 100, 2, MAKER, done=True),
    ]
    assert venue.touch() == (100, 110)


def test_clients_trade_by_price_then_time() -> None:
    venue = Venue()
    venue.order(1, SELL, 1, 102)
    venue.order(2, SELL, 1, 101)
    venue.order(3, SELL, 1, 101)
    venue.order(4, SELL, 1, 100)
    makers = [fill[0] for fill in fills(venue.order(5, BUY, 4, 102)) if fill[0] != 5]
    assert makers == [4, 2, 3, 1]


def test_a_line_is_walked_in_time_market_lots_and_clients_alike() -> None:
    venue = Venue(asks=[(100, 4)])
    venue.order(1, SELL, 2, 100)
    venue.change(asks=[(100, 7)])
    venue.order(2, SELL, 2, 100)
    venue.change(asks=[(100, 8)])
    reports = venue.order(3, BUY, 12, 100)
    # 4 of the market, order 1, 3 of the market that came later, order 2, the last of the market
    assert fills(reports) == [
        (3, 4, 100),
        (3, 2, 100), (1, 2, 100),
        (3, 3, 100),
        (3, 2, 100), (2, 2, 100),
        (3, 1, 100),
    ]  # fmt: skip
    assert venue.touch() == (None, None)


def test_a_taker_that_stops_within_the_line_moves_the_others_forward() -> None:
    venue = Venue(asks=[(100, 4)])
    venue.order(1, SELL, 2, 100)
    assert fills(venue.order(2, BUY, 3, 100)) == [(2, 3, 100)]
    assert fills(venue.order(3, BUY, 2, 100)) == [(3, 1, 100), (3, 1, 100), (1, 1, 100)]


def test_spot_and_margin_share_a_book() -> None:
    venue = Venue()
    venue.order(1, SELL, 2, 100, sym=MARGIN)
    assert venue.touch() == (None, 100)
    assert venue.exchange.best_ask(MARGIN) == 100
    assert fills(venue.order(2, BUY, 2, 100, sym=SPOT)) == [(2, 2, 100), (1, 2, 100)]


# ------------------------------------------------------------------ time in force


def test_the_remainder_of_ioc_is_cancelled() -> None:
    venue = Venue(asks=[(100, 5)])
    assert venue.order(1, BUY, 8, 100, IOC) == [
        Accepted(1),
        Filled(1, 1, 100, 5, TAKER, done=False),
        Cancelled(1, requested=False, reason="remainder of an immediate order"),
    ]
    assert venue.exchange.working_orders == 0


def test_ioc_that_meets_nothing_is_cancelled() -> None:
    venue = Venue(asks=[(100, 5)])
    assert kinds(venue.order(1, BUY, 8, 99, IOC)) == ["Accepted", "Cancelled"]


def test_fok_fills_whole_over_levels_and_clients() -> None:
    venue = Venue(asks=[(100, 5), (102, 1)])
    venue.order(1, SELL, 2, 101)
    reports = venue.order(2, BUY, 8, 102, FOK)
    assert sum(lots for order, lots, _ in fills(reports) if order == 2) == 8
    assert kinds(reports)[-1] == "Filled"


def test_fok_that_would_not_fill_whole_trades_nothing() -> None:
    venue = Venue(asks=[(100, 5), (103, 50)])
    venue.order(1, SELL, 2, 101)
    assert venue.order(2, BUY, 8, 102, FOK) == [
        Accepted(2),
        Cancelled(2, requested=False, reason="FOK: cannot be filled whole"),
    ]
    assert venue.exchange.depth(SPOT, SELL, 3) == [(100, 5), (101, 2), (103, 50)]


@pytest.mark.parametrize(("lots", "filled"), [(7, True), (8, False)])
def test_fok_counts_only_what_comes_before_an_own_order(lots: int, filled: bool) -> None:
    venue = Venue(asks=[(100, 4)])
    venue.order(1, SELL, 3, 100)
    venue.order(2, SELL, 9, 100, owner=77)
    venue.change(asks=[(100, 40)])
    reports = venue.order(3, BUY, lots, 100, FOK, owner=77)
    assert (kinds(reports)[-1] == "Filled") is filled


def test_post_only_is_refused_exactly_where_it_would_trade() -> None:
    venue = Venue(bids=[(98, 5)], asks=[(100, 5)])
    assert venue.order(1, BUY, 1, 100, GTX) == [Rejected(1, 401052)]
    assert venue.order(2, BUY, 1, 99, GTX) == [Accepted(2)]
    assert venue.order(3, SELL, 1, 99, GTX) == [Rejected(3, 401052)]
    venue.order(4, BUY, 5, 100)
    assert venue.order(5, BUY, 1, 100, GTX) == [Accepted(5)]


def test_a_market_order_stops_at_its_bound() -> None:
    venue = Venue(asks=[(100, 5), (120, 5)])
    reports = venue.order(1, BUY, 8, 110, IOC, kind=MARKET)
    assert fills(reports) == [(1, 5, 100)]
    assert kinds(reports)[-1] == "Cancelled"


def test_a_market_order_never_rests_whatever_its_time_in_force_says() -> None:
    venue = Venue()
    reports = venue.order(1, BUY, 8, 110, TimeInForce.GTC, kind=MARKET)
    assert kinds(reports) == ["Accepted", "Cancelled"]


# ------------------------------------------------------------------ buying by amount


def _lot_cost(price: int) -> Decimal:
    spot = instruments()[SPOT]
    return spot.price(price) * spot.lot_size


def test_a_buy_by_amount_floors_to_lots_level_by_level_and_is_filled() -> None:
    venue = Venue(asks=[(100, 2), (150, 10)])
    budget = 2 * _lot_cost(100) + 3 * _lot_cost(150) + _lot_cost(149)
    reports = venue.order(1, BUY, 0, 1000, IOC, kind=MARKET, budget=str(budget))
    assert reports == [
        Accepted(1),
        Filled(1, 1, 100, 2, TAKER, done=False),
        Filled(1, 2, 150, 3, TAKER, done=True),
    ]


def test_an_amount_that_buys_no_lot_of_the_next_level_ends_with_the_last_fill() -> None:
    venue = Venue(asks=[(100, 2), (150, 10)])
    budget = 2 * _lot_cost(100) + _lot_cost(149)
    reports = venue.order(1, BUY, 0, 1000, IOC, kind=MARKET, budget=str(budget))
    assert reports[1:] == [Filled(1, 1, 100, 2, TAKER, done=True)]
    assert venue.touch() == (None, 150)


def test_an_amount_below_one_lot_buys_nothing() -> None:
    venue = Venue(asks=[(100, 2)])
    reports = venue.order(1, BUY, 0, 1000, IOC, kind=MARKET, budget=str(_lot_cost(99)))
    assert kinds(reports) == ["Accepted", "Cancelled"]


def test_an_amount_that_the_book_cannot_use_up_is_cancelled() -> None:
    venue = Venue(asks=[(100, 2)])
    reports = venue.order(1, BUY, 0, 1000, IOC, kind=MARKET, budget=str(5 * _lot_cost(100)))
    assert kinds(reports) == ["Accepted", "Filled", "Cancelled"]
    assert venue.order(2, BUY, 0, 1000, IOC, kind=MARKET, budget="1")[-1] == Cancelled(
        2, requested=False, reason="remainder of an immediate order"
    )


def test_a_buy_by_amount_meets_clients_too() -> None:
    venue = Venue(asks=[(100, 2)])
    venue.order(1, SELL, 2, 100)
    venue.change(asks=[(100, 5)])
    budget = 5 * _lot_cost(100)
    reports = venue.order(2, BUY, 0, 1000, IOC, kind=MARKET, budget=str(budget))
    assert fills(reports) == [(2, 2, 100), (2, 2, 100), (1, 2, 100), (2, 1, 100)]
    assert isinstance(reports[-1], Filled)
    assert reports[-1].done


# ------------------------------------------------------------------ self-trade


def test_an_order_that_meets_one_of_its_owner_is_cancelled_after_what_it_filled() -> None:
    venue = Venue(asks=[(100, 5), (102, 5)])
    venue.order(1, SELL, 5, 101, owner=7)
    reports = venue.order(2, BUY, 9, 102, owner=7)
    assert reports == [
        Accepted(2),
        Filled(2, 1, 100, 5, TAKER, done=False),
        Cancelled(2, requested=False, reason="self-trade: the newer order is cancelled"),
    ]
    assert venue.exchange.depth(SPOT, SELL, 3) == [(101, 5), (102, 5)]


def test_an_order_that_is_filled_before_it_meets_its_own_is_filled() -> None:
    venue = Venue(asks=[(100, 5)])
    venue.order(1, SELL, 5, 100, owner=7)
    assert kinds(venue.order(2, BUY, 5, 100, owner=7)) == ["Accepted", "Filled"]


def test_an_own_order_behind_the_limit_is_no_self_trade() -> None:
    venue = Venue()
    venue.order(1, SELL, 5, 101, owner=7)
    assert venue.order(2, BUY, 5, 100, owner=7) == [Accepted(2)]
    assert venue.touch() == (100, 101)
