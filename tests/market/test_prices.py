"""Index and mark: the rules of resolutions 151 and 152."""

from decimal import Decimal

import pytest

from openprime.market.book import Book
from openprime.market.events import DepthSnapshot
from openprime.market.prices import (
    RecentMean,
    index_of,
    mark_of,
    median,
    mid_price,
    recent_mid,
)
from tests.recordings import reference

SPOT = "BINANCE_SPOT_BTC_USDT"


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def test_median() -> None:
    assert median(decimals("3", "1", "2")) == 2
    assert median(decimals("4", "1", "2", "3")) == Decimal("2.5")
    assert median(decimals("7")) == 7


def test_the_index_is_the_mean_of_what_is_near_the_median() -> None:
    assert index_of(decimals("100", "101")) == Decimal("100.5")
    assert index_of(decimals("100", "101", "107")) == Decimal("100.5")
    assert index_of(decimals("100", "100", "105")) == Decimal("101.66666667")
    assert index_of([]) is None


def test_an_index_of_two_that_disagree_is_none() -> None:
    assert index_of(decimals("100", "120")) is None


def test_the_mark_is_the_median_of_three() -> None:
    def mark(basis: str | None, trade: str | None) -> Decimal:
        return mark_of(
            Decimal(60_000),
            Decimal("0.0001"),
            Decimal("0.5"),
            None if basis is None else Decimal(basis),
            None if trade is None else Decimal(trade),
        )

    # With funding still to come the index is worth 60,003.
    assert mark("10", "60500") == 60_010
    assert mark("10", "59000") == 60_003
    assert mark("1", "60002") == 60_002
    assert mark(None, "60005") == 60_004
    assert mark("-1", None) == 60_001
    assert mark(None, None) == 60_003


def test_marks_have_eight_places_half_up() -> None:
    mark = mark_of(Decimal("0.123456785"), Decimal(0), Decimal(0), None, None)
    assert mark == Decimal("0.12345679")


def test_recent_mean_forgets_after_30_seconds() -> None:
    mean = RecentMean()
    assert mean.value(0) is None
    mean.add(1_000, Decimal(10))
    mean.add(2_000, Decimal(20))
    assert mean.value(30_999) == 15
    assert mean.value(31_000) == 20
    assert mean.value(32_000) is None


def test_recent_mean_stands_still_while_the_clock_jumps() -> None:
    mean = RecentMean()
    mean.add(1_000, Decimal(10))
    mean.advance(3_600_000)
    assert mean.value(3_602_000) == 10
    assert mean.value(3_631_000) is None


@pytest.mark.parametrize(("now_ms", "expected"), [(10_000, "60000.05"), (10_001, None)])
def test_an_old_book_has_no_recent_mid(now_ms: int, expected: str | None) -> None:
    book = Book(SPOT)
    book.apply_snapshot(DepthSnapshot(SPOT, 0, 1, [(6_000_000, 1)], [(6_000_010, 1)]))
    mid = recent_mid(book, reference().instruments[SPOT], now_ms)
    assert mid == (None if expected is None else Decimal(expected))


def test_a_book_with_an_empty_side_has_no_mid() -> None:
    book = Book(SPOT)
    book.apply_snapshot(DepthSnapshot(SPOT, 0, 1, [(6_000_000, 1)], []))
    assert mid_price(book, reference().instruments[SPOT]) is None
