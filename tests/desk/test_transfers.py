"""Transfers: what moves where, what may, what is repeated, and what takes its time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from openprime.desk import commands as c
from openprime.desk.events import AccountChanged, Statement, TransferChanged, WalletChanged
from openprime.desk.funds import Place
from openprime.desk.places import UNDER_WAY_MAX
from openprime.desk.pool import giving_accounts
from openprime.desk.pool_state import VenueAccount
from openprime.model.vocabulary import Business, StatementType, TransferStatus, UserKind
from tests.desk.funds_kit import BINANCE, EDX, OKX, FundsKit, only, refused
from tests.desk.kit import BTC_PERP


@pytest.fixture
def kit() -> FundsKit:
    return FundsKit()


# -- what moves


def test_money_moves_at_once_and_its_books_balance(kit: FundsKit) -> None:
    outcome = kit.transfer(kit.main, kit.second, "100.5")
    (changed,) = only(outcome, TransferChanged)
    assert changed.transfer.transfer_id == outcome.reply
    assert changed.transfer.status is TransferStatus.SUCCESS
    assert kit.held(kit.main) == Decimal("899.5")
    assert kit.held(kit.second) == Decimal("100.5")
    assert kit.desk.state.transfers == {}


def test_each_side_at_a_margin_account_has_a_statement_row(kit: FundsKit) -> None:
    outcome = kit.transfer(kit.main, kit.second)
    out, into = only(outcome, Statement)
    assert (out.portfolio_id, out.delta, out.after_available) == (kit.portfolio_id, -100, 900)
    assert (into.portfolio_id, into.delta, into.after_available) == (kit.second_id, 100, 100)
    assert out.request_id == into.request_id == str(outcome.reply)
    assert {out.statement_type, into.statement_type} == {StatementType.TRANSFER}
    assert len(only(kit.transfer(kit.main, kit.funding), Statement)) == 1


def test_what_clients_hear_of_it(kit: FundsKit) -> None:
    outcome = kit.transfer(kit.main, kit.second)
    wallets = {(event.portfolio_id, event.coin) for event in only(outcome, WalletChanged)}
    assert wallets == {(kit.portfolio_id, "USDT"), (kit.second_id, "USDT")}
    accounts = {event.portfolio_id for event in only(outcome, AccountChanged)}
    assert accounts == {kit.portfolio_id, kit.second_id}


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("main", "funding"),
        ("funding", "main"),
        ("funding", "second"),
        ("main", "second"),
        ("second", "main"),
        ("main", "main_okx"),
    ],
)
def test_every_way_there_is(kit: FundsKit, source: str, target: str) -> None:
    kit.give_funding(300)
    kit.transfer(kit.main, kit.second, 300)
    places = {name: getattr(kit, name) for name in ("main", "main_okx", "second", "funding")}
    before = {name: kit.held(place) for name, place in places.items()}
    assert kit.transfer(places[source], places[target], 50).refusal is None
    after = {name: kit.held(place) for name, place in places.items()}
    moved = {name: after[name] - before[name] for name in places if after[name] != before[name]}
    assert moved == {source: -50, target: 50}


def test_the_first_credit_initialises_an_account(kit: FundsKit) -> None:
    account = kit.desk.state.portfolios[kit.second_id].accounts[BINANCE]
    assert not account.initialised
    kit.index("BTC", 60000)
    kit.do(c.Credit(kit.portfolio_id, BINANCE, "BTC", Decimal(1)))
    kit.transfer(kit.main, kit.second, "0.5", "BTC")
    assert account.initialised
    assert set(account.wallets) == {"USDT", "BTC"}
    assert not kit.desk.state.portfolios[kit.second_id].accounts[OKX].initialised


# -- what may not


def test_unknown_and_foreign_portfolios_are_absent(kit: FundsKit) -> None:
    kit.do(c.CreateUser(UserKind.NORMAL))
    foreign_user = list(kit.desk.state.users)[-1]
    foreign = list(kit.desk.state.portfolios)[-1]
    for account_id in (9999999999999999, foreign, foreign_user):
        place = Place(account_id, BINANCE)
        refused(kit.transfer(place, kit.main), 403006)
        refused(kit.transfer(kit.main, place), 403007)
    kit.do(c.ClosePortfolio(kit.second_id, True))
    refused(kit.transfer(kit.main, kit.second), 403007)


def test_a_portfolio_key_moves_inside_its_portfolio_only(kit: FundsKit) -> None:
    reach = kit.portfolio_id
    refused(kit.transfer(kit.main, kit.funding, reach=reach), 2002)
    refused(kit.transfer(kit.funding, kit.main, reach=reach), 2002)
    refused(kit.transfer(kit.second, kit.main, reach=reach), 403006)
    refused(kit.transfer(kit.main, kit.second, reach=reach), 403007)
    assert kit.transfer(kit.main, kit.main_okx, reach=reach).refusal is None


def test_amounts_follow_the_currency(kit: FundsKit) -> None:
    refused(kit.transfer(kit.main, kit.second, coin="XYZ"), 403010)
    refused(kit.transfer(kit.main, kit.second, coin=""), 403010)
    refused(kit.transfer(kit.main, kit.second, "1.1234567"), 403011, "6")
    refused(kit.transfer(kit.main, kit.second, "0.009999"), 403012, "0.01")
    assert kit.transfer(kit.main, kit.second, "0.01").refusal is None
    assert kit.transfer(kit.main, kit.second, "1.1000000000").refusal is None


def test_a_traded_coin_without_a_row_moves_in_eight_decimals(kit: FundsKit) -> None:
    assert "IMX" not in kit.desk.reference.currencies
    kit.do(c.Credit(kit.portfolio_id, BINANCE, "IMX", Decimal(1)))
    refused(kit.transfer(kit.main, kit.second, "0.000000001", "IMX"), 403011, "8")
    assert kit.transfer(kit.main, kit.second, "0.00000001", "IMX").refusal is None


def test_a_coin_never_held_and_too_little_of_one(kit: FundsKit) -> None:
    refused(kit.transfer(kit.main, kit.second, coin="BTC"), 401035)
    refused(kit.transfer(kit.main, kit.second, "1000.000001"), 403013, "1000")
    refused(kit.transfer(kit.funding, kit.main), 403013, "0")
    kit.give_funding("99.5")
    refused(kit.transfer(kit.funding, kit.main), 403013, "99.5")
    assert kit.transfer(kit.funding, kit.main, "99.5").refusal is None
    assert kit.transfer(kit.main, kit.second, 1000).refusal is None


def test_positions_hold_their_margin_back(kit: FundsKit) -> None:
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, "0.02", 60000)
    outcome = kit.transfer(kit.main, kit.second, 1000)
    assert outcome.refusal is not None
    assert outcome.refusal.code == 403013
    (free,) = outcome.refusal.arguments
    assert 0 < Decimal(free) < 1000
    shortened = free.split(".")[0]
    assert kit.transfer(kit.main, kit.second, shortened).refusal is None


def test_a_loss_that_eats_the_equity_counts_in_full(kit: FundsKit) -> None:
    """Collateral in BTC, and USDT that a loss has eaten: what leaves beyond the equity is owed, and
    a debt weighs more than the discount says.
    """
    kit.index("BTC", 60000)
    kit.do(c.Credit(kit.portfolio_id, BINANCE, "BTC", Decimal("0.0175")))
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, "0.02", 100000)
    outcome = kit.transfer(kit.main, kit.second, 1000)
    assert outcome.refusal is not None
    (free,) = outcome.refusal.arguments
    assert Decimal(free) > 950
    before = kit.desk.snapshot()
    refused(kit.transfer(kit.main, kit.second, 950), 403013, free)
    assert kit.desk.snapshot() == before
    assert kit.transfer(kit.main, kit.second, 200).refusal is None


def test_an_account_taken_over_gives_nothing(kit: FundsKit) -> None:
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, "0.1", 72000)
    refused(kit.transfer(kit.main, kit.second, 1), 401045)
    refused(kit.transfer(kit.main, kit.second, 1, "BTC"), 401035)
    kit.mark(BTC_PERP, 80000)
    assert kit.transfer(kit.main, kit.second, 1).refusal is None


def test_nothing_is_traded_at_edx(kit: FundsKit) -> None:
    edx = Place(kit.portfolio_id, EDX)
    refused(kit.transfer(kit.main, edx), 401066)
    refused(kit.transfer(edx, kit.main), 401066)
    refused(kit.transfer(kit.main, edx, 5000), 403013, "1000")


def _accounts_of_the_pool(kit: FundsKit) -> list[VenueAccount]:
    """The venue accounts of the default pool that money at BINANCE lies on."""
    kit.do(c.SetRouteTag(kit.portfolio_id, "default"))
    pool = kit.desk.state.pool
    assert pool is not None
    portfolio = kit.desk.state.portfolios[kit.portfolio_id]
    return giving_accounts(pool, portfolio, BINANCE)


def test_venue_accounts_that_hold_too_little(kit: FundsKit) -> None:
    accounts = _accounts_of_the_pool(kit)
    for account in accounts:
        kit.do(c.ChangeVenueAccount(account.account_id, balances={"USDT": Decimal(60)}))
    refused(kit.transfer(kit.main, kit.funding, 61), 401065)
    refused(kit.transfer(kit.main, kit.funding, 5000), 403013, "1000")
    assert kit.transfer(kit.main, kit.funding, 60).refusal is None
    assert sum(account.balances["USDT"] for account in accounts) == 60 * (len(accounts) - 1)
    kit.transfer(kit.funding, kit.main, 10)
    assert sum(account.balances["USDT"] for account in accounts) == 60 * len(accounts) - 50


def test_a_share_of_the_venue_accounts_that_is_too_small(kit: FundsKit) -> None:
    for account in _accounts_of_the_pool(kit):
        kit.do(c.Allocate(kit.user_id, account.account_id, "USDT", Decimal(60)))
    refused(kit.transfer(kit.main, kit.funding, 61), 401062)
    assert kit.transfer(kit.main, kit.funding, 60).refusal is None


def test_no_group_of_venue_accounts(kit: FundsKit) -> None:
    _accounts_of_the_pool(kit)
    for business in Business:
        kit.do(c.SetAccountGroup(f"OKX:{business}", OKX, business, enabled=False))
    refused(kit.transfer(kit.main, kit.main_okx), 401066)
    assert kit.transfer(kit.main, kit.second).refusal is None


def test_a_user_who_is_gone(kit: FundsKit) -> None:
    del kit.desk.state.users[kit.user_id]
    refused(kit.transfer(kit.main, kit.second), 401022)


# -- repeats


def test_equal_content_answers_the_first_result_again(kit: FundsKit) -> None:
    first = kit.transfer(kit.main, kit.second, request_id="a")
    again = kit.transfer(kit.main, kit.second, "100.0", request_id="a")
    assert again.reply == first.reply
    assert only(again, TransferChanged) == []
    assert kit.held(kit.second) == 100


def test_a_repeat_comes_before_all_look_ups(kit: FundsKit) -> None:
    first = kit.transfer(kit.main, kit.second, 1000, request_id="a")
    kit.do(c.ClosePortfolio(kit.second_id, True))
    assert kit.transfer(kit.main, kit.second, 1000, request_id="a").reply == first.reply


@pytest.mark.parametrize(
    "change", [{"amount": 99}, {"coin": "BTC"}, {"network": "TRC20"}, {"rapid": True}]
)
def test_other_content_under_a_used_id(kit: FundsKit, change: dict[str, object]) -> None:
    kit.transfer(kit.main, kit.second, request_id="a")
    refused(kit.transfer(kit.main, kit.second, request_id="a", **change), 403015)  # type: ignore[arg-type]
    refused(kit.transfer(kit.second, kit.main, request_id="a"), 403015)


def test_a_refused_request_uses_no_id_up(kit: FundsKit) -> None:
    refused(kit.transfer(kit.main, kit.second, 5000, request_id="a"), 403013, "1000")
    assert kit.transfer(kit.main, kit.second, request_id="a").refusal is None


def test_only_so_many_request_ids_are_remembered() -> None:
    kit = FundsKit(transfer_requests_kept_max=3)
    for number in range(5):
        kit.transfer(kit.main, kit.second, 1, request_id=f"r{number}")
    assert list(kit.desk.state.users[kit.user_id].transfer_requests) == ["r2", "r3", "r4"]
    assert kit.transfer(kit.main, kit.second, 2, request_id="r0").refusal is None


# -- under way


@pytest.fixture
def slow() -> FundsKit:
    return FundsKit(transfer_delay_ms=60_000)


def test_a_slow_transfer_is_held_back_and_then_done(slow: FundsKit) -> None:
    outcome = slow.transfer(slow.main, slow.second)
    (changed,) = only(outcome, TransferChanged)
    assert changed.transfer.status is TransferStatus.IN_PROGRESS
    assert (slow.held(slow.main), slow.frozen(slow.main)) == (1000, 100)
    assert slow.held(slow.second) == 0
    refused(slow.transfer(slow.main, slow.second, "900.01"), 403013, "900")
    assert only(slow.wait(59_000), TransferChanged) == []
    done = slow.wait(1_000)
    (changed,) = only(done, TransferChanged)
    assert changed.transfer.status is TransferStatus.SUCCESS
    assert (slow.held(slow.main), slow.frozen(slow.main)) == (900, 0)
    assert slow.held(slow.second) == 100
    out, into = only(done, Statement)
    assert (out.before_available, out.after_available, out.delta) == (1000, 900, -100)
    assert into.delta == 100
    assert slow.desk.state.transfers == {}


def test_money_held_back_in_the_funding_account(slow: FundsKit) -> None:
    slow.give_funding(300)
    slow.wait(60_000)
    slow.transfer(slow.funding, slow.main, 200)
    assert (slow.held(slow.funding), slow.frozen(slow.funding)) == (300, 200)
    refused(slow.transfer(slow.funding, slow.second, 101), 403013, "100")
    slow.wait(60_000)
    assert (slow.held(slow.funding), slow.frozen(slow.funding)) == (100, 0)


def test_a_transfer_whose_reserve_is_gone_fails(slow: FundsKit) -> None:
    slow.transfer(slow.main, slow.second)
    slow.do(c.SeizeFrozen(slow.portfolio_id, BINANCE, "USDT", Decimal(60)))
    assert slow.frozen(slow.main) == 40
    (changed,) = only(slow.wait(60_000), TransferChanged)
    assert changed.transfer.status is TransferStatus.FAILED
    assert changed.transfer.reason == "Insufficient frozen"
    assert (slow.held(slow.main), slow.frozen(slow.main)) == (940, 0)
    assert slow.held(slow.second) == 0


@pytest.mark.parametrize(
    ("mark", "left"), [(100, "799.629962996299629962"), (60, "479.777977797779777977")]
)
def test_what_came_to_be_needed_as_margin_does_not_leave(
    slow: FundsKit, mark: int, left: str
) -> None:
    """Money that is held back goes on counting as margin: a position that was opened on it, at
    its price or at a loss, keeps it.
    """
    slow.transfer(slow.main, slow.funding, 900)
    slow.hold(BTC_PERP, 10, 100)
    slow.mark(BTC_PERP, mark)
    (changed,) = only(slow.wait(60_000), TransferChanged)
    assert changed.transfer.status is TransferStatus.FAILED
    assert changed.transfer.reason == f"Insufficient balance, available: {left}"
    assert (slow.held(slow.main), slow.frozen(slow.main)) == (1000, 0)
    assert slow.held(slow.funding) == 0


def test_only_so_many_may_be_under_way(slow: FundsKit) -> None:
    for _ in range(UNDER_WAY_MAX):
        assert slow.transfer(slow.main, slow.second, "0.01").refusal is None
    refused(slow.transfer(slow.main, slow.second, "0.01"), 400011)
    slow.wait(61_000)
    assert slow.transfer(slow.main, slow.second, "0.01").refusal is None


def test_the_same_commands_give_the_same_state(slow: FundsKit) -> None:
    slow.transfer(slow.main, slow.second, request_id="a")
    slow.transfer(slow.main, slow.funding, 7)
    slow.approve()
    slow.withdraw()
    slow.announce(50)
    slow.wait(70_000)
    other = FundsKit(transfer_delay_ms=60_000)
    for envelope in slow.journal[len(other.journal) :]:
        assert other.desk.apply(envelope).refusal is None
    assert other.desk.snapshot() == slow.desk.snapshot()


def test_a_refusal_leaves_the_books_to_the_last_digit(kit: FundsKit) -> None:
    """Refusals are not journaled, so a replay comes to the same bytes without them."""
    kit.approve()
    before = kit.desk.snapshot()
    refused(kit.transfer(kit.main, Place(kit.portfolio_id, EDX), "0.25"), 401066)
    assert kit.desk.snapshot() == before
    kit.hold(BTC_PERP, 1, 100)
    kit.mark(BTC_PERP, 100)
    before = kit.desk.snapshot()
    outcome = kit.transfer(kit.main, kit.funding, "990.000001")
    assert outcome.refusal is not None
    assert outcome.refusal.code == 403013
    assert kit.desk.snapshot() == before
