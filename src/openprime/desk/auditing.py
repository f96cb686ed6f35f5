"""The operator's audit: a row a change, kept in the same transaction as the change itself."""

from openprime.desk.commands import Note, OperatorNote
from openprime.desk.events import Audited
from openprime.desk.turn import Turn


def note_down(turn: Turn, note: OperatorNote) -> None:
    """Leave the audit row of the command that was just done."""
    turn.events.append(
        Audited(turn.new_long_id(), turn.now_ms, note.action, note.body, note.peer, note.code)
    )


def note_alone(turn: Turn, command: Note) -> None:
    """Do nothing: the row is left for the envelope's note."""
