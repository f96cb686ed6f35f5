"""The trades of the market that the desk must hear of, because algo orders wait for them.

Only symbols that the desk follows are gathered, so that the journal does not grow with the market's
trades; nothing between two tellings is lost, for each tells the lowest and the highest price.
"""

from collections.abc import Callable
from decimal import Decimal

from openprime.desk.commands import Traded
from openprime.desk.state import State
from openprime.desk.triggers import symbols_followed
from openprime.market.events import MarketTrade
from openprime.model.reference import Reference


class TradesFollowed:
    """`state` gives the desk's state of the moment, `reference` the venues' rules."""

    def __init__(self, state: Callable[[], State], reference: Reference) -> None:
        self._state = state
        self._instruments = reference.instruments
        # The followed symbols by the book that they trade on: MARGIN shares the book of SPOT.
        self._by_book: dict[str, list[str]] = {}
        self._traded: dict[str, Traded] = {}

    def take(self, trade: MarketTrade) -> None:
        """Gather a trade, where any symbol of its book is followed."""
        syms = self._by_book.get(trade.sym)
        if syms is None:
            return
        instrument = self._instruments[trade.sym]
        price = instrument.price(trade.price_ticks)
        quantity = instrument.quantity(trade.quantity_lots)
        for sym in syms:
            self._traded[sym] = _joined(self._traded.get(sym), price, quantity)

    def told(self) -> dict[str, Traded]:
        """What was gathered since the last call; from here on what the desk follows now counts."""
        traded, self._traded = self._traded, {}
        self._by_book = {}
        for sym in symbols_followed(self._state()):
            if sym in self._instruments:
                self._by_book.setdefault(self._instruments[sym].book_sym, []).append(sym)
        return traded


def _joined(known: Traded | None, price: Decimal, quantity: Decimal) -> Traded:
    if known is None:
        return Traded(price, price, price, quantity)
    low, high = min(known.low, price), max(known.high, price)
    return Traded(low, high, price, known.volume + quantity)
