"""The desk's tasks: what is done when a noted moment has come.

Tasks run in the order of their moments, each with its own moment as the time of the turn, so that
ten hours passed at once leave the same books as ten hours passed one by one.
"""

from collections.abc import Callable, Container
from itertools import takewhile

from openprime.desk.commands import RunAgenda
from openprime.desk.deposits import finish_deposit
from openprime.desk.following import set_off
from openprime.desk.hourly import close_hour
from openprime.desk.ladder import settle
from openprime.desk.loans import charge_loans
from openprime.desk.looking import go_on_looking
from openprime.desk.slices import run_slice
from openprime.desk.state import TaskKind
from openprime.desk.sub_fees import change_markups
from openprime.desk.takeover import run_liquidation
from openprime.desk.transfers import finish_transfer
from openprime.desk.turn import Turn
from openprime.desk.withdrawals import finish_withdrawal
from openprime.desk.work import work_left

# What one command does at most; the next goes on where it stopped.
TASKS_MAX = 100

# A task takes the turn and the number of what it is about: a transfer, an order, nothing.
TASKS: dict[TaskKind, Callable[[Turn, int], None]] = {
    TaskKind.RUN_SLICE: run_slice,
    TaskKind.SET_OFF: set_off,
    TaskKind.FINISH_TRANSFER: finish_transfer,
    TaskKind.FINISH_DEPOSIT: finish_deposit,
    TaskKind.FINISH_WITHDRAWAL: finish_withdrawal,
    TaskKind.CHANGE_MARKUPS: change_markups,
    TaskKind.CLOSE_HOUR: close_hour,
    TaskKind.CHARGE_LOANS: charge_loans,
    TaskKind.LIQUIDATE: run_liquidation,
    TaskKind.LOOK: go_on_looking,
}

# What is reckoned with the prices of its moment: done before later ones are taken.
PRICED = (TaskKind.CLOSE_HOUR, TaskKind.CHARGE_LOANS)


def run_agenda(turn: Turn, command: RunAgenda) -> None:
    """Do what is due up to the present moment."""
    _run(turn, TASKS)


def run_priced(turn: Turn) -> None:
    """Do what is due of the tasks that look at prices."""
    agenda = turn.state.agenda
    if agenda and agenda[0].time_ms <= turn.now_ms:
        _run(turn, PRICED)


def _run(turn: Turn, kinds: Container[TaskKind]) -> None:
    agenda, present_ms = turn.state.agenda, turn.now_ms
    for _ in range(TASKS_MAX):
        come = takewhile(lambda due: due.time_ms <= present_ms, agenda)
        due = next((due for due in come if due.kind in kinds), None)
        if due is None:
            break
        can_wait = kinds is TASKS or _has_its_prices(turn, due.kind, present_ms)
        if can_wait and work_left(turn) <= 0:
            break
        agenda.remove(due)
        turn.now_ms = due.time_ms
        TASKS[due.kind](turn, due.subject)
        settle(turn)
    turn.now_ms = present_ms


def _has_its_prices(turn: Turn, kind: TaskKind, present_ms: int) -> bool:
    """Whether a task goes by prices that it took when it began: so does a round that is under way.
    Where the next one is due as well, that is still to take them.
    """
    next_ms = turn.state.recurring.get(kind, present_ms + 1)
    return kind in turn.state.rounds and next_ms > present_ms
