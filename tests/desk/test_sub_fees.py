"""Markups of brokers: when they act, what they cost, and that no money is made (150)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.events import MarkupCollected, Trade
from openprime.desk.ledger import FEES, check_balanced
from openprime.desk.markups import MarkupKind, MarkupPart
from openprime.desk.outcome import Outcome
from openprime.desk.state import State, TaskKind
from openprime.desk.views import account_view
from openprime.model.vocabulary import Business, Exchange
from openprime.store.snapshots import decode_state
from tests.desk.kit import BTC_PERP, BTC_SPOT, START_MS, DeskKit

D = Decimal
DAY_MS = 86_400_000
BINANCE = Exchange.BINANCE


class Brokerage(DeskKit):
    """A desk whose orders are those of a sub-portfolio."""

    def __init__(self) -> None:
        super().__init__()
        self.main_id = self.portfolio_id
        self.user_id = next(iter(self.desk.state.users))
        self.portfolio_id = self.new_sub("Sub01")
        self.do(c.Credit(self.portfolio_id, BINANCE, "USDT", D(100_000)))
        self.index("BTC", 60000)
        self.mark(BTC_PERP, 60000)

    def new_sub(self, name: str) -> int:
        return int(str(self.do(c.CreatePortfolio(self.user_id, name)).reply))

    def markup(
        self,
        taker: str | None = "2.5",
        maker: str | None = None,
        kind: MarkupKind = MarkupKind.ABSOLUTE,
        days: int = 0,
        business: Business = Business.PERP,
        portfolio_id: int | None = None,
    ) -> Outcome:
        def part(amount: str | None) -> MarkupPart | None:
            return None if amount is None else MarkupPart(kind, D(amount))

        from_ms = START_MS - START_MS % DAY_MS + days * DAY_MS
        return self.do(
            c.SetMarkup(
                self.user_id, portfolio_id, BINANCE, business, from_ms, part(taker), part(maker)
            )
        )

    def taker(self, portfolio_id: int | None = None, sym: str = BTC_PERP) -> Decimal:
        return self.desk.turn.rules_of[portfolio_id or self.portfolio_id][sym].fees.taker

    def main_cash(self) -> Decimal:
        return self.desk.state.portfolios[self.main_id].accounts["BINANCE"].wallets["USDT"].cash


@pytest.fixture
def kit() -> Brokerage:
    return Brokerage()


def test_a_markup_waits_for_its_day(kit: Brokerage) -> None:
    kit.markup(days=2)
    kit.markup("5", days=3)
    assert [due.kind for due in kit.desk.state.agenda] == [TaskKind.CHANGE_MARKUPS] * 2
    assert kit.taker() == D("0.00035")
    kit.now_ms += 2 * DAY_MS
    kit.do(c.RunAgenda())
    assert kit.taker() == D("0.0006")
    kit.now_ms += DAY_MS
    kit.do(c.RunAgenda())
    assert kit.taker() == D("0.00085")
    assert kit.desk.state.portfolios[kit.portfolio_id].markups_to_come == []
    assert kit.desk.state.agenda == []


def test_a_later_word_on_the_same_day_counts(kit: Brokerage) -> None:
    kit.markup("2.5", "1", days=2)
    kit.markup("4", days=2)
    assert len(kit.desk.state.agenda) == 1
    (change,) = kit.desk.state.portfolios[kit.portfolio_id].markups_to_come
    assert (change.taker, change.maker) == (
        MarkupPart(MarkupKind.ABSOLUTE, D(4)),
        MarkupPart(MarkupKind.ABSOLUTE, D(1)),
    )


def test_shares_and_points(kit: Brokerage) -> None:
    kit.markup("10", "50", MarkupKind.PERCENTAGE)
    rates = kit.desk.turn.rules_of[kit.portfolio_id][BTC_PERP]
    assert (rates.fees.taker, rates.fees.maker) == (D("0.000385"), D("0.00015"))
    assert rates.markup is not None
    assert (rates.markup.taker, rates.markup.maker) == (D("0.000035"), D("0.00005"))


def test_others_share_everybodys_rules(kit: Brokerage) -> None:
    other = kit.new_sub("Sub02")
    kit.markup(portfolio_id=kit.portfolio_id)
    turn = kit.desk.turn
    assert turn.rules_of[other] is turn.rules_of[kit.main_id] is turn.rules
    assert turn.rules_of[kit.portfolio_id] is not turn.rules


def test_what_main_pays_is_what_a_markup_is_put_on(kit: Brokerage) -> None:
    kit.markup("100", kind=MarkupKind.PERCENTAGE)
    kit.do(c.Override("fees", f"{kit.main_id}:BINANCE:PERP", {"takerFeeRate": "0.0001"}))
    assert kit.taker() == D("0.0002")
    kit.do(c.Override("fees", f"{kit.portfolio_id}:BINANCE:PERP", {"takerFeeRate": "0.0003"}))
    assert kit.taker() == D("0.0006")


def test_a_rebate_is_no_rate_to_take_a_share_of(kit: Brokerage) -> None:
    kit.do(c.Override("fees", "BINANCE:PERP", {"makerFeeRate": "-0.0001"}))
    kit.markup("50", "50", MarkupKind.PERCENTAGE)
    rates = kit.desk.turn.rules_of[kit.portfolio_id][BTC_PERP]
    assert (rates.fees.maker, rates.markup and rates.markup.maker) == (D("-0.0001"), 0)


def test_a_fill_is_charged_and_passed_on(kit: Brokerage) -> None:
    kit.markup()
    before = kit.main_cash()
    events = kit.trade(BTC_PERP, "BUY", "1", 60000).events
    (trade,) = [event for event in events if isinstance(event, Trade)]
    (collected,) = [event for event in events if isinstance(event, MarkupCollected)]
    assert (trade.fee, trade.rebate) == (36, 0)
    assert (collected.amount, collected.transaction_id) == (15, trade.transaction_id)
    assert kit.account().wallets["USDT"].cash == 100_000 - 36
    assert kit.main_cash() - before == 15
    assert kit.desk.state.house[FEES]["USDT"] == 21


def test_a_markup_on_a_rebate(kit: Brokerage) -> None:
    kit.do(c.Override("fees", "BINANCE:PERP", {"makerFeeRate": "-0.0001"}))
    kit.markup(None, "0.4")
    events = kit.trade(BTC_PERP, "BUY", "1", 60000, maker=True).events
    (trade,) = [event for event in events if isinstance(event, Trade)]
    (collected,) = [event for event in events if isinstance(event, MarkupCollected)]
    assert (trade.fee, trade.rebate, collected.amount) == (0, D("3.6"), D("2.4"))
    assert kit.desk.state.house[FEES]["USDT"] == -6


def test_what_was_waived_of_a_fee_is_not_passed_on(kit: Brokerage) -> None:
    """A markup that comes into force over a resting buy is above what the order holds back."""
    order = kit.rest(BTC_SPOT, "BUY", "1", 60000)
    kit.cash("USDT", order.frozen)
    kit.markup("1000", "1000", business=Business.SPOT)
    before = kit.main_cash()
    outcome = kit.fill(order, 60000, "1")
    (trade,) = (event for event in outcome.events if isinstance(event, Trade))
    assert trade.fee == 60
    assert kit.main_cash() == before
    assert not [event for event in outcome.events if isinstance(event, MarkupCollected)]


def test_margin_counts_the_fee_that_will_be_paid(kit: Brokerage) -> None:
    kit.markup("100")
    kit.rest(BTC_PERP, "BUY", "1", 60000)
    # To open and to close, each at 0.00035 and 0.01.
    assert account_view(kit.desk, kit.account()).open_loss_margin == 60000 * 2 * D("0.01035")


def test_margin_follows_a_markup_that_comes_into_force(kit: Brokerage) -> None:
    kit.trade(BTC_PERP, "BUY", "1", 60000)
    assert account_view(kit.desk, kit.account()).open_loss_margin == 21
    kit.markup("100")
    assert account_view(kit.desk, kit.account()).open_loss_margin == 621


def test_refusals(kit: Brokerage) -> None:
    assert kit.code(kit.markup(portfolio_id=kit.main_id)) == 401010
    assert kit.code(kit.markup(portfolio_id=12)) == 401010
    kit.do(c.ClosePortfolio(kit.portfolio_id, closed=True))
    assert kit.code(kit.markup(portfolio_id=kit.portfolio_id)) == 401010
    assert kit.code(kit.markup()) is None


def test_markups_outlive_a_snapshot(kit: Brokerage) -> None:
    kit.markup()
    kit.markup("5", days=2)
    state = decode_state(kit.desk.snapshot())
    assert isinstance(state, State)
    again = Desk(kit.desk.turn.base, state=state)
    assert again.snapshot() == kit.desk.snapshot()
    assert again.turn.rules_of[kit.portfolio_id][BTC_PERP].fees.taker == D("0.0006")


@settings(max_examples=30)
@given(
    st.sampled_from([BTC_PERP, BTC_SPOT]),
    st.sampled_from(["BUY", "SELL"]),
    st.integers(10, 900),
    st.integers(0, 100_000),
    st.booleans(),
)
def test_no_money_is_made(sym: str, side: str, lots: int, points: int, maker: bool) -> None:
    kit = Brokerage()
    kit.do(c.Credit(kit.portfolio_id, BINANCE, "BTC", D(1)))
    kit.quote(BTC_SPOT, "59999.99", "60000.01")
    for business in (Business.PERP, Business.SPOT):
        kit.markup(str(D(points) / 100), str(D(points) / 200), business=business)
    kit.trade(sym, side, D(lots) / 1000, 60000, maker=maker)
    check_balanced(kit.desk.state)


def test_who_is_called_for_margin_follows_a_markup_at_once() -> None:
    """Fees to close a position are part of what it may lose, and so of where its account stands."""
    kit = Brokerage()
    kit.trade(BTC_PERP, "BUY", 1, 60000)
    kit.mark(BTC_PERP, 60000)
    account = kit.account()
    assert account.band
    assert not account.loose
    before = account_view(kit.desk, account).open_loss_margin
    kit.markup("100")
    assert account.loose, "the next prices draw its band anew"
    after = account_view(kit.desk, account).open_loss_margin
    assert after - before == 60000 * D("0.01")
