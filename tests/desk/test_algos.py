"""Algo orders at the desk: what sets them off, what ends them, what is refused (rest-trading 7)."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from openprime.desk import commands as c
from openprime.desk.algo_state import Attached
from openprime.desk.algos import end_by_client
from openprime.desk.commands import Traded
from openprime.desk.events import AlgoChanged, OrderChanged
from openprime.desk.following import follow
from openprime.desk.orders import finish
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order
from openprime.model.venue import Accepted, Cancelled
from openprime.model.vocabulary import (
    AlgoState,
    AlgoType,
    ConditionType,
    OrderState,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
)
from tests.desk.algo_kit import (
    CONDITIONAL,
    LAST,
    STOP,
    TAKE,
    ask,
    fill_all,
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
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit

ENTIRE, PARTIAL = ConditionType.ENTIRE_CLOSE_POSITION, ConditionType.PARTIAL_CLOSE_POSITION
HOUR_MS = 3_600_000


@pytest.fixture
def kit() -> DeskKit:
    return funded_kit()


# -- triggers


def test_a_condition_above_the_mark_waits_for_it_to_rise(kit: DeskKit) -> None:
    algo = placed(kit)
    assert sub_orders(mark(kit, 59000)) == []
    assert sub_orders(mark(kit, 60999)) == []
    outcome = mark(kit, 61000)
    (order,) = sub_orders(outcome)
    assert (order.side, order.quantity, order.order_type) == (Side.BUY, D("0.1"), "MARKET")
    assert order.algo_order_id == algo.algo_order_id
    assert last_word(outcome).state is AlgoState.PROCESSING


def test_a_condition_below_the_mark_waits_for_it_to_fall(kit: DeskKit) -> None:
    placed(kit, triggers={CONDITIONAL: trigger(59000, 58900)})
    assert sub_orders(mark(kit, 65000)) == []
    (order,) = sub_orders(mark(kit, 58999))
    assert (order.order_type, order.limit_price) == ("LIMIT", D(58900))


def test_the_last_price_counts_with_its_extremes(kit: DeskKit) -> None:
    placed(kit, triggers={CONDITIONAL: trigger(61000, watched=LAST)})
    assert sub_orders(mark(kit, 61500)) == []
    traded = {BTC_PERP: Traded(D(60000), D("60999.9"), D(60000), D(1))}
    assert sub_orders(kit.do(c.SetPrices({}, {}, traded))) == []
    traded = {BTC_PERP: Traded(D(60000), D("61000"), D(60000), D(1))}
    assert len(sub_orders(kit.do(c.SetPrices({}, {}, traded)))) == 1


def test_a_spot_condition_watches_the_index(kit: DeskKit) -> None:
    placed(kit, sym=BTC_SPOT, side=Side.BUY, triggers={CONDITIONAL: trigger(61000, 60500)})
    assert sub_orders(mark(kit, 62000)) == []
    assert len(sub_orders(kit.do(c.SetPrices({}, {"BTC": D(61000)})))) == 1


def test_a_tick_sets_off_the_nearest_first(kit: DeskKit) -> None:
    far = placed(kit, triggers={CONDITIONAL: trigger(62000)})
    near = placed(kit, triggers={CONDITIONAL: trigger(61000)})
    parents = [order.algo_order_id for order in sub_orders(mark(kit, 63000))]
    assert parents == [near.algo_order_id, far.algo_order_id]
    assert kit.desk.state.watches == {}


def test_its_order_filled_completes_a_condition(kit: DeskKit) -> None:
    algo = placed(kit)
    (told,) = sub_orders(mark(kit, 61000))
    kit.report(Accepted(told.order_id))
    order = kit.desk.state.orders[told.order_id]
    outcome = kit.fill(order, 61000, "0.04", done=False)
    assert algo.executed_quantity == D("0.04")
    outcome = kit.fill(order, 61010, "0.06")
    ended = last_word(outcome)
    assert (ended.state, ended.executed_quantity) == (AlgoState.COMPLETED, D("0.1"))
    assert ended.executed_amount == D("6100.6")
    assert kit.desk.state.algos == {}


def test_an_order_that_margin_refuses_fails_its_algo(kit: DeskKit) -> None:
    placed(kit)
    kit.cash("USDT", 10)
    outcome = mark(kit, 61000)
    failed = [e.order for e in outcome.events if isinstance(e, OrderChanged)][-1]
    assert (failed.state, failed.reason) == (OrderState.FAIL, "Insufficient availableMargin")
    ended = last_word(outcome)
    assert (ended.state, ended.reason_code) == (AlgoState.FAILED, 401058)
    assert ended.reason == "Insufficient availableMargin"


# -- take profit and stop loss


def test_of_two_triggers_the_first_takes_the_other_along(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", "0.1", 60000)
    triggers = {TAKE: trigger(62000), STOP: trigger(58000)}
    placed(kit, side=Side.SELL, condition=ConditionType.OCO, reduce_only=True, triggers=triggers)
    assert sub_orders(mark(kit, 61000)) == []
    (order,) = sub_orders(mark(kit, 57000))
    assert (order.side, order.reduce_only) == (Side.SELL, True)
    assert kit.desk.state.watches == {}
    kit.report(Accepted(order.order_id))
    ended = last_word(kit.fill(kit.desk.state.orders[order.order_id], 57000, "0.1"))
    assert ended.state is AlgoState.COMPLETED


def test_closing_all_of_a_position_takes_what_is_there(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", "0.1", 60000)
    algo = placed(
        kit, side=None, quantity=D(0), condition=ENTIRE,
        triggers={TAKE: trigger(62000), STOP: trigger(58000)},
    )  # fmt: skip
    assert algo.side is Side.SELL
    kit.trade(BTC_PERP, "BUY", "0.2", 60000)
    (order,) = sub_orders(mark(kit, 62000))
    assert order.quantity == D("0.3")


def test_closing_part_of_a_position_takes_no_more_than_there_is(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "SELL", "0.3", 60000)
    algo = placed(
        kit, side=None, quantity=D("0.2"), condition=PARTIAL, triggers={STOP: trigger(61000)}
    )
    assert algo.side is Side.BUY
    kit.trade(BTC_PERP, "BUY", "0.15", 60000)
    (order,) = sub_orders(mark(kit, 61000))
    assert order.quantity == D("0.15")


def test_a_position_that_is_gone_takes_its_closing_orders_along(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", "0.1", 60000)
    placed(kit, side=None, quantity=D(0), condition=ENTIRE, triggers={STOP: trigger(58000)})
    outcome = kit.trade(BTC_PERP, "SELL", "0.1", 60000)
    assert last_word(outcome).state is AlgoState.CANCELLED
    assert kit.desk.state.algos == {}
    assert kit.desk.state.watches == {}


def test_what_an_order_brings_along_grows_with_its_fills(kit: DeskKit) -> None:
    attached = Attached(trigger(62000), trigger(58000))
    outcome = kit.do(
        c.PlaceOrder(
            kit.portfolio_id, BTC_PERP, Side.BUY, OrderType.LIMIT, TimeInForce.GTC,
            D("0.1"), D(0), D(60000), attached=attached,
        )
    )  # fmt: skip
    assert isinstance(outcome.reply, Order)
    kit.report(Accepted(outcome.reply.order_id))
    assert kit.desk.state.algos == {}
    order = kit.desk.state.orders[outcome.reply.order_id]
    begun = last_word(kit.fill(order, 60000, "0.03", done=False))
    assert (begun.quantity, begun.side) == (D("0.03"), Side.SELL)
    assert (begun.attached_order_id, begun.reduce_only) == (order.order_id, True)
    grown = last_word(kit.fill(order, 60000, "0.07"))
    assert grown.quantity == D("0.1")
    assert kit.desk.state.attached_orders == {}
    (closing,) = sub_orders(mark(kit, 62000))
    assert (closing.quantity, closing.reduce_only) == (D("0.1"), True)


def test_an_order_that_never_fills_leaves_nothing_behind(kit: DeskKit) -> None:
    outcome = kit.do(
        c.PlaceOrder(
            kit.portfolio_id, BTC_PERP, Side.BUY, OrderType.LIMIT, TimeInForce.GTC,
            D("0.1"), D(0), D(59000), attached=Attached(None, trigger(58000)),
        )
    )  # fmt: skip
    assert isinstance(outcome.reply, Order)
    kit.report(Accepted(outcome.reply.order_id))
    kit.confirm_cancel(outcome.reply.order_id)
    assert kit.desk.state.algos == {}
    assert kit.desk.state.attached_orders == {}


# -- schedules


def test_a_twap_trades_the_same_each_interval_and_the_rest_at_the_end(kit: DeskKit) -> None:
    algo = scheduled(kit, AlgoType.TWAP, "0.1", 3)
    assert algo.schedule is not None
    quantities = []
    for _ in range(3):
        (order,) = sub_orders(run_to(kit, slices_due(kit)[0]))
        quantities.append(order.quantity)
        assert order.time_in_force == "IOC"
        fill_all(kit, order)
    assert quantities == [D("0.033"), D("0.033"), D("0.034")]
    outcome = run_to(kit, algo.schedule.end_ms)
    assert last_word(outcome).state is AlgoState.COMPLETED
    assert slices_due(kit) == []


def test_what_a_slice_leaves_is_traded_later_and_the_end_tells_what_is_missing(
    kit: DeskKit,
) -> None:
    algo = scheduled(kit, AlgoType.TWAP, "0.1", 2)
    assert algo.schedule is not None
    (first,) = sub_orders(run_to(kit, kit.now_ms + 1))
    kit.report(Accepted(first.order_id))
    kit.report(Cancelled(first.order_id, requested=False))
    (second,) = sub_orders(run_to(kit, slices_due(kit)[0]))
    assert (first.quantity, second.quantity) == (D("0.05"), D("0.1"))
    kit.report(Accepted(second.order_id))
    kit.fill(kit.desk.state.orders[second.order_id], 60000, "0.02", done=False)
    kit.report(Cancelled(second.order_id, requested=False))
    ended = last_word(run_to(kit, algo.schedule.end_ms))
    assert (ended.state, ended.executed_quantity) == (AlgoState.EXPIRED, D("0.02"))


def test_a_schedule_tells_of_each_fill(kit: DeskKit) -> None:
    scheduled(kit, AlgoType.TWAP, "0.4", 4)
    (order,) = sub_orders(run_to(kit, slices_due(kit)[0]))
    kit.report(Accepted(order.order_id))
    working = kit.desk.state.orders[order.order_id]
    for part, sum_so_far in (("0.04", "0.04"), ("0.06", "0.1")):
        told = last_word(kit.fill(working, 60000, part, done=sum_so_far == "0.1"))
        assert (told.state, told.executed_quantity) == (AlgoState.PROCESSING, D(sum_so_far))


def test_a_schedule_tells_that_it_began_though_its_first_slice_trades_nothing(
    kit: DeskKit,
) -> None:
    scheduled(kit, AlgoType.TWAP, "0.001", 4)
    begun = last_word(run_to(kit, slices_due(kit)[0]))
    assert (begun.state, begun.executed_quantity) == (AlgoState.PROCESSING, D(0))


def test_a_vwap_trades_more_where_the_market_does(kit: DeskKit) -> None:
    scheduled(kit, AlgoType.VWAP, "0.8", 4)
    quantities = []
    for volume in (10, 20, 10, 10):
        (order,) = sub_orders(run_to(kit, slices_due(kit)[0]))
        quantities.append(order.quantity)
        fill_all(kit, order)
        traded = Traded(D(60000), D(60000), D(60000), D(volume))
        kit.do(c.SetPrices({}, {}, {BTC_PERP: traded}))
    # Even at first; after intervals of 10 and 20 the mean is 15: 0.4 left over two, times 20/15.
    assert quantities == [D("0.2"), D("0.2"), D("0.266"), D("0.134")]


def test_a_day_passed_at_once_runs_every_slice_at_its_own_time(kit: DeskKit) -> None:
    algo = scheduled(kit, AlgoType.TWAP, "0.1", 5)
    assert algo.schedule is not None
    begin_ms = algo.schedule.start_ms
    outcome = run_to(kit, kit.now_ms + 24 * HOUR_MS)
    times = [order.created_at_ms for order in sub_orders(outcome)]
    assert times == [begin_ms + n * 60_000 for n in range(5)]


# -- changes and ends


def test_a_changed_trigger_counts_and_the_old_one_does_not(kit: DeskKit) -> None:
    algo = placed(kit)
    kit.do(
        c.ReplaceAlgoOrder(
            kit.portfolio_id, algo.algo_order_id, "", D("0.2"), {CONDITIONAL: trigger(62000)}
        )
    )
    assert sub_orders(mark(kit, 61500)) == []
    (order,) = sub_orders(mark(kit, 62000))
    assert order.quantity == D("0.2")


def test_a_cancel_ends_what_waits_and_takes_back_what_works(kit: DeskKit) -> None:
    waiting = placed(kit)
    outcome = kit.do(c.CancelAlgoOrder(kit.portfolio_id, waiting.algo_order_id, ""))
    assert last_word(outcome).state is AlgoState.CANCELLED
    working = placed(kit, triggers={CONDITIONAL: trigger(61000, 60900)})
    (order,) = sub_orders(mark(kit, 61000))
    kit.report(Accepted(order.order_id))
    outcome = kit.do(c.CancelAlgoOrder(kit.portfolio_id, working.algo_order_id, ""))
    assert last_word(outcome).state is AlgoState.PENDING_CANCEL
    assert last_word(kit.confirm_cancel(order.order_id)).state is AlgoState.CANCELLED


def test_cancel_all_takes_those_that_fit_everything_named(kit: DeskKit) -> None:
    perp = placed(kit)
    spot = placed(kit, sym=BTC_SPOT, triggers={CONDITIONAL: trigger(61000, 60500)})
    everything = c.CancelAlgoOrders(kit.portfolio_id, None, None, "SPOT", None, None)
    kit.do(everything)
    assert list(kit.desk.state.algos) == [perp.algo_order_id]
    assert spot.state is AlgoState.CANCELLED


# -- refusals


def bad(name: str, code: int, **changes: Any) -> Any:
    return pytest.param(changes, code, id=f"{name} {code}")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        bad("unlisted", 401011, sym="BINANCE_PERP_FAKE_USDT"),
        bad("margin", 401067, sym=BTC_MARGIN),
        bad("off the lot", 401013, quantity=D("0.1001")),
        bad("too much", 401025, quantity=D("999999"), triggers={CONDITIONAL: trigger(61000, 1)}),
        bad("off the tick", 401015, triggers={CONDITIONAL: trigger("61000.05")}),
        bad("flat", 401032, condition=ENTIRE, quantity=D(0), side=None),
        bad("reduces nothing", 401048, reduce_only=True),
        bad("leg in NET", 400000, reduce_only=True, position_side=PositionSide.LONG),
    ],
)  # fmt: skip
def test_what_an_algo_order_is_refused_for(
    kit: DeskKit, changes: dict[str, Any], code: int
) -> None:
    before = kit.desk.snapshot()
    assert kit.code(ask(kit, **changes)) == code
    assert kit.desk.snapshot() == before


def test_a_client_order_id_is_used_once_among_algo_orders(kit: DeskKit) -> None:
    algo = placed(kit, client_order_id="mine")
    assert kit.code(ask(kit, client_order_id="mine")) == 406010
    kit.do(c.CancelAlgoOrder(kit.portfolio_id, algo.algo_order_id, ""))
    assert kit.code(ask(kit, client_order_id="mine")) == 406010
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", 59000, client_order_id="mine")) is None
    again = c.CancelAlgoOrder(kit.portfolio_id, None, "mine")
    assert kit.code(kit.do(again)) == 401117


def test_a_schedule_must_be_affordable_as_a_whole_a_condition_need_not(kit: DeskKit) -> None:
    kit.cash("USDT", 100)
    assert ask(kit).refusal is None
    start_ms = kit.now_ms
    outcome = ask(
        kit, algo_type=AlgoType.TWAP, condition=None, triggers={},
        start_ms=start_ms, end_ms=start_ms + HOUR_MS, interval_ms=60_000,
    )  # fmt: skip
    assert kit.code(outcome) == 401058


def test_nobody_else_s_algo_order_can_be_named(kit: DeskKit) -> None:
    algo = placed(kit)
    kit.do(c.CreatePortfolio(kit.desk.state.portfolios[kit.portfolio_id].user_id, "other"))
    other = list(kit.desk.state.portfolios)[-1]
    assert kit.code(kit.do(c.CancelAlgoOrder(other, algo.algo_order_id, ""))) == 401018


def test_a_cancelled_schedule_leaves_nothing_on_the_agenda(kit: DeskKit) -> None:
    far_ms = kit.now_ms + 1000 * HOUR_MS
    times = {"start_ms": far_ms, "end_ms": far_ms + HOUR_MS, "interval_ms": 60_000}
    twap: dict[str, Any] = {"algo_type": AlgoType.TWAP, "condition": None, "triggers": {}} | times
    first, second = (placed(kit, **twap).algo_order_id for _ in range(2))
    kit.do(c.CancelAlgoOrder(kit.portfolio_id, first, ""))
    assert [due.subject for due in kit.desk.state.agenda] == [second]


def test_slices_and_triggers_keep_to_the_steps_in_force(kit: DeskKit) -> None:
    changes = {"lotSize": "0.05", "tickSize": "10"}
    assert kit.do(c.Override("instruments", BTC_PERP, changes)).refusal is None
    assert kit.code(ask(kit, triggers={CONDITIONAL: trigger(61005)})) == 401015
    algo = placed(kit)
    smaller = c.ReplaceAlgoOrder(kit.portfolio_id, algo.algo_order_id, "", D("0.12"), {})
    assert kit.code(kit.do(smaller)) == 401013
    larger = c.ReplaceAlgoOrder(kit.portfolio_id, algo.algo_order_id, "", D(100_000), {})
    assert kit.code(kit.do(larger)) == 401027
    moved = {CONDITIONAL: trigger(61005)}
    replaced = c.ReplaceAlgoOrder(kit.portfolio_id, algo.algo_order_id, "", None, moved)
    assert kit.code(kit.do(replaced)) == 401015
    end_ms = kit.now_ms + 7 * 60_000
    times = {"end_ms": end_ms, "interval_ms": 60_000, "quantity": D(1)}
    placed(kit, algo_type=AlgoType.TWAP, condition=None, triggers={}, **times)
    kit.now_ms += 100
    (order,) = sub_orders(kit.do(c.RunAgenda()))
    assert order.quantity == D("0.15")
    assert order.order_id in kit.desk.state.orders


def test_what_orders_bring_along_is_bounded(kit: DeskKit) -> None:
    kit.do(c.Override("instruments", BTC_SPOT, {"maxNumOrders": "2"}))
    attached = Attached(trigger(90000), None)

    def buy() -> Outcome:
        return kit.do(
            c.PlaceOrder(
                kit.portfolio_id,
                BTC_SPOT,
                Side.BUY,
                OrderType.LIMIT,
                TimeInForce.GTC,
                D("0.01"),
                D(0),
                D(60000),
                attached=attached,
            )
        )

    first = buy()
    assert isinstance(first.reply, Order)
    kit.report(Accepted(first.reply.order_id))
    kit.fill(kit.desk.state.orders[first.reply.order_id], 60000, "0.01")
    assert len(kit.desk.state.algos) == 1
    assert buy().refusal is None  # one waits, one comes with this order
    assert kit.code(buy()) == 401044
    kit.do(c.CancelAlgoOrders(kit.portfolio_id, None, None, None, None, None))
    assert buy().refusal is None


def test_an_order_that_ended_in_the_same_command_is_not_taken_back(kit: DeskKit) -> None:
    """The ladder may end an algo order by the very report that ended its order."""
    algo = placed(kit)
    (order,) = sub_orders(mark(kit, 61000))
    kit.report(Accepted(order.order_id))
    turn = kit.desk.turn
    turn.begin(kit.now_ms, c.NO_QUOTE)
    finish(turn, kit.desk.state.orders[order.order_id], OrderState.CANCELLED)
    assert end_by_client(turn, algo).state is AlgoState.PENDING_CANCEL
    assert turn.requests == []
    follow(turn)
    assert kit.desk.state.algos == {}
    assert [e.algo.state for e in turn.events if isinstance(e, AlgoChanged)][-1] == "CANCELLED"


def test_a_tick_that_reaches_very_many_sets_the_rest_off_by_the_agenda(kit: DeskKit) -> None:
    kit.cash("USDT", 10_000_000)
    algos = [placed(kit, quantity=D("0.01")) for _ in range(50)]
    told = sub_orders(mark(kit, 61000))
    assert [order.algo_order_id for order in told] == [a.algo_order_id for a in algos[:20]]
    # Reached is reached: that the price has gone back since changes nothing, an end does.
    mark(kit, 60000)
    kit.do(c.CancelAlgoOrder(kit.portfolio_id, algos[-1].algo_order_id, ""))
    rest = sub_orders(kit.do(c.RunAgenda()))
    assert [order.algo_order_id for order in rest] == [a.algo_order_id for a in algos[20:-1]]
