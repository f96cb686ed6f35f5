"""Funding rates: premium samples, their weighted mean, the rate (risk-model 10).

    P = ((impact bid - index)+ - (index - impact ask)+) / index      every 5 s
    F = (mean of P + clamp(I - mean of P, -0.05 %, +0.05 %)) / (8 / N)

The mean weighs samples 1 to n over the N hours between settlements; I is 0.01 % per 8 h, nothing
for some coins; F is bounded by 0.75 times the maintenance rate of the first tier.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from openprime.market.intervals import HOUR_MS
from openprime.model.instrument import FUNDING_INTERVAL_HOURS, Instrument, PositionTier
from openprime.model.numbers import ZERO, positive_part, round_half_up

SAMPLE_INTERVAL_MS = 5_000
INTEREST_RATE = Decimal("0.0001")
CLAMP = Decimal("0.0005")
CAP_FACTOR = Decimal("0.75")
RATE_PLACES = 8

# Impact notional is this much margin at the first tier's leverage (resolutions 155).
IMPACT_MARGIN_USDT = 200
EIGHT_HOURS = 8


class Funding(NamedTuple):
    """The running rate, the moment it was computed for, and the coming settlement."""

    rate: Decimal
    rate_time_ms: int
    next_settlement_ms: int


class Settlement(NamedTuple):
    """A settlement that has come, and its rate."""

    settlement_ms: int
    rate: Decimal


def impact_notional(tier: PositionTier) -> Decimal:
    """The quote amount whose average price on the book counts, in USDT."""
    return Decimal(IMPACT_MARGIN_USDT * tier.max_leverage)


def impact_price(
    levels: Iterable[tuple[int, int]], instrument: Instrument, notional: Decimal
) -> Decimal | None:
    """The average price of taking `notional` from a side, best level first.

    Where the side holds less, the average of all of it; None where it is empty.
    """
    tick_lot = instrument.tick_size * instrument.lot_size * instrument.contract_size
    wanted = notional / tick_lot
    taken = 0
    lots_taken = ZERO
    for price_ticks, lots in levels:
        value = price_ticks * lots
        if taken + value >= wanted:
            lots_taken += (wanted - taken) / price_ticks
            return instrument.tick_size * wanted / lots_taken
        taken += value
        lots_taken += lots
    return instrument.tick_size * taken / lots_taken if lots_taken else None


def premium(bid: Decimal | None, ask: Decimal | None, index: Decimal) -> Decimal:
    """P of one moment; a side without any order adds nothing."""
    above = positive_part(bid - index) if bid is not None else ZERO
    below = positive_part(index - ask) if ask is not None else ZERO
    return (above - below) / index


class PremiumMean:
    """The mean of samples with weights 1, 2, ... n."""

    def __init__(self) -> None:
        self.samples = 0
        self._weighted_sum = ZERO

    def add(self, sample: Decimal) -> None:
        self.samples += 1
        self._weighted_sum += self.samples * sample

    def value(self) -> Decimal:
        """The mean, 0 without samples."""
        weights = self.samples * (self.samples + 1) // 2
        return self._weighted_sum / weights if weights else ZERO


def funding_rate(
    mean_premium: Decimal, interest_rate: Decimal, interval_hours: int, tier: PositionTier
) -> Decimal:
    """F, 8 places half-up. `interest_rate` is per 8 hours."""
    correction = max(-CLAMP, min(CLAMP, interest_rate - mean_premium))
    rate = (mean_premium + correction) * interval_hours / EIGHT_HOURS
    cap = CAP_FACTOR * tier.mm_rate
    return round_half_up(max(-cap, min(cap, rate)), RATE_PLACES)


class FundingClock:
    """The premium mean of one symbol between its settlements, on the UTC clock."""

    def __init__(self, now_ms: int, interval_hours: int = FUNDING_INTERVAL_HOURS) -> None:
        self.mean = PremiumMean()
        self.rate = ZERO
        self.rate_time_ms = now_ms
        self.settled: Settlement | None = None
        self.interval_hours = 0
        self.settle_every(interval_hours, now_ms)

    def settle_every(self, interval_hours: int, now_ms: int) -> None:
        """Settle at the multiples of so many hours from now on."""
        if interval_hours != self.interval_hours:
            self.interval_hours = interval_hours
            self.interval_ms = interval_hours * HOUR_MS
            self.next_settlement_ms = self._after(now_ms)

    def set_rate(self, now_ms: int, rate: Decimal) -> None:
        self.rate = rate
        self.rate_time_ms = now_ms

    def time_left(self, now_ms: int) -> Decimal:
        """The part of the interval that is still to come, 0 to 1."""
        return Decimal(max(0, self.next_settlement_ms - now_ms)) / self.interval_ms

    def settle(self, now_ms: int) -> bool:
        """Where a settlement has come, keep its rate and begin anew; tells whether one has.

        Where the clock jumped over several, the rate is that of all of them, for the premium
        stood still meanwhile (resolutions 205); the last one is kept.
        """
        if now_ms < self.next_settlement_ms:
            return False
        self.next_settlement_ms = self._after(now_ms)
        self.settled = Settlement(self.next_settlement_ms - self.interval_ms, self.rate)
        self.mean = PremiumMean()
        return True

    def _after(self, now_ms: int) -> int:
        return (now_ms // self.interval_ms + 1) * self.interval_ms
