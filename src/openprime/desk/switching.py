"""Turning the operator's switches: accounts held, maintenance windows, faults (errors 7), time.

The desk keeps windows, faults and the clock, so that they are journaled and outlive a restart; what
they do is done at the edge.
"""

from openprime.desk.commands import (
    ArmFault,
    BanTrading,
    DisarmFaults,
    EndWindow,
    OpenWindow,
    PinStatus,
    RestrictAccount,
    SetClock,
)
from openprime.desk.state import Account
from openprime.desk.switches import Fault, Window
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import Exchange

WINDOWS_MAX = 100
FAULTS_MAX = 1000


def ban_trading(turn: Turn, command: BanTrading) -> Refusal | None:
    """Refuse every order of an account with 401045, or take them again. Code: 402006."""
    account = _account(turn, command.portfolio_id, command.exchange)
    if isinstance(account, Refusal):
        return account
    account.trade_banned = command.banned
    turn.touch_account(account)
    return None


def restrict_account(turn: Turn, command: RestrictAccount) -> Refusal | None:
    """Restrict an account, or free it (errors 6.2). Code: 402006."""
    account = _account(turn, command.portfolio_id, command.exchange)
    if isinstance(account, Refusal):
        return account
    account.restricted = command.restricted
    turn.touch_account(account)
    return None


def pin_status(turn: Turn, command: PinStatus) -> Refusal | None:
    """Hold an account's status, or let it go. Code: 402006."""
    account = _account(turn, command.portfolio_id, command.exchange)
    if isinstance(account, Refusal):
        return account
    account.pinned_status = command.status
    turn.touch_account(account)
    return None


def _account(turn: Turn, portfolio_id: int, exchange: Exchange) -> Account | Refusal:
    portfolio = turn.state.portfolios.get(portfolio_id)
    account = portfolio.accounts.get(exchange) if portfolio else None
    return account or Refusal(402006)


def open_window(turn: Turn, command: OpenWindow) -> int | Refusal:
    """Announce a maintenance window; returns its id. Code: 400000 for one that ends before it
    begins or has ended, and where too many stand.
    """
    windows = turn.state.windows
    over = [window for window in windows.values() if window.end_ms <= turn.now_ms]
    ended = command.end_ms <= max(command.start_ms, turn.now_ms)
    if ended or len(windows) - len(over) >= WINDOWS_MAX:
        return Refusal(400000)
    for window in over:
        del windows[window.window_id]
    window_id = turn.new_id()
    windows[window_id] = Window(
        window_id, command.service, command.start_ms, command.end_ms, command.description
    )
    return window_id


def end_window(turn: Turn, command: EndWindow) -> Refusal | None:
    """Take a maintenance window away. Code: 400000 where there is none of this id."""
    if turn.state.windows.pop(command.window_id, None) is None:
        return Refusal(400000)
    return None


def arm_fault(turn: Turn, command: ArmFault) -> int | Refusal:
    """Arm a fault; returns its id. Code: 400000 where too many are armed."""
    faults = turn.state.faults
    over = [
        fault
        for fault in faults.values()
        if fault.fault_id == command.replaces or not fault.stands(turn.now_ms)
    ]
    if len(faults) - len(over) >= FAULTS_MAX:
        return Refusal(400000)
    for fault in over:
        del faults[fault.fault_id]
    fault_id = turn.new_id()
    faults[fault_id] = Fault(
        fault_id,
        command.kind,
        command.match,
        command.code,
        command.arguments,
        command.latency_ms,
        command.count,
        turn.now_ms + command.ttl_ms if command.ttl_ms else 0,
        command.chance,
        command.seed,
        command.how,
    )
    return fault_id


def disarm_faults(turn: Turn, command: DisarmFaults) -> Refusal | None:
    """Take one fault away, or all. Code: 400000 where there is none of this id."""
    faults = turn.state.faults
    if command.fault_id is None:
        faults.clear()
    elif faults.pop(command.fault_id, None) is None:
        return Refusal(400000)
    return None


def set_clock(turn: Turn, command: SetClock) -> Refusal | None:
    """Keep the line that the desk's time goes along. Code: 400000 for one that goes back, or that
    stands still without being frozen.
    """
    line = command.line
    if line.desk_ms < turn.now_ms or line.speed <= ZERO:
        return Refusal(400000)
    turn.state.clock = line
    return None
