"""How many algo orders may wait: as many as orders may work, but counted apart from them.

What an order brings along waits from its first fill on, so it takes its place with the order.
"""

from collections.abc import Iterator

from openprime.desk.placing import Placing
from openprime.model.vocabulary import Exchange


def algo_has_room(placing: Placing) -> int | None:
    """401044 where a symbol has as many algo orders waiting as it may, 401054 an account."""
    turn, instrument = placing.turn, placing.instrument
    found = list(_waiting(placing))
    if sum(sym == instrument.sym for sym, _ in found) >= instrument.max_open_orders:
        return 401044
    here = sum(exchange is instrument.exchange for _, exchange in found)
    return 401054 if here >= turn.settings.portfolio_max_orders else None


def _waiting(placing: Placing) -> Iterator[tuple[str, Exchange]]:
    """Symbol and exchange of each algo order of the portfolio, and of each that an order of the
    account has yet to bring."""
    state, account = placing.turn.state, placing.account
    for algo_order_id in placing.portfolio.algo_orders:
        algo = state.algos[algo_order_id]
        yield algo.sym, algo.exchange
    for exposure in account.exposures.values():
        for order_id in exposure.orders:
            if state.attached_orders.get(order_id) == 0:
                yield exposure.sym, account.exchange
