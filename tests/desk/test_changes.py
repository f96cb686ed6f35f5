"""What clients ask of orders at work: by which name they find them, and what speaks against it."""

from decimal import Decimal as D

import pytest

from openprime.desk import commands as c
from openprime.desk.margin import refresh
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order
from openprime.errors import message
from openprime.model.venue import (
    Accepted,
    Cancelled,
    CancelRefused,
    NewOrder,
    Replaced,
    ReplaceRefused,
)
from openprime.model.venue import CancelOrder as VenueCancel
from openprime.model.vocabulary import Actor, Exchange, OrderAction, OrderState
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit

OKX_PERP = "OKX_PERP_BTC_USDT"


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    for exchange in Exchange.BINANCE, Exchange.OKX:
        desk.cash("USDT", 100_000, exchange)
    desk.index("BTC", 60000)
    for sym in BTC_PERP, OKX_PERP:
        desk.mark(sym, 60000)
    return desk


def cancel(kit: DeskKit, order_id: int | None, name: str = "") -> Outcome:
    return kit.do(c.CancelOrder(kit.portfolio_id, order_id, name))


def replace(
    kit: DeskKit, order_id: int | None, price: object = None, quantity: object = None
) -> Outcome:
    asked = [None if value is None else D(str(value)) for value in (price, quantity)]
    return kit.do(c.ReplaceOrder(kit.portfolio_id, order_id, "", *asked))


def refused(kit: DeskKit, outcome: Outcome, code: int) -> None:
    """A refusal of this code, that told the venue nothing."""
    assert kit.code(outcome) == code
    assert (outcome.events, outcome.requests) == ([], [])


def stuck(kit: DeskKit, order: Order) -> Order:
    """The order, that gave way to others, after the venue refused to end it."""
    assert order.action is OrderAction.CANCEL_PENDING
    kit.report(CancelRefused(order.order_id, 401019))
    return order


# -- which order is meant


def test_an_order_is_found_by_its_client_s_id_alone(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.1", 60000, client_order_id="mine")
    outcome = cancel(kit, None, "mine")
    assert outcome.requests == [VenueCancel(order.order_id, BTC_PERP)]
    assert order.action is OrderAction.CANCEL_PENDING


def test_both_ids_must_agree(kit: DeskKit) -> None:
    mine = kit.rest(BTC_PERP, "BUY", "0.1", 60000, client_order_id="mine")
    other = kit.rest(BTC_PERP, "BUY", "0.1", 59000)
    refused(kit, cancel(kit, other.order_id, "mine"), 401018)
    assert cancel(kit, mine.order_id, "mine").refusal is None


def test_a_name_that_nobody_used(kit: DeskKit) -> None:
    refused(kit, cancel(kit, None, "nobody"), 401018)
    refused(kit, cancel(kit, None), 401018)


def test_a_name_outlives_its_order_which_has_ended(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.1", 60000, client_order_id="mine")
    kit.report(Cancelled(order.order_id, requested=False))
    refused(kit, cancel(kit, None, "mine"), 401117)


def test_what_is_not_there_cannot_be_replaced(kit: DeskKit) -> None:
    refused(kit, replace(kit, 12, 60001), 401018)


def test_cancel_all_keeps_to_the_exchange_that_is_named(kit: DeskKit) -> None:
    here = kit.rest(BTC_PERP, "BUY", "0.1", 60000)
    there = kit.rest(OKX_PERP, "BUY", 1, 60000)
    outcome = kit.do(c.CancelOrders(kit.portfolio_id, Exchange.OKX, None))
    assert outcome.requests == [VenueCancel(there.order_id, OKX_PERP)]
    assert here.action is not OrderAction.CANCEL_PENDING


# -- what speaks against a change


def test_a_change_is_margined_as_a_new_order_would_be(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.1", 60000)
    refused(kit, replace(kit, order.order_id, quantity=10), 401058)
    assert (order.quantity, order.amendment) == (D("0.1"), None)


def test_a_reduce_only_order_without_a_position_to_close(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, 1, 60000)
    order = kit.rest(BTC_PERP, "SELL", 1, 61000, reduce_only=True)
    kit.trade(BTC_PERP, "SELL", 1, 60000)
    refused(kit, replace(kit, stuck(kit, order).order_id, 61001), 401048)


def test_a_reduce_only_order_whose_position_has_turned(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, 1, 60000)
    order = kit.rest(BTC_PERP, "SELL", 1, 61000, reduce_only=True)
    kit.trade(BTC_PERP, "SELL", 2, 60000)
    refused(kit, replace(kit, stuck(kit, order).order_id, 61001), 401048)


def test_a_reduce_only_order_moved_behind_others_that_close_all(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, 1, 60000)
    order = kit.rest(BTC_PERP, "SELL", 1, 61000, reduce_only=True)
    kit.rest(BTC_PERP, "SELL", 1, 61500)
    refused(kit, replace(kit, order.order_id, 62000), 401059)
    assert replace(kit, order.order_id, 61400).refusal is None


# -- what the venue says to it


def test_a_venue_that_will_not_cancel_says_why_and_the_order_works_on(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.1", 60000)
    cancel(kit, order.order_id)
    kit.report(CancelRefused(order.order_id, 401019))
    assert order.state is OrderState.OPEN
    assert (order.action, order.action_message) == (OrderAction.CANCEL_FAILED, message(401019))
    assert cancel(kit, order.order_id).refusal is None


def test_an_order_confirmed_twice_is_told_of_once(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.1", 60000)
    assert kit.report(Accepted(order.order_id)).events == []


@pytest.mark.parametrize("late", [Replaced, ReplaceRefused])
def test_a_late_word_about_a_change_that_nobody_waits_for(kit: DeskKit, late: type) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.1", 60000)
    said = Replaced(order.order_id, 610000, 100)
    outcome = kit.report(said if late is Replaced else ReplaceRefused(order.order_id, 401117))
    assert outcome.events == []
    assert (order.limit_price, order.state) == (D(60000), OrderState.OPEN)


def test_an_order_that_fills_while_a_change_to_less_is_under_way_is_filled(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", 1, 60000)
    replace(kit, order.order_id, quantity="0.5")
    kit.fill(order, 60000, "0.7")
    assert (order.state, order.executed_quantity) == (OrderState.FILLED, D("0.7"))
    assert order.amendment is None
    assert kit.account().perp_margin == kit.account().exposures[BTC_PERP].initial_margin


@pytest.mark.parametrize("sym", [BTC_PERP, BTC_SPOT])
def test_an_order_that_ends_while_a_change_is_under_way_leaves_nothing_reserved(
    kit: DeskKit, sym: str
) -> None:
    order = kit.rest(sym, "BUY", 1, 60000)
    replace(kit, order.order_id, quantity="1.5")
    kit.report(Cancelled(order.order_id, requested=False))
    assert (order.state, order.amendment) == (OrderState.CANCELLED, None)
    assert order.cancel_type is Actor.SYSTEM
    kit.mark(BTC_PERP, 60001)
    account = kit.account()
    assert (account.perp_margin, account.wallets["USDT"].order_frozen) == (0, 0)


def test_after_a_restart_a_cancel_under_way_is_asked_for_again(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.1", 60000)
    cancel(kit, order.order_id)
    told, ended = kit.do(c.ResumeOrders()).requests
    assert isinstance(told, NewOrder)
    assert told.resumed
    assert ended == VenueCancel(order.order_id, BTC_PERP)


def test_more_filled_than_a_change_to_less_leaves_counts_for_what_it_is(kit: DeskKit) -> None:
    """Until the venue confirms the change, the order has less than nothing left."""
    order = kit.rest(BTC_PERP, "BUY", 1, 60000)
    replace(kit, order.order_id, quantity="0.5")
    kit.fill(order, 60000, "0.7", done=False)
    exposure = kit.account().exposures[BTC_PERP]
    refresh(kit.desk.turn, kit.account())
    assert exposure.initial_margin * exposure.leverage == 42_000 == exposure.position_value
    kit.report(Replaced(order.order_id, 600_000, 700))
