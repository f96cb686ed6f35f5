"""The worked examples of the risk model, A to K, with the numbers of the page."""

from decimal import Decimal

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.margin import refresh, totals
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Order
from openprime.model.instrument import LoanTier
from openprime.model.reference import Reference, coin_key
from openprime.model.vocabulary import OrderAction
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit

D = Decimal


def example_a(change=lambda rules: rules) -> DeskKit:
    kit = DeskKit(change=change)
    kit.cash("USDT", 10000)
    kit.cash("BTC", "0.5")
    kit.index("BTC", 60000)
    kit.mark(BTC_PERP, 60000)
    kit.quote(BTC_PERP, 59999, 60001)
    kit.hold(BTC_PERP, 2, 59000)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 10))
    return kit


def test_a_account_with_two_coins_and_a_long_position() -> None:
    kit = example_a()
    view = views.account_view(kit.desk, kit.account())
    assert view.position_value == 120000
    assert view.upnl == 2000
    assert view.margin_value == D("40498.8")
    assert view.open_loss_margin == 42
    assert view.valid_margin == D("40456.8")
    assert view.perp_margin == 12000
    assert view.available_margin == D("28456.8")
    assert view.maintain_margin == 480
    assert view.uni_mmr == D("84.285")
    assert round(view.risk_ratio, 4) == D("0.0119")
    assert view.equity == 42000
    usdt = views.asset_view(kit.desk, kit.account(), "USDT")
    btc = views.asset_view(kit.desk, kit.account(), "BTC")
    assert usdt.equity == 12000
    assert usdt.max_transferable == 10000
    assert str(btc.max_transferable).startswith("0.4992421052")


def test_b_a_buy_above_the_mark_costs_margin_and_open_loss() -> None:
    kit = example_a()
    assert kit.place(BTC_PERP, "BUY", 1, 60500).refusal is None
    refresh(kit.desk.turn, kit.account())
    sums = totals(kit.account())
    assert sums.frozen == 18050
    assert sums.open_loss == D("42") + 500 + D("42.35")
    assert sums.available == D("21864.45")


def test_c_the_larger_side_counts() -> None:
    kit = example_a()
    assert kit.place(BTC_PERP, "SELL", 5, 61000).refusal is None
    assert views.account_view(kit.desk, kit.account()).perp_margin == 18500
    assert kit.place(BTC_PERP, "BUY", 1, 60500).refusal is None
    assert views.account_view(kit.desk, kit.account()).perp_margin == 18500


def loan_rate_of_ten_percent(rules: Reference) -> Reference:
    tier = LoanTier("1", D(0), D(600000), D("0.10"), 3)
    tiers = rules.loan_tiers | {coin_key("BINANCE", "USDT"): [tier]}
    return msgspec.structs.replace(rules, loan_tiers=tiers)


def test_d_a_margin_buy_borrows_and_a_spot_buy_may_not() -> None:
    kit = example_a(loan_rate_of_ten_percent)
    kit.account().coin_leverage["USDT"] = 3
    kit.quote(BTC_MARGIN, 59999, 60001)
    kit.quote(BTC_SPOT, 59999, 60001)
    assert kit.code(kit.place(BTC_SPOT, "BUY", 1, 60000)) == 401055
    outcome = kit.place(BTC_MARGIN, "BUY", 1, 60000)
    assert outcome.refusal is None
    order = outcome.reply
    assert isinstance(order, Order)
    assert order.borrow_coin == "USDT"
    assert order.borrow_amount == 50060
    view = views.account_view(kit.desk, kit.account())
    assert view.debt_margin == 16020
    assert view.valid_margin == 37398
    assert view.frozen_margin == 28020
    assert view.available_margin == 9378
    assert view.maintain_margin == 480 + 4806
    assert view.uni_mmr is not None
    assert round(view.uni_mmr, 4) == D("7.0749")


@pytest.mark.parametrize(
    ("ratio", "price"),
    [
        ("3", "58219.0775"),
        ("1.5", "57867.4953"),
        ("1.2", "57797.6878"),
        ("1.1", "57774.4561"),
        ("1.05", "57762.8472"),
        ("1.0", "57751.2430"),
    ],
)
def test_g_the_price_at_which_a_ratio_is_reached(ratio: str, price: str) -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0, liquidating_uni_mmr=D(ratio)))
    kit.cash("USDT", 5000)
    kit.mark(BTC_PERP, 60000)
    position = kit.hold(BTC_PERP, 2, 60000)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 50))
    view = views.account_view(kit.desk, kit.account())
    assert view.valid_margin == D("4957.5")
    assert view.maintain_margin == 480
    assert view.uni_mmr == D("10.328125")
    assert view.available_margin == D("2557.5")
    liq_price = views.position_view(kit.desk, kit.account(), position).liq_price
    assert liq_price is not None
    assert abs(liq_price - D(price)) < D("0.0001")
    kit.mark(BTC_PERP, price)
    reached = views.account_view(kit.desk, kit.account()).uni_mmr
    assert reached is not None
    assert abs(reached - D(ratio)) < D("0.0000003")


def test_g_the_short_mirror() -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.cash("USDT", 5000)
    kit.mark(BTC_PERP, 60000)
    position = kit.hold(BTC_PERP, -2, 60000)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 50))
    view = views.position_view(kit.desk, kit.account(), position)
    assert view.liq_price is not None
    assert round(view.liq_price, 6) == D("62216.884862")


def test_h_maintenance_of_a_large_position_is_progressive() -> None:
    kit = DeskKit()
    kit.cash("USDT", 10_000_000)
    kit.mark(BTC_PERP, 50000)
    kit.hold(BTC_PERP, 400, 50000)
    assert views.account_view(kit.desk, kit.account()).maintain_margin == 268000


def test_i_leverage_down_needs_margin_and_up_has_a_limit() -> None:
    kit = example_a()
    assert kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 5)).refusal is None
    assert views.account_view(kit.desk, kit.account()).available_margin == D("16456.8")
    assert kit.code(kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 25))) == 401034


def test_j_a_better_reduce_only_order_displaces_the_one_without_room() -> None:
    kit = DeskKit()
    kit.cash("USDT", 100000)
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, 1, 60000)
    first = kit.rest(BTC_PERP, "SELL", "0.6", 61000, reduce_only=True)
    second = kit.rest(BTC_PERP, "SELL", "0.4", 62000, reduce_only=True)
    outcome = kit.place(BTC_PERP, "SELL", "0.5", 60500, reduce_only=True)
    assert outcome.refusal is None
    assert second.action is OrderAction.CANCEL_PENDING
    kit.confirm_cancel(second.order_id)
    assert second.reason_code == 401068
    assert second.reason == (
        "Due to an order with a better price, BINANCE_PERP_BTC_USDT reduce only order to "
        "SELL 0.4 BTC at 62000 was cancelled"
    )
    assert first.order_id in kit.desk.state.orders
    assert first.venue_quantity == D("0.5")
    refused = kit.place(BTC_PERP, "SELL", "0.5", 63000, reduce_only=True)
    assert kit.code(refused) == 401059


def test_k_okx_counts_contracts() -> None:
    kit = DeskKit()
    sym = "OKX_PERP_BTC_USDT"
    kit.mark(sym, 60000)
    position = kit.hold(sym, 10, 60000)
    account = kit.account(position.exchange)
    assert views.position_view(kit.desk, account, position).value == 6000
