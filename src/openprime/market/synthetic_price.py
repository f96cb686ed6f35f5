"""The moving price that all synthetic books of one base share.

Log prices do a random walk whose pace swells and calms down with an activity factor; the same
factor drives how often orders come, which is what makes trades cluster and returns fat-tailed.
All bases share a part of each shock, so that the market moves together.
"""

from collections.abc import Callable
from decimal import Decimal
from math import exp, sqrt
from random import Random

from openprime.market.synthetic_fit import ActivityFit, BasisFit

SLOT_S = 0.1
ACTIVITY_MAX = 25.0


class Activity:
    """A positive factor of mean 1: the product of a fast and a slow lognormal one."""

    def __init__(self, fit: ActivityFit, random: Random) -> None:
        self._random = random
        self._fast = Wander(sqrt(fit.fast_variance), fit.fast_memory_s, SLOT_S, random)
        self._slow = Wander(sqrt(fit.slow_variance), fit.slow_memory_s, SLOT_S, random)
        self._centre = (fit.fast_variance + fit.slow_variance) / 2

    def step(self) -> float:
        """Advance one slot."""
        return min(exp(self._fast.step() + self._slow.step() - self._centre), ACTIVITY_MAX)


class Wander:
    """A value that wanders around zero and forgets at an exponential pace."""

    def __init__(self, deviation: float, memory_s: float, step_s: float, random: Random) -> None:
        self._random = random
        self._keep = exp(-step_s / memory_s)
        self._noise = deviation * sqrt(1 - self._keep**2)
        self.value = random.gauss(0.0, deviation)

    def step(self) -> float:
        self.value = self.value * self._keep + self._random.gauss(0.0, self._noise)
        return self.value


class ReferencePrice:
    """The price of one base in USDT, advanced slot by slot."""

    def __init__(
        self,
        start: float,
        volatility_1s_bp: float,
        correlation: float,
        activity: ActivityFit,
        random: Random,
        follow: Callable[[], Decimal | None] | None = None,
    ) -> None:
        """`follow` tells a price from outside, which then is the reference as long as there is."""
        self.price = start
        self.activity_now = 1.0
        self._random = random
        self._activity = Activity(activity, random)
        self._deviation = volatility_1s_bp / 1e4 * sqrt(SLOT_S)
        self._common = sqrt(correlation)
        self._own = sqrt(1 - correlation)
        self._follow = follow

    def step(self, common_shock: float) -> None:
        """Advance one slot. `common_shock` is the market's part, of variance 1."""
        activity = self.activity_now = self._activity.step()
        shock = self._common * common_shock + self._own * self._random.gauss(0.0, 1.0)
        self.price *= exp(self._deviation * sqrt(activity) * shock)
        followed = self._follow() if self._follow else None
        if followed is not None and followed > 0:
            self.price = float(followed)


def book_basis(fit: BasisFit, step_s: float, random: Random) -> Wander:
    """How far one book stands from its base's price, as a fraction.

    The fitted deviation is the one between two books, each of which has a part of its own.
    """
    return Wander(fit.deviation_bp / 1e4 / sqrt(2), fit.memory_s, step_s, random)


def without_basis(volatility_1s_bp: float, fit: BasisFit) -> float:
    """The part of a book's volatility that is left for the price all books of a base share."""
    basis_variance = fit.deviation_bp**2 * (1 - exp(-1 / fit.memory_s))
    return sqrt(max(volatility_1s_bp**2 - basis_variance, volatility_1s_bp**2 / 4))
