"""New mark and index prices.

Who holds a symbol is not looked for: an account finds what moved when it is next asked for (see
margin.refresh), and a tick looks only at those whose status it may change, before anything that
waited for a price is set off (risk-model 14).
"""

from openprime.desk.commands import PinPrices, SetPrices
from openprime.desk.following import marks_moved, price_moved
from openprime.desk.looking import prices_moved
from openprime.desk.tasks import run_priced
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.numbers import ZERO
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import WatchedPrice


def set_prices(turn: Turn, command: SetPrices) -> None:
    """Take new marks (by PERP symbol) and indexes (by coin), in USDT; one that the operator holds
    stands. What is due at the former prices is done first.
    """
    run_priced(turn)
    state = turn.state
    state.funding_rates.update(command.funding)
    for sym, mark in command.marks.items():
        if sym not in state.pinned_marks:
            state.marks[sym] = mark
    for coin, index in command.indexes.items():
        if coin not in state.pinned_indexes:
            state.indexes[coin] = index
    if command.marks or command.indexes:
        prices_moved(turn)
    for sym, traded in command.traded.items():
        state.last_prices[sym] = traded.last
        if sym in state.volumes:
            state.volumes[sym] += traded.volume
        price_moved(turn, WatchedPrice.LAST_PRICE, sym, traded.low, traded.high)
    marks_moved(turn, command.marks, command.indexes)


def pin_prices(turn: Turn, command: PinPrices) -> Refusal | None:
    """Hold marks and indexes at a price, or let them go: then the market's next word counts.

    Codes: 401011 for an unknown symbol, 401041 for one that is no PERP, 401035 for a coin without
    an index of its own, 400000 for a price that is not above 0.
    """
    refusal = _pins_refusal(turn, command)
    if refusal is not None:
        return refusal
    run_priced(turn)
    state = turn.state
    for sym, mark in command.marks.items():
        if mark is None:
            state.pinned_marks.pop(sym, None)
        else:
            state.marks[sym] = state.pinned_marks[sym] = mark
    for coin, index in command.indexes.items():
        if index is None:
            state.pinned_indexes.pop(coin, None)
        else:
            state.indexes[coin] = state.pinned_indexes[coin] = index
    prices_moved(turn)
    marks_moved(turn, command.marks, command.indexes)
    return None


def _pins_refusal(turn: Turn, command: PinPrices) -> Refusal | None:
    instruments = turn.reference.instruments
    for sym in command.marks:
        if sym not in instruments:
            return Refusal(401011)
        if not instruments[sym].is_perp:
            return Refusal(401041)
    priced = {i.base for i in instruments.values() if i.quote == VALUATION_COIN}
    if not priced.issuperset(command.indexes):
        return Refusal(401035)
    prices = (*command.marks.values(), *command.indexes.values())
    positive = all(price is None or (price.is_finite() and price > ZERO) for price in prices)
    return None if positive else Refusal(400000)
