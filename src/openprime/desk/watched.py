"""Which accounts the end of an hour may concern: those with positions, which may be paid or pay
funding, and those that owe, which pay interest.

An account comes in when it opens a position or has less cash than it holds back, and goes when an
hour ends and finds neither. So nobody has to look through accounts that merely hold money.
"""

from openprime.desk.agenda import come_round
from openprime.desk.state import Account, TaskKind, account_key
from openprime.desk.turn import Turn

HOUR_MS = 3_600_000


def watch(turn: Turn, account: Account) -> None:
    """Have the account looked at when the hour ends."""
    state = turn.state
    if not state.watched:
        come_round(turn, TaskKind.CLOSE_HOUR, HOUR_MS)
    state.watched[account_key(account)] = None
