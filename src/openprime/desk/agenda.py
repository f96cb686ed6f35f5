"""What the desk has to do at a moment to come: it is noted here and done when time has passed."""

from bisect import bisect_left, insort

from openprime.desk.state import Due, TaskKind
from openprime.desk.turn import Turn


def schedule(turn: Turn, time_ms: int, kind: TaskKind, subject: int = 0) -> None:
    """Note a task for `time_ms`; of two at one moment the one noted first is done first."""
    state = turn.state
    state.tasks_noted += 1
    insort(state.agenda, Due(time_ms, state.tasks_noted, kind, subject))


def go_on_first(turn: Turn, kind: TaskKind) -> None:
    """Have a task go on at the very moment that it is done at, before all else of that moment."""
    insort(turn.state.agenda, Due(turn.now_ms, 0, kind, 0))


def call_off(turn: Turn, time_ms: int, kind: TaskKind, subject: int) -> None:
    """Take back a task that was noted for `time_ms`, if it is still to be done."""
    agenda = turn.state.agenda
    place = bisect_left(agenda, time_ms, key=lambda due: due.time_ms)
    while place < len(agenda) and agenda[place].time_ms == time_ms:
        due = agenda[place]
        if due.kind is kind and due.subject == subject:
            del agenda[place]
            return
        place += 1


def come_round(turn: Turn, kind: TaskKind, interval_ms: int, offset_ms: int = 0) -> None:
    """Have a task done at the next round moment, unless it is noted already.

    Round are the multiples of `interval_ms` since 1970, each later by `offset_ms`.
    """
    recurring = turn.state.recurring
    if kind not in recurring:
        rounds = (turn.now_ms - offset_ms) // interval_ms + 1
        recurring[kind] = rounds * interval_ms + offset_ms
        schedule(turn, recurring[kind], kind)


def has_come(turn: Turn, kind: TaskKind) -> None:
    """The recurring task is being done: it comes round again only where it is asked for."""
    del turn.state.recurring[kind]
