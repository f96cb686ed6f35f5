"""The simulator's command: what it tells of good runs and of those that broke a promise."""

import pytest
from click.testing import CliRunner

from openprime.simulation.command import main
from tests.simulation.bugs import loses_the_fee


def test_good_runs_are_counted() -> None:
    result = CliRunner().invoke(main, ["--seed", "21", "--seeds", "2", "--steps", "20"])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("2 seeds of 20 steps: 0 broke a promise\n")


def test_seeds_in_several_processes_are_those_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openprime.simulation.command.SEEDS_A_LINE", 2)
    arguments = ["--seed", "41", "--seeds", "3", "--steps", "2"]
    alone, together = (
        CliRunner().invoke(main, [*arguments, "--jobs", jobs]) for jobs in ("1", "2")
    )
    assert together.exit_code == 0, together.output
    assert together.output == alone.output
    assert alone.output.startswith("2 seeds so far: 0 broke a promise; ")


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
