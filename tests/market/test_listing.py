"""A symbol that an operator lists while the market runs: an empty book, and a pinned mark."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from openprime.market.events import DepthSnapshot
from openprime.market.state import MarketState
from openprime.model.instrument import PositionTier
from openprime.model.reference import Reference, instrument_of
from openprime.model.venue import Accepted, Filled, NewOrder, Rejected
from openprime.model.vocabulary import OrderType, Side, TimeInForce
from openprime.venues.simulated import SimulatedExchange
from tests.desk.kit import BTC_SPOT, reference

START_MS = 1_760_000_000_000
NEW = "BINANCE_PERP_NEW_USDT"
OKX_SPOT = "OKX_SPOT_BTC_USDT"
ROW = {
    "sym": NEW,
    "originalSymbol": "NEWUSDT",
    "state": "live",
    "tickSize": "0.01",
    "lotSize": "1",
    "minSize": "1",
    "minNotional": "5",
    "maxLimitSize": "1000",
    "maxMarketSize": "1000",
    "maxNumOrders": "60",
    "defaultLeverage": "5",
    "safeLeverage": "10",
    "pricePrecision": "2",
    "qtyPrecision": "0",
}


def listed(**changes: str) -> Reference:
    rules = reference()
    tier = PositionTier("1", Decimal(0), Decimal(1000), 10, Decimal("0.05"))
    return msgspec.structs.replace(
        rules,
        instruments={**rules.instruments, NEW: instrument_of(ROW | changes)},
        position_tiers={**rules.position_tiers, NEW: [tier]},
    )


@pytest.fixture
def market() -> MarketState:
    return MarketState(reference(), START_MS)


def order(number: int, side: Side, owner: int) -> NewOrder:
    return NewOrder(
        number, NEW, owner, side, OrderType.LIMIT, TimeInForce.GTC, price_ticks=500, quantity_lots=3
    )


def test_it_has_an_empty_book_that_clients_trade_on(market: MarketState) -> None:
    exchange = SimulatedExchange(market.reference.instruments, market.books)
    assert isinstance(exchange.handle(order(1, Side.BUY, 1))[0], Rejected)
    market.use(listed())
    exchange.use(market.reference.instruments)
    assert market.book(NEW).best_bid() is None
    assert exchange.handle(order(2, Side.BUY, 1)) == [Accepted(2)]
    fills = [r for r in exchange.handle(order(3, Side.SELL, 2)) if isinstance(r, Filled)]
    assert {fill.order_id for fill in fills} == {2, 3}


def test_it_has_no_mark_but_the_pinned_one(market: MarketState) -> None:
    market.use(listed())
    market.tick(START_MS + 1000)
    assert market.mark(NEW) is None
    market.pin_mark(NEW, Decimal(5))
    assert market.tick(START_MS + 2000).marks[NEW] == 5
    assert market.open_interest(NEW) == 0


def test_without_rules_it_has_no_book(market: MarketState) -> None:
    market.use(listed(rules="none"))
    assert NEW not in market.books
    assert NEW not in MarketState(listed(rules="none"), START_MS).books
    market.use(listed())
    assert NEW in market.books
    assert NEW in MarketState(listed(), START_MS).books


def test_a_suspended_spot_book_makes_no_index(market: MarketState) -> None:
    for sym, ticks in ((BTC_SPOT, 6_000_000), (OKX_SPOT, 610_000)):
        market.apply(DepthSnapshot(sym, START_MS, 1, [(ticks - 1, 5)], [(ticks + 1, 5)]))
    assert market.tick(START_MS + 1000).indexes["BTC"] == 60500
    before = market.reference
    suspended = msgspec.structs.replace(before.instruments[BTC_SPOT], live=False)
    market.use(
        msgspec.structs.replace(before, instruments={**before.instruments, BTC_SPOT: suspended})
    )
    assert market.tick(START_MS + 2000).indexes["BTC"] == 61000
