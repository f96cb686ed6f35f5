"""The intervals of candles: names, and where on the calendar (UTC) each candle begins."""

from datetime import UTC, datetime

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

MONTH = "1M"

# Lengths by name, shortest first; months have none.
LENGTHS_MS: dict[str, int] = {
    **{f"{minutes}m": minutes * MINUTE_MS for minutes in (1, 3, 5, 15, 30)},
    **{f"{hours}h": hours * HOUR_MS for hours in (1, 2, 4, 6, 12)},
    "1d": DAY_MS,
    "1w": WEEK_MS,
}
INTERVALS = (*LENGTHS_MS, MONTH)

# Weeks begin on Monday, and 1 January 1970 was a Thursday.
_FIRST_MONDAY_MS = 4 * DAY_MS


def parse_interval(text: str) -> str | None:
    """The interval that a text names, or None. Case tells 1m from 1M and nothing else."""
    if text in INTERVALS:
        return text
    lower = text.lower()
    return lower if lower[-1:] in ("h", "d", "w") and lower in LENGTHS_MS else None


def open_of(interval: str, time_ms: int) -> int:
    """When the candle that holds `time_ms` begins."""
    if interval == MONTH:
        moment = datetime.fromtimestamp(time_ms // 1000, UTC)
        return month_open(moment.year, moment.month)
    offset_ms = _FIRST_MONDAY_MS if interval == "1w" else 0
    length_ms = LENGTHS_MS[interval]
    return (time_ms - offset_ms) // length_ms * length_ms + offset_ms


def next_open(interval: str, open_ms: int) -> int:
    """When the candle after the one that begins at `open_ms` begins: where this one ends."""
    if interval != MONTH:
        return open_ms + LENGTHS_MS[interval]
    moment = datetime.fromtimestamp(open_ms // 1000, UTC)
    years, month = divmod(moment.month, 12)
    return month_open(moment.year + years, month + 1)


def previous_open(interval: str, open_ms: int) -> int:
    """When the candle before the one that begins at `open_ms` begins."""
    return open_of(interval, open_ms - 1)


def month_open(year: int, month: int) -> int:
    """The first moment of a month, in ms."""
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000
