"""What the desk has to do at a moment to come: it is noted here and done when time has passed."""

from bisect import insort

from openprime.desk.state import Due, TaskKind
from openprime.desk.turn import Turn


def schedule(turn: Turn, time_ms: int, kind: TaskKind, subject: int = 0) -> None:
    """Note a task for `time_ms`; of two at one moment the one noted first is done first."""
    state = turn.state
    state.tasks_noted += 1
    insort(state.agenda, Due(time_ms, state.tasks_noted, kind, subject))
