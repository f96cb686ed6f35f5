"""The fitted numbers that the synthetic market is drawn from (made by scripts/fit_market.py).

Amounts are USDT and distances basis points (1 bp = 0.0001 of the price), so that numbers fitted
to one symbol can be scaled to another price, tick and lot.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

import msgspec

# Quantile tables of the document hold the values at these probabilities.
PROBABILITIES = (
    0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999,
    1.0,
)  # fmt: skip

# Trades an order are told by groups of orders, smallest first, that end at these shares.
ORDER_GROUPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)

# Depth is told by bands of levels, of which these are the first levels; the last ends the last.
BAND_EDGES = (1, 2, 3, 5, 8, 15, 30, 75, 150, 350, 750, 1000)


class BookFit(msgspec.Struct, frozen=True):
    """What one book and its trades look like, as numbers."""

    mid_price: float
    tick_bp: float
    spread_mean_bp: float
    spread_median_bp: float
    # Of the spreads wider than one tick: their share of time, and how much wider they are.
    wide_share: float
    wide_excess_bp: tuple[float, ...]
    # Mean distance from the best price to the first level of each band (and to the last level).
    distance_bp: tuple[float, ...]
    # Mean amount of one level of each band, and quantiles of it in units of that mean.
    level_usdt: tuple[float, ...]
    level_shape: tuple[tuple[float, ...], ...]
    # Mean amount from the best price through level 1, 5, 10, 20.
    depth_usdt: tuple[float, ...]
    # An order is the trades of one side in one millisecond.
    orders_per_s: float
    order_usdt: tuple[float, ...]
    order_mean_usdt: float
    trades_per_order: tuple[float, ...]  # by ORDER_GROUPS
    same_side_share: float
    trades_per_s: float
    trade_usdt: tuple[float, ...]
    trade_mean_usdt: float
    # How unequal the trades of one order are: deviation of the logarithm of their shares.
    trade_spread: float
    # Variance of the order rate over 0.1, 1 and 10 s beyond chance, in units of the rate squared.
    rate_variance: tuple[float, ...]
    volatility_1s_bp: float
    kurtosis_1s: float
    messages_per_s: float
    changes_per_message: float
    changes_per_s: float
    modify_share: float
    change_rank: tuple[float, ...]


class ActivityFit(msgspec.Struct, frozen=True):
    """Log-variance and memory of the two factors that swell and shrink the flow of orders."""

    fast_variance: float
    fast_memory_s: float
    slow_variance: float
    slow_memory_s: float


class BasisFit(msgspec.Struct, frozen=True):
    """How far two books of one base stand apart."""

    deviation_bp: float
    memory_s: float


class ScaleRule(msgspec.Struct, frozen=True):
    """Assumed, not fitted: turnover of coins and venues as shares of the recorded ones."""

    coin_share: dict[str, float]
    other_coin_share: float
    exchange_share: dict[str, float]
    # The share of recorded level changes far from the best price that is generated.
    change_share: float
    # No side of a book has more levels.
    levels_max: int = 1000


class MarketFit(msgspec.Struct, frozen=True):
    """The whole document: one fit a recorded book, by symbol, and what they share."""

    books: dict[str, BookFit]
    activity: ActivityFit
    basis: BasisFit
    correlation: float
    scale: ScaleRule


def parse(document: Mapping[str, Any]) -> MarketFit:
    """Read the document; raises msgspec.ValidationError where it is malformed."""
    return msgspec.convert(document, MarketFit)


def quantile(values: Sequence[float], probability: float) -> float:
    """Read a quantile table between its points, on a logarithmic scale."""
    index = min(bisect_right(PROBABILITIES, probability), len(PROBABILITIES) - 1)
    below, above = PROBABILITIES[index - 1], PROBABILITIES[index]
    low, high = values[index - 1], values[index]
    share = (probability - below) / (above - below)
    if low <= 0:
        return low + (high - low) * share
    return low * exp(log(high / low) * share)


def draw_table(values: Sequence[float], size: int, mean: float | None = None) -> list[float]:
    """`size` equally likely values of a quantile table, smallest first.

    Where `mean` is given, the largest value is raised so that the table has that mean: the tail
    above the last point is rare, and carries much of the volume.
    """
    table = [quantile(values, (i + 0.5) / size) for i in range(size)]
    if mean is not None:
        missing = mean * size - sum(table)
        if missing > 0:
            table[-1] = min(table[-1] + missing, values[-1])
        else:
            factor = mean * size / sum(table)
            table = [value * factor for value in table]
    return table


def along(points: Sequence[float], values: Sequence[float], at: float) -> float:
    """Straight line between points of a rising curve; beyond the last, its last slope."""
    index = min(max(bisect_right(points, at), 1), len(points) - 1)
    left, right = points[index - 1], points[index]
    share = (at - left) / (right - left)
    return values[index - 1] + (values[index] - values[index - 1]) * share
