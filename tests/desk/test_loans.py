"""RapidX loans: bounds in their order, interest, the loan-to-value ladder (risk-model 9.5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openprime.desk import commands as c
from openprime.desk.events import LoanEntry, LoanOrder, Statement
from openprime.desk.ledger import liability
from openprime.desk.loan_worth import loan_worth, max_loan
from openprime.desk.loans import CHARGED_AFTER_MS
from openprime.desk.margin import refresh
from openprime.desk.outcome import Outcome
from openprime.desk.overrides import overridden
from openprime.desk.settings import DeskSettings, check
from openprime.desk.state import Wallet
from openprime.desk.transferable import max_transferable
from openprime.desk.views import account_view
from openprime.desk.watched import HOUR_MS
from openprime.errors import Refusal, message
from openprime.model.vocabulary import AccountStatus, Exchange, LoanKind
from tests.desk.kit import BTC_PERP, START_MS, DeskKit

D = Decimal
BINANCE = Exchange.BINANCE
NEXT_CHARGE_MS = (START_MS // HOUR_MS + 1) * HOUR_MS + CHARGED_AFTER_MS


@pytest.fixture
def kit() -> DeskKit:
    """100 USDT of its own on BINANCE; USDT and BTC are lent at leverage 3, quotas 800 and 6000."""
    made = DeskKit()
    made.cash("USDT", 100)
    made.index("BTC", 60000)
    return made


def command(kit: DeskKit, kind: Any, amount: object, **changes: Any) -> Outcome:
    values = {"exchange": BINANCE, "coin": "USDT", "client_order_id": ""} | changes
    given = None if amount is None else D(str(amount))
    return kit.do(kind(portfolio_id=kit.portfolio_id, amount=given, **values))


def borrow(kit: DeskKit, amount: object, **changes: Any) -> Outcome:
    return command(kit, c.Borrow, amount, **changes)


def repay(kit: DeskKit, amount: object, **changes: Any) -> Outcome:
    return command(kit, c.Repay, amount, **changes)


def wallet(kit: DeskKit, coin: str = "USDT") -> Wallet:
    refresh(kit.desk.turn, kit.account())
    return kit.account().wallets[coin]


def loan_of(outcome: Outcome) -> LoanOrder:
    assert outcome.refusal is None, outcome.refusal
    assert isinstance(outcome.reply, LoanOrder)
    assert outcome.reply in outcome.events
    return outcome.reply


def entries(outcome: Outcome) -> list[LoanEntry]:
    return [event for event in outcome.events if isinstance(event, LoanEntry)]


def refused(kit: DeskKit, outcome: Outcome, code: int) -> None:
    assert outcome.refusal == Refusal(code), (outcome.refusal, code)
    assert kit.desk.turn.text(code) == message(code)
    assert outcome.events == []


def override(kit: DeskKit, table: str, key: str, document: object) -> None:
    assert kit.do(c.Override(table, key, document)).refusal is None


# -- money


def test_borrowing_brings_coins_and_owes_them(kit: DeskKit) -> None:
    outcome = borrow(kit, "150.25", client_order_id="mine")
    order = loan_of(outcome)
    assert (order.kind, order.amount, order.client_order_id) == (
        LoanKind.BORROW, D("150.25"), "mine",
    )  # fmt: skip
    assert (order.loan, order.available) == (D("150.25"), D("250.25"))
    (entry,) = entries(outcome)
    assert (entry.kind, entry.delta, entry.balance) == (
        LoanKind.BORROW, D("150.25"), D("250.25"),
    )  # fmt: skip
    assert not any(isinstance(event, Statement) for event in outcome.events)
    assert (wallet(kit).cash, wallet(kit).loan) == (D("250.25"), D("150.25"))
    assert kit.desk.state.house["lent"]["USDT"] == D("-150.25")
    assert liability(wallet(kit)) == 0
    assert list(kit.desk.state.borrowers) == [f"{kit.portfolio_id}:BINANCE"]


def test_paying_back_takes_principal_alone(kit: DeskKit) -> None:
    borrow(kit, 150)
    order = loan_of(repay(kit, 40))
    assert (order.kind, order.amount) == (LoanKind.REPAY, D(40))
    assert (order.loan, order.available) == (D(110), D(210))
    assert order.client_order_id == str(order.order_id)
    (entry,) = entries(repay(kit, 110))
    assert (entry.kind, entry.delta, entry.balance) == (LoanKind.REPAY, D(-110), D(100))
    assert (kit.desk.state.borrowers, kit.account().loan_coins) == ({}, {})
    assert kit.desk.state.house["lent"]["USDT"] == 0
    assert loan_worth(kit.desk.turn, kit.account()).margin == 0


def test_a_coin_that_was_never_held_can_be_borrowed(kit: DeskKit) -> None:
    kit.cash("USDT", 10_000)
    loan_of(borrow(kit, "0.05", coin="BTC"))
    assert (wallet(kit, "BTC").cash, wallet(kit, "BTC").loan_value) == (D("0.05"), D(3000))


# -- what loans weigh


def test_loans_need_margin_and_maintenance(kit: DeskKit) -> None:
    before = account_view(kit.desk, kit.account())
    borrow(kit, 150)
    view = account_view(kit.desk, kit.account())
    assert view.debt_margin == view.frozen_margin == D(50)
    assert view.maintain_margin == D("7.5")
    assert view.margin_value == before.margin_value + D(150) * D("0.9999")
    worth = loan_worth(kit.desk.turn, kit.account())
    assert (worth.value, worth.collateral) == (D(150), D("249.975"))
    assert (worth.net_margin_value, worth.net_valid) == (D("99.99"), D("99.99"))
    assert worth.net_available == D("49.99")
    assert worth.ltv == D(150) / D("249.975")


def test_the_most_that_can_be_borrowed(kit: DeskKit) -> None:
    """Twice the own worth, less what is lent; then the quota; then the pool."""
    turn, account = kit.desk.turn, kit.account()
    refresh(turn, account)
    assert max_loan(turn, account, "USDT") == D("199.98")
    assert max_loan(turn, account, "BTC") == D(0)  # 0.00333 of a coin
    borrow(kit, 150)
    refresh(turn, account)
    assert max_loan(turn, account, "USDT") == D("49.98")
    kit.cash("USDT", 5000)
    refresh(turn, account)
    assert max_loan(turn, account, "USDT") == D(650)
    override(kit, "loanPools", "BINANCE:USDT", "200")
    refresh(turn, account)
    assert max_loan(turn, account, "USDT") == D(50)


def test_margin_orders_and_loans_draw_on_one_pool(kit: DeskKit) -> None:
    kit.cash("USDT", 1000)
    borrow(kit, 300)
    kit.account().wallets["USDT"].borrowed = D(40)
    override(kit, "loanPools", "BINANCE:USDT", "350")
    refused(kit, borrow(kit, "10.01"), 406019)
    loan_of(borrow(kit, 10))


# -- codes, in the order of resolutions 81


def test_what_is_not_lent(kit: DeskKit) -> None:
    refused(kit, borrow(kit, None, coin="FOO"), 406014)
    refused(kit, borrow(kit, 1, coin="ETH"), 406014)
    refused(kit, borrow(kit, 1, exchange=Exchange.EDX), 406014)
    refused(kit, repay(kit, 1, coin="ETH"), 406014)


@pytest.mark.parametrize("amount", [None, "0", "-1", "1.001"])
def test_amounts(kit: DeskKit, amount: str | None) -> None:
    borrow(kit, 1, client_order_id="used")
    refused(kit, borrow(kit, amount, client_order_id="used"), 406015)
    refused(kit, repay(kit, amount, client_order_id="used"), 406015)


def test_an_id_is_used_once(kit: DeskKit) -> None:
    borrow(kit, 1, client_order_id="used")
    refused(kit, borrow(kit, 1, client_order_id="used"), 401009)
    refused(kit, repay(kit, 1, client_order_id="used"), 401009)
    kit.now_ms += kit.desk.turn.settings.client_order_id_blocked_ms
    loan_of(repay(kit, 1, client_order_id="used"))


def test_a_refused_loan_uses_no_id_up(kit: DeskKit) -> None:
    refused(kit, borrow(kit, 900, client_order_id="mine"), 406017)
    loan_of(borrow(kit, 1, client_order_id="mine"))


def test_ids_are_kept_up_to_a_bound() -> None:
    kit = DeskKit(DeskSettings(client_order_ids_kept_max=2))
    kit.cash("USDT", 100)
    for name in ("a", "b", "c"):
        loan_of(borrow(kit, 1, client_order_id=name))
    portfolio = kit.desk.state.portfolios[kit.portfolio_id]
    assert list(portfolio.loan_ids_blocked_until_ms) == ["b", "c"]


def test_an_account_without_money() -> None:
    kit = DeskKit(funded=False)
    refused(kit, borrow(kit, 1), 401046)
    refused(kit, repay(kit, 1), 401046)


@pytest.mark.parametrize("status", [AccountStatus.LIQUIDATING, AccountStatus.TAKEOVER])
def test_an_account_in_liquidation(kit: DeskKit, status: AccountStatus) -> None:
    borrow(kit, 10)
    kit.do(c.PinStatus(kit.portfolio_id, BINANCE, status))
    refused(kit, borrow(kit, 900), 406021)
    refused(kit, repay(kit, 900), 406021)
    refused(kit, repay(kit, 900, coin="BTC"), 401035)


def test_a_restricted_account(kit: DeskKit) -> None:
    kit.do(c.RestrictAccount(kit.portfolio_id, BINANCE, True))
    refused(kit, borrow(kit, 900), 401045)
    refused(kit, repay(kit, 900), 401045)


@pytest.mark.parametrize(
    ("amount", "code"),
    [("800.01", 406017), ("300", 406016), ("240", 406020), ("199.99", 406018), ("199.98", None)],
)
def test_every_bound_of_a_loan(kit: DeskKit, amount: str, code: int | None) -> None:
    outcome = borrow(kit, amount)
    if code is None:
        loan_of(outcome)
    else:
        refused(kit, outcome, code)


def test_the_pool_stands_behind_the_quota(kit: DeskKit) -> None:
    override(kit, "loanPools", "BINANCE:USDT", "10")
    refused(kit, borrow(kit, "800.01"), 406017)
    refused(kit, borrow(kit, "300"), 406019)
    refused(kit, borrow(kit, "11"), 406019)


def test_the_quota_is_the_users_over_all_portfolios(kit: DeskKit) -> None:
    kit.cash("USDT", 10_000)
    loan_of(borrow(kit, 500))
    user_id = next(iter(kit.desk.state.users))
    second = kit.do(c.CreatePortfolio(user_id, "Second01")).reply
    assert isinstance(second, int)
    kit.do(c.Credit(second, Exchange.OKX, "USDT", D(10_000)))
    loan = {"exchange": Exchange.OKX, "coin": "USDT"}
    refused(kit, kit.do(c.Borrow(second, amount=D("300.01"), **loan)), 406017)  # type: ignore[arg-type]
    loan_of(kit.do(c.Borrow(second, amount=D(300), **loan)))  # type: ignore[arg-type]


def test_no_price_no_loan() -> None:
    kit = DeskKit()
    kit.cash("USDT", 1000)
    refused(kit, borrow(kit, 1, coin="BTC"), 406018)


def test_bounds_of_a_repayment(kit: DeskKit) -> None:
    refused(kit, repay(kit, 1, coin="BTC"), 401035)
    refused(kit, repay(kit, 1), 406022)
    borrow(kit, 100)
    refused(kit, repay(kit, "100.01"), 406022)
    kit.cash("BTC", 1)
    kit.cash("USDT", 60)
    refused(kit, repay(kit, "60.01"), 406023)
    loan_of(repay(kit, 60))


# -- interest


def charged(kit: DeskKit, time_ms: int = NEXT_CHARGE_MS) -> list[LoanEntry]:
    kit.now_ms = time_ms - 1
    return entries(kit.do(c.RunAgenda()))


def test_the_pages_interest(kit: DeskKit) -> None:
    """100 at 2 % a year: 0.000228 an hour, and 10098 become 10097.999772."""
    terms = {"loanLeverage": "3", "maxLoanValue": "800", "loanMmr": "0.05"}
    override(kit, "loanConfig", "USDT", terms | {"loanInterestRate": "0.02"})
    borrow(kit, 100)
    kit.cash("USDT", 10098)
    (entry,) = charged(kit)
    assert (entry.kind, entry.delta) == (LoanKind.INTEREST, D("-0.000228"))
    assert (entry.balance, entry.time_ms) == (D("10097.999772"), NEXT_CHARGE_MS)
    assert wallet(kit).loan == D(100)
    assert kit.desk.state.house["interest"]["USDT"] == D("0.000228")


def test_interest_of_the_data(kit: DeskKit) -> None:
    borrow(kit, 100)
    assert [entry.delta for entry in charged(kit)] == [D("-0.000017")]
    later = charged(kit, NEXT_CHARGE_MS + 3 * HOUR_MS)
    assert [entry.time_ms - NEXT_CHARGE_MS for entry in later] == [
        HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS,
    ]  # fmt: skip


def test_interest_below_a_millionth_is_none(kit: DeskKit) -> None:
    borrow(kit, 1)
    assert charged(kit) == []


def test_no_interest_after_the_last_repayment(kit: DeskKit) -> None:
    borrow(kit, 100)
    repay(kit, 100)
    assert charged(kit) == []
    assert kit.desk.state.agenda == []


# -- the loan-to-value ladder


@pytest.mark.parametrize(
    ("cash", "status"),
    [
        ("224", AccountStatus.NORMAL),
        ("223", AccountStatus.MARGIN_CALL),
        ("207", AccountStatus.MARGIN_CALL),
        ("206", AccountStatus.LIQUIDATING),
    ],
)
def test_loans_against_collateral_make_a_status(
    kit: DeskKit, cash: str, status: AccountStatus
) -> None:
    borrow(kit, 190)
    kit.cash("USDT", cash)
    assert account_view(kit.desk, kit.account()).account_status is status


def test_loans_without_collateral(kit: DeskKit) -> None:
    borrow(kit, 190)
    kit.cash("USDT", 0)
    assert wallet(kit).loan_value == 190
    assert loan_worth(kit.desk.turn, kit.account()).ltv == 9999
    refused(kit, repay(kit, 1), 406021)


def test_transfers_leave_collateral_behind(kit: DeskKit) -> None:
    turn, account = kit.desk.turn, kit.account()
    assert max_transferable(turn, account, wallet(kit)) == D(100)
    borrow(kit, 190)
    left = D(290) - max_transferable(turn, account, wallet(kit))
    assert abs(D(190) / (left * D("0.9999")) - D("0.75")) < D("1e-15")
    kit.cash("USDT", 253)
    assert max_transferable(turn, account, wallet(kit)) == 0


def test_what_is_lent_never_leaves(kit: DeskKit) -> None:
    kit.cash("BTC", 1)
    borrow(kit, 190)
    assert max_transferable(kit.desk.turn, kit.account(), wallet(kit)) == D(100)


def test_a_ladder_must_rise() -> None:
    with pytest.raises(ValueError, match="0 < loan_ltv_borrow <= loan_ltv_transfer"):
        check(DeskSettings(loan_ltv_borrow=D("0.8")))
    with pytest.raises(ValueError, match="above 0 and at or below loan_ltv_liquidate"):
        check(DeskSettings(loan_ltv_target=D("0.93")))


# -- the operator


def test_terms_may_be_changed(kit: DeskKit) -> None:
    terms = {"loanLeverage": "2", "maxLoanValue": "50", "loanMmr": "0.1", "loanInterestRate": "0"}
    override(kit, "loanConfig", "ETH", terms)
    kit.index("ETH", 1)
    loan_of(borrow(kit, 50, coin="ETH"))
    view = account_view(kit.desk, kit.account())
    assert (view.debt_margin, view.maintain_margin) == (D(25), D(5))
    assert charged(kit) == []
    override(kit, "loanConfig", "ETH", None)
    refused(kit, borrow(kit, 1, coin="ETH"), 406014)


@pytest.mark.parametrize(
    ("coin", "document", "told"),
    [
        ("FOO", {}, "expected a known coin, found 'FOO'"),
        ("USDT", {}, "loanLeverage: expected a plain decimal as a text, found None"),
        ("USDT", {"x": "1"}, "expected loanLeverage, maxLoanValue"),
        ("USDT", {"loanLeverage": "0"}, "loanLeverage: expected a value from 1 to 1000, found 0"),
    ],
)
def test_terms_that_cannot_be(kit: DeskKit, coin: str, document: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        overridden(kit.desk.turn, c.Override("loanConfig", coin, document))


def test_a_position_can_be_carried_by_a_loan(kit: DeskKit) -> None:
    kit.mark(BTC_PERP, 60000)
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.015", 60000)) == 401058
    borrow(kit, 150)
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.015", 60000)) is None
