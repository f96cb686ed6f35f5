"""What becomes of an algo order where its order, its venue or its time do not do as planned."""

from decimal import Decimal as D

import pytest

from openprime.desk import commands as c
from openprime.desk.algo_state import Attached
from openprime.desk.algos import end_by_client
from openprime.desk.commands import Traded
from openprime.desk.events import AlgoChanged, OrderChanged
from openprime.desk.following import follow
from openprime.desk.outcome import Outcome
from openprime.desk.slices import run_slice
from openprime.desk.state import Order
from openprime.model.venue import Accepted, Cancelled
from openprime.model.vocabulary import (
    AlgoState,
    AlgoType,
    ConditionType,
    Exchange,
    OrderAction,
    OrderState,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
)
from tests.desk.algo_kit import (
    CONDITIONAL,
    LAST,
    STOP,
    TAKE,
    funded_kit,
    last_word,
    mark,
    placed,
    run_to,
    scheduled,
    slices_due,
    sub_orders,
    trigger,
)
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit


@pytest.fixture
def kit() -> DeskKit:
    return funded_kit()


def bring_along(kit: DeskKit, quantity: object, **more: bool) -> Outcome:
    """Ask for a buy at 60,000 that brings a take profit at 66,000 along."""
    return kit.do(
        c.PlaceOrder(
            kit.portfolio_id,
            BTC_PERP,
            Side.BUY,
            OrderType.LIMIT,
            TimeInForce.GTC,
            D(str(quantity)),
            D(0),
            D(60000),
            attached=Attached(trigger(66000), None),
            **more,
        )
    )


def order_of(kit: DeskKit, outcome: Outcome) -> Order:
    assert isinstance(outcome.reply, Order)
    kit.report(Accepted(outcome.reply.order_id))
    return kit.desk.state.orders[outcome.reply.order_id]


# -- its order


def test_a_condition_whose_order_is_cancelled_unfilled_is_cancelled(kit: DeskKit) -> None:
    placed(kit, triggers={CONDITIONAL: trigger(61000, 60500)})
    (order,) = sub_orders(mark(kit, 61000))
    kit.report(Accepted(order.order_id))
    kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
    assert last_word(kit.confirm_cancel(order.order_id)).state is AlgoState.CANCELLED


def test_a_condition_whose_order_filled_in_part_is_completed(kit: DeskKit) -> None:
    placed(kit, triggers={CONDITIONAL: trigger(61000, 60500)})
    (order,) = sub_orders(mark(kit, 61000))
    kit.report(Accepted(order.order_id))
    kit.fill(kit.desk.state.orders[order.order_id], 60500, "0.04", done=False)
    ended = last_word(kit.report(Cancelled(order.order_id, requested=False)))
    assert (ended.state, ended.executed_quantity) == (AlgoState.COMPLETED, D("0.04"))


def test_an_order_that_is_refused_before_it_is_weighed_fails_all_the_same(kit: DeskKit) -> None:
    """The refused order is told of in full, as a client that asked for it would have been."""
    placed(kit)
    kit.do(c.ForbidTrading(kit.portfolio_id, True))
    outcome = mark(kit, 61000)
    told = [event.order for event in outcome.events if isinstance(event, OrderChanged)][-1]
    assert (told.state, told.reason_code) == (OrderState.FAIL, 401061)
    assert (told.sym, told.side, told.quantity) == (BTC_PERP, Side.BUY, D("0.1"))
    assert (last_word(outcome).state, last_word(outcome).reason_code) == (AlgoState.FAILED, 401061)


def test_what_closes_a_leg_is_reduce_only(kit: DeskKit) -> None:
    kit.switch("BOTH")
    assert kit.account().position_mode is PositionMode.BOTH
    kit.hold(BTC_PERP, "0.5", 60000)
    placed(
        kit,
        side=Side.SELL,
        position_side=PositionSide.LONG,
        condition=ConditionType.CONDITIONAL,
        triggers={CONDITIONAL: trigger(61000)},
    )
    (order,) = sub_orders(mark(kit, 61000))
    assert (order.reduce_only, order.position_side) == (True, PositionSide.LONG)


# -- what an order brings along


def test_an_order_that_failed_brings_nothing_along(kit: DeskKit) -> None:
    other = placed(kit)
    outcome = bring_along(kit, 100, synchronous=False)
    told = [event.order for event in outcome.events if isinstance(event, OrderChanged)]
    assert told[-1].state is OrderState.FAIL
    assert kit.desk.state.attached_orders == {}
    assert list(kit.desk.state.algos) == [other.algo_order_id]


def test_once_fired_nothing_is_added(kit: DeskKit) -> None:
    order = order_of(kit, bring_along(kit, "0.1"))
    kit.fill(order, 60000, "0.04", done=False)
    (algo,) = kit.desk.state.algos.values()
    (closing,) = sub_orders(mark(kit, 66000))
    assert closing.quantity == D("0.04")
    outcome = kit.fill(order, 60000, "0.06")
    assert algo.quantity == D("0.04")
    assert [event for event in outcome.events if isinstance(event, AlgoChanged)] == []


def test_an_order_that_only_changes_its_state_tells_nothing_of_what_it_brought(
    kit: DeskKit,
) -> None:
    order = order_of(kit, bring_along(kit, "0.1"))
    kit.fill(order, 60000, "0.04", done=False)
    outcome = kit.report(Cancelled(order.order_id, requested=False))
    assert [event for event in outcome.events if isinstance(event, AlgoChanged)] == []
    assert len(kit.desk.state.algos) == 1


def test_a_jump_over_both_triggers_fires_one(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, "0.1", 60000)
    placed(
        kit,
        side=Side.SELL,
        condition=ConditionType.OCO,
        triggers={TAKE: trigger(66000, watched=LAST), STOP: trigger(54000, watched=LAST)},
    )
    traded = Traded(D(53000), D(67000), D(60000), D(1))
    outcome = kit.do(c.SetPrices({}, {}, {BTC_PERP: traded}))
    assert len(sub_orders(outcome)) == 1


# -- its time


def both_at_work(kit: DeskKit) -> tuple[list[Order], int]:
    """Two slices that a silent venue never confirmed, and when the schedule ends."""
    algo = scheduled(kit, AlgoType.TWAP, "0.1", 2)
    assert algo.schedule is not None
    orders = [order for _ in range(2) for order in sub_orders(run_to(kit, slices_due(kit)[0]))]
    return orders, algo.schedule.end_ms


def test_a_cancelled_schedule_ends_with_the_last_of_its_orders(kit: DeskKit) -> None:
    orders, _ = both_at_work(kit)
    (algo,) = kit.desk.state.algos.values()
    kit.do(c.CancelAlgoOrder(kit.portfolio_id, algo.algo_order_id, ""))
    kit.confirm_cancel(orders[0].order_id)
    assert algo.state is AlgoState.PENDING_CANCEL
    assert last_word(kit.confirm_cancel(orders[1].order_id)).state is AlgoState.CANCELLED


def test_a_schedule_that_is_over_ends_when_the_venue_has_given_back_what_was_at_work(
    kit: DeskKit,
) -> None:
    orders, end_ms = both_at_work(kit)
    run_to(kit, end_ms)
    working = kit.desk.state.orders
    assert {working[each.order_id].action for each in orders} == {OrderAction.CANCEL_PENDING}
    kit.confirm_cancel(orders[0].order_id)
    assert len(kit.desk.state.algos) == 1
    assert last_word(kit.confirm_cancel(orders[1].order_id)).state is AlgoState.EXPIRED


def test_a_schedule_that_is_being_cancelled_trades_no_more(kit: DeskKit) -> None:
    algo = scheduled(kit, AlgoType.TWAP, "0.1", 3)
    (order,) = sub_orders(run_to(kit, slices_due(kit)[0]))
    kit.do(c.CancelAlgoOrder(kit.portfolio_id, algo.algo_order_id, ""))
    assert sub_orders(run_to(kit, slices_due(kit)[0])) == []
    assert last_word(kit.confirm_cancel(order.order_id)).state is AlgoState.CANCELLED


def test_a_vwap_trades_nothing_after_an_interval_in_which_nobody_traded(kit: DeskKit) -> None:
    algo = scheduled(kit, AlgoType.VWAP, "0.8", 4)
    run_to(kit, slices_due(kit)[0])
    kit.do(c.SetPrices({}, {}, {BTC_PERP: Traded(D(60000), D(60000), D(60000), D(10))}))
    run_to(kit, slices_due(kit)[0])
    outcome = run_to(kit, slices_due(kit)[0])
    assert sub_orders(outcome) == []
    assert algo.schedule is not None
    assert (algo.schedule.slices_left, len(slices_due(kit))) == (1, 1)


def test_a_slice_that_was_refused_may_be_the_last_word_of_an_ended_schedule(kit: DeskKit) -> None:
    """The ladder may end a schedule in the very command in which a slice of it was refused."""
    algo = scheduled(kit, AlgoType.TWAP, "0.1", 3)
    kit.do(c.ForbidTrading(kit.portfolio_id, True))
    turn = kit.desk.turn
    turn.begin(kit.now_ms, c.NO_QUOTE)
    run_slice(turn, algo.algo_order_id)
    assert end_by_client(turn, algo).state is AlgoState.CANCELLED
    follow(turn)
    assert kit.desk.state.algos == {}
    words = [event.algo.state for event in turn.events if isinstance(event, AlgoChanged)]
    assert words[-1] is AlgoState.CANCELLED


def test_orders_that_bring_nothing_along_take_no_algo_order_s_place(kit: DeskKit) -> None:
    kit.do(c.Override("instruments", BTC_SPOT, {"maxNumOrders": "1"}))
    kit.cash("BTC", 1)
    kit.rest(BTC_SPOT, "SELL", "0.01", 60000)
    placed(kit, sym=BTC_SPOT)
    assert kit.account(Exchange.BINANCE).order_count == 1
