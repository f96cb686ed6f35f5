"""Perpetuals that settle in a coin which the account never had: their sums are whole."""

from decimal import Decimal as D

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.desk import Desk
from openprime.desk.state import State
from tests.desk.kit import DeskKit

USDC_PERP = "BINANCE_PERP_BTC_USDC"


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 100_000)
    rules = {"tickSize": "0.1", "lotSize": "0.001", "minSize": "0.001", "maxLimitSize": "1000"}
    more = {"defaultLeverage": "5", "priceBand": "0.2", "maxNumOrders": "9", "minNotional": "5"}
    assert desk.do(c.Override("instruments", USDC_PERP, rules | more)).refusal is None
    for coin, price in {"BTC": 60000, "USDC": 1}.items():
        desk.index(coin, price)
    desk.mark(USDC_PERP, 60000)
    return desk


def margins(desk: Desk, kit: DeskKit) -> tuple[D, D]:
    """Of the account, and of the wallet of the coin."""
    account = desk.state.portfolios[kit.portfolio_id].accounts[kit.account().exchange]
    whole = views.account_view(desk, account).perp_margin
    return whole, views.asset_view(desk, account, "USDC").perp_margin


def started_again(kit: DeskKit) -> Desk:
    state = msgspec.msgpack.decode(kit.desk.snapshot(), type=State)
    return Desk(kit.desk.turn.base, state=state)


def test_an_order_s_margin_is_the_coin_s(kit: DeskKit) -> None:
    order = kit.rest(USDC_PERP, "BUY", 1, 60000)
    assert margins(kit.desk, kit) == margins(started_again(kit), kit) == (12_000, 12_000)
    kit.fill(order, 60000, "0.5", done=False)
    kit.mark(USDC_PERP, 61000)
    assert margins(kit.desk, kit) == margins(started_again(kit), kit) == (12_100, 12_100)


def test_without_fees_a_position_still_has_a_wallet_for_its_profit(kit: DeskKit) -> None:
    fees = {"makerFeeRate": "0", "takerFeeRate": "0"}
    assert kit.do(c.Override("fees", "BINANCE:PERP", fees)).refusal is None
    kit.trade(USDC_PERP, "BUY", 1, 60000)
    kit.mark(USDC_PERP, 61000)
    assert views.asset_view(kit.desk, kit.account(), "USDC").upnl == 1000
    position = kit.account().positions[USDC_PERP]
    assert views.position_view(kit.desk, kit.account(), position).upnl == 1000
