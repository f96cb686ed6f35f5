"""The identities that published examples of the API satisfy (risk-model 2, rows 1 to 18).

Rows 1 to 6 and 8, 9 relate fields to each other, so they are tested on an account with positions
of both signs, orders at rest, several coins and a debt. The others have an example's numbers.
"""

from decimal import Decimal

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.events import PositionReduced, Trade
from openprime.desk.settings import DeskSettings
from openprime.model.instrument import FeeRate
from openprime.model.reference import Reference
from tests.desk.kit import BTC_MARGIN, BTC_PERP, DeskKit, with_discount

D = Decimal
ETH_PERP = "BINANCE_PERP_ETH_USDT"
IMX_PERP = "BINANCE_PERP_IMX_USDT"


@pytest.fixture
def busy() -> DeskKit:
    kit = DeskKit()
    kit.cash("USDT", 20_000)
    kit.cash("BTC", "0.25")
    kit.index("BTC", 60000)
    kit.index("ETH", 2600)
    kit.mark(BTC_PERP, 60000)
    kit.mark(ETH_PERP, 2600)
    kit.hold(BTC_PERP, "0.5", 59000)
    kit.hold(ETH_PERP, "-3", 2500)
    kit.account().coin_leverage["ETH"] = 5
    kit.rest(BTC_PERP, "BUY", "0.1", 60500)
    kit.rest(BTC_PERP, "SELL", "0.9", 61000)
    kit.rest("BINANCE_MARGIN_ETH_USDT", "SELL", 1, 2590)
    kit.rest(BTC_MARGIN, "SELL", "0.1", 60000)
    return kit


def test_1_to_5_aggregates(busy: DeskKit) -> None:
    view = views.account_view(busy.desk, busy.account())
    assert view.debt_margin > 0
    assert view.open_loss_margin > 0
    assert view.valid_margin == view.margin_value - view.open_loss_margin
    assert view.available_margin == view.valid_margin - view.frozen_margin
    assert view.frozen_margin == view.perp_margin + view.debt_margin
    assert view.uni_mmr == view.valid_margin / view.maintain_margin
    assert view.risk_ratio == view.maintain_margin / view.valid_margin


def test_6_open_loss_of_positions_alone_is_their_closing_fee() -> None:
    kit = DeskKit()
    kit.cash("USDT", 5_000_000)
    kit.mark(BTC_PERP, "60000")
    kit.hold(BTC_PERP, "57.755", 60000)
    view = views.account_view(kit.desk, kit.account())
    assert view.open_loss_margin == D("0.00035") * view.position_value


def test_7_margin_value_of_an_asset() -> None:
    kit = DeskKit()
    kit.cash("USDT", "33.970877268901446313")
    view = views.asset_view(kit.desk, kit.account(), "USDT")
    assert view.margin_value == D("33.9674801811745561683687")


def test_8_max_transferable_without_exposure_is_all() -> None:
    kit = DeskKit()
    kit.cash("USDT", "33.970877268901446313")
    view = views.asset_view(kit.desk, kit.account(), "USDT")
    assert view.max_transferable == D("33.970877268901446313")


def test_8_max_transferable_is_the_least_of_its_bounds(busy: DeskKit) -> None:
    account = views.account_view(busy.desk, busy.account())
    asset = views.asset_view(busy.desk, busy.account(), "USDT")
    weight = D("0.9999")
    bounds = (
        asset.available,
        account.available_margin / weight,
        (account.valid_margin - 3 * account.maintain_margin) / weight,
    )
    # The account's fields are cut to 8 decimals, the bounds are not.
    assert abs(asset.max_transferable - min(bounds)) < D("0.00000004")


def test_9_equity_of_an_asset(busy: DeskKit) -> None:
    asset = views.asset_view(busy.desk, busy.account(), "USDT")
    assert asset.upnl == D("0.5") * 1000 - 3 * 100
    assert asset.equity == asset.available + asset.frozen + asset.upnl
    assert asset.equity_value == asset.equity * asset.index_price


def eth_example() -> tuple[DeskKit, views.PositionView]:
    kit = DeskKit(DeskSettings(maintenance_multiplier=D(2)))
    kit.cash("USDT", 10_000)
    kit.mark(ETH_PERP, "2092.73797674")
    kit.do(c.SetLeverage(kit.portfolio_id, ETH_PERP, 20))
    kit.quote(ETH_PERP, "2092.70", "2092.72")
    kit.trade(ETH_PERP, "BUY", "0.25", "2092.71")
    position = kit.account().positions[ETH_PERP]
    return kit, views.position_view(kit.desk, kit.account(), position)


def test_10_to_15_position() -> None:
    _, view = eth_example()
    assert view.value == D("523.184494185")
    assert view.margin == D("26.15922470925")
    assert view.maintenance == D("4.18547595348")
    assert view.upnl == D("0.006994185")
    assert format(view.upnl_rate, ".15g") == "0.000267373310205427"
    assert view.fee == D("0.18311213")


def half_fees(rules: Reference) -> Reference:
    rate = FeeRate(D("0.000175"), D("0.000175"))
    return msgspec.structs.replace(rules, fees=rules.fees | {"BINANCE_PERP": rate})


def test_16_to_18_closed_position() -> None:
    kit = DeskKit(change=half_fees)
    kit.cash("USDT", 1000)
    kit.mark(IMX_PERP, "1.2145")
    lot = msgspec.structs.replace(
        kit.desk.reference.instruments[IMX_PERP],
        lot_size=D("0.1"),
        min_size=D("0.1"),
        quantity_step=D("0.1"),
    )
    kit.desk.reference.instruments[IMX_PERP] = lot
    kit.trade(IMX_PERP, "BUY", "6.6", "1.2150")
    closed = kit.trade(IMX_PERP, "SELL", "6.6", "1.2140")
    row = next(e for e in closed.events if isinstance(e, PositionReduced)).row
    assert row.closed_pnl == D("-0.0066")
    assert row.leverage == 5
    assert format(row.closed_pnl_ratio, ".15g") == "-0.00411522633744856"
    assert row.open_average_price == D("1.215")
    assert row.closed_average_price == D("1.214")
    fees = [e.fee for e in closed.events if isinstance(e, Trade)]
    assert fees == [D("0.00140217")]
    # Exact fees would be 0.0028055; each fill rounds to 8 decimals, half up.
    assert row.fee == D("0.00140333") + D("0.00140217")
    assert round(row.fee, 7) == D("0.0028055")


def test_owed_coins_count_in_full_and_owned_ones_at_their_discount() -> None:
    kit = DeskKit(change=lambda rules: with_discount(rules, "BTC", "0.5"))
    kit.index("BTC", 60000)
    kit.cash("USDT", 0)
    kit.cash("BTC", 1)
    assert views.account_view(kit.desk, kit.account()).margin_value == 30000
    kit.cash("BTC", -1)
    assert views.account_view(kit.desk, kit.account()).margin_value == -60000
