"""Liquidation, take-over, the fund, auto-deleveraging (risk-model 13, examples G, H, L, M)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from openprime.desk import commands as c
from openprime.desk import views, work
from openprime.desk.bankruptcy import bankruptcy_prices, cut_of
from openprime.desk.deleveraging import adl_score
from openprime.desk.events import (
    LiquidationReduced,
    LiquidationStepped,
    PositionReduced,
    Statement,
)
from openprime.desk.insurance import fund_balance
from openprime.desk.ledger import overdraw
from openprime.desk.liquidation_state import Reduced, Step
from openprime.desk.margin import refresh, totals
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Order, Position
from openprime.model.venue import Accepted, Cancelled
from openprime.model.vocabulary import (
    AccountStatus,
    ClosedType,
    Exchange,
    OrderOrigin,
    OrderState,
    Side,
    StatementType,
)
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit
from tests.desk.test_ladder import example_g, marked

D = Decimal
ETH_PERP = "BINANCE_PERP_ETH_USDT"


def steps(outcome: Outcome) -> list[Step]:
    return [event.step for event in outcome.events if isinstance(event, LiquidationStepped)]


def reduced(outcome: Outcome) -> list[Reduced]:
    return [event.reduced for event in outcome.events if isinstance(event, LiquidationReduced)]


def statements(outcome: Outcome) -> list[Statement]:
    return [event for event in outcome.events if isinstance(event, Statement)]


def rows(outcome: Outcome) -> dict[int, PositionReduced]:
    """The last word on each reduced position."""
    events = (event for event in outcome.events if isinstance(event, PositionReduced))
    return {event.row.position_id: event for event in events}


def stage_order(kit: DeskKit, account: Account | None = None) -> Order:
    liquidation = (account or kit.account()).liquidation
    assert liquidation is not None
    assert liquidation.stage is not None
    return kit.desk.state.orders[liquidation.stage.order_id]


def fill_stage(kit: DeskKit, price: object, account: Account | None = None) -> Outcome:
    order = stage_order(kit, account)
    kit.report(Accepted(order.order_id))
    return kit.fill(order, price, order.quantity)


def status(kit: DeskKit) -> AccountStatus:
    return views.account_view(kit.desk, kit.account()).account_status


def agenda(kit: DeskKit) -> Outcome:
    return kit.do(c.RunAgenda())


# -- G: a small account is closed whole


def half_taken(kit: DeskKit) -> Outcome:
    """Let the market take half a coin of the first stage, and no more."""
    marked(kit, "57762.8")
    order = stage_order(kit)
    kit.report(Accepted(order.order_id))
    kit.fill(order, "57762.8", "0.5", done=False)
    return kit.report(Cancelled(order.order_id, requested=False))


def test_g_a_full_close_down_to_the_bankruptcy_price() -> None:
    kit = example_g()
    outcome = marked(kit, "57762.8")
    assert steps(outcome) == [Step.CANCEL, Step.LIQUIDATE]
    order = stage_order(kit)
    assert order.origin is OrderOrigin.SYSTEM_LIQ
    assert (order.side, order.quantity, order.reduce_only) == (Side.SELL, D(2), True)
    valid = totals(kit.account()).valid
    bankrupt = D("57762.8") - valid / (2 * D("0.9999"))
    assert bankrupt <= order.limit_price < bankrupt + D("0.1")
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", 57000)) == 401045
    assert kit.code(kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))) == 401019


def test_the_clearance_fee_takes_no_more_than_is_left() -> None:
    kit = example_g()
    marked(kit, "57762.8")
    position = kit.account().positions[BTC_PERP]
    outcome = fill_stage(kit, "57762.8")
    assert steps(outcome) == [Step.END]
    taker = 2 * D("57762.8") * D("0.00035")
    left = 5000 - 2 * (60000 - D("57762.8")) - taker
    fee = D(str(left)) * D("0.9999")
    (row,) = statements(outcome)
    assert row.statement_type is StatementType.LIQUIDATION_FEE
    assert (row.sym, row.business) == (BTC_PERP, "PERP")
    assert abs(-row.delta - fee) < D("0.00000002")
    (told,) = reduced(outcome)
    assert row.request_id == str(told.event_id)
    assert told.position_id == position.position_id
    assert told.quantity == 2
    assert told.closed_pnl == -2 * (60000 - D("57762.8"))
    assert told.trading_fee == taker
    assert told.liquidation_fee == -row.delta
    history = rows(outcome)[position.position_id].row
    assert history.closed_type is ClosedType.LIQUIDATION
    assert history.liquidation_fee == told.liquidation_fee
    assert status(kit) is AccountStatus.NORMAL
    assert not kit.account().restricted
    assert kit.desk.state.liquidations == {}
    assert fund_balance(kit.desk.turn) == 1_000_000 - row.delta


def test_the_clearance_is_charged_once_all_fills_are_known() -> None:
    """What is left after the first fill is not taken before the last one has lost its part."""
    kit = example_g()
    marked(kit, "57762.8")
    order = stage_order(kit)
    kit.report(Accepted(order.order_id))
    assert statements(kit.fill(order, "57762.8", 1, done=False)) == []
    outcome = kit.fill(order, "57600", 1)
    assert steps(outcome) == [Step.END]  # and not a take-over
    (row,) = statements(outcome)
    (told,) = reduced(outcome)
    assert told.liquidation_fee == -row.delta > 0
    assert kit.account().wallets["USDT"].cash > 0
    assert not kit.account().restricted


def test_what_was_cleared_before_a_take_over_is_charged_too() -> None:
    kit = example_g()
    outcome = half_taken(kit)
    assert steps(outcome) == [Step.TAKEOVER]
    (row,) = statements(outcome)
    (told,) = reduced(outcome)
    assert row.statement_type is StatementType.LIQUIDATION_FEE
    assert told.liquidation_fee == -row.delta == D("57762.8") / 2 * D("0.0125")


def test_a_stage_waits_until_the_account_has_nothing_at_the_venue() -> None:
    kit = example_g()
    order = kit.rest(BTC_PERP, "SELL", 1, 61000, reduce_only=True)
    outcome = marked(kit, "57762.8")
    assert steps(outcome) == [Step.CANCEL]
    assert kit.account().liquidation is not None
    assert steps(kit.confirm_cancel(order.order_id)) == [Step.LIQUIDATE]
    assert steps(marked(kit, "57000")) == []  # ticks in between only refresh numbers


# -- H: a large position is reduced


def test_h_a_part_is_closed_that_brings_uni_mmr_to_the_target() -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.mark(BTC_PERP, 50000)
    kit.hold(BTC_PERP, 400, 50000)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 50))
    # VM = d * B - 0.00035 * 20M = 278720
    kit.cash("USDT", (D(278720) + 7000) / D("0.9999"))
    account = kit.account()
    refresh(kit.desk.turn, account)
    assert round(totals(account).valid, 4) == 278720
    cut = cut_of(kit.desk.turn, account, BTC_PERP)
    assert abs(cut.quantity * 50000 - D("3728279.06")) < 50  # one lot
    agenda(kit)
    order = stage_order(kit)
    assert order.origin is OrderOrigin.SYSTEM_REDUCE
    outcome = fill_stage(kit, 50000)
    uni_mmr = views.account_view(kit.desk, account).uni_mmr
    assert uni_mmr is not None
    assert D("1.2") <= uni_mmr < D("1.2001")
    assert steps(outcome) == [Step.END]
    (told,) = reduced(outcome)
    assert told.liquidation_fee == cut.quantity * 50000 * D("0.0125")
    history = rows(outcome)[account.positions[BTC_PERP].position_id].row
    assert history.closed_type is ClosedType.PARTIAL_CLOSED
    assert history.liquidation_fee == told.liquidation_fee


def test_a_stage_goes_no_further_than_the_next_lower_tier() -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.mark(BTC_PERP, 50000)
    kit.hold(BTC_PERP, 250, 50000)  # 12.5M: half a million above tier 4
    kit.cash("USDT", 122_000)
    account = kit.account()
    refresh(kit.desk.turn, account)
    assert cut_of(kit.desk.turn, account, BTC_PERP).quantity == 10


# -- both legs, collateral, debts


def test_the_legs_of_a_symbol_are_set_off_first() -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.switch("BOTH")
    kit.cash("USDT", 2000)
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, 3, 60000)
    kit.hold(BTC_PERP, -2, 60000)
    outcome = marked(kit, 59340)
    assert steps(outcome) == [Step.CANCEL, Step.OFFSET, Step.END]
    positions = kit.account().positions
    assert {leg: p.quantity for leg, p in positions.items()} == {f"{BTC_PERP}:LONG": D(1)}
    closed = [e.row for e in rows(outcome).values()]
    assert {row.closed_type for row in closed} == {
        ClosedType.PARTIAL_CLOSED,
        ClosedType.SYSTEM_COMPLETE_CLOSED,
    }
    assert kit.account().wallets["USDT"].cash == 2000
    assert statements(outcome) == []


def test_collateral_is_sold_for_debts_before_positions() -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.cash("BTC", 1)
    kit.index("BTC", 60_000)
    kit.cash("USDT", -50_000)
    kit.mark(BTC_PERP, 60_000)
    kit.hold(BTC_PERP, "0.2", 60_000)
    outcome = kit.do(c.SetPrices({}, {"BTC": D(55_400)}))
    assert steps(outcome)[-1] is Step.SELL_COLLATERAL
    order = stage_order(kit)
    assert (order.sym, order.side, order.origin) == (BTC_SPOT, Side.SELL, OrderOrigin.SYSTEM_LIQ)
    assert order.limit_price == D(55_400) * D("0.995")
    owed = D(50_000)
    assert order.quantity * order.limit_price * D("0.999") >= owed
    assert (order.quantity - D("0.00001")) * order.limit_price * D("0.999") < owed
    outcome = fill_stage(kit, 55_400)
    assert steps(outcome) == [Step.END]
    assert kit.account().wallets["USDT"].cash > 0
    assert not kit.account().restricted


def test_an_unrealised_loss_is_a_debt_too() -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.index("BTC", 60_000)
    kit.cash("BTC", "0.1")
    kit.cash("USDT", 1000)
    kit.mark(BTC_PERP, 60_000)
    kit.hold(BTC_PERP, 2, 60_000)
    outcome = marked(kit, 57_035)
    assert steps(outcome)[-1] is Step.SELL_COLLATERAL
    order = stage_order(kit)
    owed = 2 * 2965 - 1000
    assert order.quantity * order.limit_price * D("0.999") >= owed


# -- take-over


def test_the_margin_is_used_up_the_house_takes_the_position_at_its_bankruptcy_price() -> None:
    kit = example_g()
    outcome = marked(kit, "57751.2")
    assert steps(outcome) == [Step.CANCEL]
    assert status(kit) is AccountStatus.TAKEOVER
    account = kit.account()
    assert kit.code(kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, None))) == 401045
    refresh(kit.desk.turn, account)
    price = bankruptcy_prices(kit.desk.turn, account)[BTC_PERP]
    outcome = agenda(kit)
    assert steps(outcome) == [Step.END]
    assert account.positions == {}
    assert account.restricted
    assert status(kit) is AccountStatus.NORMAL
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", 57000)) == 401045
    held = kit.desk.state.house_positions[BTC_PERP]
    assert held.quantity == 2
    assert abs(held.average_price - price) < D("1e-17")
    (told,) = reduced(outcome)
    assert told.quantity == 2
    assert told.liquidation_fee == 0
    (event,) = rows(outcome).values()
    assert event.row.closed_type is ClosedType.LIQUIDATION
    assert statements(outcome) == []  # at that price nothing is lacking


def test_a_take_over_waits_until_nothing_of_the_account_is_at_the_venue() -> None:
    """Orders that an operator's pin let through: what they fill would be nobody's."""
    kit = example_g()
    assert steps(marked(kit, "57751.2")) == [Step.CANCEL]
    kit.do(c.PinStatus(kit.portfolio_id, Exchange.BINANCE, AccountStatus.NORMAL))
    order = kit.rest(BTC_PERP, "SELL", "0.01", 70000, reduce_only=True)
    kit.now_ms += DeskSettings().takeover_delay_ms
    assert steps(agenda(kit)) == []
    assert kit.account().positions[BTC_PERP].quantity == 2
    kit.confirm_cancel(order.order_id)
    kit.now_ms += DeskSettings().takeover_delay_ms
    assert steps(agenda(kit)) == [Step.END]
    assert kit.account().positions == {}


def test_what_the_market_does_not_take_is_taken_over() -> None:
    kit = example_g()
    outcome = half_taken(kit)
    assert steps(outcome) == [Step.TAKEOVER]
    assert status(kit) is AccountStatus.TAKEOVER
    agenda(kit)
    assert kit.account().positions == {}
    assert kit.account().restricted
    assert kit.desk.state.house_positions[BTC_PERP].quantity == D("1.5")


def test_m_a_bankrupt_wallet_is_made_good() -> None:
    kit = DeskKit()
    kit.cash("USDT", -70)
    wallet = kit.account().wallets["USDT"]
    assert overdraw(wallet) == 70
    agenda(kit)
    assert status(kit) is AccountStatus.TAKEOVER
    outcome = agenda(kit)
    (row,) = statements(outcome)
    assert row.statement_type is StatementType.LIQ_COMPENSATION
    assert (row.delta, row.before_overdraw, row.after_overdraw) == (D(70), D(70), D(0))
    assert (row.sym, row.business) == ("", "SPOT")
    assert wallet.cash == 0
    assert fund_balance(kit.desk.turn) == 999_930
    assert kit.account().restricted


def test_other_coins_pay_back_the_compensation_and_no_more() -> None:
    kit = DeskKit()
    kit.index("BTC", 60_000)
    kit.cash("BTC", "0.0012")
    kit.cash("USDT", -70)
    agenda(kit)
    outcome = agenda(kit)
    given, taken = statements(outcome)
    assert (given.coin, given.delta) == ("USDT", D(70))
    assert (taken.coin, taken.delta) == ("BTC", -D("0.00116666"))
    assert kit.account().wallets["BTC"].cash > 0
    assert abs(fund_balance(kit.desk.turn) - 1_000_000) < D("1e-9")


def test_a_take_over_may_be_given_time() -> None:
    settings = DeskSettings(broker_max_leverage=0, takeover_delay_ms=5000)
    kit = example_g(settings=settings)
    marked(kit, "57751.2")
    agenda(kit)
    assert status(kit) is AccountStatus.TAKEOVER
    kit.now_ms += 5000
    agenda(kit)
    assert status(kit) is AccountStatus.NORMAL


# -- ADL


def counterparty(kit: DeskKit, cash: object, quantity: object, average: object) -> Position:
    """Another user's account with a position in BTC_PERP; returns the position."""
    kit.do(c.CreateUser("NORMAL"))  # type: ignore[arg-type]
    own, kit.portfolio_id = kit.portfolio_id, list(kit.desk.state.portfolios)[-1]
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", D(str(cash))))
    position = kit.hold(BTC_PERP, quantity, average)
    agenda(kit)
    kit.portfolio_id = own
    return position


def account_of(kit: DeskKit, position: Position) -> Account:
    return kit.desk.state.portfolios[position.portfolio_id].accounts[Exchange.BINANCE]


@pytest.mark.parametrize(
    ("cash", "upnl", "score"),
    [(2000, 5000, "0.17143"), (10_000, 5000, "0.0160"), (100_000, 100, "0.0000048")],
)
def test_l_scores(cash: int, upnl: int, score: str) -> None:
    kit = DeskKit()
    kit.mark(BTC_PERP, 60000)
    kit.cash("USDT", cash)
    position = kit.hold(BTC_PERP, 2, 60000 - D(upnl) / 2)
    found = adl_score(kit.desk.turn, kit.account(), position)
    assert abs(found / D(score) - 1) < D("0.002")


def test_a_fund_that_is_short_deleverages_the_other_side_in_rank_order() -> None:
    settings = DeskSettings(broker_max_leverage=0, insurance_fund_initial=D(100))
    kit = example_g(settings=settings)
    last = counterparty(kit, 100_000, "-0.5", 60000)
    first = counterparty(kit, 3_000, "-1.5", 60000)
    idle = counterparty(kit, 100_000, "-1", 50000)
    ordered = kit.desk.state.orders
    marked(kit, 56000)  # lacks 3000: 5000 against a loss of 8000
    outcome = agenda(kit)
    account = kit.account()
    assert account.positions == {}
    assert account.wallets["USDT"].cash == 0
    assert account_of(kit, first).positions == {}
    assert account_of(kit, last).positions == {}
    assert account_of(kit, idle).positions[BTC_PERP].quantity == -1
    history = [event.row for event in outcome.events if isinstance(event, PositionReduced)]
    assert [row.position_id for row in history][:2] == [first.position_id, last.position_id]
    assert {row.closed_type for row in history[:2]} == {ClosedType.SYSTEM_COMPLETE_CLOSED}
    assert {row.closed_average_price for row in history} == {D(57500)}  # 60000 - 5000 / 2
    assert account_of(kit, first).wallets["USDT"].cash == 3000 + D("1.5") * 2500
    assert fund_balance(kit.desk.turn) == 100
    assert BTC_PERP not in kit.desk.state.house_positions
    assert not ordered


def crowd_against(kit: DeskKit) -> list[Position]:
    """Shorts of one BTC together: the less cash the sooner they are deleveraged."""
    return [counterparty(kit, 100_000 - 1000 * n, "-0.05", 60000 + n % 3) for n in range(30)]


@pytest.mark.parametrize("work_max", [10**9, 30])
def test_deleveraging_may_take_many_commands(
    work_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "WORK_MAX", work_max)
    settings = DeskSettings(broker_max_leverage=0, insurance_fund_initial=D(100))
    kit = example_g(quantity="1", settings=settings)
    kit.cash("USDT", 2500)
    shorts = crowd_against(kit)
    marked(kit, 56000)
    turn = kit.desk.turn
    scores = {p.position_id: adl_score(turn, account_of(kit, p), p) for p in shorts}
    ranked = sorted(scores, key=lambda position_id: -scores[position_id])
    outcomes = [agenda(kit)]
    while kit.desk.state.liquidations:
        outcomes.append(agenda(kit))
    closed = [position_id for outcome in outcomes for position_id in rows(outcome)]
    assert [i for i in closed if i in scores] == ranked[:20]
    assert (len(outcomes) == 1) == (work_max > 30)
    told = [told for outcome in outcomes for told in reduced(outcome)]
    assert sum(one.quantity for one in told) == 1
    assert kit.account().wallets["USDT"].cash == 0
    assert kit.desk.state.house_positions == {}
    assert kit.desk.state.rankings == {}
    assert fund_balance(turn) == 100


def test_what_the_house_may_not_hold_goes_to_the_other_side() -> None:
    settings = DeskSettings(broker_max_leverage=0, house_max_notional=D(60_000))
    kit = example_g(settings=settings)
    winner = counterparty(kit, 10_000, -5, 60000)
    marked(kit, "57751.2")
    agenda(kit)
    assert kit.desk.state.house_positions[BTC_PERP].quantity == D("1.038")
    assert account_of(kit, winner).positions[BTC_PERP].quantity == D("-4.038")


def test_adl_cancels_the_counterpartys_orders_of_the_symbol() -> None:
    settings = DeskSettings(broker_max_leverage=0, house_max_notional=D(0))
    kit = example_g(settings=settings)
    winner = counterparty(kit, 10_000, -5, 60000)
    own, kit.portfolio_id = kit.portfolio_id, winner.portfolio_id
    order = kit.rest(BTC_PERP, "BUY", 1, 55000)
    kit.portfolio_id = own
    marked(kit, "57751.2")
    agenda(kit)
    assert order.action == "CANCEL_PENDING"
    assert order.state is OrderState.OPEN
    assert account_of(kit, winner).positions[BTC_PERP].quantity == -3


def test_what_nobody_can_take_the_house_takes_and_the_broker_pays() -> None:
    settings = DeskSettings(broker_max_leverage=0, insurance_fund_initial=D(100))
    kit = example_g(settings=settings)
    marked(kit, 56000)
    agenda(kit)
    state = kit.desk.state
    assert kit.account().wallets["USDT"].cash == 0
    assert state.house_positions[BTC_PERP].quantity == 2
    assert fund_balance(kit.desk.turn) == 0
    assert state.house["broker"]["USDT"] == -2900
