"""The command line of the simulator."""

from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context

import click

from openprime.server.config import Replay, parse_replay
from openprime.simulation.outcome import Outcome, shrink, told
from openprime.simulation.simulation import Simulation

SEEDS_A_LINE = 20

Job = tuple[int, int, tuple[Replay, ...]]


def run(job: Job) -> Outcome:
    """One seed."""
    seed, steps, replays = job
    return Simulation(seed, steps, replays=replays).run()


def outcomes(jobs: list[Job], processes: int) -> Iterator[Outcome]:
    """Seed by seed, in order, some at once."""
    if processes <= 1:
        yield from map(run, jobs)
        return
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(run, jobs)


@click.command()
@click.option("--seed", default=1, show_default=True, help="The first seed.")
@click.option("--seeds", default=1, show_default=True, help="How many, one after the other.")
@click.option("--steps", default=500, show_default=True, help="Steps of each seed.")
@click.option("--jobs", default=1, show_default=True, help="Processes to run them in.")
@click.option(
    "--shrink/--no-shrink",
    "shrinks",
    default=None,
    help="Look for a shorter run that fails: usual where one seed is run.",
)
@click.option(
    "--replay",
    "replays",
    multiple=True,
    metavar="FILE=SYM",
    help="Let a symbol's market come from a recording.",
)
def main(
    seed: int, seeds: int, steps: int, jobs: int, shrinks: bool | None, replays: tuple[str, ...]
) -> None:
    """Simulate the broker under faults, and hold it to its promises.

    Prints a failure with what it takes to see it again, and ends with 1 where there was one.
    """
    recorded = tuple(map(parse_replay, replays))
    counts: Counter[str] = Counter()
    failed: list[Outcome] = []
    every = [(number, steps, recorded) for number in range(seed, seed + seeds)]
    for number, outcome in enumerate(outcomes(every, jobs), 1):
        counts.update(outcome.counts)
        if seeds == 1:
            click.echo(f"seed {outcome.seed}: trace {outcome.digest}")
        if not outcome.good:
            failed.append(outcome)
            click.echo(told(outcome))
            if shrinks or (shrinks is None and seeds == 1):
                _shrink(outcome, recorded)
        if number % SEEDS_A_LINE == 0 and number < seeds:
            happened = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
            click.echo(f"{number} seeds so far: {len(failed)} broke a promise; {happened}")
    for name, count in sorted(counts.items()):
        click.echo(f"{count:>8} {name}")
    click.echo(f"{seeds} seeds of {steps} steps: {len(failed)} broke a promise")
    raise SystemExit(1 if failed else 0)


def _shrink(outcome: Outcome, replays: tuple[Replay, ...]) -> None:
    def without(left_out: frozenset[int]) -> Outcome:
        return Simulation(outcome.seed, outcome.steps, left_out, replays).run()

    left_out = shrink(outcome, without)
    kept = [step for step in range(1, outcome.at_step + 1) if step not in left_out]
    click.echo(f"these steps are enough: {kept}")
    click.echo("\n".join(without(left_out).tail))
