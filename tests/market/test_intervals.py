"""Names of intervals, and where candles begin."""

from datetime import UTC, datetime

import pytest

from openprime.market.intervals import (
    INTERVALS,
    next_open,
    open_of,
    parse_interval,
    previous_open,
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_hours_days_and_weeks_may_be_written_in_any_case() -> None:
    assert [parse_interval(text) for text in ("1h", "1H", "12H", "1D", "1W")] == [
        "1h",
        "1h",
        "12h",
        "1d",
        "1w",
    ]


def test_case_tells_minutes_from_months() -> None:
    assert parse_interval("1m") == "1m"
    assert parse_interval("1M") == "1M"
    assert parse_interval("3M") is None
    assert parse_interval("15M") is None


@pytest.mark.parametrize("text", ["", "1", "7m", "8h", "2d", "1y", "h", "m1"])
def test_other_texts_name_none(text: str) -> None:
    assert parse_interval(text) is None


@pytest.mark.parametrize(
    ("interval", "opened", "ended"),
    [
        ("1m", "2024-02-29T23:47:00", "2024-02-29T23:48:00"),
        ("15m", "2024-02-29T23:45:00", "2024-03-01T00:00:00"),
        ("4h", "2024-02-29T20:00:00", "2024-03-01T00:00:00"),
        ("12h", "2024-02-29T12:00:00", "2024-03-01T00:00:00"),
        ("1d", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("1w", "2024-02-26T00:00:00", "2024-03-04T00:00:00"),
        ("1M", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
    ],
)
def test_where_a_candle_begins_and_ends(interval: str, opened: str, ended: str) -> None:
    open_ms = open_of(interval, ms("2024-02-29T23:47:11.500"))
    assert open_ms == ms(opened)
    assert next_open(interval, open_ms) == ms(ended)


def test_december_is_followed_by_january() -> None:
    assert next_open("1M", ms("2023-12-01T00:00:00")) == ms("2024-01-01T00:00:00")
    assert previous_open("1M", ms("2024-01-01T00:00:00")) == ms("2023-12-01T00:00:00")


@pytest.mark.parametrize("interval", INTERVALS)
def test_candles_touch_and_do_not_overlap(interval: str) -> None:
    open_ms = open_of(interval, ms("2024-02-27T13:37:00"))
    for _ in range(40):
        following = next_open(interval, open_ms)
        assert open_of(interval, open_ms) == open_ms
        assert open_of(interval, following - 1) == open_ms
        assert previous_open(interval, following) == open_ms
        open_ms = following
