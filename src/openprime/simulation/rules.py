"""The rules of a small world: few symbols of every kind, so that a run is quick and all meet."""

from functools import cache
from typing import Any

import msgspec

from openprime.model.reference import Reference
from openprime.server.broker import load_market_fit, load_reference

SYMS = (
    "BINANCE_PERP_BTC_USDT",
    "BINANCE_PERP_ETH_USDT",
    "BINANCE_SPOT_BTC_USDT",
    "BINANCE_MARGIN_BTC_USDT",
    "OKX_PERP_BTC_USDT",
    "OKX_SPOT_ETH_USDT",
)
# The symbol whose market comes from a recording where there is one.
RECORDED = "BINANCE_PERP_ETH_USDT"
# Books are made anew at every start, and large orders are to use them up.
LEVELS = 80
CALMER = 4


@cache
def small_reference() -> Reference:
    """The venues' rules for the symbols of the small world alone."""
    whole = load_reference()
    instruments = {sym: whole.instruments[sym] for sym in SYMS}
    tiers = {sym: rows for sym, rows in whole.position_tiers.items() if sym in instruments}
    return msgspec.structs.replace(whole, instruments=instruments, position_tiers=tiers)


@cache
def shallow_fit() -> Any:
    """The fit of the synthetic market with few levels, which change less often."""
    fit = load_market_fit()
    books = {
        sym: book | {"changes_per_s": book["changes_per_s"] / CALMER}
        for sym, book in fit["books"].items()
    }
    return fit | {"books": books, "scale": fit["scale"] | {"levels_max": LEVELS}}
