"""The risk ladder: where an account stands, and what the broker does about it (risk-model 12).

After every command and every task of the agenda each account that something happened to is looked
at, and so are those whose band a price left (see bands.py). An account that came down steps takes
them all in order: first what adds exposure is cancelled, then every order, then it is liquidated.
"""

from openprime.desk.algos import end_by_client
from openprime.desk.events import MarginCalled
from openprime.desk.liquidation import begin, go_on, is_sound
from openprime.desk.margin import refresh, totals
from openprime.desk.relief import Lifted, cancel_orders
from openprime.desk.risk import SEVERITY, far_from_call, standing
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account
from openprime.desk.turn import Turn
from openprime.model.vocabulary import AccountStatus, AlgoState

NORMAL = AccountStatus.NORMAL
CANCEL_OPEN, CANCEL_ALL, LIQUIDATING = (
    SEVERITY.index(AccountStatus.CANCEL_OPEN),
    SEVERITY.index(AccountStatus.CANCEL_ALL),
    SEVERITY.index(AccountStatus.LIQUIDATING),
)


def settle(turn: Turn) -> None:
    """Look at every account that something happened to, and at those that this touches."""
    while turn.moved:
        moved, turn.moved = turn.moved, {}
        for account in moved.values():
            if not account.loose:
                turn.bands.loosen(account)
            look_at(turn, account)


def look_at(turn: Turn, account: Account) -> None:
    """Bring an account's status up to date, and do what it asks for."""
    refresh(turn, account)
    if account.liquidation is not None:
        go_on(turn, account)
    elif account.status is NORMAL and far_from_call(account, turn.settings):
        return
    status = standing(account, totals(account), turn.settings)
    if status is not account.status:
        _step(turn, account, status)
    rung = SEVERITY.index(status)
    if rung >= CANCEL_OPEN and account.liquidation is None:
        _act(turn, account, rung)


def _step(turn: Turn, account: Account, status: AccountStatus) -> None:
    """Go to another status: on the way down with one notice an entry, and none too often."""
    down = SEVERITY.index(status) > SEVERITY.index(account.status)
    account.status = status
    turn.touch_account(account)
    last_ms = account.notices_ms.get(status)
    interval_ms = turn.settings.margin_notice_interval_ms
    if down and (last_ms is None or turn.now_ms - last_ms >= interval_ms):
        account.notices_ms[status] = turn.now_ms
        turn.events.append(MarginCalled(account.portfolio_id, account.exchange, status))


def _act(turn: Turn, account: Account, rung: int) -> None:
    """Take the steps down to a rung, each as far as the one before did not help."""
    settings = turn.settings
    lifted = Lifted(turn, account)
    done = cancel_orders(turn, account, lifted, settings.cancel_open_uni_mmr)
    if done and rung >= CANCEL_ALL and _still(account, settings) >= CANCEL_ALL:
        done = cancel_orders(turn, account, lifted, None)
        _end_algos(turn, account)
    reached = _still(account, settings)
    sound = is_sound(account, settings)
    lifted.put_back()
    if done and rung >= LIQUIDATING and reached >= LIQUIDATING and not sound:
        begin(turn, account, SEVERITY[min(rung, reached)])


def _still(account: Account, settings: DeskSettings) -> int:
    """The rung that an account would be on without the orders that are lifted."""
    return SEVERITY.index(standing(account, totals(account), settings))


def _end_algos(turn: Turn, account: Account) -> None:
    portfolio = turn.state.portfolios[account.portfolio_id]
    for algo_order_id in list(portfolio.algo_orders):
        algo = turn.state.algos[algo_order_id]
        if algo.exchange is account.exchange and algo.state is not AlgoState.PENDING_CANCEL:
            end_by_client(turn, algo)
