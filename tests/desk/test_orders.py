"""The life of an order: states, fills, reserves, changes and what each leaves behind."""

from decimal import Decimal

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.events import OrderChanged, PositionReduced, Trade
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order
from openprime.model.venue import (
    Accepted,
    Cancelled,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceOrder,
    ReplaceRefused,
)
from openprime.model.vocabulary import Actor, OrderAction, OrderState, OrderType, Side, TimeInForce
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit

D = Decimal


def funded() -> DeskKit:
    kit = DeskKit()
    kit.cash("USDT", 100_000)
    kit.index("BTC", 60000)
    kit.mark(BTC_PERP, 60000)
    for sym in (BTC_PERP, BTC_SPOT, BTC_MARGIN):
        kit.quote(sym, "59999.9", "60000.1")
    return kit


def last_order(outcome: object) -> Order:
    changes = [e for e in outcome.events if isinstance(e, OrderChanged)]  # type: ignore[attr-defined]
    return changes[-1].order


def test_an_order_goes_from_new_over_open_to_filled() -> None:
    kit = funded()
    outcome = kit.place(BTC_PERP, "BUY", "0.02", 60000)
    order = outcome.reply
    assert isinstance(order, Order)
    assert len(str(order.order_id)) == 16
    assert order.client_order_id == str(order.order_id)
    assert order.state is OrderState.NEW
    request = outcome.requests[0]
    assert isinstance(request, NewOrder)
    assert (request.price_ticks, request.quantity_lots) == (600000, 20)
    assert last_order(kit.report(Accepted(order.order_id))).state is OrderState.OPEN
    working = kit.desk.state.orders[order.order_id]
    partial = kit.fill(working, 59990, "0.005", done=False)
    assert last_order(partial).state is OrderState.PARTIALLY_FILLED
    full = kit.fill(working, 60000, "0.015")
    filled = last_order(full)
    assert filled.state is OrderState.FILLED
    assert filled.executed_quantity == D("0.02")
    assert filled.executed_amount == D("1199.95")
    assert order.order_id not in kit.desk.state.orders
    trade = next(e for e in full.events if isinstance(e, Trade))
    assert trade.fee == D("0.315")
    assert len(str(trade.transaction_id)) == 17


def test_a_venue_refusal_ends_in_reject_with_the_catalogue_s_text() -> None:
    kit = funded()
    order = kit.place(BTC_PERP, "BUY", "0.02", 59000, tif="GTX").reply
    assert isinstance(order, Order)
    rejected = last_order(kit.report(Rejected(order.order_id, 401052)))
    assert rejected.state is OrderState.REJECT
    assert rejected.reason_code == 401052
    assert rejected.reason == (
        "Due to the order could not be executed as maker, the GTX order will be rejected"
    )
    assert rejected.cancel_type is Actor.SYSTEM


def place_asynchronously(kit: DeskKit, quantity: str, price: str, tif: str) -> Outcome:
    return kit.do(
        c.PlaceOrder(
            portfolio_id=kit.portfolio_id,
            sym=BTC_PERP,
            side=Side.BUY,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce(tif),
            quantity=D(quantity),
            quote_quantity=D(0),
            limit_price=D(price),
            client_order_id="later",
            synchronous=False,
        )
    )


def test_an_asynchronous_order_without_margin_fails_instead_of_being_refused() -> None:
    kit = funded()
    outcome = place_asynchronously(kit, "10", "60000", "GTC")
    assert outcome.refusal is None
    states = [e.order.state for e in outcome.events if isinstance(e, OrderChanged)]
    assert states == [OrderState.NEW, OrderState.FAIL]
    failed = last_order(outcome)
    assert (failed.reason_code, failed.reason) == (401058, "Insufficient availableMargin")
    assert kit.desk.state.orders == {}
    assert kit.code(place_asynchronously(kit, "0.01", "60000", "GTC")) == 401009


def test_an_asynchronous_post_only_order_that_would_take_is_rejected() -> None:
    kit = funded()
    rejected = last_order(place_asynchronously(kit, "0.01", "60001", "GTX"))
    assert (rejected.state, rejected.reason_code) == (OrderState.REJECT, 401052)


def test_cancel_is_asked_then_confirmed() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 59000)
    outcome = kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
    asked = last_order(outcome)
    assert (asked.state, asked.action) == (OrderState.OPEN, OrderAction.CANCEL_PENDING)
    again = kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
    assert kit.code(again) == 401019
    ended = last_order(kit.confirm_cancel(order.order_id))
    assert (ended.state, ended.action) == (OrderState.CANCELLED, OrderAction.CANCEL_COMPLETE)
    assert ended.cancel_type is Actor.USER
    gone = kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
    assert kit.code(gone) == 401018


def test_an_order_still_new_cannot_be_cancelled() -> None:
    kit = funded()
    order = kit.place(BTC_PERP, "BUY", "0.02", 59000).reply
    assert isinstance(order, Order)
    assert kit.code(kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))) == 401019


def test_another_portfolio_s_order_is_as_good_as_absent() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 59000)
    user = kit.desk.state.portfolios[kit.portfolio_id].user_id
    other = kit.do(c.CreatePortfolio(user, "Other")).reply
    assert isinstance(other, int)
    assert kit.code(kit.do(c.CancelOrder(other, order.order_id, ""))) == 401018


def test_ioc_remainder_is_cancelled_by_the_system() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 60000, tif="IOC")  # type: ignore[arg-type]
    kit.fill(order, 60000, "0.01", done=False)
    ended = last_order(kit.report(Cancelled(order.order_id, requested=False)))
    assert (ended.state, ended.cancel_type) == (OrderState.CANCELLED, Actor.SYSTEM)
    assert ended.executed_quantity == D("0.01")


def test_replace_keeps_the_id_and_moves_price_and_total() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 59000)
    command = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", D(59500), D("0.03"))
    outcome = kit.do(command)
    asked = last_order(outcome)
    assert (asked.action, asked.limit_price) == (OrderAction.AMEND_PENDING, 59000)
    assert outcome.requests == [ReplaceOrder(order.order_id, BTC_PERP, 595000, 30)]
    done = last_order(kit.report(Replaced(order.order_id, 595000, 30)))
    assert (done.action, done.amend_type) == (OrderAction.AMEND_COMPLETED, Actor.USER)
    assert (done.limit_price, done.quantity) == (59500, D("0.03"))


def test_a_replace_that_the_venue_refuses_changes_nothing() -> None:
    kit = funded()
    order = kit.rest(BTC_SPOT, "BUY", "0.02", 59000)
    frozen = order.frozen
    kit.do(c.ReplaceOrder(kit.portfolio_id, order.order_id, "", D(59500), D("0.03")))
    assert order.frozen > frozen
    failed = last_order(kit.report(ReplaceRefused(order.order_id, 401052)))
    assert failed.action is OrderAction.AMEND_FAILED
    assert (failed.limit_price, failed.quantity, failed.frozen) == (59000, D("0.02"), frozen)


def test_a_replace_below_what_is_executed_is_refused() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 60000)
    kit.fill(order, 60000, "0.01", done=False)
    command = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", None, D("0.01"))
    assert kit.code(kit.do(command)) == 401005


def test_cancel_all_takes_the_own_orders_of_an_exchange_or_symbol() -> None:
    kit = funded()
    perp = kit.rest(BTC_PERP, "BUY", "0.02", 59000)
    spot = kit.rest(BTC_SPOT, "BUY", "0.02", 59000)
    kit.do(c.CancelOrders(kit.portfolio_id, None, BTC_SPOT))
    assert spot.action is OrderAction.CANCEL_PENDING
    assert perp.action is OrderAction.NONE
    kit.do(c.CancelOrders(kit.portfolio_id, None, None))
    assert perp.action is OrderAction.CANCEL_PENDING


def test_spot_buy_freezes_price_and_fee_and_gives_back_the_improvement() -> None:
    kit = funded()
    order = kit.rest(BTC_SPOT, "BUY", 1, 60000)
    assert order.frozen == D("60060")
    usdt = views.asset_view(kit.desk, kit.account(), "USDT")
    assert (usdt.available, usdt.frozen) == (D("39940"), D("60060"))
    kit.fill(order, 59000, "0.5", done=False)
    usdt = views.asset_view(kit.desk, kit.account(), "USDT")
    assert usdt.frozen == 30030
    assert usdt.balance == D(100_000) - 29500 - D("29.5")
    kit.fill(order, 60000, "0.5")
    usdt = views.asset_view(kit.desk, kit.account(), "USDT")
    assert usdt.frozen == 0
    assert views.asset_view(kit.desk, kit.account(), "BTC").balance == 1


def test_a_market_buy_by_amount_pays_its_fee_from_inside() -> None:
    kit = funded()
    outcome = kit.place(BTC_SPOT, "BUY", market=True, quote_quantity=1000)
    order = outcome.reply
    assert isinstance(order, Order)
    request = outcome.requests[0]
    assert isinstance(request, NewOrder)
    assert request.quote_budget is not None
    assert round(request.quote_budget, 6) == D("999.000999")
    kit.report(Accepted(order.order_id))
    working = kit.desk.state.orders[order.order_id]
    filled = last_order(kit.fill(working, 60000, "0.01665"))
    assert filled.state is OrderState.FILLED
    spent = D(100_000) - views.asset_view(kit.desk, kit.account(), "USDT").balance
    assert spent == D("999.999")


def test_a_margin_buy_beyond_the_cash_becomes_a_borrow() -> None:
    kit = funded()
    kit.account().coin_leverage["USDT"] = 3
    order = kit.rest(BTC_MARGIN, "BUY", 2, 60000)
    assert order.borrow_amount == 120_120 - 100_000
    kit.fill(order, 60000, 2)
    usdt = views.asset_view(kit.desk, kit.account(), "USDT")
    assert (usdt.borrow, usdt.available, usdt.balance) == (20_120, 0, 0)
    assert (usdt.equity, usdt.debt) == (-20_120, 20_120)
    kit.cash("USDT", 100)
    assert views.asset_view(kit.desk, kit.account(), "USDT").borrow == 0


def test_a_position_is_averaged_reduced_and_turned() -> None:
    kit = funded()
    kit.trade(BTC_PERP, "BUY", 2, 59000)
    kit.trade(BTC_PERP, "BUY", 1, 60500)
    position = kit.account().positions[BTC_PERP]
    assert (position.quantity, position.average_price) == (3, 59500)
    reduced = kit.trade(BTC_PERP, "SELL", 1, 60000)
    row = next(e for e in reduced.events if isinstance(e, PositionReduced)).row
    assert row.closed_type.value == "PARTIAL_CLOSED"
    assert row.closed_pnl == 500
    turned = kit.trade(BTC_PERP, "SELL", 3, 60500)
    row = next(e for e in turned.events if isinstance(e, PositionReduced)).row
    assert row.closed_type.value == "COMPLETE_CLOSED"
    assert row.closed_quantity == 3
    assert row.closed_pnl == 500 + 2000
    flipped = kit.account().positions[BTC_PERP]
    assert (flipped.quantity, flipped.average_price) == (-1, 60500)
    assert flipped.position_id != position.position_id


def test_reduce_only_orders_go_with_the_position() -> None:
    kit = funded()
    kit.trade(BTC_PERP, "BUY", 1, 60000)
    resting = kit.rest(BTC_PERP, "SELL", 1, 62000, reduce_only=True)
    kit.trade(BTC_PERP, "SELL", 1, 60000)
    assert resting.action is OrderAction.CANCEL_PENDING
    assert resting.reason_code == 401068


def test_close_position_is_one_reduce_only_market_order() -> None:
    kit = funded()
    kit.trade(BTC_PERP, "BUY", 1, 60000)
    outcome = kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, None))
    order = outcome.reply
    assert isinstance(order, Order)
    assert (order.quantity, order.reduce_only) == (1, True)
    assert order.time_in_force is TimeInForce.IOC
    again = kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, None))
    assert kit.code(again) == 401038
    kit.report(Accepted(order.order_id))
    kit.fill(kit.desk.state.orders[order.order_id], 60000, 1)
    assert kit.account().positions == {}
    flat = kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, None))
    assert kit.code(flat) == 401032


def test_reports_of_orders_that_ended_are_passed_over() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", 1, 60000)
    kit.fill(order, 60000, 1)
    assert kit.fill(order, 60000, 1).events == []
    assert kit.account().positions[BTC_PERP].quantity == 1


def test_after_a_restart_the_venue_is_told_again() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 59000)
    kit.fill(order, 59000, "0.005", done=False)
    outcome = kit.do(c.ResumeOrders())
    request = outcome.requests[0]
    assert isinstance(request, NewOrder)
    assert (request.order_id, request.quantity_lots, request.resumed) == (order.order_id, 15, True)


def test_a_replaced_reduce_only_order_still_closes_no_more_than_the_position() -> None:
    kit = funded()
    kit.trade(BTC_PERP, "BUY", "0.003", 60000)
    order = kit.rest(BTC_PERP, "SELL", "0.003", 61000, reduce_only=True)
    command = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", D(60000), D(3))
    outcome = kit.do(command)
    assert outcome.requests == [ReplaceOrder(order.order_id, BTC_PERP, 600000, 3)]
    kit.report(Replaced(order.order_id, 600000, 3))
    ended = last_order(kit.fill(order, 60000, "0.003"))
    assert kit.account().positions == {}
    assert (ended.state, ended.reason_code) == (OrderState.CANCELLED, 401068)


def test_a_spot_order_replaced_beyond_the_margin_is_refused() -> None:
    kit = funded()
    kit.cash("USDT", 60_000)
    kit.hold(BTC_PERP, "4.99", 60000)
    order = kit.rest(BTC_SPOT, "BUY", "0.001", 60000)
    command = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", None, D("0.9"))
    assert kit.code(kit.do(command)) == 401056
    assert order.amendment is None
    assert kit.code(kit.place(BTC_SPOT, "BUY", "0.899", 60000)) == 401056


def test_closing_orders_may_be_replaced_when_only_closing_is_allowed() -> None:
    kit = DeskKit()
    kit.cash("USDT", 7000)
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, 2, 60000)
    order = kit.rest(BTC_PERP, "SELL", 2, 61000)
    kit.mark(BTC_PERP, 56780)
    command = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", D(58000), None)
    assert kit.do(command).refusal is None


def test_no_two_orders_answer_to_one_id() -> None:
    kit = funded()
    first = kit.place(BTC_PERP, "BUY", "0.01", 59000).reply
    assert isinstance(first, Order)
    kit.now_ms += 1
    foreseen = str(first.order_id + 3 * 10_000)
    kit.place(BTC_PERP, "BUY", "0.01", 59000, client_order_id=foreseen)
    named = kit.desk.state.portfolios[kit.portfolio_id].client_order_ids[foreseen]
    third = kit.place(BTC_PERP, "BUY", "0.01", 59000).reply
    assert isinstance(third, Order)
    assert str(third.order_id) != foreseen
    assert kit.desk.state.portfolios[kit.portfolio_id].client_order_ids[foreseen] == named


def test_a_fill_told_twice_counts_once() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 60000)
    kit.fill(order, 60000, "0.01", done=False)
    kit.trade_id -= 1
    assert kit.fill(order, 60000, "0.01", done=False).events == []
    assert order.executed_quantity == D("0.01")


def test_an_immediate_order_ends_when_a_restart_finds_it_at_work() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 60000, tif="IOC")  # type: ignore[arg-type]
    kit.fill(order, 60000, "0.01", done=False)
    outcome = kit.do(c.ResumeOrders())
    assert outcome.requests == []
    assert last_order(outcome).state is OrderState.CANCELLED


def test_a_change_under_way_at_a_crash_is_asked_for_again() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.01", 59000)
    kit.do(c.ReplaceOrder(kit.portfolio_id, order.order_id, "", D(59500), D("0.03")))
    outcome = kit.do(c.ResumeOrders())
    again, change = outcome.requests
    assert isinstance(again, NewOrder)
    assert (again.price_ticks, again.quantity_lots, again.resumed) == (590000, 10, True)
    assert change == ReplaceOrder(order.order_id, BTC_PERP, 595000, 30)
    done = last_order(kit.report(Replaced(order.order_id, 595000, 30)))
    assert (done.action, done.limit_price, done.quantity) == (
        OrderAction.AMEND_COMPLETED,
        59500,
        D("0.03"),
    )


def test_a_fill_beyond_the_old_quantity_says_that_the_venue_made_the_change() -> None:
    """The confirmation itself was lost on its way."""
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.02", 60000)
    kit.do(c.ReplaceOrder(kit.portfolio_id, order.order_id, "", D(60001), D("0.05")))
    kit.fill(order, 60001, "0.03", done=False)
    assert (order.quantity, order.limit_price) == (D("0.05"), D(60001))
    assert (order.amendment, order.action) == (None, OrderAction.AMEND_COMPLETED)
    ended = last_order(kit.fill(order, 60001, "0.02"))
    assert (ended.state, ended.executed_quantity) == (OrderState.FILLED, D("0.05"))
