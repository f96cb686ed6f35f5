"""Charts: live bars, the past before them, and the seam between the two."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openprime.market.bars import BARS_KEPT, Bar, LiveBars
from openprime.market.candles import Chart
from openprime.market.intervals import (
    DAY_MS,
    HOUR_MS,
    INTERVALS,
    MINUTE_MS,
    next_open,
    open_of,
)
from openprime.market.past import BEGIN_MS, Past
from openprime.market.past_view import PastView

START_MS = int(datetime(2026, 7, 25, 17, 20, tzinfo=UTC).timestamp() * 1000)


def chart(price: int = 600_000) -> Chart:
    made = Chart(Past(1, "BTC", START_MS), 500_000, lots_per_day=3_000_000, trades_per_day=100_000)
    made.start(price)
    return made


def joined(bars: list[Bar]) -> tuple[int, int, int, int, int, int, int]:
    return (
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.lots for bar in bars),
        sum(bar.quote for bar in bars),
        sum(bar.trades for bar in bars),
    )


def test_a_bar_counts_its_trades() -> None:
    live = LiveBars(START_MS, 100)
    live.add(START_MS + 1_000, 103, 2)
    live.add(START_MS + 2_000, 99, 1)
    live.add(START_MS + 59_999, 101, 4)
    _, bars = live.bars("1m", START_MS, START_MS)
    assert bars == [Bar(START_MS, 100, 103, 99, 101, 7, 103 * 2 + 99 + 101 * 4, 3)]


def test_a_minute_opens_at_its_first_trade() -> None:
    live = LiveBars(START_MS, 100)
    live.add(START_MS + MINUTE_MS + 5, 103, 2)
    assert live.bars("1m", START_MS, START_MS + HOUR_MS)[1] == [
        Bar(START_MS, 100, 100, 100, 100),
        Bar(START_MS + MINUTE_MS, 103, 103, 103, 103, 2, 206, 1),
    ]
    assert live.bars("5m", START_MS, START_MS + HOUR_MS)[1] == [
        Bar(START_MS, 100, 103, 100, 103, 2, 206, 1)
    ]


def test_a_longer_candle_holds_the_flat_minutes_before_its_first_trade() -> None:
    live = LiveBars(START_MS, 100)
    live.add(START_MS + 7 * MINUTE_MS, 103, 2)
    expected = Bar(START_MS + 5 * MINUTE_MS, 100, 103, 100, 103, 2, 206, 1)
    assert live.bars("5m", START_MS + 1, START_MS + HOUR_MS)[1] == [expected]
    live.add(START_MS + 30 * MINUTE_MS, 90, 1)
    assert live.bars("5m", START_MS + 1, START_MS + HOUR_MS)[1][0] == expected


def test_minutes_without_a_trade_are_flat() -> None:
    made = chart()
    made.live.add(START_MS + 1_000, 600_010, 1)
    made.live.add(START_MS + 3 * MINUTE_MS, 600_020, 1)
    now_ms = START_MS + 5 * MINUTE_MS + 1
    bars = made.bars("1m", now_ms, 6, now_ms)
    assert [bar.open_ms for bar in bars] == [START_MS + n * MINUTE_MS for n in range(6)]
    assert [(bar.open, bar.close, bar.lots) for bar in bars] == [
        (600_000, 600_010, 1),
        (600_010, 600_010, 0),
        (600_010, 600_010, 0),
        (600_020, 600_020, 1),
        (600_020, 600_020, 0),
        (600_020, 600_020, 0),
    ]


def test_flat_bars_know_the_price_before_them() -> None:
    made = chart()
    made.live.add(START_MS + 1_000, 600_010, 1)
    now_ms = START_MS + 9 * MINUTE_MS
    (bar,) = made.bars("1m", now_ms, 1, now_ms)
    assert (bar.open, bar.trades) == (600_010, 0)


def test_the_past_ends_at_the_first_live_price() -> None:
    made = chart(612_345)
    before, first = made.bars("1m", START_MS, 2, START_MS)
    assert before.close == first.open == 612_345
    assert before.open_ms + MINUTE_MS == first.open_ms == START_MS


def test_a_candle_that_runs_at_the_start_is_past_and_live() -> None:
    made = chart()
    made.live.add(START_MS + 10, 700_000, 5)
    now_ms = START_MS + 20
    (hour,) = made.bars("1h", now_ms, 1, now_ms)
    minutes = made.bars("1m", now_ms, 21, now_ms)
    assert hour.open_ms == minutes[0].open_ms == START_MS - 20 * MINUTE_MS
    assert joined([hour]) == joined(minutes)
    assert (hour.high, hour.close) == (700_000, 700_000)


@pytest.mark.parametrize("interval", INTERVALS[1:])
def test_longer_candles_are_their_minutes(interval: str) -> None:
    """Over the seam, for the candles whose minutes are still there to compare."""
    made = chart()
    for number in range(400):
        made.live.add(START_MS + number * 37_000, 600_000 + (number * 7919) % 501 - 250, number)
    now_ms = START_MS + 400 * 37_000
    minutes = made.bars("1m", now_ms, 1_500, now_ms)
    for bar in made.bars(interval, now_ms, 30, now_ms):
        end_ms = min(next_open(interval, bar.open_ms), now_ms + 1)
        inside = [m for m in minutes if bar.open_ms <= m.open_ms < end_ms]
        if bar.open_ms >= minutes[0].open_ms:
            assert joined([bar]) == joined(inside)


@pytest.mark.parametrize("interval", INTERVALS)
def test_fifteen_hundred_candles_or_back_to_2017(interval: str) -> None:
    made = chart()
    bars = made.bars(interval, START_MS, 1_500, START_MS)
    if interval in ("1w", "1M"):
        assert BEGIN_MS <= bars[0].open_ms < BEGIN_MS + 7 * DAY_MS
        assert len(bars) == {"1w": 499, "1M": 115}[interval]
    else:
        assert len(bars) == 1_500
    for first, second in pairwise(bars):
        assert next_open(interval, first.open_ms) == second.open_ms
        assert first.close == second.open
        assert 0 < second.low <= min(second.open, second.close)
        assert second.high >= max(second.open, second.close)


def test_the_end_and_the_limit_cut_out_a_window() -> None:
    made = chart()
    whole = made.bars("1h", START_MS, 100, START_MS)
    end_ms = whole[60].open_ms + 5
    assert made.bars("1h", end_ms, 10, START_MS) == whole[51:61]
    assert made.bars("1h", START_MS + 99 * DAY_MS, 3, START_MS) == whole[-3:]
    assert made.bars("1h", START_MS, 0, START_MS) == []
    assert made.bars("1h", BEGIN_MS - 1, 10, START_MS) == []


def test_before_the_first_live_price_the_start_price_holds() -> None:
    made = Chart(Past(1, "BTC", START_MS), 500_000)
    assert made.bars("1m", START_MS, 1, START_MS)[0].close == 500_000
    assert made.day(START_MS).close == 500_000
    assert not made.started


def test_a_market_without_a_past_has_live_candles_alone() -> None:
    made = Chart(Past(1, "BTC", 120_000), 100)
    made.start(100)
    made.live.add(130_000, 101, 1)
    assert [bar.open_ms for bar in made.bars("1m", 250_000, 50, 250_000)] == [
        120_000,
        180_000,
        240_000,
    ]
    assert joined([made.day(250_000)]) == (100, 101, 100, 101, 1, 101, 1)


def test_memory_is_bounded_and_the_hole_is_not_told() -> None:
    made = chart()
    for minute in range(BARS_KEPT + 100):
        made.live.add(START_MS + minute * MINUTE_MS, 600_000 + minute, 1)
    now_ms = START_MS + (BARS_KEPT + 99) * MINUTE_MS
    bars = made.bars("1m", now_ms, 5_000, now_ms)
    assert len(bars) == BARS_KEPT + 1
    assert bars[0].open == 600_099
    # In the hole there is nothing; before it the past; and hours know all of it still.
    assert made.bars("1m", START_MS + 5 * MINUTE_MS, 3, now_ms) == []
    assert made.bars("1m", START_MS - MINUTE_MS, 3, now_ms)[-1].close == 600_000
    hours = made.bars("1h", now_ms, 40, now_ms)
    assert len(hours) == 40
    assert sum(bar.trades for bar in hours[-26:]) == 26 * 60


def test_a_jump_of_the_clock_costs_nothing() -> None:
    made = chart()
    made.live.add(START_MS + 400 * DAY_MS, 650_000, 1)
    now_ms = START_MS + 400 * DAY_MS
    days = made.bars("1d", now_ms, 403, now_ms)
    assert (days[-2].open, days[-1].close) == (600_000, 650_000)
    assert sum(len(bars) for bars in made.live._closed.values()) <= len(INTERVALS)


def test_the_day_is_the_last_24_hours_to_the_minute() -> None:
    made = chart()
    now_ms = START_MS
    for minute in range(0, 3_000, 7):
        now_ms = START_MS + minute * MINUTE_MS + 5_000
        made.live.add(now_ms, 600_000 + minute % 97, 3)
        minutes = made.bars("1m", now_ms, 1_441, now_ms)
        day = made.day(now_ms)
        assert day.open_ms == minutes[0].open_ms
        assert joined([day]) == joined(minutes)


def test_a_second_trade_of_the_minute_counts_in_the_day() -> None:
    made = chart()
    made.live.add(START_MS + 1_000, 600_001, 1)
    before = made.day(START_MS + 1_000)
    made.live.add(START_MS + 2_000, 900_000, 2)
    after = made.day(START_MS + 2_000)
    assert after.lots == before.lots + 2
    assert after.high == 900_000


@given(st.integers(1, 10**9), st.sampled_from(INTERVALS))
def test_any_price_scales_the_past_without_breaking_it(price: int, interval: str) -> None:
    view = PastView(Past(1, "BTC", START_MS), price, 10**6, 10**5)
    from_ms = open_of(interval, START_MS - 1)
    bars = view.bars(interval, from_ms, START_MS)
    assert bars[-1].close == price
    assert all(1 <= bar.low <= min(bar.open, bar.close) for bar in bars)
    assert all(bar.high >= max(bar.open, bar.close) for bar in bars)
