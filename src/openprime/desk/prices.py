"""New mark and index prices: they move values, not orders, so all they do is mark what is stale."""

from openprime.desk.commands import SetPrices
from openprime.desk.turn import Turn, holders_of


def set_prices(turn: Turn, command: SetPrices) -> None:
    """Take new marks (by PERP symbol) and indexes (by coin), in USDT."""
    state = turn.state
    for sym, mark in command.marks.items():
        state.marks[sym] = mark
        for account in holders_of(state, sym):
            account.stale_syms[sym] = None
    for coin, index in command.indexes.items():
        state.indexes[coin] = index
        for account in holders_of(state, coin):
            account.stale_coins[coin] = None
            if account.spot_orders:
                account.spot_orders_stale = True
