"""What there is to lend: a pool for each exchange and coin (resolutions 89, 140).

A pool is as large as an operator says, else a multiple of the size at which the coin's highest
tier of debt ends. What MARGIN orders and loans have borrowed is out of it.
"""

from decimal import Decimal

from openprime.desk.turn import Turn, holders_of
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
    total = ZERO
    for account in holders_of(turn.state, coin):
        if account.exchange is exchange:
            wallet = account.wallets[coin]
            total += wallet.borrowed + wallet.loan
    return total


def pool_left(turn: Turn, exchange: Exchange, coin: str) -> Decimal:
    """What can still be borrowed from a pool by all together; never below 0."""
    return positive_part(pool_size(turn, exchange, coin) - lent(turn, exchange, coin))
