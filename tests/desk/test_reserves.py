"""What orders hold back, and what happens where it was taken (errors 6.4)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from openprime.desk import commands as c
from openprime.desk.ledger import SEIZED
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order, Wallet
from openprime.errors import message
from openprime.model.venue import Cancelled, Replaced, ReplaceOrder, ReplaceRefused
from openprime.model.vocabulary import Exchange, OrderAction, OrderState
from tests.desk.kit import BTC_SPOT, DeskKit

D = Decimal
TEXT = "Insufficient frozen"


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 100_000)
    desk.cash("BTC", 5)
    desk.index("BTC", 60000)
    desk.index("USDT", 1)
    desk.quote(BTC_SPOT, "59999", "60001")
    return desk


def usdt(kit: DeskKit) -> Wallet:
    return kit.account().wallets["USDT"]


def seize(kit: DeskKit, coin: str, amount: object) -> Outcome:
    return kit.do(c.SeizeFrozen(kit.portfolio_id, Exchange.BINANCE, coin, D(str(amount))))


def replace(kit: DeskKit, order: Order, price: object = None, quantity: object = None) -> Outcome:
    return kit.do(
        c.ReplaceOrder(
            kit.portfolio_id,
            order.order_id,
            "",
            D(str(price)) if price else None,
            D(str(quantity)) if quantity else None,
        )
    )


def reserves_hold(kit: DeskKit) -> None:
    """What wallets hold back is the sum of the orders' reserves, and nothing is below zero."""
    held: dict[str, Decimal] = {}
    for order in kit.desk.state.orders.values():
        assert order.frozen >= 0
        held[order.frozen_coin] = held.get(order.frozen_coin, D(0)) + order.frozen
    for coin, wallet in kit.account().wallets.items():
        assert wallet.order_frozen == held.get(coin, 0)
        assert wallet.transfer_frozen >= 0


def test_seized_money_leaves_the_oldest_reserve_first(kit: DeskKit) -> None:
    first = kit.rest(BTC_SPOT, "SELL", 1, 60500)
    second = kit.rest(BTC_SPOT, "SELL", 2, 60600)
    seize(kit, "BTC", "1.5")
    assert (first.frozen, first.seized) == (0, 1)
    assert (second.frozen, second.seized) == (D("1.5"), D("0.5"))
    assert kit.account().wallets["BTC"].cash == D("3.5")
    assert kit.desk.state.house[SEIZED]["BTC"] == D("1.5")
    reserves_hold(kit)


def test_more_than_is_held_back_cannot_be_seized(kit: DeskKit) -> None:
    kit.rest(BTC_SPOT, "SELL", 1, 60500)
    before = kit.desk.snapshot()
    assert kit.code(seize(kit, "BTC", "1.1")) == 401057
    assert kit.code(seize(kit, "ETH", 1)) == 401057
    assert kit.code(kit.do(c.SeizeFrozen(1, Exchange.BINANCE, "BTC", D(1)))) == 402006
    assert kit.desk.snapshot() == before


def test_an_order_whose_reserve_was_seized_cannot_be_replaced(kit: DeskKit) -> None:
    order = kit.rest(BTC_SPOT, "BUY", "0.1", 59000)
    seize(kit, "USDT", 1)
    before = kit.desk.snapshot()
    outcome = replace(kit, order, quantity="0.05")
    assert kit.code(outcome) == 401057
    assert message(401057) == TEXT
    assert kit.desk.snapshot() == before


def test_a_cancelled_order_tells_that_its_reserve_was_seized(kit: DeskKit) -> None:
    order = kit.rest(BTC_SPOT, "BUY", "0.1", 59000)
    other = kit.rest(BTC_SPOT, "BUY", "0.1", 58000)
    seize(kit, "USDT", 100)
    kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
    outcome = kit.report(Cancelled(order.order_id, requested=True))
    told = outcome.events[0].order  # type: ignore[union-attr]
    assert (told.state, told.reason, told.reason_code) == (OrderState.CANCELLED, TEXT, 401057)
    reserves_hold(kit)
    outcome = kit.report(Cancelled(other.order_id, requested=True))
    assert outcome.events[0].order.reason == ""  # type: ignore[union-attr]
    assert usdt(kit).order_frozen == 0


def test_what_is_left_of_a_seized_reserve_is_used_by_fills(kit: DeskKit) -> None:
    order = kit.rest(BTC_SPOT, "BUY", "0.2", 59000)
    seize(kit, "USDT", 3000)
    kit.fill(order, 59000, "0.1", done=False)
    reserves_hold(kit)
    assert order.seized == 3000
    outcome = kit.fill(order, 59000, "0.1")
    told = next(e.order for e in outcome.events if hasattr(e, "order"))
    assert (told.state, told.reason) == (OrderState.FILLED, "")
    assert usdt(kit).order_frozen == 0


def test_a_late_fill_that_uses_more_than_the_change_reserved(kit: DeskKit) -> None:
    order = kit.rest(BTC_SPOT, "BUY", "0.2", 59000)
    assert replace(kit, order, price=50000, quantity="0.15").refusal is None
    assert order.action is OrderAction.AMEND_PENDING
    outcome = kit.fill(order, 59000, "0.1", done=False)
    assert order.action is OrderAction.AMEND_FAILED
    assert order.action_message == TEXT
    assert (order.limit_price, order.quantity, order.amendment) == (59000, D("0.2"), None)
    assert order.frozen == D("0.1") * 59000 * D("1.001")
    (undo,) = outcome.requests
    assert undo == ReplaceOrder(order.order_id, BTC_SPOT, 5900000, 20000)
    reserves_hold(kit)
    # The venue makes the change, then takes it back: both are old news.
    kit.report(Replaced(order.order_id, 5000000, 15000), Replaced(order.order_id, 5900000, 20000))
    assert (order.limit_price, order.quantity) == (59000, D("0.2"))


def test_a_late_fill_of_all_ends_the_order(kit: DeskKit) -> None:
    order = kit.rest(BTC_SPOT, "SELL", 2, 60500)
    replace(kit, order, quantity=1)
    outcome = kit.fill(order, 60500, 2)
    told = next(e.order for e in outcome.events if hasattr(e, "order"))
    assert (told.state, told.action_message) == (OrderState.FILLED, TEXT)
    assert outcome.requests == []
    assert kit.account().wallets["BTC"].order_frozen == 0


def test_a_late_fill_that_the_change_has_room_for(kit: DeskKit) -> None:
    order = kit.rest(BTC_SPOT, "BUY", "0.2", 59000)
    replace(kit, order, price=59500)
    kit.fill(order, 59000, "0.1", done=False)
    assert order.action is OrderAction.AMEND_PENDING
    kit.report(Replaced(order.order_id, 5950000, 20000))
    assert order.limit_price == 59500
    reserves_hold(kit)


def test_a_fill_beyond_the_wanted_total_leaves_no_negative_reserve(kit: DeskKit) -> None:
    kit.quote(BTC_SPOT, "59999", "60001")
    order = kit.rest(BTC_SPOT, "BUY", "0.3", 55000)
    replace(kit, order, price=60000, quantity="0.1")
    # Two thirds fill far below: less money than the change reserved, more coins than it wants.
    kit.fill(order, 20000, "0.2", done=False)
    assert order.frozen == 0
    reserves_hold(kit)
    kit.report(ReplaceRefused(order.order_id, 401005))
    assert order.action_message == message(401005)
    assert order.frozen == D("0.1") * 55000 * D("1.001")
    reserves_hold(kit)


def test_a_change_made_by_the_venue_is_undone_where_its_reserve_was_seized(kit: DeskKit) -> None:
    order = kit.rest(BTC_SPOT, "BUY", "0.2", 59000)
    replace(kit, order, price=58000)
    seize(kit, "USDT", 10)
    outcome = kit.report(Replaced(order.order_id, 5800000, 20000))
    assert order.action is OrderAction.AMEND_FAILED
    assert order.action_message == TEXT
    assert order.limit_price == 59000
    assert outcome.requests == [ReplaceOrder(order.order_id, BTC_SPOT, 5900000, 20000)]
    reserves_hold(kit)


def test_a_change_that_was_filled_before_it_was_undone_counts_whole(kit: DeskKit) -> None:
    order = kit.rest(BTC_SPOT, "BUY", "0.2", 59000)
    replace(kit, order, price=58000, quantity=D("0.3"))
    seize(kit, "USDT", 10)
    kit.report(Replaced(order.order_id, 5800000, 30000))
    kit.fill(order, 58000, "0.3")
    assert (order.state, order.quantity, order.executed_quantity) == ("FILLED", D("0.3"), D("0.3"))
    reserves_hold(kit)


def test_reserves_in_other_coins_are_left_alone(kit: DeskKit) -> None:
    buy = kit.rest(BTC_SPOT, "BUY", 1, 60000)
    sell = kit.rest(BTC_SPOT, "SELL", 1, 61000)
    seize(kit, "BTC", "0.5")
    assert (buy.seized, sell.seized) == (0, D("0.5"))
    reserves_hold(kit)
