"""BOTH mode: two legs of a symbol that live apart, and the switch between the modes."""

from decimal import Decimal

import pytest

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.events import AccountChanged, OrderChanged, PositionChanged, PositionReduced
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order
from openprime.errors import message
from openprime.model.venue import NewOrder
from openprime.model.vocabulary import (
    ClosedType,
    Exchange,
    OrderState,
    PositionMode,
    PositionSide,
    Side,
)
from tests.desk.kit import BTC_PERP, BTC_SPOT, START_MS, DeskKit

D = Decimal
LONG_LEG, SHORT_LEG = f"{BTC_PERP}:LONG", f"{BTC_PERP}:SHORT"
SOL = "BINANCE_PERP_SOL_USDT"


@pytest.fixture
def kit() -> DeskKit:
    """A hedged BINANCE account with 100,000 USDT."""
    kit = DeskKit()
    assert kit.switch("BOTH").refusal is None
    kit.cash("USDT", 100_000)
    kit.index("BTC", 60000)
    kit.mark(BTC_PERP, 60000)
    for sym in (BTC_PERP, BTC_SPOT):
        kit.quote(sym, "59999.9", "60000.1")
    return kit


def account_view(kit: DeskKit) -> views.AccountView:
    return views.account_view(kit.desk, kit.account())


def refused(kit: DeskKit, outcome: Outcome, code: int, text: str) -> None:
    assert kit.code(outcome) == code
    assert message(code) == text


def close(kit: DeskKit, leg: str | None) -> Outcome:
    side = PositionSide(leg) if leg else None
    return kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, side))


# -- legs


def test_both_legs_are_held_side_by_side(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", 2, 60000, leg="LONG")
    kit.trade(BTC_PERP, "SELL", 1, 60000, leg="SHORT")
    positions = kit.account().positions
    assert list(positions) == [LONG_LEG, SHORT_LEG]
    assert [p.quantity for p in positions.values()] == [2, -1]
    shown = [views.position_view(kit.desk, kit.account(), p) for p in positions.values()]
    assert [view.side for view in shown] == [PositionSide.LONG, PositionSide.SHORT]
    assert [view.margin for view in shown] == [24000, 12000]
    view = account_view(kit)
    assert view.perp_margin == 36000, "margin is not netted"
    assert view.maintain_margin == 480 + 240
    assert view.position_value == 180_000
    kit.mark(BTC_PERP, 61000)
    assert account_view(kit).upnl == 2000 - 1000


def test_margin_of_opening_orders_adds_up_over_both_legs(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", 1, 60000, leg="LONG")
    kit.rest(BTC_PERP, "BUY", 1, 59000, leg="LONG")
    kit.rest(BTC_PERP, "SELL", 2, 61000, leg="SHORT")
    assert account_view(kit).perp_margin == D(60000 + 59000 + 122000) / 5
    before = account_view(kit)
    kit.rest(BTC_PERP, "SELL", 1, 62000, leg="LONG")
    assert account_view(kit) == before, "closing orders weigh nothing"


def test_a_leg_turns_into_history_by_its_own_side(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "SELL", 1, 60000, leg="SHORT")
    outcome = kit.trade(BTC_PERP, "BUY", 1, 59000, leg="SHORT")
    (row,) = [event.row for event in outcome.events if isinstance(event, PositionReduced)]
    assert (row.side, row.position_mode) == (PositionSide.SHORT, PositionMode.BOTH)
    assert (row.closed_type, row.closed_pnl) == (ClosedType.COMPLETE_CLOSED, 1000)
    changed = [event for event in outcome.events if isinstance(event, PositionChanged)]
    assert [event.key for event in changed] == [SHORT_LEG]
    assert kit.account().positions == {}


def test_a_fill_that_overtakes_its_clipping_opens_the_other_leg(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", 1, 60000, leg="LONG")
    resting = kit.rest(BTC_PERP, "SELL", 1, 60500, leg="LONG")
    market = kit.place(BTC_PERP, "SELL", "0.6", market=True, leg="LONG").reply
    assert isinstance(market, Order)
    kit.fill(market, 60000, "0.6")
    kit.fill(resting, 60500, 1)
    assert {p.side: p.quantity for p in kit.account().positions.values()} == {
        PositionSide.SHORT: D("-0.6")
    }
    assert account_view(kit).perp_margin == D("0.6") * 60000 / 5


def test_brackets_count_each_leg_apart(kit: DeskKit) -> None:
    kit.cash("USDT", 2_000_000)
    kit.mark(SOL, 160)
    kit.do(c.SetLeverage(kit.portfolio_id, SOL, 20))
    assert kit.place(SOL, "BUY", 40_000, 160, leg="LONG").refusal is None
    assert kit.place(SOL, "SELL", 40_000, 160, leg="SHORT").refusal is None
    text = (
        "Your open position exceeds the maxNotional limit, "
        "you can decrease your leverage to increase your maxNotional limit"
    )
    refused(kit, kit.place(SOL, "BUY", 10_001, 160, leg="LONG"), 401060, text)


def test_orders_of_both_legs_count_against_the_symbol_s_maximum(kit: DeskKit) -> None:
    for _ in range(30):
        assert kit.place(BTC_PERP, "BUY", "0.002", 55000, leg="LONG").refusal is None
        assert kit.place(BTC_PERP, "SELL", "0.002", 65000, leg="SHORT").refusal is None
    outcome = kit.place(BTC_PERP, "SELL", "0.002", 65000, leg="SHORT")
    refused(kit, outcome, 401044, "The open order num exceeds the limit")


def test_one_leverage_for_both_legs(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", "2.5", 60000, leg="LONG")
    kit.trade(BTC_PERP, "SELL", "2.5", 60000, leg="SHORT")
    assert kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 10)).refusal is None
    assert account_view(kit).perp_margin == 30_000
    outcome = kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 3))
    refused(kit, outcome, 401036, "Insufficient available for set this leverage")
    assert account_view(kit).perp_margin == 30_000
    outcome = kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 4))
    keys = [event.key for event in outcome.events if isinstance(event, PositionChanged)]
    assert keys == [LONG_LEG, SHORT_LEG]


def test_both_legs_have_the_price_at_which_the_account_is_liquidated(kit: DeskKit) -> None:
    kit.cash("USDT", 12_000)
    kit.hold(BTC_PERP, 4, 60000)
    kit.hold(BTC_PERP, -2, 60000)
    first, second = (
        views.position_view(kit.desk, kit.account(), p).liq_price
        for p in kit.account().positions.values()
    )
    assert first == second
    assert first is not None
    assert 50_000 < first < 60_000
    kit.mark(BTC_PERP, first + D("0.000001"))
    ratio = account_view(kit).uni_mmr
    assert ratio is not None
    assert 0 < ratio - D("1.05") < D("1e-8")


def test_ranks_name_the_leg(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, 1, 50000)
    kit.hold(BTC_PERP, -1, 60000)
    ranks = views.adl_ranks(kit.desk, kit.desk.state.portfolios[kit.portfolio_id])
    assert [(r.side, r.rank) for r in ranks] == [(PositionSide.LONG, 5), (PositionSide.SHORT, 1)]


# -- orders


@pytest.mark.parametrize(
    ("leg", "code", "text"),
    [
        (None, 400009, "Some required parameters are absent"),
        ("NONE", 400000, "Invalid Parameter, please check api doc"),
    ],
)
def test_an_order_names_its_leg(kit: DeskKit, leg: str | None, code: int, text: str) -> None:
    refused(kit, kit.place(BTC_PERP, "BUY", "0.01", 60000, leg=leg), code, message(code))
    refused(kit, close(kit, leg), code, message(code))


def test_spot_orders_have_no_leg(kit: DeskKit) -> None:
    order = kit.place(BTC_SPOT, "BUY", "0.01", 60000, leg="SHORT").reply
    assert isinstance(order, Order)
    assert (order.position_side, order.reduce_only) == (PositionSide.NONE, False)


@pytest.mark.parametrize(
    ("leg", "opens", "closes"), [("LONG", "BUY", "SELL"), ("SHORT", "SELL", "BUY")]
)
def test_closing_orders_are_reduce_only_by_nature(
    kit: DeskKit, leg: str, opens: str, closes: str
) -> None:
    empty = "Can not place ReduceOnly order when position quantity is zero"
    refused(kit, kit.place(BTC_PERP, closes, 1, 60000, leg=leg), 401048, empty)
    flagged = kit.place(BTC_PERP, opens, 1, 60000, leg=leg, reduce_only=True)
    refused(kit, flagged, 401048, empty)
    kit.trade(BTC_PERP, opens, 1, 60000, leg=leg)
    flagged = kit.place(BTC_PERP, opens, 1, 60000, leg=leg, reduce_only=True)
    wrong = "ReduceOnly orders must be in the opposite direction of the position"
    refused(kit, flagged, 401047, wrong)
    order = kit.place(BTC_PERP, closes, 1, 60000, leg=leg).reply
    assert isinstance(order, Order)
    assert order.reduce_only
    covered = (
        "Because there is an order with a better price, "
        "the reduce only order cannot be placed at this price"
    )
    refused(kit, kit.place(BTC_PERP, closes, 1, 60000, leg=leg), 401059, covered)


def test_the_reduce_only_book_is_a_leg_s_own(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", 1, 60000, leg="LONG")
    kit.trade(BTC_PERP, "SELL", 1, 60000, leg="SHORT")
    long_close = kit.rest(BTC_PERP, "SELL", 1, 61000, leg="LONG")
    short_close = kit.rest(BTC_PERP, "BUY", 1, 59000, leg="SHORT")
    kit.rest(BTC_PERP, "SELL", "0.5", 60800, leg="SHORT")
    outcome = kit.place(BTC_PERP, "SELL", 1, 60500, leg="LONG")
    told = {e.order.order_id: e.order for e in outcome.events if isinstance(e, OrderChanged)}
    assert told[long_close.order_id].reason == message(
        401068, (BTC_PERP, "SELL", "1", "BTC", "61000")
    )
    assert short_close.order_id not in told
    kit.confirm_cancel(long_close.order_id)
    assert kit.desk.state.orders[short_close.order_id].state is OrderState.OPEN


def test_a_replaced_closing_order_stays_in_its_leg(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", 1, 60000, leg="LONG")
    kit.trade(BTC_PERP, "SELL", 1, 60000, leg="SHORT")
    order = kit.rest(BTC_PERP, "SELL", "0.5", 61000, leg="LONG")
    change = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", D(62000), D(2))
    outcome = kit.do(change)
    assert outcome.refusal is None
    assert order.venue_quantity == 1, "no more than the leg"


def test_closing_takes_the_leg_that_was_named(kit: DeskKit) -> None:
    refused(kit, close(kit, "LONG"), 401032, "The position was not found")
    kit.trade(BTC_PERP, "BUY", 2, 60000, leg="LONG")
    kit.trade(BTC_PERP, "SELL", 1, 60000, leg="SHORT")
    outcome = close(kit, "SHORT")
    (request,) = outcome.requests
    assert isinstance(request, NewOrder)
    assert (request.side, request.quantity_lots) == (Side.BUY, 1000)
    refused(kit, close(kit, "SHORT"), 401038, message(401038))
    assert isinstance(outcome.reply, Order)
    kit.fill(kit.desk.state.orders[outcome.reply.order_id], 60000, 1)
    assert list(kit.account().positions) == [LONG_LEG]


# -- the switch


def test_the_switch_needs_an_initialised_account() -> None:
    kit = DeskKit(funded=False)
    text = "Your exchange account has not been initialized, please transfer to this portfolio."
    refused(kit, kit.switch("BOTH"), 401046, text)
    refused(kit, kit.switch("BOTH", Exchange.EDX), 401046, text)


def test_the_switch_needs_a_flat_account_without_perp_orders(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", 1, 60000, leg="LONG")
    kit.rest(BTC_SPOT, "BUY", "0.1", 60000)
    text = "There is a open order, please cancel it first"
    refused(kit, kit.switch("NET"), 401043, text)
    kit.fill(order, 60000, 1)
    refused(kit, kit.switch("NET"), 406012, message(406012))
    assert kit.switch("BOTH").refusal is None, "the mode that it has is always fine"
    close_order = close(kit, "LONG").reply
    assert isinstance(close_order, Order)
    kit.fill(kit.desk.state.orders[close_order.order_id], 60000, 1)
    outcome = kit.switch("NET")
    assert outcome.refusal is None
    assert any(isinstance(event, AccountChanged) for event in outcome.events)
    assert account_view(kit).position_mode is PositionMode.NET


def test_a_symbol_traded_in_one_mode_is_traded_in_the_other(kit: DeskKit) -> None:
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 8))
    kit.trade(BTC_PERP, "BUY", 1, 60000, leg="LONG")
    kit.trade(BTC_PERP, "SELL", 1, 60000, leg="LONG")
    assert kit.switch("NET").refusal is None
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 10))
    kit.mark(BTC_PERP, 61000)
    kit.trade(BTC_PERP, "BUY", 1, 61000)
    assert account_view(kit).perp_margin == 6100
    kit.trade(BTC_PERP, "SELL", 1, 61000)
    kit.mark(BTC_PERP, 62000)
    assert kit.switch("BOTH").refusal is None
    kit.trade(BTC_PERP, "BUY", 1, 62000, leg="LONG")
    kit.mark(BTC_PERP, 60000)
    assert account_view(kit).perp_margin == 6000
    assert account_view(kit).upnl == -2000


def test_other_exchanges_keep_their_mode(kit: DeskKit) -> None:
    assert kit.account(Exchange.OKX).position_mode is PositionMode.NET
    assert kit.now_ms > START_MS
