"""Which accounts the end of an hour may concern: those with positions, which may be paid or pay
funding, and those that owe, which pay interest.

An account comes in when it opens a position or has less cash than it holds back, and goes when an
hour ends and finds neither. So nobody has to look through accounts that merely hold money.
"""

from decimal import Decimal

from openprime.desk.agenda import come_round
from openprime.desk.state import Account, State, TaskKind, Wallet
from openprime.desk.turn import Turn, account_key, account_named
from openprime.model.numbers import ZERO

HOUR_MS = 3_600_000


def watch(turn: Turn, account: Account) -> None:
    """Have the account looked at when the hour ends."""
    state = turn.state
    if not state.watched:
        come_round(turn, TaskKind.CLOSE_HOUR, HOUR_MS)
    state.watched[account_key(account)] = None


def watched_accounts(turn: Turn) -> list[Account]:
    """The accounts that still belong here, in the order of their ids; the others are let go."""
    state = turn.state
    accounts = sorted_accounts(state, state.watched)
    kept = [account for account in accounts if account.positions or _lacks_cash(account)]
    state.watched = {account_key(account): None for account in kept}
    return kept


def sorted_accounts(state: State, keys: dict[str, None]) -> list[Account]:
    """The accounts that the keys of a set name, by portfolio and exchange."""
    accounts = [account_named(state, key) for key in keys]
    return sorted(accounts, key=lambda account: (account.portfolio_id, account.exchange))


def _lacks_cash(account: Account) -> bool:
    return any(shortfall(wallet) for wallet in account.wallets.values())


def shortfall(wallet: Wallet, upnl: Decimal = ZERO) -> bool:
    """Whether cash and unrealised profit are less than what is held back."""
    return wallet.cash + upnl < wallet.order_frozen + wallet.transfer_frozen
