"""The desk's tasks: what is done when a noted moment has come.

Tasks run in the order of their moments, each with its own moment as the time of the turn, so that
ten hours passed at once leave the same books as ten hours passed one by one.
"""

from collections.abc import Callable

from openprime.desk.commands import RunAgenda
from openprime.desk.state import TaskKind
from openprime.desk.turn import Turn

# What one command does at most; the next goes on where it stopped.
TASKS_MAX = 1000

# A task takes the turn and the number of what it is about: a transfer, an order, nothing.
TASKS: dict[TaskKind, Callable[[Turn, int], None]] = {}


def run_agenda(turn: Turn, command: RunAgenda) -> None:
    """Do what is due up to the present moment."""
    agenda, present_ms = turn.state.agenda, turn.now_ms
    for _ in range(TASKS_MAX):
        if not agenda or agenda[0].time_ms > present_ms:
            break
        due = agenda.pop(0)
        turn.now_ms = due.time_ms
        TASKS[due.kind](turn, due.subject)
    turn.now_ms = present_ms
