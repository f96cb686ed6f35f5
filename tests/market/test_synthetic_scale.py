"""Scaling of fits to other symbols, and the small parts of the generator."""

import json
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from random import Random
from statistics import fmean

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openprime.market.synthetic_fit import PROBABILITIES, along, draw_table, parse, quantile
from openprime.market.synthetic_ladder import ASK, BID, Ladder
from openprime.market.synthetic_price import Activity, ReferencePrice, Wander
from openprime.market.synthetic_scale import BookShape, Scaler
from openprime.model.reference import build

DATA = files("openprime") / "data"
MARKET = parse(json.loads((DATA / "market_fit.json").read_text()))
RULES = build(json.loads((DATA / "reference.json").read_text()))


def shape_of(sym: str, tick: str | None = None) -> tuple[BookShape, float]:
    """The shape of a symbol's book at the start price, and the worth of one lot."""
    instrument = RULES.instruments[sym]
    if tick:
        instrument = msgspec.structs.replace(instrument, tick_size=Decimal(tick))
    price = float(RULES.start_prices[instrument.base])
    shape = Scaler(MARKET).shape(instrument, price)
    return shape, float(instrument.lot_size * instrument.contract_size) * price


def depth_usdt(sym: str, within_bp: float, tick: str | None = None) -> float:
    """Mean amount of one side within a distance of the best price."""
    shape, lot_usdt = shape_of(sym, tick)
    price = float(RULES.start_prices[shape.base])
    reach = within_bp / 1e4 * price / shape.tick
    lots = zip(shape.distances, shape.mean_lots, strict=True)
    return sum(mean for distance, mean in lots if distance <= reach) * lot_usdt


class TestScale:
    def test_every_listed_book_has_a_shape(self) -> None:
        for sym, instrument in RULES.instruments.items():
            if instrument.book_sym == sym:
                shape, _ = shape_of(sym)
                assert len(shape.distances) == len(shape.mean_lots) == len(shape.shapes)
                assert min(shape.mean_lots) > 0
                assert min(b - a for a, b in pairwise(shape.distances)) > 0.999
                assert len(shape.distances) > 200

    def test_a_recorded_book_keeps_its_own_fit(self) -> None:
        fit = MARKET.books["BINANCE_PERP_BTC_USDT"]
        shape, lot_usdt = shape_of("BINANCE_PERP_BTC_USDT")
        assert sum(shape.mean_lots[:10]) * lot_usdt == pytest.approx(fit.depth_usdt[2], rel=0.1)
        assert shape.orders_per_step * 10 == pytest.approx(fit.orders_per_s)

    def test_depth_and_order_rate_scale_with_the_share_of_the_exchange(self) -> None:
        share = MARKET.scale.exchange_share["OKX"]
        twins = ("BINANCE_PERP_BTC_USDT", "OKX_PERP_BTC_USDT")
        depth, smaller = (depth_usdt(sym, 10) for sym in twins)
        # Roughly: levels are denser a little away from the best price than near it.
        assert smaller / depth == pytest.approx(share, rel=0.2)
        whole, part = (shape_of(sym)[0] for sym in twins)
        # The rate alone scales by the root; the size of orders by the other root.
        assert part.orders_per_step / whole.orders_per_step == pytest.approx(share**0.5)

    def test_depth_within_a_distance_does_not_depend_on_the_tick(self) -> None:
        fine, coarse = (depth_usdt("BINANCE_PERP_BTC_USDT", 20, t) for t in ("0.1", "10"))
        assert coarse == pytest.approx(fine, rel=0.15)

    def test_smaller_coins_move_more_and_trade_less(self) -> None:
        scaler = Scaler(MARKET)
        assert scaler.volatility_1s_bp("DOT") > scaler.volatility_1s_bp("SOL")
        assert scaler.volatility_1s_bp("SOL") > scaler.volatility_1s_bp("ETH")
        assert scaler.coin_share("UNHEARD") == MARKET.scale.other_coin_share
        rates = [shape_of(f"BINANCE_PERP_{coin}_USDT")[0] for coin in ("SOL", "ADA", "IMX")]
        per_slot = [shape.orders_per_step / shape.period for shape in rates]
        assert per_slot == sorted(per_slot, reverse=True)

    def test_an_amount_of_one_coin_is_the_same_worth_in_contracts(self) -> None:
        coins, contracts = shape_of("BINANCE_PERP_BTC_USDT"), shape_of("OKX_PERP_BTC_USDT")
        share = MARKET.scale.exchange_share["OKX"]
        worth = [shape.lots_per_usdt * lot_usdt for shape, lot_usdt in (coins, contracts)]
        assert worth == pytest.approx([1.0, share**0.5])


class TestTables:
    VALUES = tuple(float(10 ** (3 * p)) for p in PROBABILITIES)

    def test_a_quantile_between_points_is_geometric(self) -> None:
        assert quantile(self.VALUES, 0.25) == pytest.approx(10**0.75)
        assert quantile(self.VALUES, 0.0) == 1
        assert quantile(self.VALUES, 1.0) == 1000

    def test_zeros_are_read_along_a_straight_line(self) -> None:
        values = (0.0,) * 7 + (1.0,) * 11
        assert quantile(values, 0.45) == pytest.approx(0.5)

    @pytest.mark.parametrize("mean", [100.0, 150.0])
    def test_a_table_has_the_mean_that_is_asked_for(self, mean: float) -> None:
        table = draw_table(self.VALUES, 20, mean)
        assert len(table) == 20
        if mean == 100.0:
            assert fmean(table) == pytest.approx(mean)
        else:
            # The largest value is never raised past the largest recorded one.
            assert table[-1] <= 1000

    def test_a_curve_goes_on_with_its_last_slope(self) -> None:
        assert along([0, 1, 3], [0, 10, 20], 2) == 15
        assert along([0, 1, 3], [0, 10, 20], 5) == 30

    def test_a_malformed_document_is_refused(self) -> None:
        with pytest.raises(msgspec.ValidationError):
            parse({"books": {}})


class TestLadder:
    def test_levels_are_told_best_first_on_both_sides(self) -> None:
        for sign, expected in (
            (BID, [(12, 1), (11, 1), (10, 1)]),
            (ASK, [(10, 1), (11, 1), (12, 1)]),
        ):
            ladder = Ladder(sign)
            for ticks in (11, 10, 12):
                ladder.put(sign * ticks, 1)
            assert ladder.levels() == ladder.take_changes() == expected
            assert ladder.take_changes() == []

    def test_a_level_that_came_and_went_is_not_told(self) -> None:
        ladder = Ladder(BID)
        ladder.put(10, 5)
        ladder.take_changes()
        ladder.put(11, 5)
        ladder.drop_above(10)
        assert ladder.take_changes() == []

    def test_a_level_that_went_and_came_back_is_told_once(self) -> None:
        ladder = Ladder(ASK)
        for ticks in (10, 11, 12):
            ladder.put(-ticks, 5)
        ladder.take_changes()
        ladder.drop(-11)
        ladder.put(-11, 7)
        ladder.drop_worst(1)
        assert ladder.take_changes() == [(11, 7), (12, 0)]
        assert [ladder.rank(-10), ladder.rank(-11), len(ladder)] == [0, 1, 2]


class TestReferencePrice:
    @given(st.integers(0, 2**32))
    def test_the_price_stays_above_zero(self, seed: int) -> None:
        price = ReferencePrice(0.1, 500.0, 0.5, MARKET.activity, Random(seed))
        for _ in range(200):
            price.step(-1.0)
            assert price.price > 0

    def test_activity_is_one_on_average(self) -> None:
        activity = Activity(MARKET.activity, Random(2))
        assert fmean(activity.step() for _ in range(100_000)) == pytest.approx(1, abs=0.05)

    def test_a_basis_wanders_with_its_deviation_and_memory(self) -> None:
        wander = Wander(2.0, memory_s=1.0, step_s=0.1, random=Random(1))
        values = [wander.step() for _ in range(50_000)]
        assert fmean(v * v for v in values) == pytest.approx(4, rel=0.1)
        later = fmean(a * b for a, b in zip(values, values[10:], strict=False))
        assert later == pytest.approx(4 / 2.718, rel=0.15)
