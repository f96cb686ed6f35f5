"""How much of a position a liquidation closes at once, and at what price at worst."""

from decimal import Decimal as D

from openprime.desk.bankruptcy import bankruptcy_prices, cut_of
from openprime.desk.margin import refresh
from openprime.desk.settings import DeskSettings
from openprime.model.vocabulary import Exchange, Side
from tests.desk.kit import BTC_PERP, DeskKit
from tests.desk.test_ladder import example_g, marked

OKX_PERP = "OKX_PERP_BTC_USDT"


def test_at_okx_a_stage_goes_down_to_the_next_lower_tier_in_contracts() -> None:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.mark(OKX_PERP, 50000)
    tier = kit.desk.reference.position_tiers[OKX_PERP][6]
    kit.hold(OKX_PERP, tier.floor + 50, 50000)
    account = kit.account(Exchange.OKX)
    kit.cash("USDT", (tier.floor + 50) * 500 * tier.mm_rate, Exchange.OKX)
    refresh(kit.desk.turn, account)
    assert cut_of(kit.desk.turn, account, OKX_PERP).quantity == 50


def test_a_short_is_bought_back_no_dearer_than_its_bankruptcy_price() -> None:
    kit = example_g(-2)
    marked(kit, "62217")
    (order,) = kit.desk.state.orders.values()
    assert (order.side, order.quantity, order.reduce_only) == (Side.BUY, 2, True)
    account = kit.account()
    refresh(kit.desk.turn, account)
    bankrupt = bankruptcy_prices(kit.desk.turn, account)[BTC_PERP]
    assert D(62217) < order.limit_price <= bankrupt < order.limit_price + D("0.1")
