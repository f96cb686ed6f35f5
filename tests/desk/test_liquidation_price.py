"""The price at which an account is liquidated: it is where the ratio is met, or there is none."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

import msgspec
import pytest

from openprime.desk import views
from openprime.desk.settings import DeskSettings
from openprime.model.reference import Reference
from openprime.model.vocabulary import Exchange
from tests.desk.kit import BTC_PERP, DeskKit, with_discount

OKX_PERP = "OKX_PERP_BTC_USDT"
SETTINGS = DeskSettings(broker_max_leverage=0)


def held(
    quantity: object, cash: object, change: Callable[[Reference], Reference] = lambda rules: rules
) -> DeskKit:
    kit = DeskKit(SETTINGS, change=change)
    kit.index("BTC", 60000)
    kit.mark(BTC_PERP, 60000)
    kit.cash("USDT", cash)
    kit.hold(BTC_PERP, quantity, 60000)
    return kit


def price(kit: DeskKit, sym: str = BTC_PERP, exchange: Exchange = Exchange.BINANCE) -> D | None:
    account = kit.account(exchange)
    return views.position_view(kit.desk, account, account.positions[sym]).liq_price


def ratio_at(kit: DeskKit, mark: D) -> D:
    """uniMMR with the mark there, before anything is done about it."""
    kit.desk.state.marks[BTC_PERP] = mark
    account = kit.account()
    account.stale_syms[BTC_PERP] = None
    ratio = views.account_view(kit.desk, account).uni_mmr
    assert ratio is not None
    return ratio


def without_tiers(rules: Reference) -> Reference:
    return msgspec.structs.replace(rules, position_tiers={})


def without_charges(rules: Reference) -> Reference:
    """One tier that asks for no maintenance, and no fees."""
    tier = msgspec.structs.replace(rules.position_tiers[BTC_PERP][0], mm_rate=D(0), cap=D("1e12"))
    fees = {
        market: msgspec.structs.replace(rate, taker=D(0), maker=D(0))
        for market, rate in rules.fees.items()
    }
    return msgspec.structs.replace(rules, position_tiers={BTC_PERP: [tier]}, fees=fees)


@pytest.mark.parametrize(
    ("quantity", "cash"),
    [
        (2, 5_000),  # within one tier
        (100, 1_000_000),  # a long falls through lower tiers
        (100, 4_000_000),
        (-20, 200_000),  # a short rises into higher ones
        (-100, 3_000_000),
    ],
)
def test_there_the_ratio_is_the_threshold(quantity: int, cash: int) -> None:
    kit = held(quantity, cash)
    at = price(kit)
    assert at is not None
    assert abs(ratio_at(kit, at) - SETTINGS.liquidating_uni_mmr) < D("0.0000003")
    worse = at * (D("0.9999") if quantity > 0 else D("1.0001"))
    assert ratio_at(kit, worse) < SETTINGS.liquidating_uni_mmr


def test_a_long_falls_through_tiers_on_its_way() -> None:
    """Otherwise the case above would not show that they are walked downwards."""
    kit = held(100, 4_000_000)
    tiers = kit.desk.turn.rules[BTC_PERP].tiers
    at = price(kit)
    assert at is not None
    level = [next(t.level for t in tiers if 100 * each <= t.cap) for each in (60000, at)]
    assert int(level[0]) > int(level[1])


def test_a_loss_counts_whole_where_it_uses_up_the_settlement_coin() -> None:
    """The formula of risk-model 4 for a long: its delta is then 1, all else is held fixed."""
    kit = held(1, 1_000, lambda rules: with_discount(rules, "USDT", "0.9"))
    kit.cash("BTC", "0.5")
    view = views.account_view(kit.desk, kit.account())
    rules, theta = kit.desk.turn.rules[BTC_PERP], SETTINGS.liquidating_uni_mmr
    spare = view.valid_margin - theta * view.maintain_margin
    loss_a_dollar = 1 - rules.fees.taker - theta * rules.tiers[0].mm_rate
    at = price(kit)
    assert at is not None
    assert abs(at - (60_000 - spare / loss_a_dollar)) < D("0.0001")
    ratio_at(kit, at)
    assert views.asset_view(kit.desk, kit.account(), "USDT").equity < 0


def test_a_long_that_is_covered_to_the_last_coin_has_none() -> None:
    assert price(held(1, 100_000)) is None


def test_without_a_mark_there_is_none() -> None:
    kit = held(1, 10_000)
    kit.desk.state.marks.clear()
    kit.desk.state.indexes.clear()
    assert price(kit) is None


def test_without_tiers_nothing_is_asked_for_and_there_is_none() -> None:
    kit = held(1, 10_000, without_tiers)
    assert price(kit) is None
    view = views.account_view(kit.desk, kit.account())
    assert (view.maintain_margin, view.uni_mmr) == (0, None)


def test_legs_that_cancel_each_other_out_and_cost_nothing_move_nothing() -> None:
    kit = DeskKit(SETTINGS, change=without_charges)
    kit.switch("BOTH")
    kit.mark(BTC_PERP, 60000)
    kit.cash("USDT", 1_000)
    long = kit.hold(BTC_PERP, 1, 60000)
    kit.hold(BTC_PERP, -1, 60000)
    assert views.position_view(kit.desk, kit.account(), long).liq_price is None


def test_a_short_in_the_last_tier_that_is_beyond_help_already_has_none_ahead() -> None:
    kit = held(-21_000, 1_000_000)
    (*_, last) = kit.desk.turn.rules[BTC_PERP].tiers
    assert last.floor < 21_000 * 60_000
    assert price(kit) is None


def test_at_okx_size_is_counted_in_contracts_and_tiers_stay() -> None:
    kit = DeskKit(SETTINGS)
    kit.mark(OKX_PERP, 60000)
    kit.cash("USDT", 600_000, Exchange.OKX)
    kit.account, account = (lambda exchange=Exchange.OKX: account), kit.account(Exchange.OKX)  # type: ignore[method-assign, misc]
    kit.hold(OKX_PERP, 15_000, 60000)
    at = price(kit, OKX_PERP, Exchange.OKX)
    assert at is not None
    kit.desk.state.marks[OKX_PERP] = at
    account.stale_syms[OKX_PERP] = None
    ratio = views.account_view(kit.desk, account).uni_mmr
    assert ratio is not None
    assert abs(ratio - SETTINGS.liquidating_uni_mmr) < D("0.0000003")
