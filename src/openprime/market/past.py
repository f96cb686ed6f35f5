"""The past of a market that began a moment ago: invented, seeded, and consistent.

A client that starts asks for candles: 1,500 minutes, 1,500 days, a few years of months. A desk
that has just started has none. So each coin gets a past, which is a pure function of seed, coin
and the minute at which it ends.

It has to be cheap, for years of minutes cannot be made at every start, and it has to agree with
itself, for a day's high must be the highest of its minutes whichever was asked first. Hence it
is made from the top down. Months come first, walked back from the end. Any part is made of the
part above it when somebody asks: a month splits into days, a day into halves, a half into hours,
an hour into quarters, a quarter into minutes. A split hands down everything that the parent
says: the first child opens where the parent opens and the last closes where it closes, one child
reaches exactly the parent's high and one its low, and volumes are shared out to the last unit.
The path inside is a random bridge, bent so that its extremes are the parent's. A part's average
price is that of its children's sketch, drawn one level ahead of what is asked: so that the
average of a child lies within its low and high as well. What was made is kept for a while and
can always be made again.

All symbols of a coin share one past, or BTC would have stood at 30,000 on one venue and at
50,000 on another. Prices are whole numbers that end at END_PRICE; a symbol's view scales them
so that the past ends at the symbol's first live price (candles.PastView). Scaling and rounding
never put one price above another that was above it, so what holds here holds there. Volumes
carry what came before them: a view scales those sums and takes differences, so that rounded
volumes still add up.

The past begins in January 2017, when Binance did not exist yet: 1,500 months do not fit into
this century. Volatility, volume and shape are invented; only their plausibility is claimed.
"""

from collections import OrderedDict
from collections.abc import Callable
from itertools import accumulate, pairwise
from math import exp, sqrt
from operator import mul
from random import Random
from typing import NamedTuple

import msgspec

from openprime.market.intervals import DAY_MS, HOUR_MS, MINUTE_MS, MONTH, month_open, next_open

BEGIN_MS = month_open(2017, 1)
END_PRICE = 10**9
UNITS_PER_DAY = 10**9

# A month's standard deviation of log price, and how far beyond open and close it reaches.
MONTH_SIGMA = 0.12
MONTH_WICK = 0.45
SIGMAS_MAX = 2.5
MONTH_MS = 30 * DAY_MS

# A random walk's expected range is about 1.6 standard deviations of its end.
RANGE_IN_SIGMAS = 1.6
WICK_IN_SIGMAS = 0.5
VOLUME_SIGMA = 0.5
TILT_MAX = 4.0
TILT_STEPS = 16

PARTS_REMEMBERED_MAX = 512

# Lengths of the parts under a month, coarse to fine.
LEVELS_MS = (DAY_MS, DAY_MS // 2, HOUR_MS, 15 * MINUTE_MS, MINUTE_MS)


# Quarters are not sketched: that would draw every minute when somebody asks for quarters.
SKETCHED_LEVELS = len(LEVELS_MS) - 1


class Part(msgspec.Struct, frozen=True, gc=False):
    """A stretch of the past. `quote` is volume times price; *_before is the sum before it."""

    open_ms: int
    end_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    volume_before: int
    quote: int
    quote_before: int


class Sketch(msgspec.Struct, frozen=True, gc=False):
    """A part's children before volumes: prices at their bounds, highs, lows, weights."""

    bounds_ms: list[int]
    points: list[int]
    highs: list[int]
    lows: list[int]
    weights: list[float]

    def average(self) -> float:
        """The average price, by weight, of the children's means of their four prices."""
        means = map(mean_price, self.points, self.highs, self.lows, self.points[1:])
        return sum(map(mul, self.weights, means)) / sum(self.weights)


def mean_price(opened: int, high: int, low: int, closed: int) -> float:
    return (opened + high + low + closed) / 4


class Past:
    """One coin's past up to `end_ms`, a whole minute."""

    def __init__(self, seed: int, coin: str, end_ms: int) -> None:
        self.end_ms = end_ms
        self._name = f"{seed}:{coin}"
        self._months: list[Part] | None = None
        self._split: OrderedDict[tuple[int, int], list[Part]] = OrderedDict()

    def parts(self, length_ms: int | None, from_ms: int, to_ms: int) -> list[Part]:
        """The parts of one length that begin in from_ms <= open < to_ms, oldest first.

        `length_ms` is one of LEVELS_MS, or None for months. The last one of all ends where the
        past ends.
        """
        if length_ms is None:
            found = self._all_months()
        else:
            found = self._under(LEVELS_MS.index(length_ms), from_ms, to_ms)
        return [part for part in found if from_ms <= part.open_ms < to_ms]

    def _under(self, level: int, from_ms: int, to_ms: int) -> list[Part]:
        """The parts of a level in every part above that the time touches."""
        above = self._all_months() if level == 0 else self._under(level - 1, from_ms, to_ms)
        return [
            child
            for parent in above
            if parent.open_ms < to_ms and parent.end_ms > from_ms
            for child in self._children(level, parent)
        ]

    def _children(self, level: int, parent: Part) -> list[Part]:
        key = (level, parent.open_ms)
        children = self._split.get(key)
        if children is None:
            children = self._split[key] = self._divide(level, parent)
            if len(self._split) > PARTS_REMEMBERED_MAX:
                self._split.popitem(last=False)
        else:
            self._split.move_to_end(key)
        return children

    def _all_months(self) -> list[Part]:
        if self._months is None:
            self._months = self._make_months()
        return self._months

    def _make_months(self) -> list[Part]:
        """Months back from END_PRICE at the end, then volumes from the first one on."""
        months: list[Part] = []
        volume_before = quote_before = 0
        for stretch, volume in reversed(_month_stretches(self._name, self.end_ms)):
            quote = round(volume * self._average(0, stretch))
            months.append(Part(*stretch, volume, volume_before, quote, quote_before))
            volume_before += volume
            quote_before += quote
        return months

    def _divide(self, level: int, parent: Part) -> list[Part]:
        """Parts of a level that together are the parent."""
        sketch = self._sketch(level, _stretch_of(parent))
        stretches = [
            Stretch(*fields)
            for fields in zip(
                sketch.bounds_ms, sketch.bounds_ms[1:],
                sketch.points, sketch.highs, sketch.lows, sketch.points[1:],
                strict=False,
            )
        ]  # fmt: skip
        averages = [self._average(level + 1, stretch) for stretch in stretches]
        volumes, quotes = shares(parent, sketch, averages)
        parts: list[Part] = []
        volume_before, quote_before = parent.volume_before, parent.quote_before
        for stretch, volume, quote in zip(stretches, volumes, quotes, strict=True):
            parts.append(Part(*stretch, volume, volume_before, quote, quote_before))
            volume_before += volume
            quote_before += quote
        return parts

    def _average(self, level: int, stretch: "Stretch") -> float:
        """The average price of a stretch whose children are of `level`."""
        if level < SKETCHED_LEVELS:
            return self._sketch(level, stretch).average()
        return mean_price(*stretch[2:])

    def _sketch(self, level: int, stretch: "Stretch") -> Sketch:
        length_ms = LEVELS_MS[level]
        bounds_ms = [*range(stretch.open_ms, stretch.end_ms, length_ms), stretch.end_ms]
        random = Random(f"{self._name}:{length_ms}:{stretch.open_ms}")
        return sketch_of(stretch, bounds_ms, random)


class Stretch(NamedTuple):
    """A part without its volumes."""

    open_ms: int
    end_ms: int
    open: int
    high: int
    low: int
    close: int


def _stretch_of(part: Part) -> Stretch:
    return Stretch(part.open_ms, part.end_ms, part.open, part.high, part.low, part.close)


def _month_stretches(name: str, end_ms: int) -> list[tuple[Stretch, int]]:
    """Months and their volumes, the last one first: prices are walked back from the end."""
    bounds_ms = [BEGIN_MS]
    while bounds_ms[-1] < end_ms:
        bounds_ms.append(min(next_open(MONTH, bounds_ms[-1]), end_ms))
    months: list[tuple[Stretch, int]] = []
    close = END_PRICE
    for open_ms, until_ms in reversed(list(pairwise(bounds_ms))):
        random = Random(f"{name}:month:{open_ms}")
        sigma = MONTH_SIGMA * sqrt((until_ms - open_ms) / MONTH_MS)
        sigmas = max(-SIGMAS_MAX, min(SIGMAS_MAX, random.gauss(0, 1)))
        opened = max(1, round(close * exp(-sigma * sigmas)))
        above, below = (abs(random.gauss(0, MONTH_WICK)) * sigma for _ in range(2))
        high = round(max(opened, close) * exp(above))
        low = max(1, round(min(opened, close) * exp(-below)))
        usual = UNITS_PER_DAY * (until_ms - open_ms) / DAY_MS
        volume = round(usual * exp(random.gauss(0, VOLUME_SIGMA / 2)))
        months.append((Stretch(open_ms, until_ms, opened, high, low, close), volume))
        close = opened
    return months


def sketch_of(parent: Stretch, bounds_ms: list[int], random: Random) -> Sketch:
    """A path from the parent's open to its close that reaches its high and its low."""
    lengths = [until_ms - open_ms for open_ms, until_ms in pairwise(bounds_ms)]
    total = sum(lengths)
    scale = (parent.high - parent.low) / RANGE_IN_SIGMAS / sqrt(total)
    walk = [0.0, *accumulate(random.gauss(0, 1) * sqrt(length) for length in lengths)]
    times = [0, *accumulate(lengths)]
    drift = (parent.close - parent.open - scale * walk[-1]) / total
    raw = [
        parent.open + scale * step + drift * time for step, time in zip(walk, times, strict=True)
    ]
    raw[-1] = float(parent.close)
    raw_highs: list[float] = []
    raw_lows: list[float] = []
    for (first, second), length in zip(pairwise(raw), lengths, strict=True):
        wick = WICK_IN_SIGMAS * scale * sqrt(length)
        raw_highs.append(max(first, second) + wick * abs(random.gauss(0, 1)))
        raw_lows.append(min(first, second) - wick * abs(random.gauss(0, 1)))
    bent = _bend(parent, max(raw_highs), min(raw_lows))
    points = [bent(price) for price in raw]
    points[0], points[-1] = parent.open, parent.close
    highs = [max(bent(high), *ends) for high, ends in zip(raw_highs, pairwise(points), strict=True)]
    lows = [min(bent(low), *ends) for low, ends in zip(raw_lows, pairwise(points), strict=True)]
    # The extremes are the parent's by construction of the bend, but for the last bit of a float.
    highs[raw_highs.index(max(raw_highs))] = parent.high
    lows[raw_lows.index(min(raw_lows))] = parent.low
    weights = [length * exp(random.gauss(0, VOLUME_SIGMA)) for length in lengths]
    return Sketch(bounds_ms, points, highs, lows, weights)


def _bend(parent: Stretch, raw_high: float, raw_low: float) -> Callable[[float], int]:
    """The rising map that fits raw extremes to the parent's and leaves what lies between."""
    top, bottom = max(parent.open, parent.close), min(parent.open, parent.close)
    up = (parent.high - top) / (raw_high - top) if raw_high > top else 0.0
    down = (bottom - parent.low) / (bottom - raw_low) if raw_low < bottom else 0.0

    def bent(price: float) -> int:
        if price > top:
            price = top + (price - top) * up
        elif price < bottom:
            price = bottom - (bottom - price) * down
        return max(parent.low, min(parent.high, round(price)))

    return bent


def shares(parent: Part, sketch: Sketch, averages: list[float]) -> tuple[list[int], list[int]]:
    """Children's volumes and quote volumes, which add up to the parent's.

    Each child's average price is moved from `averages` towards its high or its low, by the same
    part of the way, until the sum is right. Where half the way is not enough, volume is first
    tilted towards the children that help.
    """
    target = parent.quote / parent.volume if parent.volume else float(parent.open)
    weights = sketch.weights
    rising = sum(w * (average - target) for w, average in zip(weights, averages, strict=True)) < 0
    ends = sketch.highs if rising else sketch.lows
    span = (parent.high - parent.low) or 1
    offsets = [
        ((average + end) / 2 - target) / span for average, end in zip(averages, ends, strict=True)
    ]
    reach = sum(map(mul, weights, offsets))
    if (reach < 0) if rising else (reach > 0):
        weights = _tilted(weights, offsets)
    volumes = _shared(parent.volume, weights)
    at_averages, at_ends = sum(map(mul, volumes, averages)), sum(map(mul, volumes, ends))
    room = at_ends - at_averages
    moved = max(0.0, min(1.0, (parent.quote - at_averages) / room)) if room else 0.0
    prices = [a + moved * (end - a) for a, end in zip(averages, ends, strict=True)]
    return volumes, _shared(parent.quote, list(map(mul, volumes, prices)))


def _tilted(weights: list[float], offsets: list[float]) -> list[float]:
    """Weights moved towards one end just so far that the offsets' weighted sum is nought."""
    low, high = -TILT_MAX, TILT_MAX
    for _ in range(TILT_STEPS):
        tilt = (low + high) / 2
        excess = sum(
            weight * exp(tilt * offset) * offset
            for weight, offset in zip(weights, offsets, strict=True)
        )
        low, high = (low, tilt) if excess > 0 else (tilt, high)
    return [weight * exp(low * offset) for weight, offset in zip(weights, offsets, strict=True)]


def _shared(total: int, weights: list[float]) -> list[int]:
    """Whole shares of a total, by weight, that add up to it."""
    sums = list(accumulate(weights))
    if not sums[-1]:
        return [0] * (len(weights) - 1) + [total]
    bounds = [0, *(round(total * part / sums[-1]) for part in sums)]
    bounds[-1] = total
    return [second - first for first, second in pairwise(bounds)]
