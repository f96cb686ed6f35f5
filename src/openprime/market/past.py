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
The path inside is a random bridge, bent so that its extremes are the parent's. What was made is
kept for a while and can always be made again.

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
TILT_STEPS = 24

PARTS_REMEMBERED_MAX = 512

# Lengths of the parts under a month, coarse to fine.
LEVELS_MS = (DAY_MS, DAY_MS // 2, HOUR_MS, 15 * MINUTE_MS, MINUTE_MS)


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
        past ends. `from_ms` is to be where a part begins.
        """
        if length_ms is None:
            found = self._all_months()
        else:
            level = LEVELS_MS.index(length_ms)
            found = self._under(level, from_ms, to_ms)
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
            length_ms = LEVELS_MS[level]
            bounds_ms = [*range(parent.open_ms, parent.end_ms, length_ms), parent.end_ms]
            children = split(parent, bounds_ms, Random(f"{self._name}:{length_ms}:{key[1]}"))
            self._split[key] = children
            if len(self._split) > PARTS_REMEMBERED_MAX:
                self._split.popitem(last=False)
        else:
            self._split.move_to_end(key)
        return children

    def _all_months(self) -> list[Part]:
        if self._months is None:
            self._months = _months(self._name, self.end_ms)
        return self._months


def _months(name: str, end_ms: int) -> list[Part]:
    """Months back from END_PRICE at the end, then volumes from the first one on."""
    bounds_ms = [BEGIN_MS]
    while bounds_ms[-1] < end_ms:
        bounds_ms.append(min(next_open(MONTH, bounds_ms[-1]), end_ms))
    paths: list[tuple[int, int, int, int, int, int, Random]] = []
    close = END_PRICE
    for open_ms, until_ms in reversed(list(pairwise(bounds_ms))):
        random = Random(f"{name}:month:{open_ms}")
        sigma = MONTH_SIGMA * sqrt((until_ms - open_ms) / MONTH_MS)
        sigmas = max(-SIGMAS_MAX, min(SIGMAS_MAX, random.gauss(0, 1)))
        opened = max(1, round(close * exp(-sigma * sigmas)))
        above, below = (abs(random.gauss(0, MONTH_WICK)) * sigma for _ in range(2))
        high = round(max(opened, close) * exp(above))
        low = max(1, round(min(opened, close) * exp(-below)))
        paths.append((open_ms, until_ms, opened, high, low, close, random))
        close = opened
    months: list[Part] = []
    volume_before = quote_before = 0
    for open_ms, until_ms, opened, high, low, closed, random in reversed(paths):
        usual = UNITS_PER_DAY * (until_ms - open_ms) / DAY_MS
        volume = round(usual * exp(random.gauss(0, VOLUME_SIGMA / 2)))
        quote = volume * (opened + high + low + closed) // 4
        months.append(
            Part(
                open_ms, until_ms, opened, high, low, closed,
                volume, volume_before, quote, quote_before,
            )
        )  # fmt: skip
        volume_before += volume
        quote_before += quote
    return months


def split(parent: Part, bounds_ms: list[int], random: Random) -> list[Part]:
    """Parts between the bounds that together are the parent."""
    lengths = [until_ms - open_ms for open_ms, until_ms in pairwise(bounds_ms)]
    points, highs, lows = _path(parent, lengths, random)
    # Half of a child's range is left free, so that its own children can follow it in turn.
    middles = [(high + low) / 2 for high, low in zip(highs, lows, strict=True)]
    volumes, quotes = _volumes_and_quotes(
        parent,
        lengths,
        [(middle + low) / 2 for middle, low in zip(middles, lows, strict=True)],
        [(middle + high) / 2 for middle, high in zip(middles, highs, strict=True)],
        random,
    )
    parts: list[Part] = []
    volume_before, quote_before = parent.volume_before, parent.quote_before
    for number, (open_ms, until_ms) in enumerate(pairwise(bounds_ms)):
        parts.append(
            Part(
                open_ms, until_ms,
                points[number], highs[number], lows[number], points[number + 1],
                volumes[number], volume_before, quotes[number], quote_before,
            )
        )  # fmt: skip
        volume_before += volumes[number]
        quote_before += quotes[number]
    return parts


def _path(
    parent: Part, lengths: list[int], random: Random
) -> tuple[list[int], list[int], list[int]]:
    """Prices at the bounds, and each child's high and low."""
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
    return points, highs, lows


def _bend(parent: Part, raw_high: float, raw_low: float) -> Callable[[float], int]:
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


def _volumes_and_quotes(
    parent: Part, lengths: list[int], lows: list[float], highs: list[float], random: Random
) -> tuple[list[int], list[int]]:
    """Shares of volume and quote volume.

    A child's average price lies between its `lows` and `highs`. Where the parent's average is
    out of reach of what the children's lengths suggest, volume is tilted towards it.
    """
    weights = [length * exp(random.gauss(0, VOLUME_SIGMA)) for length in lengths]
    span = (parent.high - parent.low) or 1
    target = parent.quote / parent.volume if parent.volume else float(parent.open)
    below = [(low - target) / span for low in lows]
    above = [(high - target) / span for high in highs]
    if sum(map(mul, weights, above)) < 0:
        weights = _tilted(weights, above)
    elif sum(map(mul, weights, below)) > 0:
        weights = _tilted(weights, below)
    volumes = _shared(parent.volume, weights)
    at_lows, at_highs = sum(map(mul, volumes, lows)), sum(map(mul, volumes, highs))
    room = at_highs - at_lows
    moved = max(-0.5, min(1.5, (parent.quote - at_lows) / room)) if room else 0.0
    averages = [low + moved * (high - low) for low, high in zip(lows, highs, strict=True)]
    return volumes, _shared(parent.quote, list(map(mul, volumes, averages)))


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
