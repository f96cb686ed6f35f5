"""The invented past: the same each time, and in agreement with itself at every resolution."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openprime.market.intervals import DAY_MS, HOUR_MS, MINUTE_MS
from openprime.market.past import BEGIN_MS, END_PRICE, LEVELS_MS, PARTS_REMEMBERED_MAX, Past
from openprime.market.past_sketch import Part

END_MS = int(datetime(2026, 7, 25, 17, 20, tzinfo=UTC).timestamp() * 1000)

# Each length of part with the one above it, months last.
PAIRS = list(zip(LEVELS_MS[1:], LEVELS_MS[:-1], strict=True))


@pytest.fixture(scope="module")
def past() -> Past:
    return Past(1, "BTC", END_MS)


def assert_is(parent: Part, children: list[Part]) -> None:
    assert (children[0].open_ms, children[-1].end_ms) == (parent.open_ms, parent.end_ms)
    assert (children[0].open, children[-1].close) == (parent.open, parent.close)
    assert max(child.high for child in children) == parent.high
    assert min(child.low for child in children) == parent.low
    assert sum(child.volume for child in children) == parent.volume
    assert sum(child.quote for child in children) == parent.quote
    before, quote_before = parent.volume_before, parent.quote_before
    for child in children:
        assert child.low <= min(child.open, child.close)
        assert child.high >= max(child.open, child.close)
        assert child.volume >= 0
        assert child.quote >= 0
        assert (child.volume_before, child.quote_before) == (before, quote_before)
        before += child.volume
        quote_before += child.quote
    for first, second in pairwise(children):
        assert (first.close, first.end_ms) == (second.open, second.open_ms)


def test_the_past_ends_at_its_end(past: Past) -> None:
    for length_ms in LEVELS_MS:
        last = past.parts(length_ms, END_MS - length_ms, END_MS)[-1]
        assert (last.end_ms, last.close) == (END_MS, END_PRICE)


def test_months_reach_back_to_2017(past: Past) -> None:
    months = past.parts(None, 0, END_MS)
    assert len(months) == 115
    assert months[0].open_ms == BEGIN_MS
    assert all(m.low <= min(m.open, m.close) <= max(m.open, m.close) <= m.high for m in months)
    for first, second in pairwise(months):
        assert (first.close, first.end_ms) == (second.open, second.open_ms)
        assert second.volume_before == first.volume_before + first.volume


def test_days_make_up_their_months(past: Past) -> None:
    for month in past.parts(None, 0, END_MS):
        assert_is(month, past.parts(DAY_MS, month.open_ms, month.end_ms))


@pytest.mark.parametrize(("short_ms", "long_ms"), PAIRS)
@pytest.mark.parametrize("days_ago", [0, 1, 40, 2_000])
def test_parts_make_up_the_part_above(
    past: Past, short_ms: int, long_ms: int, days_ago: int
) -> None:
    to_ms = END_MS - days_ago * DAY_MS
    parents = past.parts(long_ms, to_ms - 5 * long_ms, to_ms)
    assert len(parents) == 5
    for parent in parents:
        assert_is(parent, past.parts(short_ms, parent.open_ms, parent.end_ms))


def test_a_day_is_its_minutes(past: Past) -> None:
    day = past.parts(DAY_MS, END_MS - 3 * DAY_MS, END_MS)[0]
    assert_is(day, past.parts(MINUTE_MS, day.open_ms, day.end_ms))


def test_the_order_of_questions_does_not_matter() -> None:
    first, second = Past(3, "ETH", END_MS), Past(3, "ETH", END_MS)
    from_ms = END_MS - 7 * HOUR_MS
    days = first.parts(DAY_MS, END_MS - 400 * DAY_MS, END_MS)
    minutes = first.parts(MINUTE_MS, from_ms, END_MS)
    assert second.parts(MINUTE_MS, from_ms, END_MS) == minutes
    assert second.parts(DAY_MS, END_MS - 400 * DAY_MS, END_MS) == days


def test_seed_and_coin_make_the_past() -> None:
    def closes(seed: int, coin: str) -> list[int]:
        return [part.close for part in Past(seed, coin, END_MS).parts(None, 0, END_MS)]

    assert closes(1, "BTC") == closes(1, "BTC")
    assert closes(1, "BTC") != closes(2, "BTC")
    assert closes(1, "BTC") != closes(1, "ETH")


def test_averages_lie_within_the_prices(past: Past) -> None:
    for length_ms in LEVELS_MS[:-1]:
        parts = past.parts(length_ms, END_MS - 300 * length_ms, END_MS)
        assert all(part.low <= part.quote / part.volume <= part.high for part in parts)


def test_memory_is_bounded() -> None:
    past = Past(1, "BTC", END_MS)
    for days in range(12):
        from_ms = END_MS - (days + 1) * DAY_MS
        past.parts(MINUTE_MS, from_ms, from_ms + DAY_MS)
        held = sum(len(children) for children in past._split.values())
        assert held == past._remembered <= PARTS_REMEMBERED_MAX


def test_a_desk_that_starts_before_2017_has_no_past() -> None:
    past = Past(1, "BTC", 60_000)
    assert past.parts(None, 0, 60_000) == []
    assert past.parts(MINUTE_MS, 0, 60_000) == []


@given(st.integers(0, 5 * 365 * 24 * 60), st.integers(0, 50), st.sampled_from(["BTC", "XRP"]))
def test_any_end_gives_a_consistent_last_month(minutes: int, seed: int, coin: str) -> None:
    end_ms = END_MS - minutes * MINUTE_MS
    past = Past(seed, coin, end_ms)
    month = past.parts(None, 0, end_ms)[-1]
    assert_is(month, past.parts(DAY_MS, month.open_ms, month.end_ms))
    hour_ms = (end_ms - 1) // HOUR_MS * HOUR_MS
    (hour,) = past.parts(HOUR_MS, hour_ms, end_ms)
    assert_is(hour, past.parts(MINUTE_MS, hour_ms, end_ms))
