"""Where the recorded markets are found: test input that is not part of the repository."""

import json
import os
from functools import cache
from pathlib import Path

from openprime.model.reference import Reference, build

ROOT = Path(__file__).resolve().parent.parent

RECORDED_FILES = {
    "BINANCE_PERP_BTC_USDT": "usdm_btcusdt_20240808.gz",
    "BINANCE_PERP_ETH_USDT": "usdm_ethusdt_20240808.gz",
    "BINANCE_SPOT_BTC_USDT": "spot_btcusdt_20240808.gz",
}


def folder() -> Path:
    """The folder of recordings: OPENPRIME_RECORDINGS, or shared/data beside the repository."""
    named = os.environ.get("OPENPRIME_RECORDINGS")
    path = Path(named) if named else ROOT.parent / "shared" / "data"
    if not path.is_dir():
        raise FileNotFoundError(
            f"expected the recorded markets in {path}: "
            "set OPENPRIME_RECORDINGS to the folder that holds them"
        )
    return path


def recording(sym: str) -> Path:
    """The recorded file of a symbol."""
    path = folder() / RECORDED_FILES[sym]
    if not path.is_file():
        raise FileNotFoundError(f"expected the recording of {sym} at {path}, found no file")
    return path


@cache
def reference() -> Reference:
    """The reference data that ships with the package."""
    path = ROOT / "src" / "openprime" / "data" / "reference.json"
    return build(json.loads(path.read_text()))
