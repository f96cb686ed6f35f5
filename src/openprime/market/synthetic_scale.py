"""From the fits of a few recorded books to the numbers of any listed book.

Every book borrows the fit of a recorded one (its template): its own recording or that of its
Binance twin, else ETH's perpetual for a perpetual and BTC's spot book for a spot one. The book's
turnover relative to the template's, `weight`, follows from the assumed coin and exchange shares.
Orders come sqrt(weight) times as often and are sqrt(weight) times as large; levels are
1/sqrt(weight) times as far apart and hold sqrt(weight) times as much. So turnover and, by and
large, depth within a given distance scale with the weight. A coarse tick gathers into one level
what the template spreads over several, so the amount within a distance does not depend on it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import exp, log, sqrt
from statistics import fmean

import msgspec

from openprime.market.synthetic_fit import (
    BAND_EDGES,
    ORDER_GROUPS,
    BookFit,
    MarketFit,
    along,
    draw_table,
)
from openprime.model.instrument import Instrument

PERP_TEMPLATE = "BINANCE_PERP_ETH_USDT"
SPOT_TEMPLATE = "BINANCE_SPOT_BTC_USDT"

SHAPE_SIZE = 256
ORDER_SIZE = 500
RANK_SIZE = 1000

# Books of the large coins answer a request for 1000 levels; the others one for 500.
LARGE_COIN_SHARE = 0.5
LARGE_LEVELS = 1000
LEVELS = 500
# Changes at levels further away than this are generated only in part: they cost most, and move
# no price.
NEAR_LEVELS = 50
# No side reaches further than this from the price, however coarse the tick.
REACH = 0.3

# Books of smaller turnover speak less often: (turnover share from, slots of 100 ms a step).
PERIODS = ((0.2, 1), (0.05, 2), (0.0, 5))

# A smaller coin moves more: volatility grows with this power of 1/share.
VOLATILITY_POWER = 0.1


class Template:
    """A fitted book made ready for drawing; shared by all books that borrow it."""

    def __init__(self, fit: BookFit) -> None:
        self.fit = fit
        last = BAND_EDGES[-1]
        self.distances_bp = [_distance_bp(fit, rank) for rank in range(1, last + 1)]
        self.bands = [_band(rank) for rank in range(1, last + 1)]
        # Amount beyond the best level up to and with each level.
        self.beyond_usdt = [0.0]
        for band in self.bands[1:]:
            self.beyond_usdt.append(self.beyond_usdt[-1] + fit.level_usdt[band])
        self.shapes = [draw_table(shape, SHAPE_SIZE, 1.0) for shape in fit.level_shape]
        self.order_usdt = draw_table(fit.order_usdt, ORDER_SIZE, fit.order_mean_usdt)
        groups = [bisect_left(ORDER_GROUPS, (i + 1) / ORDER_SIZE) for i in range(ORDER_SIZE)]
        self.trades_per_order = [fit.trades_per_order[group] for group in groups]
        self.change_ranks = draw_table(fit.change_rank, RANK_SIZE)
        self.wide_excess_bp = draw_table(fit.wide_excess_bp, SHAPE_SIZE)


@lru_cache(maxsize=16)
def _template(encoded_fit: bytes) -> Template:
    """The template of a fit: made once, however often a market is."""
    return Template(msgspec.json.decode(encoded_fit, type=BookFit))


def _band(rank: int) -> int:
    return min(bisect_left(BAND_EDGES, rank + 1) - 1, len(BAND_EDGES) - 2)


def _distance_bp(fit: BookFit, rank: int) -> float:
    """Between the measured ranks distance grows as a power of the rank."""
    if rank == 1:
        return 0.0
    points = [log(edge) for edge in BAND_EDGES[1:]]
    values = [log(distance) for distance in fit.distance_bp[1:]]
    return exp(along(points, values, log(rank)))


@dataclass(frozen=True, slots=True)
class BookShape:
    """The numbers one synthetic book is drawn from, in its own ticks and lots."""

    sym: str
    base: str
    tick: float
    # Slots between two steps of this book.
    period: int
    # By rank (0 is the best): mean distance from the best in ticks, mean lots, spread of lots.
    distances: list[float]
    mean_lots: list[float]
    shapes: list[list[float]]
    lots_min: int
    # Ranks at which orders arrive or leave, equally likely, and how many of them a step.
    change_ranks: list[int]
    changes_per_step: float
    modify_share: float
    orders_per_step: float
    # Amounts of orders, equally likely, and how many trades one of that amount makes on average.
    order_usdt: list[float]
    trades_per_order: list[float]
    lots_per_usdt: float
    trade_spread: float
    same_side_share: float
    wide_share: float
    wide_excess_ticks: list[int]


class Scaler:
    """Makes the shape of each listed book."""

    def __init__(self, fit: MarketFit) -> None:
        self.fit = fit
        books = fit.books.items()
        self._templates = {sym: _template(msgspec.json.encode(book)) for sym, book in books}

    def coin_share(self, base: str) -> float:
        rule = self.fit.scale
        return rule.coin_share.get(base, rule.other_coin_share)

    def volatility_1s_bp(self, base: str) -> float:
        """Volatility of a base's price over one second."""
        books = self.fit.books
        own = [book.volatility_1s_bp for sym, book in books.items() if sym.split("_")[2] == base]
        if own:
            return fmean(own)
        template = books[PERP_TEMPLATE]
        ratio = self.coin_share(base) / self.coin_share("ETH")
        return float(template.volatility_1s_bp * ratio**-VOLATILITY_POWER)

    def _template_sym(self, instrument: Instrument) -> str:
        twin = f"BINANCE_{instrument.business}_{instrument.base}_{instrument.quote}"
        if twin in self._templates:
            return twin
        return PERP_TEMPLATE if instrument.is_perp else SPOT_TEMPLATE

    def shape(self, instrument: Instrument, price: float) -> BookShape:
        """The shape of an instrument's book at a price of about `price`."""
        template_sym = self._template_sym(instrument)
        template = self._templates[template_sym]
        fit, rule = template.fit, self.fit.scale
        turnover = self.coin_share(instrument.base) * rule.exchange_share[instrument.exchange]
        root = sqrt(turnover / self.coin_share(template_sym.split("_")[2]))
        tick = float(instrument.tick_size)
        lots_per_usdt = 1 / (float(instrument.lot_size * instrument.contract_size) * price)
        tick_bp = tick / price * 1e4
        large = self.coin_share(instrument.base) >= LARGE_COIN_SHARE
        levels = min(LARGE_LEVELS if large else LEVELS, rule.levels_max)
        distances = _distances(template, root, tick_bp, levels)
        amounts = _amounts(template, root, tick_bp, distances)
        period = next(slots for share, slots in PERIODS if turnover >= share)
        step_s = period / 10
        ranks = _ranks(template, root, tick_bp, distances, rule.change_share)
        changes = fit.changes_per_s * root * len(ranks) / RANK_SIZE
        return BookShape(
            sym=instrument.sym,
            base=instrument.base,
            tick=tick,
            period=period,
            distances=distances,
            mean_lots=[amount * lots_per_usdt for amount in amounts],
            shapes=_shapes(template, distances),
            lots_min=max(1, int(instrument.min_size / instrument.lot_size)),
            change_ranks=ranks,
            changes_per_step=changes * step_s,
            modify_share=fit.modify_share,
            orders_per_step=fit.orders_per_s * root * step_s,
            order_usdt=template.order_usdt,
            lots_per_usdt=lots_per_usdt * root,
            trades_per_order=template.trades_per_order,
            trade_spread=fit.trade_spread,
            same_side_share=fit.same_side_share,
            wide_share=min(fit.wide_share / root, 0.5),
            wide_excess_ticks=[round(bp / tick_bp) for bp in template.wide_excess_bp],
        )


def _distances(template: Template, root: float, tick_bp: float, levels: int) -> list[float]:
    """Mean distance of each rank in ticks: the template's, but at least a tick a level."""
    reach = REACH * 1e4 / tick_bp
    ticks = [0.0]
    for distance_bp in template.distances_bp[1:levels]:
        ticks.append(max(ticks[-1] + 1, distance_bp / root / tick_bp))
        if ticks[-1] > reach:
            break
    return ticks


def _amounts(
    template: Template, root: float, tick_bp: float, distances: Sequence[float]
) -> list[float]:
    """Mean amount of each rank: what the template holds from half a tick below to half above."""
    edges = [(distance + 0.5) * tick_bp * root for distance in distances]
    points, values = template.distances_bp, template.beyond_usdt
    within = []
    index = 1
    for edge in edges:
        while index < len(points) - 1 and points[index] < edge:
            index += 1
        slope = (values[index] - values[index - 1]) / (points[index] - points[index - 1])
        within.append((values[index - 1] + slope * (edge - points[index - 1])) * root)
    best = template.fit.level_usdt[0] * root + within[0]
    return [best] + [outer - inner for inner, outer in pairwise(within)]


def _shapes(template: Template, distances: Sequence[float]) -> list[list[float]]:
    """How amounts of a rank spread: a level that gathers many is as steady as the best one."""
    shapes = []
    for rank, distance in enumerate(distances):
        gathers = rank > 0 and distance - distances[rank - 1] <= 1
        shapes.append(template.shapes[0 if gathers else template.bands[rank]])
    return shapes


def _ranks(
    template: Template,
    root: float,
    tick_bp: float,
    distances: Sequence[float],
    change_share: float,
) -> list[int]:
    """The template's ranks of change, moved to the ranks at the same distance, best left out."""
    ranks = []
    for value in _thinned(template.change_ranks, change_share):
        if 1 <= value < len(template.distances_bp):
            distance = template.distances_bp[int(value)] / root / tick_bp
            rank = bisect_left(distances, distance)
            if rank < len(distances):
                ranks.append(max(rank, 1))
    return ranks


def _thinned(ranks: Sequence[float], share: float) -> list[float]:
    """All ranks near the best price, and `share` of those further away."""
    near = bisect_left(ranks, NEAR_LEVELS)
    return [*ranks[:near], *ranks[near :: round(1 / share)]]
