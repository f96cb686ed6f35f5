"""Funding by the published checks and by hand."""

from decimal import Decimal

import pytest

from openprime.market.funding import (
    FundingClock,
    PremiumMean,
    Settlement,
    funding_rate,
    impact_notional,
    impact_price,
    premium,
)
from openprime.market.intervals import HOUR_MS
from openprime.model.instrument import PositionTier
from tests.recordings import reference

PERP = "BINANCE_PERP_BTC_USDT"
TIER = reference().position_tiers[PERP][0]
INTEREST = Decimal("0.0001")
DAY_MS = 24 * HOUR_MS


@pytest.mark.parametrize(
    ("mean", "rate"),
    [("0.0003", "0.0001"), ("0.0015", "0.0010"), ("-0.0010", "-0.0005"), ("0", "0.0001")],
)
def test_the_published_checks(mean: str, rate: str) -> None:
    assert funding_rate(Decimal(mean), INTEREST, 8, TIER) == Decimal(rate)


def test_shorter_intervals_pay_their_share() -> None:
    assert funding_rate(Decimal("0.0015"), INTEREST, 4, TIER) == Decimal("0.0005")
    assert funding_rate(Decimal(0), INTEREST, 1, TIER) == Decimal("0.00001250")


def test_some_coins_pay_no_interest() -> None:
    assert funding_rate(Decimal(0), Decimal(0), 8, TIER) == 0


def test_the_rate_is_bounded_by_the_first_tier() -> None:
    assert TIER.mm_rate == Decimal("0.0040")
    assert funding_rate(Decimal("0.5"), INTEREST, 8, TIER) == Decimal("0.0030")
    assert funding_rate(Decimal("-0.5"), INTEREST, 8, TIER) == Decimal("-0.0030")


def test_impact_notional_is_two_hundred_at_the_first_tiers_leverage() -> None:
    assert impact_notional(TIER) == 30_000
    assert impact_notional(PositionTier("1", Decimal(0), Decimal(1), 20, Decimal(1))) == 4_000


def test_impact_price_walks_the_book() -> None:
    instrument = reference().instruments[PERP]  # tick 0.1, lot 0.001
    levels = [(600_000, 100), (600_100, 200), (600_200, 10_000)]
    # 0.1 at 60,000 is 6,000; 0.2 at 60,010 is 12,002; the rest of 30,000 at 60,020.
    rest = Decimal(30_000 - 6_000 - 12_002) / 60_020
    expected = Decimal(30_000) / (Decimal("0.3") + rest)
    found = impact_price(levels, instrument, Decimal(30_000))
    assert found is not None
    assert abs(found - expected) < Decimal("1e-20")
    assert impact_price(levels, instrument, Decimal(6_000)) == 60_000


def test_impact_price_of_a_thin_side_is_all_of_it() -> None:
    instrument = reference().instruments[PERP]
    assert impact_price([(600_000, 1), (600_200, 1)], instrument, Decimal(30_000)) == 60_010
    assert impact_price([], instrument, Decimal(30_000)) is None


def test_impact_price_counts_contracts() -> None:
    instrument = reference().instruments["OKX_PERP_BTC_USDT"]  # a lot is 0.01 of 0.01 BTC
    assert impact_price([(600_000, 50), (600_020, 50)], instrument, Decimal(300)) == 60_000
    found = impact_price([(600_000, 50), (600_020, 5_000)], instrument, Decimal(600))
    assert found is not None
    assert Decimal(60_000) < found < Decimal(60_002)


def test_premium() -> None:
    index = Decimal(100)
    assert premium(Decimal(102), Decimal(103), index) == Decimal("0.02")
    assert premium(Decimal(97), Decimal(99), index) == Decimal("-0.01")
    assert premium(Decimal(99), Decimal(101), index) == 0
    assert premium(None, Decimal(98), index) == Decimal("-0.02")
    assert premium(Decimal(101), None, index) == Decimal("0.01")


def test_later_samples_weigh_more() -> None:
    mean = PremiumMean()
    assert mean.value() == 0
    for sample in (1, 2, 6):
        mean.add(Decimal(sample))
    assert mean.value() == Decimal(1 * 1 + 2 * 2 + 3 * 6) / 6


def test_settlements_are_at_0_8_and_16_utc() -> None:
    clock = FundingClock(now_ms=DAY_MS + 7 * HOUR_MS)
    assert clock.next_settlement_ms == DAY_MS + 8 * HOUR_MS
    assert clock.time_left(DAY_MS + 6 * HOUR_MS) == Decimal("0.25")
    assert not clock.settle(DAY_MS + 8 * HOUR_MS - 1)
    clock.mean.add(Decimal(1))
    clock.set_rate(DAY_MS + 7 * HOUR_MS, Decimal("0.002"))
    assert clock.settle(DAY_MS + 8 * HOUR_MS)
    assert clock.settled == Settlement(DAY_MS + 8 * HOUR_MS, Decimal("0.002"))
    assert clock.next_settlement_ms == DAY_MS + 16 * HOUR_MS
    assert clock.mean.samples == 0


def test_a_jump_over_several_settlements_keeps_the_last() -> None:
    clock = FundingClock(now_ms=DAY_MS)
    clock.set_rate(DAY_MS, Decimal("0.002"))
    assert clock.settle(2 * DAY_MS + HOUR_MS)
    assert clock.settled == Settlement(2 * DAY_MS, Decimal("0.002"))
    assert clock.next_settlement_ms == 2 * DAY_MS + 8 * HOUR_MS


def test_an_hourly_symbol() -> None:
    clock = FundingClock(now_ms=DAY_MS + 1, interval_hours=1)
    assert clock.next_settlement_ms == DAY_MS + HOUR_MS


def test_a_symbol_may_come_to_settle_more_often() -> None:
    clock = FundingClock(now_ms=DAY_MS + 1)
    clock.settle_every(1, DAY_MS + 2 * HOUR_MS + 5)
    assert clock.next_settlement_ms == DAY_MS + 3 * HOUR_MS
    clock.settle_every(1, DAY_MS + 7 * HOUR_MS)
    assert clock.next_settlement_ms == DAY_MS + 3 * HOUR_MS, "nothing is new"
