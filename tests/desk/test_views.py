"""What is read of the desk beside accounts and positions: tiers, leverage, who is next in line."""

from decimal import Decimal as D

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.settings import DeskSettings
from tests.desk.kit import BTC_PERP, DeskKit

OKX_PERP = "OKX_PERP_BTC_USDT"
ETH_PERP = "BINANCE_PERP_ETH_USDT"


def test_tiers_in_contracts_are_told_in_usdt_at_the_present_mark() -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.mark(OKX_PERP, 60000)
    first, second, *_ = views.position_tiers_view(kit.desk, OKX_PERP)
    (one, two, *_) = kit.desk.reference.position_tiers[OKX_PERP]
    assert (first.floor, first.cap) == (0, one.cap * D("0.01") * 60000)
    assert (second.floor, second.max_leverage) == (first.cap, two.max_leverage)
    kit.mark(OKX_PERP, 30000)
    assert views.position_tiers_view(kit.desk, OKX_PERP)[0].cap == first.cap / 2


def test_tiers_in_notional_are_told_as_they_are() -> None:
    kit = DeskKit()
    tiers = kit.desk.reference.position_tiers[BTC_PERP]
    told = views.position_tiers_view(kit.desk, BTC_PERP)
    assert [(t.floor, t.cap) for t in told] == [(t.floor, t.cap) for t in tiers]


def test_the_leverage_of_a_symbol_is_the_default_until_one_is_set() -> None:
    kit = DeskKit()
    default = kit.desk.reference.instruments[BTC_PERP].default_leverage
    assert views.leverage_view(kit.desk, kit.account(), BTC_PERP) == default
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 3))
    assert views.leverage_view(kit.desk, kit.account(), BTC_PERP) == 3


def test_ranks_are_told_of_all_positions_or_of_a_symbol_s() -> None:
    kit = DeskKit()
    kit.cash("USDT", 100_000)
    for sym, price in {BTC_PERP: 60000, ETH_PERP: 2600}.items():
        kit.mark(sym, price)
        kit.hold(sym, 1, price)
    portfolio = kit.desk.state.portfolios[kit.portfolio_id]
    assert {rank.sym for rank in views.adl_ranks(kit.desk, portfolio)} == {BTC_PERP, ETH_PERP}
    (rank,) = views.adl_ranks(kit.desk, portfolio, ETH_PERP)
    assert (rank.sym, 1 <= rank.rank <= 5) == (ETH_PERP, True)
