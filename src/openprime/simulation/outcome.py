"""What came of a run, and how a failure is told."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

TAIL_TOLD = 25
SHRINKS_MAX = 40


class Outcome(msgspec.Struct, frozen=True):
    """What came of a run. `check` and `found` say which promise was broken, if any."""

    seed: int
    steps: int
    digest: str
    counts: dict[str, int]
    check: str = ""
    found: str = ""
    at_step: int = 0
    tail: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.check


Run = Callable[[frozenset[int]], Outcome]


def shrink(failed: Outcome, run: Run) -> frozenset[int]:
    """Steps that can be left out of a run, and it still fails the same check: found by leaving out
    pieces, smaller and smaller, in few runs.
    """
    left_out: frozenset[int] = frozenset(range(failed.at_step + 1, failed.steps + 1))
    runs, piece = 0, max(failed.at_step // 2, 1)
    while piece and runs < SHRINKS_MAX:
        for begin in range(1, failed.at_step + 1, piece):
            tried = left_out | set(range(begin, min(begin + piece, failed.at_step)))
            if tried == left_out or runs >= SHRINKS_MAX:
                continue
            runs += 1
            if run(tried).check == failed.check:
                left_out = tried
        piece //= 2
    return left_out


def commit() -> str:
    """The commit that is simulated, where this is a checkout."""
    command = ("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty")
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()


def told(outcome: Outcome) -> str:
    """A failure for people: what to run to see it again, what was broken, and what led to it."""
    lines = [
        f"seed {outcome.seed} of commit {commit()} broke a promise at step {outcome.at_step}:",
        f"  {outcome.check}",
        f"  {outcome.found}",
        f"again: python -m openprime.simulation --seed {outcome.seed} --steps {outcome.steps}",
        f"trace: {outcome.digest}; its end:",
        *(f"  {line}" for line in outcome.tail[-TAIL_TOLD:]),
    ]
    return "\n".join(lines)
