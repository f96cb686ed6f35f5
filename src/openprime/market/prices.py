"""Index and mark prices (resolutions 151, 152), as pure functions and the means they need.

The index of a coin is the mean of its live spot mids, without those that are far from the
median. The mark of a perpetual is the median of three views of what it is worth: the index with
the funding still to come, the index with the usual distance of the perpetual from it, and the
last trade; so one of them alone moves nothing.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from openprime.market.book import Book
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO, round_half_up

STABLE_COINS = ("USDT", "USDC")
BOOK_AGE_MAX_MS = 10_000
MEDIAN_DISTANCE_MAX = Decimal("0.05")
MEAN_WINDOW_MS = 30_000
# Where a market stands still, time does not take the values away.
MEAN_VALUES_MAX = 600
PRICE_PLACES = 8


class Prices(msgspec.Struct, frozen=True):
    """The mark prices by PERP symbol and index prices by coin that changed, in USDT; and the
    running funding rates by PERP symbol.
    """

    marks: Mapping[str, Decimal]
    indexes: Mapping[str, Decimal]
    funding: Mapping[str, Decimal] = {}


class RecentMean:
    """The mean of the values of the last 30 seconds, and of so many at most."""

    def __init__(self) -> None:
        self._values: deque[tuple[int, Decimal]] = deque()
        self._sum = ZERO
        # How far the clock jumped in all: the values' times are without it.
        self._jumped_ms = 0

    def add(self, now_ms: int, value: Decimal) -> None:
        self._values.append((now_ms - self._jumped_ms, value))
        self._sum += value
        self._forget(now_ms)

    def value(self, now_ms: int) -> Decimal | None:
        """The mean, or None where nothing is recent."""
        self._forget(now_ms)
        return self._sum / len(self._values) if self._values else None

    def advance(self, delta_ms: int) -> None:
        """The clock jumped and the market stood still: the values are as recent as before."""
        self._jumped_ms += delta_ms

    def _forget(self, now_ms: int) -> None:
        values, oldest_ms = self._values, now_ms - self._jumped_ms - MEAN_WINDOW_MS
        while values and (values[0][0] <= oldest_ms or len(values) > MEAN_VALUES_MAX):
            self._sum -= values.popleft()[1]


def median(values: Sequence[Decimal]) -> Decimal:
    """The middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def mid_price(book: Book, instrument: Instrument) -> Decimal | None:
    """The middle between best bid and ask; None where a side is empty."""
    bid, ask = book.best_bid(), book.best_ask()
    if bid is None or ask is None:
        return None
    return instrument.tick_size * (bid[0] + ask[0]) / 2


def recent_mid(book: Book, instrument: Instrument, now_ms: int) -> Decimal | None:
    """The middle of a book that was heard of in the last 10 s."""
    if now_ms - book.time_ms > BOOK_AGE_MAX_MS:
        return None
    return mid_price(book, instrument)


def index_of(mids: Sequence[Decimal]) -> Decimal | None:
    """The mean of the mids that are within 5 % of their median, 8 places half-up."""
    if not mids:
        return None
    centre = median(mids)
    near = [mid for mid in mids if abs(mid - centre) <= centre * MEDIAN_DISTANCE_MAX]
    if not near:
        return None
    return round_half_up(sum(near, ZERO) / len(near), PRICE_PLACES)


def mark_of(
    index: Decimal,
    funding_rate: Decimal,
    time_left: Decimal,
    mean_basis: Decimal | None,
    last_trade: Decimal | None,
) -> Decimal:
    """The median of what is known of the three, 8 places half-up.

    `time_left` is the part of the funding interval to come; `mean_basis` the 30 s mean of the
    perpetual's mid less the index.
    """
    views = [index * (ONE + funding_rate * time_left)]
    if mean_basis is not None:
        views.append(index + mean_basis)
    if last_trade is not None:
        views.append(last_trade)
    return round_half_up(median(views), PRICE_PLACES)
