"""Loans that are too much for their collateral are taken back (risk-model 9.5, 13.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.bankruptcy import bankruptcy_prices
from openprime.desk.desk import Desk
from openprime.desk.events import LiquidationStepped, LoanEntry, LoanOrder, Statement
from openprime.desk.explaining import explain_account
from openprime.desk.insurance import fund_balance
from openprime.desk.liquidation_state import Step
from openprime.desk.loan_worth import loan_worth
from openprime.desk.margin import refresh, totals
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Order, State, Wallet
from openprime.errors import Refusal, message
from openprime.model.venue import Accepted, Cancelled
from openprime.model.vocabulary import (
    AccountStatus,
    Exchange,
    LoanKind,
    OrderOrigin,
    Side,
    StatementType,
)
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit

D = Decimal
BINANCE = Exchange.BINANCE
FEE = D("0.02")
TERMS = {
    "loanLeverage": "5",
    "maxLoanValue": "500000",
    "loanMmr": "0.05",
    "loanInterestRate": "0.02",
}


@pytest.fixture
def kit() -> DeskKit:
    return lending()


def lending(settings: DeskSettings | None = None) -> DeskKit:
    """USDT, BTC and ETH are lent at leverage 5; BTC is at 60000, ETH at 2500."""
    kit = DeskKit(settings)
    for coin in ("USDT", "BTC", "ETH"):
        assert kit.do(c.Override("loanConfig", coin, TERMS)).refusal is None
    kit.index("BTC", 60000)
    kit.index("ETH", 2500)
    return kit


def secured(settings: DeskSettings | None = None) -> DeskKit:
    """A loan of 1300 USDT and 0.03 BTC: the coins of the loan are spent but for 100."""
    kit = lending(settings)
    kit.cash("BTC", "0.03")
    lend(kit, 1300)
    kit.cash("USDT", 100)
    return kit


def lend(kit: DeskKit, amount: object, coin: str = "USDT") -> None:
    asked = c.Borrow(kit.portfolio_id, BINANCE, coin, D(str(amount)), "")
    assert kit.do(asked).refusal is None


def fell(kit: DeskKit, price: object, coin: str = "BTC") -> Outcome:
    return kit.do(c.SetPrices({}, {coin: D(str(price))}))


def wallet(kit: DeskKit, coin: str = "USDT") -> Wallet:
    return kit.account().wallets[coin]


def ltv(kit: DeskKit) -> Decimal:
    refresh(kit.desk.turn, kit.account())
    return loan_worth(kit.desk.turn, kit.account()).ltv


def status(kit: DeskKit) -> AccountStatus:
    return views.account_view(kit.desk, kit.account()).account_status


def steps(outcome: Outcome) -> list[Step]:
    return [event.step for event in outcome.events if isinstance(event, LiquidationStepped)]


def entries(outcome: Outcome) -> list[tuple[LoanKind, str, Decimal]]:
    told = [event for event in outcome.events if isinstance(event, LoanEntry)]
    return [(entry.kind, entry.coin, entry.delta) for entry in told]


def stage_order(kit: DeskKit) -> Order:
    liquidation = kit.account().liquidation
    assert liquidation is not None
    assert liquidation.stage is not None
    return kit.desk.state.orders[liquidation.stage.order_id]


def fill_stage(kit: DeskKit, price: object) -> Outcome:
    order = stage_order(kit)
    kit.report(Accepted(order.order_id))
    return kit.fill(order, price, order.quantity)


def nobody_trades(kit: DeskKit) -> Outcome:
    return kit.report(Cancelled(stage_order(kit).order_id, requested=False))


# -- out of the loan's own coin


def test_free_cash_pays_back_down_to_the_target(kit: DeskKit) -> None:
    kit.cash("USDT", 1000)
    lend(kit, 2000)
    kit.cash("USDT", 2170)  # 2000 / 2169.783 = 0.9218
    outcome = kit.do(c.RunAgenda())
    assert steps(outcome) == [Step.CANCEL, Step.REPAY, Step.END]
    excess = 2000 - D("0.85") * 2170 * D("0.9999")
    taken = D("1169.80")  # excess / (1 - 0.85 * 0.9999 * 1.02), up to a hundredth
    exact = excess / (1 - D("0.85") * D("0.9999") * (1 + FEE))
    assert taken - D("0.01") < exact <= taken
    assert entries(outcome) == [
        (LoanKind.REPAY, "USDT", -taken),
        (LoanKind.LIQUIDATION_FEE, "USDT", -taken * FEE),
    ]
    (order,) = (event for event in outcome.events if isinstance(event, LoanOrder))
    assert (order.kind, order.amount, order.loan) == (LoanKind.REPAY, taken, 2000 - taken)
    assert order.client_order_id == str(order.order_id)
    assert wallet(kit).cash == 2170 - taken * (1 + FEE)
    assert kit.desk.state.house["lent"]["USDT"] == taken - 2000
    assert fund_balance(kit.desk.turn) == 1_000_000 + taken * FEE
    assert D("0.8499") < ltv(kit) <= D("0.85")
    assert status(kit) is AccountStatus.NORMAL
    assert outcome.requests == []
    assert not any(isinstance(event, Statement) for event in outcome.events)


def test_the_largest_loan_is_taken_back_first(kit: DeskKit) -> None:
    kit.cash("USDT", 2000)
    lend(kit, 2500)
    lend(kit, "0.02", "BTC")
    kit.cash("USDT", 2861)  # 3700 / (2861 + 1140)
    outcome = kit.do(c.RunAgenda())
    assert steps(outcome) == [Step.CANCEL, Step.REPAY, Step.END]
    assert [coin for _, coin, _ in entries(outcome)] == ["USDT", "USDT"]
    assert wallet(kit, "BTC").loan == D("0.02")
    assert ltv(kit) <= D("0.85")


def test_a_client_can_pay_back_what_is_left(kit: DeskKit) -> None:
    kit.cash("BTC", "1.5")
    lend(kit, "1.5", "BTC")
    kit.cash("BTC", "1.712345")
    kit.do(c.RunAgenda())
    left = wallet(kit, "BTC").loan
    assert 0 < left < D("1.5")
    assert left == round(left, 2)
    repaid = kit.do(c.Repay(kit.portfolio_id, BINANCE, "BTC", left, ""))
    assert repaid.refusal is None
    assert kit.account().loan_coins == {}


def test_cash_that_covers_a_loss_stays(kit: DeskKit) -> None:
    """100 of the cash answer for a position's loss: taking them back would only be a new debt."""
    kit.mark(BTC_PERP, 60000)
    kit.cash("USDT", 1000)
    lend(kit, 600)
    kit.hold(BTC_PERP, "0.01", 60000)
    kit.cash("USDT", 700)
    kit.do(c.SetPrices({BTC_PERP: D(50000)}, {}))
    assert wallet(kit).cash >= 100


def test_a_fee_takes_no_more_than_what_is_the_accounts_own() -> None:
    kit = lending(DeskSettings(loan_liquidation_fee_rate=D("0.3")))
    kit.cash("USDT", 1000)
    lend(kit, 2000)
    kit.cash("USDT", 2050)  # 50 are its own
    outcome = kit.do(c.RunAgenda())
    repaid, fee = entries(outcome)[:2]
    assert (repaid[0], fee[0]) == (LoanKind.REPAY, LoanKind.LIQUIDATION_FEE)
    assert fee[2] == -50 * D("0.9999")


# -- for which other coins are sold


def test_other_coins_are_sold_for_what_is_short() -> None:
    kit = secured()
    outcome = fell(kit, 46000)  # 1300 / (100 + 0.03 * 46000 * 0.95) = 0.9213
    assert steps(outcome) == [Step.CANCEL, Step.REPAY, Step.SELL_COLLATERAL]
    first = -entries(outcome)[0][2]
    assert first == D("98.03")  # 100 / 1.02, cut
    order = stage_order(kit)
    assert (order.sym, order.side, order.origin) == (BTC_SPOT, Side.SELL, OrderOrigin.SYSTEM_LIQ)
    assert status(kit) is AccountStatus.LIQUIDATING
    excess = (
        1300 - first - D("0.85") * (D("0.03") * 46000 * D("0.95") + wallet(kit).cash * D("0.9999"))
    )
    taken = excess / (1 - D("0.85") * D("0.9999") * (1 + FEE))
    short = taken * (1 + FEE) - wallet(kit).cash
    proceeds = order.quantity * order.limit_price * D("0.999")
    assert short <= proceeds < short + 2
    outcome = fill_stage(kit, 46000)
    assert steps(outcome) == [Step.REPAY, Step.END]
    kinds = [kind for kind, _, _ in entries(outcome)]
    assert kinds == [LoanKind.REPAY, LoanKind.LIQUIDATION_FEE]
    assert ltv(kit) <= D("0.85")
    assert status(kit) is AccountStatus.NORMAL
    assert not kit.account().restricted


def test_a_loan_that_need_not_be_taken_back_asks_for_nothing(kit: DeskKit) -> None:
    """What the largest loan gives back is enough: no ETH is bought for the other."""
    kit.cash("BTC", "0.1")
    lend(kit, 3000)
    lend(kit, "0.04", "ETH")
    kit.cash("USDT", 0)
    kit.cash("ETH", 0)
    outcome = fell(kit, 35000)  # 3100 / (0.1 * 35000 * 0.95) = 0.9323
    assert steps(outcome) == [Step.CANCEL, Step.SELL_COLLATERAL]
    assert stage_order(kit).sym == BTC_SPOT
    outcome = fill_stage(kit, 35000)
    assert steps(outcome) == [Step.REPAY, Step.END]
    assert {coin for _, coin, _ in entries(outcome)} == {"USDT"}
    assert wallet(kit, "ETH").loan == D("0.04")
    assert ltv(kit) <= D("0.85")


def test_a_lent_coin_that_was_sold_is_bought_back(kit: DeskKit) -> None:
    kit.cash("USDT", 4000)
    lend(kit, "0.1", "BTC")
    kit.cash("BTC", 0)
    kit.cash("USDT", 8000)
    outcome = fell(kit, 75000)
    assert steps(outcome) == [Step.CANCEL, Step.SELL_COLLATERAL]
    order = stage_order(kit)
    assert (order.sym, order.side) == (BTC_SPOT, Side.BUY)
    assert order.limit_price == 75000 * D("1.005")
    outcome = fill_stage(kit, 75000)
    assert steps(outcome) == [Step.REPAY, Step.END]
    repaid, fee = entries(outcome)
    assert fee[2] == repaid[2] * FEE
    assert order.quantity == -repaid[2] * (1 + FEE)
    assert wallet(kit, "BTC").loan == D("0.1") + repaid[2]
    assert ltv(kit) <= D("0.85")


def test_no_loan_and_no_repayment_while_it_lasts() -> None:
    kit = secured()
    fell(kit, 46000)
    for asked in (c.Borrow, c.Repay):
        outcome = kit.do(asked(kit.portfolio_id, BINANCE, "USDT", D(1), ""))
        assert outcome.refusal == Refusal(406021)
    assert kit.desk.turn.text(406021) == message(406021) == "Account in liquidation"


def test_prices_that_recover_do_not_end_it_above_the_target() -> None:
    """What was sold for loans is used for them, though LTV is back below the level of the call."""
    kit = secured()
    fell(kit, 46000)
    fell(kit, 46500)
    assert D("0.85") < ltv(kit) < D("0.92")
    outcome = fill_stage(kit, 46500)
    assert steps(outcome) == [Step.REPAY, Step.END]
    assert ltv(kit) <= D("0.85")


def test_a_liquidation_for_other_reasons_leaves_good_loans_alone() -> None:
    kit = lending(DeskSettings(broker_max_leverage=0))
    kit.cash("USDT", 1000)
    lend(kit, 600)
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, 5, 60000)
    kit.cash("USDT", 1380)
    outcome = kit.do(c.RunAgenda())
    assert steps(outcome) == [Step.CANCEL, Step.LIQUIDATE]
    assert ltv(kit) < D("0.85")
    assert entries(outcome) == []


def test_coins_that_nobody_buys_are_offered_again_and_positions_stay() -> None:
    kit = secured()
    kit.mark(BTC_PERP, 46000)
    kit.hold(BTC_PERP, "0.001", 46000)
    fell(kit, 46000)
    assert steps(nobody_trades(kit)) == []
    assert kit.account().positions[BTC_PERP].quantity == D("0.001")
    assert status(kit) is AccountStatus.LIQUIDATING
    kit.now_ms += 1000
    outcome = kit.do(c.RunAgenda())
    assert steps(outcome) == [Step.SELL_COLLATERAL]
    assert steps(fill_stage(kit, 46000)) == [Step.REPAY, Step.END]


def test_a_profit_that_is_not_yet_cash_is_taken_for_loans(kit: DeskKit) -> None:
    kit.mark(BTC_PERP, 64150)
    kit.cash("USDT", 1000)
    lend(kit, 1000)
    kit.hold(BTC_PERP, "0.02", 10000)
    kit.cash("USDT", 0)
    outcome = kit.do(c.RunAgenda())
    assert ltv(kit) > D("0.92")
    assert steps(outcome) == [Step.CANCEL, Step.LIQUIDATE]
    assert stage_order(kit).quantity == D("0.02")
    outcome = fill_stage(kit, 64150)
    assert steps(outcome) == [Step.REPAY, Step.END]
    assert ltv(kit) <= D("0.85")


def test_an_operator_is_told_what_the_loans_stand_against() -> None:
    kit = secured()
    lines = explain_account(kit.desk, kit.account())
    assert (
        "ltv = loans 1300 / collateral 1809.99 = 0.7182360123 "
        "against MARGIN_CALL 0.85, LIQUIDATING 0.92"
    ) in lines


# -- bankrupt


def test_what_all_coins_do_not_cover_the_fund_pays() -> None:
    kit = secured()
    fell(kit, 30000)
    outcome = fill_stage(kit, 30000)
    assert steps(outcome) == [Step.REPAY, Step.TAKEOVER]
    assert LoanKind.LIQUIDATION_FEE not in [kind for kind, _, _ in entries(outcome)]
    lacking = wallet(kit).loan - wallet(kit).cash
    outcome = kit.do(c.RunAgenda())
    assert steps(outcome) == [Step.END]
    assert [kind for kind, _, _ in entries(outcome)] == [LoanKind.REPAY]
    (row,) = (event for event in outcome.events if isinstance(event, Statement))
    assert (row.statement_type, row.delta) == (StatementType.LIQ_COMPENSATION, lacking)
    assert fund_balance(kit.desk.turn) == 1_000_000 - lacking
    assert kit.account().loan_coins == {}
    assert kit.desk.state.borrowers == {}
    assert wallet(kit).cash == wallet(kit).loan == 0
    assert kit.account().restricted
    assert kit.desk.state.house["lent"]["USDT"] == 0


def test_where_nobody_buys_what_loans_stand_against_the_fund_pays() -> None:
    """All that is owned is worth less than the loans, and no market takes it."""
    kit = secured()
    assert steps(fell(kit, 30000)) == [Step.CANCEL, Step.REPAY, Step.SELL_COLLATERAL]
    assert steps(nobody_trades(kit)) == [Step.TAKEOVER]
    assert status(kit) is AccountStatus.TAKEOVER
    outcome = kit.do(c.RunAgenda())
    assert steps(outcome) == [Step.END]
    assert kit.account().loan_coins == {}
    assert wallet(kit).cash == wallet(kit).loan == wallet(kit, "BTC").cash == 0
    assert kit.account().restricted


def test_a_price_of_bankruptcy_leaves_what_is_lent(kit: DeskKit) -> None:
    kit.mark(BTC_PERP, 60000)
    kit.cash("USDT", 1000)
    lend(kit, 600)
    kit.hold(BTC_PERP, 1, 60000)
    refresh(kit.desk.turn, kit.account())
    own = totals(kit.account()).valid - 600
    price = bankruptcy_prices(kit.desk.turn, kit.account())[BTC_PERP]
    assert price == 60000 - own / D("0.9999")


# -- the same after a restart


def test_a_restart_in_the_middle_changes_nothing() -> None:
    kit = secured()
    fell(kit, 46000)
    order = stage_order(kit)
    kit.report(Accepted(order.order_id))
    again = Desk(kit.desk.turn.base, state=msgspec.msgpack.decode(kit.desk.snapshot(), type=State))
    report: Any = kit.fill(order, 46000, order.quantity)
    envelope = kit.journal[-1]
    outcome = again.apply(envelope)
    assert outcome.events == report.events
    assert again.snapshot() == kit.desk.snapshot()
    assert again.find_account(kit.portfolio_id, BINANCE).liquidation is None  # type: ignore[union-attr]


# -- whatever prices and the market do


STEPS = st.tuples(st.sampled_from(["BTC", "ETH"]), st.integers(-35, 35), st.sampled_from("fpnw"))


@given(st.lists(STEPS, min_size=1, max_size=25))
def test_loans_never_stay_at_the_level_of_the_call(
    steps: list[tuple[str, int, str]],
) -> None:
    """Prices jump by up to 35 %, and what is sold finds a buyer for all, a part or none of it."""
    kit = lending(DeskSettings(insurance_fund_initial=D(1000)))
    kit.cash("USDT", 1000)
    kit.cash("ETH", 1)
    kit.cash("BTC", "0.05")
    lend(kit, 3000)
    lend(kit, "0.5", "ETH")
    kit.trade(BTC_SPOT, "BUY", "0.06", 60000)
    for coin, move, answer in steps:
        price = kit.desk.state.indexes[coin] * (100 + move) / 100
        fell(kit, max(price, D(1)), coin)
        liquidation = kit.account().liquidation
        if liquidation is not None and liquidation.stage is not None:
            answers(kit, answer)
        elif answer == "w":
            kit.now_ms += 1000
            kit.do(c.RunAgenda())
        account = kit.account()
        if account.liquidation is None:
            assert ltv(kit) < D("0.92")
        for held in account.wallets.values():
            assert held.loan == round(held.loan, 2) >= 0
            assert (held.coin in account.loan_coins) == bool(held.loan)
            assert held.cash >= 0 or account.liquidation is not None


def answers(kit: DeskKit, answer: str) -> None:
    """The venue's answer to a stage's order: fills all, a part or nothing of it."""
    order = stage_order(kit)
    lot = kit.desk.reference.instruments[order.sym].lot_size
    part = max(lot, (order.quantity / 3) // lot * lot)
    kit.report(Accepted(order.order_id))
    if answer == "f" or part >= order.quantity:
        kit.fill(order, order.limit_price, order.quantity)
        return
    if answer == "p":
        kit.fill(order, order.limit_price, part, done=False)
    kit.report(Cancelled(order.order_id, requested=False))
