"""Numbers for markets: what (exchange, business, sym) is called in the history tables."""

from sqlalchemy import Connection, select

from openprime.model.vocabulary import Business, Exchange
from openprime.store.tables import markets

Market = tuple[str, str, str]


class Markets:
    """All markets that history has rows of. Numbered by the writer, looked up by everyone.

    A dict only grows here, and is read as a copy, so readers in other threads need no lock.
    """

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute(
            select(markets.c.exchange, markets.c.business, markets.c.sym, markets.c.market_id)
        )
        self._ids: dict[Market, int] = {(r[0], r[1], r[2]): r[3] for r in rows}
        self._fresh: list[Market] = []

    def number(self, exchange: Exchange, business: str, sym: str) -> int:
        """The number of a market, a new one where it has none (see `fresh_rows`)."""
        market = (exchange._value_, str(business), sym)
        found = self._ids.get(market)
        if found is None:
            found = self._ids[market] = len(self._ids) + 1
            self._fresh.append(market)
        return found

    def fresh_rows(self) -> list[tuple[object, ...]]:
        """Rows of the markets that are numbered but not yet kept, be it after a failed commit."""
        return [(self._ids[market], *market) for market in self._fresh]

    def keep_fresh(self) -> None:
        """The fresh rows are committed."""
        self._fresh.clear()

    def matching(
        self, exchange: Exchange | None, business: Business | None, syms: tuple[str, ...]
    ) -> list[int] | None:
        """The numbers that a filter admits; None where it admits all. No `syms` admit every one."""
        if exchange is None and business is None and not syms:
            return None
        return [
            number
            for (its_exchange, its_business, its_sym), number in list(self._ids.items())
            if (exchange is None or its_exchange == exchange)
            and (business is None or its_business == business)
            and (not syms or its_sym in syms)
        ]

    def by_number(self) -> dict[int, Market]:
        """What the numbers stand for."""
        return {number: market for market, number in list(self._ids.items())}


def business_of(sym: str) -> str:
    """The business that a sym names: EXCHANGE_BUSINESS_BASE_QUOTE."""
    return sym.split("_", 2)[1]
