"""Tasks that come round to many accounts: to so many in one command, to the rest as soon as others
had their turn.

A round goes through the accounts in the order of their ids, before everything else that is due at
its moment, and with that moment as its time. What an account then has is what counts.
"""

from collections.abc import Iterable, Iterator

from openprime.desk.agenda import go_on_first
from openprime.desk.state import Account, Round, TaskKind
from openprime.desk.turn import Turn, account_named

# How many accounts one command goes to. Each counts as a look (see work.py).
ACCOUNTS_MAX = 100


def start(turn: Turn, kind: TaskKind, keys: Iterable[str]) -> Round:
    """Begin a task's round through the accounts that keys of a set name."""
    started = turn.state.rounds[kind] = Round(sorted(keys, reverse=True))
    return started


def next_accounts(turn: Turn, kind: TaskKind) -> Iterator[Account]:
    """The accounts that are next in a task's round; where some are left then, it is to go on."""
    state = turn.state
    waiting = state.rounds[kind].waiting
    for _ in range(min(len(waiting), ACCOUNTS_MAX)):
        turn.looks += 1
        yield account_named(state, waiting.pop())
    if waiting:
        go_on_first(turn, kind)
    else:
        del state.rounds[kind]
