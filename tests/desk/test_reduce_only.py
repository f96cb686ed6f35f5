"""The reduce-only book of a NET position: who has room, who is displaced, who is clipped
(resolutions 161 to 165).
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openprime.desk.events import OrderChanged
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order
from openprime.desk.worth import priority
from openprime.errors import message
from openprime.model.numbers import text
from openprime.model.venue import Cancelled, CancelOrder, NewOrder, ReplaceOrder
from openprime.model.vocabulary import OrderAction, OrderState, Side
from tests.desk.kit import BTC_PERP, DeskKit

D = Decimal


@pytest.fixture
def kit() -> DeskKit:
    return long_one()


def long_one(quantity: object = 1) -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 10_000_000)
    desk.index("BTC", 60000)
    desk.mark(BTC_PERP, 60000)
    desk.quote(BTC_PERP, "59999.9", "60000.1")
    desk.hold(BTC_PERP, quantity, 60000)
    return desk


def reduce_only(kit: DeskKit, quantity: object, price: object, side: str = "SELL") -> Order:
    return kit.rest(BTC_PERP, side, quantity, price, reduce_only=True)


def displaced(kit: DeskKit, order: Order, outcome: Outcome, told: str) -> None:
    """The order is being cancelled; its end carries the whole text."""
    assert CancelOrder(order.order_id, BTC_PERP) in outcome.requests
    ended = kit.report(Cancelled(order.order_id, requested=True)).events[0]
    assert isinstance(ended, OrderChanged)
    assert (ended.order.state, ended.order.reason_code) == (OrderState.CANCELLED, 401068)
    assert ended.order.reason == told


def cancelled_text(quantity: str, price: str, side: str = "SELL") -> str:
    return (
        f"Due to an order with a better price, {BTC_PERP} reduce only order to {side} {quantity} "
        f"BTC at {price} was cancelled"
    )


def test_a_better_price_displaces_the_worst(kit: DeskKit) -> None:
    near = reduce_only(kit, "0.4", 60500)
    far = reduce_only(kit, "0.6", 61000)
    outcome = kit.place(BTC_PERP, "SELL", "0.6", 60200, reduce_only=True)
    displaced(kit, far, outcome, cancelled_text("0.6", "61000"))
    assert near.action is OrderAction.NONE


def test_of_one_price_the_newest_goes_first(kit: DeskKit) -> None:
    reduce_only(kit, "0.5", 61000)
    newer = reduce_only(kit, "0.5", 61000)
    outcome = kit.place(BTC_PERP, "SELL", "0.5", 60900, reduce_only=True)
    displaced(kit, newer, outcome, cancelled_text("0.5", "61000"))
    refused = kit.place(BTC_PERP, "SELL", "0.1", 61000, reduce_only=True)
    assert kit.code(refused) == 401059
    assert message(401059) == (
        "Because there is an order with a better price, the reduce only order cannot be placed at "
        "this price"
    )


def test_a_market_order_ranks_before_all(kit: DeskKit) -> None:
    resting = reduce_only(kit, 1, 60500)
    outcome = kit.place(BTC_PERP, "SELL", 1, market=True, reduce_only=True)
    displaced(kit, resting, outcome, cancelled_text("1", "60500"))


def test_plain_closing_orders_rank_too(kit: DeskKit) -> None:
    resting = reduce_only(kit, 1, 60500)
    outcome = kit.place(BTC_PERP, "SELL", 1, 60400)
    displaced(kit, resting, outcome, cancelled_text("1", "60500"))
    assert kit.code(kit.place(BTC_PERP, "SELL", "0.1", 60600, reduce_only=True)) == 401059


def test_an_order_that_begins_within_the_position_is_clipped(kit: DeskKit) -> None:
    reduce_only(kit, "0.7", 60500)
    outcome = kit.place(BTC_PERP, "SELL", "0.5", 61000, reduce_only=True)
    (request,) = outcome.requests
    assert isinstance(request, NewOrder)
    assert request.quantity_lots == 300
    too_large = kit.place(BTC_PERP, "SELL", 5, 60400, reduce_only=True)
    assert too_large.requests[-1].quantity_lots == 1000  # type: ignore[union-attr]


def test_a_position_that_shrinks_trims_its_book(kit: DeskKit) -> None:
    near, far = reduce_only(kit, "0.6", 60500), reduce_only(kit, "0.4", 61000)
    # Plain orders behind them fill first, as the venue alone may have it.
    plain = kit.rest(BTC_PERP, "SELL", "0.5", 62000)
    outcome = kit.fill(plain, 62000, "0.3", done=False)
    assert ReplaceOrder(far.order_id, BTC_PERP, 610000, 100) in outcome.requests
    outcome = kit.fill(plain, 62000, "0.2")
    displaced(kit, far, outcome, cancelled_text("0.4", "61000"))
    assert near.venue_quantity == D("0.5")


def test_a_position_that_is_gone_takes_its_book_along() -> None:
    kit = long_one(-1)
    one = reduce_only(kit, "0.5", 59000, "BUY")
    two = reduce_only(kit, "0.5", 58000, "BUY")
    plain = kit.rest(BTC_PERP, "BUY", 1, 57000)
    outcome = kit.fill(plain, 57000, 1)
    displaced(kit, one, outcome, cancelled_text("0.5", "59000", "BUY"))
    displaced(kit, two, outcome, cancelled_text("0.5", "58000", "BUY"))
    assert kit.code(kit.place(BTC_PERP, "BUY", 1, 59000, reduce_only=True)) == 401048


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reduce", "close", "open", "fill", "cancel"]),
        st.integers(1, 12),
        st.integers(0, 6),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(STEPS, st.sampled_from([1, -1]))
def test_what_ranks_before_a_reduce_only_order_is_less_than_the_position(
    steps: list[tuple[str, int, int]], sign: int
) -> None:
    kit = long_one(sign)
    for what, size, level in steps:
        _step(kit, what, D(size) / 10, level)
        _every_order_has_room(kit)


def _step(kit: DeskKit, what: str, quantity: Decimal, level: int) -> None:
    position = kit.account().positions.get(BTC_PERP)
    is_long = position is None or position.quantity > 0
    closing, opening = ("SELL", "BUY") if is_long else ("BUY", "SELL")
    price = 60000 + (level * 100 if is_long else -level * 100)
    orders = list(kit.desk.state.orders.values())
    if what in ("reduce", "close"):
        outcome = kit.place(BTC_PERP, closing, quantity, price, reduce_only=what == "reduce")
        assert kit.code(outcome) in (None, 401048, 401059)
    elif what == "open":
        kit.place(BTC_PERP, opening, quantity, 60000)
    elif orders:
        order = orders[level % len(orders)]
        if what == "cancel":
            kit.report(Cancelled(order.order_id, requested=True))
        else:
            left = order.venue_quantity - order.executed_quantity
            part = min(left, quantity)
            kit.fill(order, order.limit_price, part, done=part == left)


def _every_order_has_room(kit: DeskKit) -> None:
    position = kit.account().positions.get(BTC_PERP)
    quantity = position.quantity if position else D(0)
    closing = Side.SELL if quantity > 0 else Side.BUY
    working = [
        order
        for order in kit.desk.state.orders.values()
        if order.action is not OrderAction.CANCEL_PENDING
    ]
    before = D(0)
    for order in sorted((o for o in working if o.side is closing), key=priority):
        if order.reduce_only:
            assert before < abs(quantity), text(before)
            assert order.venue_quantity - order.executed_quantity <= abs(quantity) - before
        before += order.remaining
    assert not [o for o in working if o.reduce_only and o.side is not closing]
