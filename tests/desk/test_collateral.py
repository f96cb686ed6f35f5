"""What an account in liquidation trades for its debts: which coin first, and what is too little."""

from decimal import Decimal as D

import pytest

from openprime.desk.collateral import Sale, next_sale
from openprime.desk.liquidation_state import Liquidation
from openprime.desk.margin import refresh
from openprime.model.vocabulary import BUY, SELL
from tests.desk.kit import BTC_SPOT, DeskKit

ETH_SPOT = "BINANCE_SPOT_ETH_USDT"


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    for coin, price in {"BTC": 60000, "ETH": 2600}.items():
        desk.index(coin, price)
    return desk


def sale_of(kit: DeskKit, unsold: tuple[str, ...] = (), **cash: object) -> Sale | None:
    """The next sale of an account with this cash."""
    for coin, amount in cash.items():
        kit.cash(coin, amount)
    refresh(kit.desk.turn, kit.account())
    event = Liquidation(1, kit.now_ms)
    event.unsold = dict.fromkeys(unsold)
    return next_sale(kit.desk.turn, kit.account(), event)


def test_a_debt_in_a_coin_is_bought_back_out_of_free_usdt(kit: DeskKit) -> None:
    sale = sale_of(kit, USDT=100_000, BTC="-1")
    assert sale is not None
    assert (sale.sym, sale.side, sale.quantity) == (BTC_SPOT, BUY, 1)


def test_the_largest_debt_is_bought_back_first(kit: DeskKit) -> None:
    sale = sale_of(kit, USDT=100_000, BTC="-0.01", ETH="-10")
    assert sale is not None
    assert (sale.sym, sale.side, sale.quantity) == (ETH_SPOT, BUY, 10)


def test_where_usdt_is_short_the_coin_that_counts_most_is_sold(kit: DeskKit) -> None:
    sale = sale_of(kit, USDT=-6_000, BTC="0.05", ETH=10)
    assert sale is not None
    assert (sale.sym, sale.side) == (ETH_SPOT, SELL)
    assert D(2) < sale.quantity < D(3)


def test_what_found_no_buyer_is_passed_over(kit: DeskKit) -> None:
    sale = sale_of(kit, unsold=("ETH",), USDT=-6_000, BTC="0.05", ETH=10)
    assert sale is not None
    assert (sale.sym, sale.quantity) == (BTC_SPOT, D("0.05"))


def test_a_debt_too_small_to_trade_is_left(kit: DeskKit) -> None:
    """Its coin cannot be bought for less than a lot costs, and USDT covers it as it is."""
    assert sale_of(kit, USDT="0.001", BTC="-0.00000001") is None


def test_a_coin_too_small_to_trade_is_not_sold(kit: DeskKit) -> None:
    lot = kit.desk.reference.instruments[BTC_SPOT].lot_size
    assert sale_of(kit, USDT=-100, BTC=lot / 2) is None
    sale = sale_of(kit, USDT=-100, BTC=lot / 2, ETH=1)
    assert sale is not None
    assert sale.sym == ETH_SPOT


def test_usdt_that_covers_all_debts_needs_nothing_sold(kit: DeskKit) -> None:
    """Nobody makes a market for the coin that is owed, and the USDT for it is there."""
    assert sale_of(kit, unsold=("BTC",), USDT=100_000, BTC="-1", ETH=1) is None


def test_a_coin_that_costs_less_than_a_tick_is_not_bought_back(kit: DeskKit) -> None:
    kit.index("BTC", "0.001")
    assert sale_of(kit, USDT=10, BTC="-1") is None


def test_who_owes_nothing_sells_nothing(kit: DeskKit) -> None:
    assert sale_of(kit, USDT=10, BTC=1) is None
