"""The simulator's command: what it tells of good runs and of those that broke a promise."""

import pytest
from click.testing import CliRunner

from openprime.simulation.command import main
from tests.simulation.bugs import loses_the_fee


def test_good_runs_are_counted() -> None:
    result = CliRunner().invoke(main, ["--seed", "21", "--seeds", "2", "--steps", "20"])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("2 seeds of 20 steps: 0 broke a promise\n")


def test_a_failure_of_one_seed_is_told_with_the_steps_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loses_the_fee(monkeypatch)
    result = CliRunner().invoke(main, ["--seed", "3", "--steps", "60"])
    assert result.exit_code == 1
    assert "  money sums to zero\n" in result.output
    assert "again: python -m openprime.simulation --seed 3 --steps 60\n" in result.output
    assert "these steps are enough: [" in result.output
    assert result.output.endswith("1 seeds of 60 steps: 1 broke a promise\n")


def test_among_many_seeds_failures_are_not_shortened_unless_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loses_the_fee(monkeypatch)
    result = CliRunner().invoke(main, ["--seed", "3", "--seeds", "2", "--steps", "60"])
    assert result.exit_code == 1
    assert "these steps are enough" not in result.output
