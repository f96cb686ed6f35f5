"""Looking at accounts in portions: nobody is left out, and a replay looks at the same ones."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openprime.desk import commands as c
from openprime.desk import work
from openprime.desk.desk import Desk
from openprime.desk.outcome import Outcome
from openprime.desk.state import Account, State
from openprime.model.reference import Reference
from openprime.model.vocabulary import AccountStatus, Exchange
from tests.desk.kit import BTC_PERP, DeskKit, reference
from tests.desk.test_bands import PRICES, check, desk_of

D = Decimal
NORMAL, LIQUIDATING = AccountStatus.NORMAL, AccountStatus.LIQUIDATING


def crowd(cash: list[int]) -> DeskKit:
    """Accounts that are long 0.1 BTC from 60,000 on, each with so much cash."""
    kit = desk_of([(usdt, 0, 10, 0, "") for usdt in cash])
    kit.do(c.SetPrices(dict(PRICES), {}))
    finish(kit)
    return kit


def finish(kit: DeskKit) -> list[Outcome]:
    """Let the desk do what it put off."""
    outcomes = []
    while kit.desk.state.looks_noted:
        outcomes.append(kit.do(c.RunAgenda()))
    return outcomes


def accounts(kit: DeskKit) -> list[Account]:
    """Those that hold something, in the order in which they were made."""
    found = [p.accounts[Exchange.BINANCE] for p in kit.desk.state.portfolios.values()]
    return [account for account in found if account.exposures]


@pytest.fixture
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "WORK_MAX", 40)


@pytest.mark.usefixtures("little_work")
def test_one_command_looks_at_so_many_and_the_next_ones_at_the_others() -> None:
    kit = crowd([334] * 60)
    outcome = kit.do(c.SetPrices({BTC_PERP: D(57000)}, {}))
    assert len(outcome.events) < 30
    seen = [a for a in accounts(kit) if a.status is not NORMAL]
    assert 0 < len(seen) < 20
    assert seen == accounts(kit)[: len(seen)]  # of equals the oldest first
    assert all(len(outcome.events) < 30 for outcome in finish(kit))
    assert {a.status for a in accounts(kit)} == {AccountStatus.MARGIN_CALL}
    check(kit)


@pytest.mark.usefixtures("little_work")
def test_who_is_nearest_to_liquidation_comes_first() -> None:
    kit = crowd([500, 400, 350, 345, 340, 310] * 10)
    kit.do(c.SetPrices({BTC_PERP: D(56990)}, {}))
    state = kit.desk.state
    first = [a for a in accounts(kit) if a.liquidation is not None]
    assert 0 < len(first) < 10
    assert {a.wallets["USDT"].cash for a in first} == {D(310)}
    assert state.looks_noted
    finish(kit)
    assert state.looks_due == 0


@pytest.mark.usefixtures("little_work")
def test_an_order_is_judged_by_what_the_margin_is_though_the_look_is_still_to_come() -> None:
    kit = crowd([310] * 60)
    kit.do(c.SetPrices({BTC_PERP: D(57000)}, {}))
    last = accounts(kit)[-1]
    assert last.status is NORMAL
    kit.portfolio_id = last.portfolio_id
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", 56000)) == 401045
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", D("0.01")))
    assert last.liquidation is not None  # what a command changes is looked at then


@pytest.mark.usefixtures("little_work")
def test_those_without_a_band_do_not_wait_for_all_whose_band_was_left() -> None:
    kit = crowd([310] * 60)
    first, *_ = accounts(kit)
    kit.do(c.Credit(first.portfolio_id, Exchange.BINANCE, "USDT", D(5000)))
    assert first.loose
    kit.do(c.SetPrices({BTC_PERP: D(57000)}, {}))
    assert not first.loose
    assert kit.desk.state.looks_noted


def again(kit: DeskKit, change: Reference | None = None) -> Desk:
    """A desk made from a snapshot, as at a start."""
    state = msgspec.msgpack.decode(kit.desk.snapshot(), type=State)
    return Desk(change or reference(), state=state)


def test_a_start_looks_at_nobody() -> None:
    kit = crowd([5000] * 20)
    seen = [a.band for a in accounts(kit)]
    assert all(seen)
    kit.desk = again(kit)
    kit.do(c.SetPrices({BTC_PERP: D(60001)}, {}))
    assert [a.band for a in accounts(kit)] == seen
    assert {a.prices_seen for a in accounts(kit)} == {0}


def test_a_start_under_other_rules_looks_at_everybody() -> None:
    kit = crowd([5000] * 20)
    tiers = reference().position_tiers
    dear = [msgspec.structs.replace(tier, mm_rate=D("0.8")) for tier in tiers[BTC_PERP]]
    changed = msgspec.structs.replace(reference(), position_tiers={**tiers, BTC_PERP: dear})
    kit.desk = again(kit, changed)
    kit.do(c.SetPrices({BTC_PERP: D(60001)}, {}))
    finish(kit)
    assert {a.status for a in accounts(kit)} == {LIQUIDATING}


walks = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.integers(-400, 250)),
        st.tuples(st.just("eth"), st.integers(-400, 250)),
        st.tuples(st.sampled_from(["credit", "agenda", "start", "rules"]), st.integers(0, 19)),
    ),
    min_size=5,
    max_size=30,
)


@pytest.mark.usefixtures("little_work")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(250, 900), min_size=12, max_size=12), walks)
def test_a_desk_that_was_started_again_does_the_same(
    cash: list[int], walk: list[tuple[str, int]]
) -> None:
    kit = crowd(cash)
    other = again(kit)
    mark, eth = D(60000), D(2600)
    for what, number in walk:
        command: c.Command = c.RunAgenda()
        if what == "mark":
            mark = round(mark * (1 + D(number) / 10_000), 1)
            command = c.SetPrices({BTC_PERP: mark}, {})
        elif what == "eth":
            eth = round(eth * (1 + D(number) / 10_000), 2)
            command = c.SetPrices({"BINANCE_PERP_ETH_USDT": eth}, {})
        elif what == "credit":
            owner = accounts(kit)[number % 12].portfolio_id
            command = c.Credit(owner, Exchange.BINANCE, "USDT", D(number + 1))
        elif what == "rules":
            command = c.Override("settings", "margin_call_uni_mmr", f"1.{number + 30}")
        elif what == "start":
            other = again(kit)
        outcome = kit.do(command)
        envelope = c.Envelope(kit.desk.state.sequence, kit.now_ms, command)
        assert other.apply(envelope).events == outcome.events
    finish(kit)
    check(kit)
    for envelope in kit.journal:
        if envelope.sequence > other.state.sequence:
            other.apply(envelope)
    assert other.snapshot() == kit.desk.snapshot()
