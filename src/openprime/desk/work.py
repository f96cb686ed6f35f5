"""How much one command may do of what prices and the agenda bring, so that orders need not wait.

What is left is done by the commands that follow. The count goes by what was done and not by time,
so that a replay stops where the first run did.
"""

from openprime.desk.turn import Turn

# In looks at an account that change nothing; and what an event costs in these.
WORK_MAX = 150
EVENT_WORK = 2


def work_left(turn: Turn) -> int:
    """How many more looks the present command may take."""
    return WORK_MAX - turn.looks - EVENT_WORK * len(turn.events)
