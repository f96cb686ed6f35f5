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
from itertools import pairwise
from math import exp, sqrt
from random import Random

from openprime.market.intervals import DAY_MS, HOUR_MS, MINUTE_MS, MONTH, month_open, next_open
from openprime.market.past_sketch import (
    VOLUME_SIGMA,
    Part,
    Sketch,
    Stretch,
    shares,
    sketch_of,
)

BEGIN_MS = month_open(2017, 1)
END_PRICE = 10**9
UNITS_PER_DAY = 10**9

# A month's standard deviation of log price, and how far beyond open and close it reaches.
MONTH_SIGMA = 0.12
MONTH_WICK = 0.45
SIGMAS_MAX = 2.5
MONTH_MS = 30 * DAY_MS

PARTS_REMEMBERED_MAX = 12_000

# Lengths of the parts under a month, coarse to fine.
LEVELS_MS = (DAY_MS, DAY_MS // 2, HOUR_MS, 15 * MINUTE_MS, MINUTE_MS)

# Quarters are not sketched: that would draw every minute when somebody asks for quarters.
SKETCHED_LEVELS = len(LEVELS_MS) - 1

# Nor are the days of older months, of which minutes are seldom asked.
SKETCHED_MONTHS = 6


class Past:
    """One coin's past up to `end_ms`, a whole minute."""

    def __init__(self, seed: int, coin: str, end_ms: int) -> None:
        self.end_ms = end_ms
        self._name = f"{seed}:{coin}"
        self._months: list[Part] | None = None
        self._split: OrderedDict[tuple[int, int], list[Part]] = OrderedDict()
        self._remembered = 0

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
            self._remembered += len(children)
            while self._remembered > PARTS_REMEMBERED_MAX:
                _, forgotten = self._split.popitem(last=False)
                self._remembered -= len(forgotten)
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
        stretches = _month_stretches(self._name, self.end_ms)
        for age in reversed(range(len(stretches))):
            stretch, volume = stretches[age]
            sketched = age < SKETCHED_MONTHS
            quote = round(volume * (self._average(0, stretch) if sketched else stretch.mean()))
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

    def _average(self, level: int, stretch: Stretch) -> float:
        """The average price of a stretch whose children are of `level`."""
        if level < SKETCHED_LEVELS:
            return self._sketch(level, stretch).average()
        return stretch.mean()

    def _sketch(self, level: int, stretch: Stretch) -> Sketch:
        length_ms = LEVELS_MS[level]
        bounds_ms = [*range(stretch.open_ms, stretch.end_ms, length_ms), stretch.end_ms]
        random = Random(f"{self._name}:{length_ms}:{stretch.open_ms}")
        return sketch_of(stretch, bounds_ms, random)


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
