"""Fit the synthetic market to recorded ones, and show how well the two agree.

    python scripts/fit_market.py RECORDINGS_FOLDER   writes src/openprime/data/market_fit.json
    python scripts/fit_market.py --report            prints the table of docs/synthetic-market.md

The recordings are Binance's public streams, one message a line. Only numbers measured over a
whole recording are written, never a row of one.
"""

import argparse
import gzip
import itertools
import json
from collections.abc import Iterator
from math import exp, log
from pathlib import Path
from random import Random
from statistics import correlation, fmean, pstdev
from typing import Any

import msgspec

from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.synthetic import SyntheticFeed
from openprime.market.synthetic_book import geometric
from openprime.market.synthetic_fit import (
    BAND_EDGES,
    ActivityFit,
    BasisFit,
    BookFit,
    MarketFit,
    parse,
    quantile,
)
from openprime.market.synthetic_profile import DEPTH_LEVELS, Profiler
from openprime.market.synthetic_scale import Scaler, Template
from openprime.model.instrument import Instrument
from openprime.model.reference import Reference, build

DATA = Path(__file__).parents[1] / "src" / "openprime" / "data"
FIT_FILE = DATA / "market_fit.json"
RECORDINGS = {
    "BINANCE_PERP_BTC_USDT": "usdm_btcusdt_20240808.gz",
    "BINANCE_PERP_ETH_USDT": "usdm_ethusdt_20240808.gz",
    "BINANCE_SPOT_BTC_USDT": "spot_btcusdt_20240808.gz",
}
REPORT_SEED = 1
REPORT_SECONDS = 7200

# No recording says these; they are this project's assumption (see docs/synthetic-market.md).
SCALE = {
    "coin_share": {
        "BTC": 1.0, "ETH": 0.6, "SOL": 0.3, "XRP": 0.2, "DOGE": 0.15, "BNB": 0.15, "ADA": 0.08,
        "AVAX": 0.08, "LINK": 0.08, "LTC": 0.06, "TRX": 0.06, "DOT": 0.05, "WIF": 0.05, "IMX": 0.03,
    },
    "other_coin_share": 0.03,
    "exchange_share": {"BINANCE": 1.0, "OKX": 0.4},
    "change_share": 0.25,
}  # fmt: skip


def recorded(path: Path, instrument: Instrument) -> Iterator[MarketEvent]:
    """The recording's book and trades, from its depth snapshot on."""
    with gzip.open(path, "rt") as lines:
        messages = [json.loads(line.partition(" ")[2]) for line in lines]
    snapshot = next(m for m in messages if "lastUpdateId" in m)
    deltas = [m["data"] for m in messages if "data" in m]
    depths = [
        d for d in deltas if d.get("e") == "depthUpdate" and d["u"] > snapshot["lastUpdateId"]
    ]
    yield DepthSnapshot(
        instrument.sym,
        depths[0]["E"],
        snapshot["lastUpdateId"],
        *_levels(instrument, snapshot["bids"], snapshot["asks"]),
    )
    for data in deltas:
        kind = data.get("e")
        if kind == "depthUpdate" and data["u"] > snapshot["lastUpdateId"]:
            sides = _levels(instrument, data["b"], data["a"])
            yield DepthChange(instrument.sym, data["E"], data["u"], *sides)
        elif kind == "trade" and data.get("X", "MARKET") == "MARKET":
            ((ticks, lots),), _ = _levels(instrument, [[data["p"], data["q"]]], [])
            yield MarketTrade(instrument.sym, data["T"], data["t"], ticks, lots, data["m"])


def _levels(
    instrument: Instrument, bids: list[list[str]], asks: list[list[str]]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    tick, lot = float(instrument.tick_size), float(instrument.lot_size)
    return (
        [(round(float(p) / tick), round(float(q) / lot)) for p, q in bids],
        [(round(float(p) / tick), round(float(q) / lot)) for p, q in asks],
    )


def profiler_of(instrument: Instrument) -> Profiler:
    return Profiler(
        float(instrument.tick_size), float(instrument.lot_size * instrument.contract_size)
    )


def measure(path: Path, instrument: Instrument) -> Profiler:
    profiler = profiler_of(instrument)
    for event in recorded(path, instrument):
        profiler.feed(event)
    return profiler


def activity_variance(fit: ActivityFit, window_s: float) -> float:
    """Variance of the mean of the activity over a window, by summing its covariance."""
    parts = 200
    total = 0.0
    for i in range(parts):
        lag = (i + 0.5) * window_s / parts
        covariance = fit.fast_variance * exp(-lag / fit.fast_memory_s)
        covariance += fit.slow_variance * exp(-lag / fit.slow_memory_s)
        total += (1 - lag / window_s) * (exp(covariance) - 1)
    return 2 * total / parts


def fit_activity(books: list[BookFit]) -> ActivityFit:
    """The two factors whose order rate varies as recorded over 0.1, 1 and 10 s; grid search."""
    aims = [fmean(b.rate_variance[i] for b in books) for i in range(3)]
    best: tuple[float, ActivityFit] | None = None
    for fast in (0.6, 0.8, 1.0, 1.2, 1.4, 1.6):
        for fast_memory in (0.1, 0.2, 0.3, 0.5, 0.8, 1.2):
            for slow in (0.0, 0.1, 0.2, 0.3, 0.4, 0.6):
                for slow_memory in (5.0, 10.0, 20.0, 40.0):
                    trial = ActivityFit(fast, fast_memory, slow, slow_memory)
                    error = sum(
                        log(activity_variance(trial, window) / aim) ** 2
                        for window, aim in zip((0.1, 1.0, 10.0), aims, strict=True)
                    )
                    if best is None or error < best[0]:
                        best = (error, trial)
    assert best is not None
    return best[1]


def fit_trade_spread(book: BookFit) -> BookFit:
    """Choose how unequal an order's trades are so that trade sizes come out as recorded.

    The spread measured within orders is the start; splitting at levels makes trades more equal
    again, so a larger one is needed. Compared are the median and the 95 % quantile.
    """
    template = Template(book)
    aims = [quantile(book.trade_usdt, p) for p in (0.5, 0.95)]
    trials = []
    for factor in (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6):
        spread = book.trade_spread * factor
        trades = sorted(simulated_trades(template, spread))
        found = [trades[int(p * len(trades))] for p in (0.5, 0.95)]
        error = sum(log(f / a) ** 2 for f, a in zip(found, aims, strict=True))
        trials.append((error, spread))
    return msgspec.structs.replace(book, trade_spread=min(trials)[1])


def simulated_trades(template: Template, spread: float) -> Iterator[float]:
    """Amounts of the trades of many orders, drawn as the synthetic book draws them."""
    random = Random(1)
    for place in range(len(template.order_usdt)):
        for _ in range(10):
            count = geometric(template.trades_per_order[place], random.random())
            weights = [random.lognormvariate(0.0, spread) for _ in range(count)]
            for weight in weights:
                yield template.order_usdt[place] * weight / sum(weights)


def aligned(first: Profiler, second: Profiler) -> tuple[list[float], list[float]]:
    """Mid prices of two recordings at the same moments, once a second."""
    start = max(first.first_ms, second.first_ms)
    series = [p.mids[(start - p.first_ms) // 100 :: 10] for p in (first, second)]
    count = min(map(len, series))
    return series[0][:count], series[1][:count]


def fit_basis(perp: Profiler, spot: Profiler) -> BasisFit:
    basis = [log(p / s) * 1e4 for p, s in zip(*aligned(perp, spot), strict=True)]
    memory_s = -1 / log(correlation(basis[1:], basis[:-1]))
    return BasisFit(pstdev(basis), memory_s)


def fit_correlation(first: Profiler, second: Profiler) -> float:
    returns = [[log(b / a) for a, b in itertools.pairwise(mids)] for mids in aligned(first, second)]
    return correlation(*returns)


def reference() -> Reference:
    return build(json.loads((DATA / "reference.json").read_text()))


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return value


def write_fit(folder: Path) -> None:
    instruments = reference().instruments
    profilers = {s: measure(folder / f, instruments[s]) for s, f in RECORDINGS.items()}
    books = {sym: fit_trade_spread(profiler.result()) for sym, profiler in profilers.items()}
    perp = profilers["BINANCE_PERP_BTC_USDT"]
    document = {
        "books": books,
        "activity": fit_activity(list(books.values())),
        "basis": fit_basis(perp, profilers["BINANCE_SPOT_BTC_USDT"]),
        "correlation": fit_correlation(perp, profilers["BINANCE_PERP_ETH_USDT"]),
        "scale": SCALE,
    }
    plain = rounded(msgspec.to_builtins(document))
    FIT_FILE.write_text(json.dumps(plain, indent=1) + "\n")


def generated(fit: dict[str, Any], seed: int, seconds: int) -> dict[str, BookFit]:
    """Measure the synthetic books of the recorded symbols over some seconds of market."""
    rules = reference()
    instruments = {sym: rules.instruments[sym] for sym in fit["books"]}
    feed = SyntheticFeed(instruments, fit, 0, seed, start_prices=rules.start_prices)
    profilers = {sym: profiler_of(instrument) for sym, instrument in instruments.items()}
    for second in range(seconds + 1):
        for event in feed.pull(second * 1000):
            profilers[event.sym].feed(event)
    return {sym: profiler.result() for sym, profiler in profilers.items()}


def rows_of(book: BookFit) -> dict[str, float]:
    """The rows of the report from measured numbers."""
    depths = dict(zip(DEPTH_LEVELS, book.depth_usdt, strict=True))
    return {
        "spread, mean (bp)": book.spread_mean_bp,
        "spread, median (bp)": book.spread_median_bp,
        **{f"depth through level {n} (USDT)": depth for n, depth in depths.items()},
        "distance to level 30 (bp)": book.distance_bp[BAND_EDGES.index(30)],
        "trades a second": book.trades_per_s,
        "trade size, median (USDT)": quantile(book.trade_usdt, 0.5),
        "trade size, 95 % (USDT)": quantile(book.trade_usdt, 0.95),
        "volatility over 1 s (bp)": book.volatility_1s_bp,
        "depth messages a second": book.messages_per_s,
        "level changes a second": book.changes_per_s,
    }


def fitted_rows(market: MarketFit, instrument: Instrument) -> dict[str, float | None]:
    """The rows of the report as the generator's own numbers say them, before chance."""
    scaler, book = Scaler(market), market.books[instrument.sym]
    shape = scaler.shape(instrument, book.mid_price)
    template = Template(book)
    lot_usdt = float(instrument.lot_size * instrument.contract_size) * book.mid_price
    tick_bp = shape.tick / book.mid_price * 1e4
    trades = sorted(simulated_trades(template, book.trade_spread))
    wide = shape.wide_share * fmean(shape.wide_excess_ticks)
    return {
        "spread, mean (bp)": tick_bp * (1 + wide),
        "spread, median (bp)": tick_bp,
        **{
            f"depth through level {n} (USDT)": sum(shape.mean_lots[:n]) * lot_usdt
            for n in DEPTH_LEVELS
        },
        "distance to level 30 (bp)": shape.distances[29] * tick_bp,
        "trades a second": book.orders_per_s * fmean(template.trades_per_order),
        "trade size, median (USDT)": trades[len(trades) // 2],
        "trade size, 95 % (USDT)": trades[len(trades) * 95 // 100],
        "volatility over 1 s (bp)": scaler.volatility_1s_bp(instrument.base),
    }


def report() -> None:
    """Print recorded against fitted against generated, a Markdown table a book."""
    document = json.loads(FIT_FILE.read_text())
    market = parse(document)
    found = generated(document, REPORT_SEED, REPORT_SECONDS)
    for sym, book in market.books.items():
        fitted = fitted_rows(market, reference().instruments[sym])
        result = rows_of(found[sym])
        print(f"### {sym}\n\n| | recorded | fitted | generated |\n|---|---:|---:|---:|")
        for name, value in rows_of(book).items():
            cells = [plain(v) for v in (value, fitted.get(name), result[name])]
            print(f"| {name} | {' | '.join(cells)} |")
        print()


def plain(value: float | None) -> str:
    """Three digits that matter, without an exponent."""
    if value is None:
        return ""
    return f"{float(f'{value:.3g}'):,.10g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="folder of the recordings")
    parser.add_argument("--report", action="store_true", help="print recorded against generated")
    arguments = parser.parse_args()
    if arguments.folder:
        write_fit(arguments.folder)
    if arguments.report:
        report()
    if not (arguments.folder or arguments.report):
        parser.error("expected a folder of recordings or --report")


if __name__ == "__main__":
    main()
