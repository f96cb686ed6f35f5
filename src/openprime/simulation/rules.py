"""The rules of a small world: few symbols of every kind, so that a run is quick and all meet."""

from functools import cache

import msgspec

from openprime.model.reference import Reference
from openprime.server.broker import load_reference

SYMS = (
    "BINANCE_PERP_BTC_USDT",
    "BINANCE_PERP_ETH_USDT",
    "BINANCE_SPOT_BTC_USDT",
    "BINANCE_MARGIN_BTC_USDT",
    "OKX_PERP_BTC_USDT",
    "OKX_SPOT_ETH_USDT",
)


@cache
def small_reference() -> Reference:
    """The venues' rules for the symbols of the small world alone."""
    whole = load_reference()
    instruments = {sym: whole.instruments[sym] for sym in SYMS}
    tiers = {sym: rows for sym, rows in whole.position_tiers.items() if sym in instruments}
    return msgspec.structs.replace(whole, instruments=instruments, position_tiers=tiers)
