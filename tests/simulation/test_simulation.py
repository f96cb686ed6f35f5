"""Runs of the simulator: they find nothing, and are the same however often they are made.

SIMULATION_SEED, SIMULATION_SEEDS and SIMULATION_STEPS make the search longer, or another one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from openprime.server.config import Replay
from openprime.simulation import Simulation
from openprime.simulation.outcome import shrink, told
from tests.recordings import recording
from tests.simulation.bugs import loses_the_fee

FIRST = int(os.environ.get("SIMULATION_SEED", "1000"))
SEEDS = int(os.environ.get("SIMULATION_SEEDS", "12"))
STEPS = int(os.environ.get("SIMULATION_STEPS", "400"))
BTC = "BINANCE_PERP_BTC_USDT"
PROGRAM = "from openprime.simulation import Simulation; print(Simulation(11, 150).run().digest)"


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_no_promise_is_broken(seed: int) -> None:
    outcome = Simulation(seed, STEPS).run()
    assert outcome.good, told(outcome)


def test_two_runs_of_one_seed_are_the_same() -> None:
    first, second = Simulation(7, 200).run(), Simulation(7, 200).run()
    assert first == second
    assert Simulation(8, 200).run().digest != first.digest


def test_another_process_makes_the_same_run() -> None:
    """Whatever order its sets have."""
    digests = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    ]
    assert digests[0] == digests[1]


def test_a_recorded_market_moves_a_simulation() -> None:
    try:
        path = recording(BTC)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    outcome = Simulation(5, 200, replays=(Replay(BTC, (path,)),)).run()
    assert outcome.good, told(outcome)


def test_a_failure_says_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loses_the_fee(monkeypatch)
    outcome = Simulation(3, 300).run()
    text = told(outcome)
    assert "--seed 3 --steps 300" in text
    assert "money sums to zero" in text
    assert outcome.digest in text
    assert Simulation(3, 300).run() == outcome


def test_a_failure_is_made_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    loses_the_fee(monkeypatch)
    outcome = Simulation(3, 300).run()
    left_out = shrink(outcome, lambda steps: Simulation(3, 300, steps).run())
    shorter = Simulation(3, 300, left_out).run()
    assert shorter.check == outcome.check
    assert len(left_out) > 290


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Simulation(9, 30).run()
    assert list(tmp_path.iterdir()) == []
