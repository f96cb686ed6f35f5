"""The end of an hour: interest on what is owed, funding of what is open (risk-model 9.4, 10)."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk import rounds, work
from openprime.desk.desk import Desk
from openprime.desk.events import AccountChanged, PositionChanged, Statement
from openprime.desk.outcome import Outcome
from openprime.desk.state import Position, State, TaskKind
from openprime.desk.watched import HOUR_MS, watch
from openprime.model.instrument import InterestLevel
from openprime.model.numbers import truncate
from openprime.model.reference import Reference
from openprime.model.vocabulary import Business, Exchange, StatementType, UserKind
from tests.desk.kit import BTC_MARGIN, BTC_PERP, START_MS, DeskKit, reference

D = Decimal
NEXT_HOUR_MS = (START_MS // HOUR_MS + 1) * HOUR_MS
PAGE_RATE = D("0.00000228310502283105022831")


def with_levels(*levels: tuple[str, str], coin: str = "USDT") -> Reference:
    rules = reference()
    rows = [InterestLevel(n, D(rate), D(limit)) for n, (rate, limit) in enumerate(levels, 1)]
    changed = rules.interest_levels | {f"BINANCE:{coin}": rows}
    return msgspec.structs.replace(rules, interest_levels=changed)


def kit_with(*levels: tuple[str, str]) -> DeskKit:
    """A desk whose account has collateral enough for whatever it comes to owe."""
    kit = DeskKit(change=lambda _: with_levels(*levels))
    kit.index("BTC", 60000)
    kit.index("ETH", 2600)
    for exchange in (Exchange.BINANCE, Exchange.OKX):
        kit.cash("ETH", 1000, exchange)
    kit.mark(BTC_PERP, 60000)
    return kit


def until(kit: DeskKit, time_ms: int) -> Outcome:
    """Let time pass and the desk do what is due."""
    kit.now_ms = time_ms - 1
    return kit.do(c.RunAgenda())


def statements(outcome: Outcome) -> list[Statement]:
    return [event for event in outcome.events if isinstance(event, Statement)]


def opened(kit: DeskKit, sym: str, quantity: object, average: object) -> Position:
    """A position put on the books, and seen as an opened one is."""
    position = kit.hold(sym, quantity, average)
    watch(kit.desk.turn, kit.account(position.exchange))
    return position


def cash(kit: DeskKit, coin: str = "USDT") -> Decimal:
    return kit.account().wallets[coin].cash


# -- interest


def test_example_e() -> None:
    """48060 USDT at 2 % a year: 0.109726027397260273 an hour."""
    kit = kit_with((f"{PAGE_RATE}", "4800000"))
    kit.cash("USDT", -48060)
    outcome = until(kit, NEXT_HOUR_MS)
    (row,) = statements(outcome)
    assert row.statement_type is StatementType.DEDUCT_INTEREST
    assert (row.coin, row.sym, row.business) == ("USDT", "", Business.SPOT)
    assert row.request_id == str(NEXT_HOUR_MS)
    assert row.time_ms == NEXT_HOUR_MS
    assert cash(kit) == D(-48060) - D("0.109726027397260273")
    assert (row.before_overdraw, row.after_overdraw) == (D(48060), -cash(kit))
    assert row.delta == D("-0.10972602")
    assert kit.desk.state.house["interest"]["USDT"] == D("0.109726027397260273")
    assert any(isinstance(event, AccountChanged) for event in outcome.events)


def test_interest_compounds_on_what_is_owed_and_frozen() -> None:
    """The page's statement: what a resting MARGIN order holds back bears interest as well."""
    kit = kit_with(("0.00001", "4800000"))
    kit.cash("USDT", 100_000)
    kit.cash("BTC", 0)
    order = kit.rest(BTC_MARGIN, "SELL", "0.5", 61000)
    base = order.frozen
    first = until(kit, NEXT_HOUR_MS)
    second = until(kit, NEXT_HOUR_MS + HOUR_MS)
    (one,), (two,) = statements(first), statements(second)
    rate = kit.desk.reference.interest_levels["BINANCE:BTC"][0].hourly_rate
    assert one.coin == two.coin == "BTC"
    assert one.after_overdraw == truncate(base * rate)
    grown = truncate((base + one.after_overdraw) * rate)
    assert two.after_overdraw == one.after_overdraw + grown
    assert (one.before_borrow, one.after_available) == (D(0), D(0))


@pytest.mark.parametrize(
    ("owed", "rate"),
    [("100", "0.001"), ("100.01", "0.002"), ("200", "0.002"), ("5000", "0.002")],
)
def test_one_rate_for_all_of_a_debt(owed: str, rate: str) -> None:
    kit = kit_with(("0.001", "100"), ("0.002", "200"))
    kit.cash("USDT", -D(owed))
    until(kit, NEXT_HOUR_MS)
    assert cash(kit) == -D(owed) - D(owed) * D(rate)


def test_nothing_is_charged_where_nothing_is_owed() -> None:
    kit = kit_with(("0.001", "100"))
    kit.cash("USDT", -10)
    kit.cash("USDT", 5)
    outcome = until(kit, NEXT_HOUR_MS)
    assert statements(outcome) == []
    assert kit.desk.state.watched == {}
    assert kit.desk.state.recurring == {}
    assert kit.desk.state.agenda == []


def test_a_loss_that_is_not_realised_is_owed_once_it_exceeds_the_cash() -> None:
    kit = kit_with(("0.001", "1000000"))
    kit.cash("USDT", 1000)
    opened(kit, BTC_PERP, 1, 60000)
    kit.mark(BTC_PERP, 59001)
    assert statements(until(kit, NEXT_HOUR_MS)) == []
    kit.mark(BTC_PERP, 58000)
    until(kit, NEXT_HOUR_MS + HOUR_MS)
    assert cash(kit) == D(999)


def test_a_debt_of_a_minute_is_charged_a_whole_hour() -> None:
    kit = kit_with(("0.001", "1000000"))
    kit.now_ms = NEXT_HOUR_MS - 60_000
    kit.cash("USDT", -100)
    until(kit, NEXT_HOUR_MS)
    assert cash(kit) == D("-100.1")


def test_skipped_hours_are_charged_one_by_one() -> None:
    whole, stepwise = (kit_with(("0.001", "1000000")) for _ in range(2))
    for kit in (whole, stepwise):
        kit.cash("USDT", -100)
    rows = statements(until(whole, NEXT_HOUR_MS + 9 * HOUR_MS + 5))
    hours = [NEXT_HOUR_MS + n * HOUR_MS for n in range(10)]
    assert [row.time_ms for row in rows] == hours
    assert [row.request_id for row in rows] == list(map(str, hours))
    told = [row for hour in hours for row in statements(until(stepwise, hour))]
    assert [row.delta for row in told] == [row.delta for row in rows]
    assert cash(whole) == cash(stepwise)


def test_a_coin_without_levels_bears_no_interest() -> None:
    kit = kit_with()
    kit.cash("USDT", -100)
    assert statements(until(kit, NEXT_HOUR_MS)) == []
    assert cash(kit) == D(-100)
    assert list(kit.desk.state.watched) == [f"{kit.portfolio_id}:BINANCE"]


def test_interest_is_paid_from_free_cash_last() -> None:
    """A borrow is paid back by money that comes; interest itself never borrows."""
    kit = kit_with(("0.001", "1000000"))
    account = kit.account()
    kit.cash("USDT", -100)
    account.wallets["USDT"].borrowed = D(100)
    (row,) = statements(until(kit, NEXT_HOUR_MS))
    assert (row.before_borrow, row.after_borrow) == (D(100), D(100))
    assert row.after_overdraw == D("0.1")
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", D(60)))
    assert (account.wallets["USDT"].borrowed, cash(kit)) == (D("40.1"), D("-40.1"))


# -- funding


def settlement(kit: DeskKit, hours: int = 8) -> int:
    step = hours * HOUR_MS
    return (kit.now_ms // step + 1) * step


def set_rate(kit: DeskKit, rate: str, sym: str = BTC_PERP) -> None:
    kit.do(c.SetPrices({}, {}, funding={sym: D(rate)}))


def test_example_f() -> None:
    """0.0001 on a long of 2 BTC at 60000: -12 USDT."""
    kit = kit_with()
    kit.cash("USDT", 1000)
    position = opened(kit, BTC_PERP, 2, 59000)
    set_rate(kit, "0.0001")
    due_ms = settlement(kit)
    outcome = until(kit, due_ms)
    (row,) = statements(outcome)
    assert row.statement_type is StatementType.FUNDING_FEE
    assert (row.coin, row.sym, row.business) == ("USDT", BTC_PERP, Business.PERP)
    assert (row.request_id, row.time_ms) == (str(due_ms), due_ms)
    assert (row.before_available, row.after_available) == (D(1000), D(988))
    assert row.delta == D(-12)
    assert position.funding_fee == D(-12)
    assert kit.desk.state.house["venue"]["USDT"] == D(12)
    assert any(isinstance(event, PositionChanged) for event in outcome.events)


def test_shorts_collect_what_longs_pay() -> None:
    kit = kit_with()
    kit.switch("BOTH")
    opened(kit, BTC_PERP, 3, 60000)
    opened(kit, BTC_PERP, -1, 60000)
    set_rate(kit, "0.0001")
    rows = statements(until(kit, settlement(kit)))
    assert [row.delta for row in rows] == [D(-18), D(6)]
    assert cash(kit) == D(-12)


def test_a_negative_rate_pays_longs() -> None:
    kit = kit_with()
    opened(kit, BTC_PERP, "0.001", 60000)
    set_rate(kit, "-0.00012345")
    until(kit, settlement(kit))
    assert cash(kit) == D("0.007407")


def test_funding_counts_contracts() -> None:
    kit = kit_with()
    sym = "OKX_PERP_BTC_USDT"
    kit.cash("USDT", 1, Exchange.OKX)
    kit.mark(sym, 60000)
    opened(kit, sym, 10, 60000)
    set_rate(kit, "0.0001", sym)
    until(kit, settlement(kit))
    assert kit.account(Exchange.OKX).wallets["USDT"].cash == D("0.4")


def test_only_what_is_open_at_the_moment_is_settled() -> None:
    kit = kit_with()
    kit.cash("USDT", 100_000)
    set_rate(kit, "0.0001")
    kit.trade(BTC_PERP, "BUY", 1, 60000)
    kit.trade(BTC_PERP, "SELL", 1, 60000)
    assert statements(until(kit, settlement(kit))) == []
    assert kit.desk.state.recurring == {}
    kit.trade(BTC_PERP, "BUY", 1, 60000)
    assert TaskKind.CLOSE_HOUR in kit.desk.state.recurring
    assert [row.delta for row in statements(until(kit, settlement(kit)))] == [D(-6)]


def test_nothing_between_settlements() -> None:
    kit = kit_with()
    opened(kit, BTC_PERP, 2, 60000)
    set_rate(kit, "0.0001")
    due_ms = settlement(kit)
    assert statements(until(kit, due_ms - 1)) == []
    rows = statements(until(kit, due_ms + 3 * 8 * HOUR_MS))
    assert [row.time_ms - due_ms for row in rows] == [n * 8 * HOUR_MS for n in range(4)]


def test_a_symbol_may_settle_more_often() -> None:
    kit = kit_with()
    kit.do(c.Override("instruments", BTC_PERP, {"fundingIntervalHours": "1"}))
    opened(kit, BTC_PERP, 2, 60000)
    set_rate(kit, "0.0001")
    rows = statements(until(kit, NEXT_HOUR_MS + 2 * HOUR_MS))
    assert [row.time_ms - NEXT_HOUR_MS for row in rows] == [0, HOUR_MS, 2 * HOUR_MS]


def test_new_prices_do_not_touch_what_was_due_before_them() -> None:
    """Mark and rate are those of the settlement, whenever the desk comes to it."""
    kit = kit_with()
    opened(kit, BTC_PERP, 2, 60000)
    set_rate(kit, "0.0001")
    kit.now_ms = settlement(kit) + 500
    outcome = kit.do(c.SetPrices({BTC_PERP: D(70000)}, {}, funding={BTC_PERP: D("0.0005")}))
    (row,) = statements(outcome)
    assert row.delta == D(-12)
    assert row.time_ms == settlement(kit) - 8 * HOUR_MS
    assert kit.desk.state.funding_rates[BTC_PERP] == D("0.0005")


def test_funding_comes_before_interest() -> None:
    kit = kit_with(("0.001", "1000000"))
    opened(kit, BTC_PERP, 2, 60000)
    set_rate(kit, "0.0001")
    rows = statements(until(kit, settlement(kit)))
    assert [row.delta for row in rows] == [D(-12), D("-0.012")]


# -- recovery


def test_the_journal_alone_gives_the_same_books() -> None:
    kit = kit_with(("0.001", "1000000"))
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", D(20_000)))
    set_rate(kit, "0.0001")
    kit.trade(BTC_PERP, "BUY", 1, 60000)
    until(kit, settlement(kit) + 1)
    replayed = Desk(with_levels(("0.001", "1000000")))
    for envelope in kit.journal:
        replayed.apply(envelope)
    state = msgspec.msgpack.decode(kit.desk.snapshot(), type=State)
    assert replayed.state.agenda == state.agenda
    assert replayed.state.watched == state.watched
    assert replayed.state.funding_rates == state.funding_rates


# -- many accounts


def crowd(kit: DeskKit, count: int) -> list[int]:
    """So many portfolios, each long 1 BTC and 100 USDT short; in the order of their ids."""
    own, made = kit.portfolio_id, []
    for _ in range(count):
        kit.do(c.CreateUser(UserKind.NORMAL))
        kit.portfolio_id = list(kit.desk.state.portfolios)[-1]
        kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "BTC", D(2)))
        kit.trade(BTC_PERP, "BUY", 1, 60000)
        made.append(kit.portfolio_id)
    kit.portfolio_id = own
    return made


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts a command."""
    monkeypatch.setattr(rounds, "ACCOUNTS_MAX", 2)
    monkeypatch.setattr(work, "WORK_MAX", 3)


def calm_before(kit: DeskKit, time_ms: int) -> None:
    """Let time pass up to a moment, and the desk do all that is due before it."""
    kit.now_ms = time_ms - 2
    while kit.desk.state.agenda[0].time_ms < time_ms:
        kit.now_ms -= 1
        kit.do(c.RunAgenda())


def funded(outcome: Outcome) -> list[tuple[int, Decimal]]:
    rows = statements(outcome)
    found = [row for row in rows if row.statement_type is StatementType.FUNDING_FEE]
    assert all(int(row.request_id) == row.time_ms for row in rows)
    return [(row.portfolio_id, row.delta) for row in found]


@pytest.mark.usefixtures("few_at_once")
def test_an_hour_ends_for_so_many_accounts_at_once() -> None:
    kit = kit_with(("0.001", "1000000"))
    first, second, third, fourth, fifth = crowd(kit, 5)
    set_rate(kit, "0.0001")
    due_ms = settlement(kit)
    calm_before(kit, due_ms)
    assert funded(until(kit, due_ms)) == [(first, D(-6)), (second, D(-6))]
    left = kit.desk.state.rounds[TaskKind.CLOSE_HOUR].waiting
    assert left == [f"{each}:BINANCE" for each in (fifth, fourth, third)]
    # What is settled later is settled at the same moment's mark and rate.
    outcome = kit.do(c.SetPrices({BTC_PERP: D(70000)}, {}, funding={BTC_PERP: D("0.0005")}))
    assert funded(outcome) == [(third, D(-6)), (fourth, D(-6))]
    assert {row.time_ms for row in statements(outcome)} == {due_ms}
    assert funded(kit.do(c.RunAgenda())) == [(fifth, D(-6))]
    assert kit.desk.state.rounds == {}
    assert statements(kit.do(c.RunAgenda())) == []
    assert len(kit.desk.state.watched) == 5
    assert funded(until(kit, settlement(kit) - 7 * HOUR_MS)) == []


@pytest.mark.usefixtures("few_at_once")
def test_what_was_opened_after_the_hour_is_not_settled() -> None:
    kit = kit_with()
    *_, last = crowd(kit, 3)
    set_rate(kit, "0.0001")
    due_ms = settlement(kit)
    calm_before(kit, due_ms)
    assert len(funded(until(kit, due_ms))) == 2
    kit.portfolio_id = last
    kit.trade(BTC_PERP, "SELL", 1, 60000)
    kit.trade(BTC_PERP, "BUY", 1, 60000)
    assert funded(kit.do(c.RunAgenda())) == []


@pytest.mark.usefixtures("few_at_once")
def test_the_next_hour_waits_for_all_accounts_of_the_one_before() -> None:
    """An hour that passed meanwhile is priced before later prices come, so the first is ended."""
    kit = kit_with()
    kit.do(c.Override("instruments", BTC_PERP, {"fundingIntervalHours": "1"}))
    portfolios = crowd(kit, 3)
    set_rate(kit, "0.0001")
    until(kit, NEXT_HOUR_MS)
    kit.now_ms = NEXT_HOUR_MS + HOUR_MS
    outcome = kit.do(c.SetPrices({BTC_PERP: D(50000)}, {}))
    rows = [(row.time_ms - NEXT_HOUR_MS, row.portfolio_id) for row in statements(outcome)]
    assert rows == [(0, portfolios[2]), (HOUR_MS, portfolios[0]), (HOUR_MS, portfolios[1])]
    assert funded(kit.do(c.RunAgenda())) == [(portfolios[2], D(-6))]


@pytest.mark.usefixtures("few_at_once")
def test_a_round_goes_on_after_a_restart() -> None:
    kit = kit_with(("0.001", "1000000"))
    crowd(kit, 3)
    set_rate(kit, "0.0001")
    due_ms = settlement(kit)
    calm_before(kit, due_ms)
    until(kit, due_ms)
    assert kit.desk.state.rounds
    snapshot = kit.desk.snapshot()
    again = Desk(kit.desk.turn.base, state=msgspec.msgpack.decode(snapshot, type=State))
    outcome = kit.do(c.RunAgenda())
    assert again.apply(kit.journal[-1]).events == outcome.events
    assert again.snapshot() == kit.desk.snapshot()


def test_in_portions_or_at_once_the_books_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def books(kit: DeskKit) -> list[Decimal]:
        crowd(kit, 4)
        set_rate(kit, "0.0001")
        calm_before(kit, NEXT_HOUR_MS + 20 * HOUR_MS)
        portfolios = kit.desk.state.portfolios.values()
        return [p.accounts["BINANCE"].wallets["USDT"].cash for p in portfolios]

    at_once = books(kit_with(("0.001", "1000000")))
    monkeypatch.setattr(rounds, "ACCOUNTS_MAX", 1)
    monkeypatch.setattr(work, "WORK_MAX", 1)
    assert books(kit_with(("0.001", "1000000"))) == at_once
