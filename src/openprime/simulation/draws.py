"""Chance: everything that is drawn comes from one seed.

Each purpose draws from a stream of its own, and each step too. So a run without some of its steps
draws the others as before, and a failure can be found again in a shorter run.
"""

import random


class Draws:
    """The streams of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, *names: str | int) -> random.Random:
        """The stream of a purpose: the same for the same names."""
        return random.Random(":".join(map(str, (self.seed, *names))))
