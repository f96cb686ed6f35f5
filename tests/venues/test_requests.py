"""Cancel, replace, requests told twice, and what the venue remembers."""

from decimal import Decimal

from openprime.model.venue import (
    Accepted,
    Cancelled,
    CancelOrder,
    CancelRefused,
    Filled,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceRefused,
)
from openprime.model.vocabulary import OrderType, TimeInForce
from openprime.venues import SimulatedExchange
from openprime.venues.queue import WorkingOrder
from openprime.venues.register import Register
from tests.venues.kit import BUY, MAKER, PERP, SELL, SPOT, TAKER, Venue, fills, instruments

GTX = TimeInForce.GTX


def test_a_cancel_ends_the_order_and_leaves_nothing_in_the_book() -> None:
    venue = Venue(bids=[(90, 1)])
    venue.order(1, BUY, 5, 100)
    assert venue.touch() == (100, None)
    assert venue.cancel(1) == [Cancelled(1, requested=True)]
    assert venue.touch() == (90, None)
    assert venue.trade(SELL, 100, 100) == []


def test_a_cancel_moves_the_clients_behind_it_forward() -> None:
    venue = Venue()
    venue.order(1, BUY, 5, 100)
    venue.order(2, BUY, 5, 100)
    venue.cancel(1)
    assert fills(venue.trade(SELL, 5, 100)) == [(2, 5, 100)]


def test_a_cancel_of_an_order_that_never_was_is_refused_with_401018() -> None:
    assert Venue().cancel(1) == [CancelRefused(1, 401018)]


def test_a_cancel_of_a_finished_order_is_refused_with_401117() -> None:
    venue = Venue(asks=[(100, 5)])
    venue.order(1, BUY, 5, 100)
    venue.order(2, BUY, 5, 100)
    venue.cancel(2)
    assert venue.cancel(1) == [CancelRefused(1, 401117)]
    assert venue.cancel(2) == [CancelRefused(2, 401117)]


# ------------------------------------------------------------------ replace


def two_bids(lots: int = 5) -> Venue:
    venue = Venue(bids=[(90, 1)], asks=[(110, 5)])
    venue.order(1, BUY, lots, 100)
    venue.order(2, BUY, lots, 100)
    return venue


def first_hit(venue: Venue) -> int:
    return fills(venue.trade(SELL, 1, 100))[0][0]


def test_equal_values_and_less_quantity_keep_the_place() -> None:
    venue = two_bids()
    assert venue.replace(1, lots=5, price=100) == [Replaced(1, 100, 5)]
    assert venue.replace(1, lots=3, price=100) == [Replaced(1, 100, 3)]
    assert venue.exchange.depth(SPOT, BUY, 1) == [(100, 8)]
    assert first_hit(venue) == 1


def test_more_quantity_loses_the_place() -> None:
    venue = two_bids()
    assert venue.replace(1, lots=6, price=100) == [Replaced(1, 100, 6)]
    assert first_hit(venue) == 2


def test_another_price_loses_the_place() -> None:
    venue = two_bids()
    venue.replace(1, lots=5, price=99)
    assert venue.exchange.depth(SPOT, BUY, 3) == [(100, 5), (99, 5), (90, 1)]
    venue.replace(1, lots=5, price=100)
    assert first_hit(venue) == 2


def test_the_new_quantity_is_the_total_fills_included() -> None:
    venue = two_bids()
    venue.trade(SELL, 3, 100)
    assert venue.replace(1, lots=4, price=100) == [Replaced(1, 100, 4)]
    assert fills(venue.trade(SELL, 2, 100)) == [(1, 1, 100), (2, 1, 100)]


def test_a_total_that_is_executed_already_is_refused_with_401005() -> None:
    venue = two_bids()
    venue.trade(SELL, 3, 100)
    assert venue.replace(1, lots=3, price=100) == [ReplaceRefused(1, 401005)]
    assert first_hit(venue) == 1


def test_a_replaced_order_may_cross_and_trade() -> None:
    venue = two_bids()
    assert venue.replace(1, lots=7, price=111) == [
        Replaced(1, 111, 7),
        Filled(1, 1, 110, 5, TAKER, done=False),
    ]
    assert venue.touch() == (111, None)


def test_a_replaced_order_may_be_filled_whole() -> None:
    venue = two_bids()
    assert venue.replace(1, lots=5, price=110)[-1] == Filled(1, 1, 110, 5, TAKER, done=True)
    assert venue.exchange.working_orders == 1


def test_a_post_only_replace_that_would_cross_is_refused_and_changes_nothing() -> None:
    venue = Venue(asks=[(110, 5)])
    venue.order(1, BUY, 5, 100, GTX)
    venue.order(2, BUY, 5, 100)
    assert venue.replace(1, lots=9, price=110) == [ReplaceRefused(1, 401052)]
    assert venue.replace(1, lots=9, price=109) == [Replaced(1, 109, 9)]
    assert venue.touch() == (109, 110)


def test_a_replaced_order_that_meets_its_own_owner_is_cancelled() -> None:
    venue = Venue()
    venue.order(1, BUY, 5, 100, owner=7)
    venue.order(2, SELL, 5, 105, owner=7)
    assert venue.replace(1, lots=5, price=105) == [
        Replaced(1, 105, 5),
        Cancelled(1, requested=False, reason="self-trade: the newer order is cancelled"),
    ]
    assert venue.touch() == (None, 105)


def test_a_replace_of_what_is_not_there_is_refused() -> None:
    venue = two_bids()
    venue.cancel(1)
    assert venue.replace(1, lots=5, price=99) == [ReplaceRefused(1, 401117)]
    assert venue.replace(9, lots=5, price=99) == [ReplaceRefused(9, 401018)]


# ------------------------------------------------------------------ told twice


def test_a_resting_order_told_twice_is_there_once() -> None:
    venue = two_bids()
    assert venue.order(1, BUY, 5, 100) == [Accepted(1)]
    assert venue.exchange.depth(SPOT, BUY, 1) == [(100, 10)]
    assert first_hit(venue) == 1


def test_a_finished_order_told_twice_answers_with_its_end() -> None:
    venue = Venue(asks=[(100, 5)])
    end = venue.order(1, BUY, 5, 100)[-1]
    assert venue.order(1, BUY, 5, 100) == [Accepted(1), end]
    venue.order(2, BUY, 5, 100)
    venue.cancel(2)
    assert venue.order(2, BUY, 5, 100) == [Accepted(2), Cancelled(2, requested=True)]
    assert venue.touch() == (None, None)


def test_a_maker_filled_whole_is_remembered_too() -> None:
    venue = Venue()
    venue.order(1, BUY, 5, 100)
    venue.order(2, SELL, 5, 100)
    assert venue.order(1, BUY, 5, 100)[-1] == Filled(1, 1, 100, 5, MAKER, done=True)


def test_a_rejected_order_told_twice_is_rejected_again() -> None:
    venue = Venue(asks=[(100, 5)])
    venue.order(1, BUY, 5, 100, GTX)
    venue.change(asks=[(100, 0)])
    assert venue.order(1, BUY, 5, 100, GTX) == [Rejected(1, 401052)]


def test_finished_orders_are_forgotten_in_the_end() -> None:
    register = Register(first_trade_id=1, finished_kept=10)
    order = WorkingOrder(1000, SPOT, 1, BUY, 100, 5, post_only=False)
    register.working[1000] = order
    for order_id in range(1000):
        register.finish(order_id, Cancelled(order_id, requested=True))
    remembered = [i for i in range(1001) if register.last_report(i) is not None]
    assert remembered == list(range(990, 1000))
    assert register.present_state(1000) == [Accepted(1000)]


def test_nothing_grows_when_orders_come_and_go() -> None:
    venue = Venue(bids=[(90, 50)], asks=[(110, 50)])
    for order_id in range(300):
        side, price = (BUY, 95) if order_id % 2 else (SELL, 105)
        venue.order(order_id, side, 1, price + order_id % 7)
        venue.cancel(order_id)
    book = venue.exchange._trading_books[SPOT]
    assert venue.exchange.working_orders == 0
    assert book.idle
    assert not book.bids.clients.best_last()


# ------------------------------------------------------------------ symbols and trade ids


def test_an_order_of_a_symbol_without_a_market_is_rejected() -> None:
    venue = Venue()
    assert venue.order(1, BUY, 1, 100, sym=PERP) == [Rejected(1, 400010)]
    assert venue.order(2, BUY, 1, 100, sym="NO_SUCH_SYM") == [Rejected(2, 400010)]
    assert venue.exchange.best_bid(PERP) is None
    assert venue.exchange.best_ask("NO_SUCH_SYM") is None
    assert venue.exchange.depth(PERP, BUY, 5) == []


def test_an_order_for_nothing_is_rejected() -> None:
    venue = Venue(asks=[(100, 5)])
    assert venue.order(1, BUY, 0, 100) == [Rejected(1, 400010)]
    assert venue.touch() == (None, 100)


def test_trade_ids_go_on_from_where_the_caller_says() -> None:
    venue = Venue(asks=[(100, 2)])
    exchange = SimulatedExchange(instruments(), venue.books, first_trade_id=500)
    reports = exchange.handle(
        NewOrder(1, SPOT, 1, BUY, OrderType.LIMIT, TimeInForce.GTC, 100, 1, None)
    )
    assert reports[-1] == Filled(1, 500, 100, 1, TAKER, done=True)
    assert exchange.next_trade_id == 501


def test_a_cancel_needs_no_symbol_to_be_right() -> None:
    venue = Venue()
    venue.order(1, BUY, 1, 100)
    assert venue.exchange.handle(CancelOrder(1, PERP)) == [Cancelled(1, requested=True)]


def test_a_budget_is_counted_exactly() -> None:
    venue = Venue(asks=[(1, 10**12)])
    spot = instruments()[SPOT]
    unit = spot.tick_size * spot.lot_size
    quote = unit * (10**11) - Decimal("1e-18")
    reports = venue.order(1, BUY, 0, 5, TimeInForce.IOC, kind=OrderType.MARKET, budget=f"{quote:f}")
    assert fills(reports) == [(1, 10**11 - 1, 1)]
