"""How a part of the invented past (past.py) is drawn, and how its volume is shared out.

Pure functions of a stretch, the bounds of its children and a seeded random.
"""

from collections.abc import Callable
from itertools import accumulate, pairwise
from math import exp, sqrt
from operator import mul
from random import Random
from typing import NamedTuple

import msgspec

# A random walk's expected range is about 1.6 standard deviations of its end.
RANGE_IN_SIGMAS = 1.6
WICK_IN_SIGMAS = 0.5
VOLUME_SIGMA = 0.5
TILT_MAX = 8.0
TILT_STEPS = 16


class Stretch(NamedTuple):
    """A part without its volumes."""

    open_ms: int
    end_ms: int
    open: int
    high: int
    low: int
    close: int

    def mean(self) -> float:
        """The mean of the four prices."""
        return mean_price(self.open, self.high, self.low, self.close)


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
        return sum(map(mul, self.weights, means), 0.0) / sum(self.weights)


def mean_price(opened: int, high: int, low: int, closed: int) -> float:
    return (opened + high + low + closed) / 4


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
