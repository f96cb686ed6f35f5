"""The last 24 hours of a symbol, as the invented past leaves them and trades come in."""

import json
from decimal import Decimal
from importlib.resources import files

from openprime.market.events import DepthSnapshot, MarketTrade
from openprime.market.state import MarketState
from openprime.model.reference import build

DATA = files("openprime") / "data"
RULES = build(json.loads((DATA / "reference.json").read_text()))
START_MS = 1_700_000_000_123
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
PERP = "BINANCE_PERP_BTC_USDT"


def market_of() -> MarketState:
    market = MarketState(RULES, START_MS)
    market.apply(DepthSnapshot(PERP, START_MS, 1, [(600_000, 9)], [(600_002, 9)]))
    return market


def trade(market: MarketState, moment_ms: int, ticks: int, lots: int) -> None:
    market.apply(MarketTrade(PERP, moment_ms, moment_ms, ticks, lots, buyer_is_maker=True))


def test_the_ticker_is_what_the_minutes_of_a_day_say() -> None:
    """To the minute: the running one and those that began up to 24 hours before it."""
    market = market_of()
    moment_ms = START_MS
    for number in range(1, 120):
        moment_ms = START_MS + number * 30_000
        trade(market, moment_ms, 600_000 + number, number)
        ticker = market.ticker(PERP)
        assert (ticker.last, ticker.time_ms) == (Decimal(600_000 + number) / 10, moment_ms)
    minutes = market.candles(PERP, "1m", moment_ms, 1441)
    assert ticker.open == minutes[0].open
    assert ticker.high == max(row.high for row in minutes)
    assert ticker.low == min(row.low for row in minutes)
    assert ticker.volume_base == sum(row.volume_base for row in minutes)
    assert ticker.volume_quote == sum(row.volume_quote for row in minutes)
    assert ticker.trade_count == sum(row.trades for row in minutes)


def test_after_a_day_the_past_has_left() -> None:
    market = market_of()
    later_ms = START_MS + 25 * HOUR_MS
    trade(market, later_ms, 601_000, 3)
    ticker = market.ticker(PERP)
    assert (ticker.open, ticker.low) == (Decimal("60000.1"), Decimal("60000.1"))
    assert (ticker.high, ticker.last) == (Decimal(60_100), Decimal(60_100))
    assert ticker.trade_count == 1
    assert ticker.volume_quote == Decimal("180.3")


def test_a_market_without_trades_has_its_past() -> None:
    market = MarketState(RULES, START_MS)
    ticker = market.ticker("BINANCE_MARGIN_BTC_USDT")
    assert ticker == market.ticker("BINANCE_SPOT_BTC_USDT")
    assert ticker.last == 60_000
    assert ticker.low < ticker.high
    assert ticker.volume_base > 0
