"""What there is to lend: a pool for each exchange and coin (resolutions 89, 140).

A pool is as large as an operator says, else a multiple of the size at which the coin's highest
tier of debt ends. What MARGIN orders and loans have borrowed is out of it.

Whoever holds a coin may be many, whoever owes it is few: those are known, so that an order which
borrows need not look through all the others.
"""

from decimal import Decimal

from openprime.desk.state import Account, State, Wallet
from openprime.desk.turn import Turn
from openprime.model.numbers import ZERO, positive_part
from openprime.model.reference import coin_key
from openprime.model.vocabulary import Exchange


def pool_size(turn: Turn, exchange: Exchange, coin: str) -> Decimal:
    """The whole pool, in coin; 0 where the coin is not lent."""
    key = coin_key(exchange, coin)
    given = turn.reference.loan_pools.get(key)
    if given is not None:
        return given
    tiers = turn.reference.loan_tiers.get(key)
    return tiers[-1].cap * turn.settings.loan_pool_multiple if tiers else ZERO


def lent(turn: Turn, exchange: Exchange, coin: str) -> Decimal:
    """What is out of a pool, over all portfolios."""
    if turn.debtors is None:
        turn.debtors = _find_debtors(turn.state)
    total, wallets = ZERO, turn.debtors.get(coin_key(exchange, coin), {})
    for portfolio_id, wallet in list(wallets.items()):
        owed = wallet.borrowed + wallet.loan
        total += owed
        if not owed:
            del wallets[portfolio_id]
    return total


def note_debtor(turn: Turn, account: Account, wallet: Wallet) -> None:
    """Know of a wallet that it has borrowed."""
    if turn.debtors is not None:
        key = coin_key(account.exchange, wallet.coin)
        turn.debtors.setdefault(key, {})[account.portfolio_id] = wallet


def _find_debtors(state: State) -> dict[str, dict[int, Wallet]]:
    """The wallets that have borrowed, by exchange and coin, and then by portfolio."""
    found: dict[str, dict[int, Wallet]] = {}
    for portfolio in state.portfolios.values():
        for account in portfolio.accounts.values():
            for coin, wallet in account.wallets.items():
                if wallet.borrowed or wallet.loan:
                    key = coin_key(account.exchange, coin)
                    found.setdefault(key, {})[portfolio.portfolio_id] = wallet
    return found


def pool_left(turn: Turn, exchange: Exchange, coin: str) -> Decimal:
    """What can still be borrowed from a pool by all together; never below 0."""
    return positive_part(pool_size(turn, exchange, coin) - lent(turn, exchange, coin))
