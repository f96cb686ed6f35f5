"""Candles through the market's face: they agree with each other, whatever is asked first."""

import json
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openprime.market.candles import PARTS_PER_PIECE, Candle, CandleKind
from openprime.market.events import DepthSnapshot, MarketTrade
from openprime.market.past_view import PAST_LEVEL
from openprime.market.state import MarketState
from openprime.model.reference import build

DATA = files("openprime") / "data"
RULES = build(json.loads((DATA / "reference.json").read_text()))

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
LENGTHS_MS = {
    "1m": MINUTE_MS, "3m": 3 * MINUTE_MS, "5m": 5 * MINUTE_MS, "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS, "1h": HOUR_MS, "2h": 2 * HOUR_MS, "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS, "12h": 12 * HOUR_MS, "1d": DAY_MS, "1w": 7 * DAY_MS,
}  # fmt: skip

BTC = "BINANCE_PERP_BTC_USDT"
# A fine and a coarse tick, contracts, and a coin of little value.
SYMS = (BTC, "OKX_PERP_BTC_USDT", "BINANCE_SPOT_XRP_USDT", "OKX_SPOT_DOGE_USDT")

# 2023-11-14 22:13:20.123 UTC: in the midst of every interval.
START_MS = 1_700_000_000_123


def market_of(sym: str, seed: int = 1) -> MarketState:
    """A market that has seen one book of a symbol and nothing else."""
    market = MarketState(RULES, START_MS, seed)
    instrument = RULES.instruments[sym]
    ticks = int(RULES.start_prices[instrument.base] / instrument.tick_size) + 7
    bids, asks = [(ticks - 1, 1000)], [(ticks + 1, 1000)]
    market.apply(DepthSnapshot(sym, START_MS, 1, bids, asks))
    return market


@cache
def shared_market(sym: str, seed: int = 1) -> MarketState:
    return market_of(sym, seed)


def together(rows: list[Candle]) -> tuple[Decimal, ...]:
    """The one candle that these are."""
    return (
        rows[0].open,
        max(row.high for row in rows),
        min(row.low for row in rows),
        rows[-1].close,
        sum((row.volume_base for row in rows), Decimal(0)),
        sum((row.volume_quote for row in rows), Decimal(0)),
        Decimal(sum(row.trades for row in rows)),
    )


PARTS = (
    ("1m", "3m"), ("1m", "5m"), ("5m", "15m"), ("15m", "30m"), ("1m", "1h"), ("15m", "1h"),
    ("1h", "2h"), ("1h", "4h"), ("2h", "6h"), ("6h", "12h"), ("1h", "1d"), ("12h", "1d"),
    ("1d", "1w"),
)  # fmt: skip


@settings(max_examples=150)
@given(
    sym=st.sampled_from(SYMS),
    pair=st.sampled_from(PARTS),
    back_ms=st.integers(0, 1000 * DAY_MS),
    seed=st.integers(1, 3),
)
def test_a_larger_candle_is_its_smaller_ones(
    sym: str, pair: tuple[str, str], back_ms: int, seed: int
) -> None:
    """Also the running candle, which is half invented and half live."""
    small, large = pair
    market = shared_market(sym, seed)
    (whole,) = market.candles(sym, large, START_MS - back_ms, 1)
    until_ms = min(whole.open_time_ms + LENGTHS_MS[large] - 1, START_MS)
    count = LENGTHS_MS[large] // LENGTHS_MS[small]
    rows = [
        row
        for row in market.candles(sym, small, until_ms, count)
        if row.open_time_ms >= whole.open_time_ms
    ]
    assert together(rows) == together([whole])


@settings(max_examples=20)
@given(sym=st.sampled_from(SYMS), months_back=st.integers(0, 60))
def test_a_month_is_its_days(sym: str, months_back: int) -> None:
    market = shared_market(sym)
    whole = market.candles(sym, "1M", START_MS, months_back + 1)[0]
    days = market.candles(sym, "1d", START_MS, 2500)
    later = market.candles(sym, "1M", START_MS, months_back)
    end_ms = later[0].open_time_ms if later else START_MS
    rows = [row for row in days if whole.open_time_ms <= row.open_time_ms < end_ms]
    assert together(rows) == together([whole])


@settings(max_examples=60)
@given(
    sym=st.sampled_from(SYMS),
    interval=st.sampled_from(list(LENGTHS_MS)),
    back_ms=st.integers(0, 900 * DAY_MS),
    limit=st.integers(1, 60),
)
def test_candles_are_sound(sym: str, interval: str, back_ms: int, limit: int) -> None:
    """On the grids, without holes, one opening where the one before closed."""
    instrument = RULES.instruments[sym]
    rows = shared_market(sym).candles(sym, interval, START_MS - back_ms, limit)
    assert len(rows) == limit
    assert rows[-1].open_time_ms <= START_MS - back_ms
    assert START_MS - back_ms < rows[-1].open_time_ms + LENGTHS_MS[interval]
    for row in rows:
        assert row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high
        assert row.low > 0
        prices = (row.open, row.high, row.low, row.close)
        assert all(price % instrument.tick_size == 0 for price in prices)
        assert row.volume_base >= 0
        assert row.volume_base % instrument.lot_size == 0
        assert row.closed == (row.open_time_ms + LENGTHS_MS[interval] <= START_MS)
    for before, after in pairwise(rows):
        assert after.open_time_ms - before.open_time_ms == LENGTHS_MS[interval]
        assert after.open == before.close


@settings(max_examples=25)
@given(
    asked=st.lists(
        st.tuples(st.sampled_from(["1m", "5m", "1h", "6h", "1d"]), st.integers(0, 900 * DAY_MS)),
        min_size=1,
        max_size=4,
    )
)
def test_the_past_does_not_depend_on_what_was_asked_before(asked: list[tuple[str, int]]) -> None:
    """A fresh market, asked the other way round, tells the same."""
    first, second = shared_market(BTC), market_of(BTC)
    told = [first.candles(BTC, interval, START_MS - back_ms, 50) for interval, back_ms in asked]
    again = [
        second.candles(BTC, interval, START_MS - back_ms, 50)
        for interval, back_ms in reversed(asked)
    ]
    assert told == again[::-1]


def test_another_seed_is_another_past() -> None:
    rows, others = (shared_market(BTC, seed).candles(BTC, "1h", START_MS, 20) for seed in (1, 2))
    assert [row.close for row in rows[:-1]] != [row.close for row in others[:-1]]


@pytest.mark.parametrize("sym", SYMS)
def test_the_past_ends_at_the_first_live_price(sym: str) -> None:
    market = market_of(sym)
    instrument = RULES.instruments[sym]
    ticks = int(RULES.start_prices[instrument.base] / instrument.tick_size) + 7
    before, running = market.candles(sym, "1m", START_MS, 2)
    assert before.close == running.open == instrument.price(ticks)
    assert running.volume_base == 0

    market.apply(MarketTrade(sym, START_MS + 10, 1, ticks + 3, 5, buyer_is_maker=False))
    unchanged, running = market.candles(sym, "1m", START_MS + 10, 2)
    assert unchanged == before
    assert running.close == instrument.price(ticks + 3)
    assert running.volume_base == instrument.quantity(5)
    assert running.trades == 1
    value = instrument.price(ticks + 3) * instrument.quantity(5) * instrument.contract_size
    assert running.volume_quote == value


def test_live_minutes_join_the_past_in_the_running_hour() -> None:
    """An hour opens at its first trade, so the second one gets a trade in its first minute."""
    market = market_of(BTC)
    ticks = 600_007
    moments = [START_MS + minute * MINUTE_MS for minute in (0, 1, 4, 47, 61)]
    for number, moment_ms in enumerate(moments):
        price = ticks + 10 * (-1) ** number
        market.apply(MarketTrade(BTC, moment_ms, number, price, 2, buyer_is_maker=False))
    minutes = market.candles(BTC, "1m", moments[-1], 200)
    assert [row.open_time_ms for row in minutes] == list(
        range(minutes[0].open_time_ms, minutes[-1].open_time_ms + 1, MINUTE_MS)
    )
    for hour in market.candles(BTC, "1h", moments[-1], 2):
        rows = [r for r in minutes if 0 <= r.open_time_ms - hour.open_time_ms < HOUR_MS]
        assert together(rows) == together([hour])


def test_a_clock_that_jumps_leaves_flat_candles() -> None:
    market = market_of(BTC)
    market.apply(MarketTrade(BTC, START_MS + 1, 1, 600_000, 1, buyer_is_maker=False))
    later_ms = START_MS + 30 * DAY_MS
    market.tick(later_ms)
    rows = market.candles(BTC, "1h", later_ms, 24)
    assert {(row.open, row.high, row.low, row.close) for row in rows} == {(Decimal(60_000),) * 4}
    assert not any(row.volume_base for row in rows)


def test_limits() -> None:
    market = shared_market(BTC)
    assert market.candles(BTC, "1m", START_MS, 0) == []
    for interval in ("1m", "5m", "1h", "1d"):
        assert len(market.candles(BTC, interval, START_MS, 1500)) == 1500
    months = market.candles(BTC, "1M", START_MS, 1500)
    assert 70 < len(months) < 1500
    assert market.candles(BTC, "1d", months[0].open_time_ms - 1, 10) == []
    assert market.candles(BTC, "1m", START_MS + 90 * DAY_MS, 1)[0].open_time_ms <= START_MS


def test_intervals_are_named_in_any_case_but_for_the_month() -> None:
    market = shared_market(BTC)
    assert market.candles(BTC, "1H", START_MS, 3) == market.candles(BTC, "1h", START_MS, 3)
    (month,), (minute,) = (market.candles(BTC, name, START_MS, 1) for name in ("1M", "1m"))
    assert month.open_time_ms < minute.open_time_ms
    (week,) = market.candles(BTC, "1W", START_MS, 1)
    assert week.open_time_ms // DAY_MS % 7 == 4  # 1970 began on a Thursday, so this is a Monday.


def test_mark_and_index_have_candles_too() -> None:
    market = market_of(BTC)
    spot = "BINANCE_SPOT_BTC_USDT"
    market.apply(DepthSnapshot(spot, START_MS, 1, [(6_000_000, 9)], [(6_000_100, 9)]))
    market.tick(START_MS)
    for kind, price in (
        (CandleKind.MARK, market.mark(BTC)),
        (CandleKind.INDEX, market.index("BTC")),
    ):
        before, running = market.candles(BTC, "1m", START_MS, 2, kind)
        assert before.close == running.open == running.close == price
        assert not before.volume_base


@pytest.mark.parametrize("interval", LENGTHS_MS)
def test_many_candles_are_made_a_few_at_a_time(interval: str) -> None:
    """Each piece is made of few parts of the past, and together they are what each is alone."""
    market = market_of(BTC)
    pieces = list(market.candle_pieces(BTC, interval, START_MS, 200))
    part_ms = PAST_LEVEL[interval] or LENGTHS_MS[interval]
    most = max(1, PARTS_PER_PIECE * part_ms // LENGTHS_MS[interval])
    assert all(1 <= len(piece) <= most for piece in pieces)
    rows = [row for piece in pieces for row in piece]
    assert len(rows) == 200
    assert rows == [market.candles(BTC, interval, row.open_time_ms, 1)[0] for row in rows]
    assert rows == market.candles(BTC, interval, START_MS, 200)
