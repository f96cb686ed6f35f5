"""The measuring code on streams small enough to count, and the generated stream against its fit."""

import json
from importlib.resources import files
from typing import Any

import pytest

from openprime.market.events import DepthChange, DepthSnapshot, MarketTrade
from openprime.market.synthetic import SyntheticFeed
from openprime.market.synthetic_fit import BookFit, parse, quantile
from openprime.market.synthetic_profile import Profiler
from openprime.model.reference import build

DATA = files("openprime") / "data"
DOCUMENT: dict[str, Any] = json.loads((DATA / "market_fit.json").read_text())
RULES = build(json.loads((DATA / "reference.json").read_text()))
MARKET = parse(DOCUMENT)
SECONDS = 600


def tiny_stream() -> Profiler:
    """Two seconds of a book of 5 levels a side around 100, with three trades."""
    profiler = Profiler(tick=0.1, lot=2.0)
    bids = [(999 - i, 10) for i in range(5)]
    asks = [(1000 + i, 10) for i in range(5)]
    profiler.feed(DepthSnapshot("X", 1000, 1, bids, asks))
    profiler.feed(MarketTrade("X", 1010, 1, 1000, 1, False))
    profiler.feed(MarketTrade("X", 1010, 2, 1000, 2, False))
    profiler.feed(MarketTrade("X", 1250, 3, 999, 4, True))
    profiler.feed(DepthChange("X", 2000, 2, [(999, 6)], [(1000, 7)]))
    profiler.feed(DepthChange("X", 3050, 3, [(999, 0), (990, 1)], []))
    profiler.feed(DepthChange("X", 3100, 4, [(998, 9)], []))
    return profiler


class TestProfiler:
    def test_counts_trades_orders_and_changes(self) -> None:
        found = tiny_stream().result()
        seconds = 2.1
        assert found.trades_per_s == pytest.approx(3 / seconds)
        assert found.orders_per_s == pytest.approx(2 / seconds)
        assert found.same_side_share == 0
        assert found.messages_per_s == pytest.approx(3 / seconds)
        assert found.changes_per_s == pytest.approx(5 / seconds)
        assert found.modify_share == pytest.approx(3 / 5)
        assert found.trade_mean_usdt == pytest.approx((100 * 2 + 100 * 4 + 99.9 * 8) / 3)

    def test_samples_the_book_each_tenth_of_a_second(self) -> None:
        profiler = tiny_stream()
        assert len(profiler.mids) == 21
        assert profiler.mids[0] == pytest.approx(99.95)
        assert profiler.spreads == [1] * 21
        # 20 lots twice over ten samples, then 13 over eleven.
        assert profiler.depths[0] == [10, 10] * 10 + [6, 7] * 11

    def test_levels_beyond_the_snapshot_are_not_measured(self) -> None:
        profiler = tiny_stream()
        profiler.feed(DepthChange("X", 3300, 5, [], []))
        # Level 990 was not in the snapshot: with 999 gone, bids have no known fifth level.
        assert len(profiler.distances[3]) == 21 * 2 + 2


@pytest.fixture(scope="module")
def generated() -> dict[str, BookFit]:
    """The synthetic books of the recorded symbols, measured over ten minutes of seed 1."""
    instruments = {sym: RULES.instruments[sym] for sym in MARKET.books}
    profilers = {
        sym: Profiler(float(i.tick_size), float(i.lot_size * i.contract_size))
        for sym, i in instruments.items()
    }
    feed = SyntheticFeed(instruments, DOCUMENT, 0, 1, start_prices=RULES.start_prices)
    for second in range(SECONDS + 1):
        for event in feed.pull(second * 1000):
            profilers[event.sym].feed(event)
    return {sym: profiler.result() for sym, profiler in profilers.items()}


@pytest.mark.parametrize("sym", MARKET.books)
class TestGeneratedAgainstFit:
    def test_spread(self, generated: dict[str, BookFit], sym: str) -> None:
        found, fit = generated[sym], MARKET.books[sym]
        assert found.spread_median_bp == pytest.approx(fit.spread_median_bp, rel=0.05)
        assert found.spread_mean_bp == pytest.approx(fit.spread_mean_bp, rel=0.30)

    @pytest.mark.parametrize(("place", "tolerance"), [(0, 0.1), (1, 0.15), (2, 0.2), (3, 0.3)])
    def test_depth_through_levels_1_5_10_20(
        self, generated: dict[str, BookFit], sym: str, place: int, tolerance: float
    ) -> None:
        wanted = MARKET.books[sym].depth_usdt[place]
        assert generated[sym].depth_usdt[place] == pytest.approx(wanted, rel=tolerance)

    def test_distance_of_levels(self, generated: dict[str, BookFit], sym: str) -> None:
        found, fit = generated[sym].distance_bp, MARKET.books[sym].distance_bp
        assert found[1:9] == pytest.approx(fit[1:9], rel=0.4)

    def test_trade_rate(self, generated: dict[str, BookFit], sym: str) -> None:
        found, fit = generated[sym], MARKET.books[sym]
        assert found.trades_per_s == pytest.approx(fit.trades_per_s, rel=0.25)
        assert found.orders_per_s == pytest.approx(fit.orders_per_s, rel=0.25)

    def test_trade_size(self, generated: dict[str, BookFit], sym: str) -> None:
        found, fit = generated[sym].trade_usdt, MARKET.books[sym].trade_usdt
        assert quantile(found, 0.5) == pytest.approx(quantile(fit, 0.5), rel=0.35)
        assert quantile(found, 0.95) == pytest.approx(quantile(fit, 0.95), rel=0.3)

    def test_volatility(self, generated: dict[str, BookFit], sym: str) -> None:
        wanted = MARKET.books[sym].volatility_1s_bp
        assert generated[sym].volatility_1s_bp == pytest.approx(wanted, rel=0.2)

    def test_flow_is_clustered(self, generated: dict[str, BookFit], sym: str) -> None:
        found, fit = generated[sym], MARKET.books[sym]
        assert found.rate_variance[1] == pytest.approx(fit.rate_variance[1], rel=1.0)
        assert found.rate_variance[1] > 0.5
        assert found.same_side_share == pytest.approx(fit.same_side_share, abs=0.1)
        assert found.kurtosis_1s > 4
