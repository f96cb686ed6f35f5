"""The fitting script: what it reads of a recording, and that its report can be made."""

import gzip
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from openprime.market.events import DepthChange, DepthSnapshot, MarketTrade

SCRIPT = Path(__file__).parents[2] / "scripts" / "fit_market.py"
SYM = "BINANCE_PERP_BTC_USDT"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fit_market", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def depth(update_id: int, time_ms: int, bids: list[list[str]]) -> dict[str, Any]:
    return {"data": {"e": "depthUpdate", "E": time_ms, "u": update_id, "b": bids, "a": []}}


def trade(trade_id: int, kind: str) -> dict[str, Any]:
    row = {"e": "trade", "T": 1005, "t": trade_id, "p": "60000.1", "q": "0.012", "m": True}
    return {"data": row | {"X": kind}}


def test_a_recording_is_read_from_its_snapshot_on(script: ModuleType, tmp_path: Path) -> None:
    messages = [
        depth(9, 990, [["1.0", "1"]]),
        {"lastUpdateId": 10, "bids": [["60000.0", "1.5"]], "asks": [["60000.2", "2"]]},
        depth(12, 1000, [["60000.0", "0.000"], ["59999.9", "3"]]),
        trade(1, "MARKET"),
        trade(2, "INSURANCE_FUND"),
    ]
    path = tmp_path / "recording.gz"
    with gzip.open(path, "wt") as lines:
        lines.writelines(f"123 {json.dumps(m)}\n" for m in messages)
    assert list(script.recorded(path, script.reference().instruments[SYM])) == [
        DepthSnapshot(SYM, 1000, 10, [(600_000, 1500)], [(600_002, 2000)]),
        DepthChange(SYM, 1000, 12, [(600_000, 0), (599_999, 3000)], []),
        MarketTrade(SYM, 1005, 1, 600_001, 12, True),
    ]


def test_the_report_compares_recorded_fitted_and_generated(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "REPORT_SECONDS", 30)
    script.report()
    printed = capsys.readouterr().out
    assert printed.count("| | recorded | fitted | generated |") == 3
    assert "| depth through level 20 (USDT) | 650,000 |" in printed
