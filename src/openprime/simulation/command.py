"""The command line of the simulator."""

import time

import click

from openprime.simulation.simulation import Simulation


@click.command()
@click.option("--seed", default=1, show_default=True, help="The first seed.")
@click.option("--seeds", default=1, show_default=True, help="How many seeds, one after the other.")
@click.option("--steps", default=500, show_default=True, help="Steps of each seed.")
def main(seed: int, seeds: int, steps: int) -> int:
    """Simulate."""
    bad = 0
    for number in range(seed, seed + seeds):
        begin = time.perf_counter()
        outcome = Simulation(number, steps).run()
        took = time.perf_counter() - begin
        click.echo(f"seed {number} {outcome.digest[:12]} {took:.1f} s {outcome.check} {outcome.found[:300]}")
        if not outcome.good:
            bad += 1
            click.echo("\n".join(outcome.tail[-25:]))
    return bad
