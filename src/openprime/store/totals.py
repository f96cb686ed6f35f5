"""What was traded a day, kept by difference.

Trading statistics ask for sums over up to 90 days; adding them up from the executions would read
millions of rows. One row a user, day, portfolio and market is added to at every commit instead.
"""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, select

from openprime.desk.events import Trade
from openprime.model.numbers import ONE, ZERO
from openprime.store.markets import Markets
from openprime.store.tables import daily_totals

DAY_MS = 86_400_000

Key = tuple[int, int, int, int]
Sums = tuple[Decimal, Decimal, Decimal]


class DailyTotals:
    """The newest day's totals, so that adding to them does not read them again."""

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._known: dict[Key, Sums] = {}
        self._day = 0

    def rows(self, connection: Connection, trades: Sequence[Trade]) -> list[tuple[object, ...]]:
        """The rows of `daily_totals` that these trades change, as they then stand."""
        changed: dict[Key, Sums] = {}
        for trade in trades:
            day = trade.time_ms // DAY_MS
            if day != self._day:
                self._known = dict(changed)
                self._day = day
            market = self._markets.number(trade.exchange, trade.business, trade.sym)
            key = (trade.user_id, day, trade.portfolio_id, market)
            amount, fee, pnl = self._known.get(key) or _read(connection, key)
            changed[key] = self._known[key] = (
                amount + trade.amount,
                fee + fee_in_quote(trade),
                pnl + trade.realised_pnl,
            )
        return [(*key, *map(str, sums)) for key, sums in changed.items()]

    def forget(self) -> None:
        """Read all totals anew: a transaction failed."""
        self._known.clear()


def fee_in_quote(trade: Trade) -> Decimal:
    """Fee less rebate in the market's quote coin; a base coin counts at the trade's own price."""
    base, quote = trade.sym.split("_")[2:4]
    prices = {base: trade.price, quote: ONE}
    fee = trade.fee * prices.get(trade.fee_coin, ZERO)
    return fee - trade.rebate * prices.get(trade.rebate_coin, ZERO)


def _read(connection: Connection, key: Key) -> Sums:
    table = daily_totals.c
    statement = select(table.amount, table.fee, table.realised_pnl).where(
        table.user_id == key[0],
        table.day == key[1],
        table.portfolio_id == key[2],
        table.market_id == key[3],
    )
    row = connection.execute(statement).first()
    return (Decimal(row[0]), Decimal(row[1]), Decimal(row[2])) if row else (ZERO, ZERO, ZERO)
