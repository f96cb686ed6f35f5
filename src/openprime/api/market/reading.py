"""What the channels and the venues' routes read of the market beyond books and prices.

The one place that knows how the market's own tickers and candles are called.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from openprime.market.candles import CandleKind
from openprime.market.state import MarketState
from openprime.model.numbers import ZERO

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

# Lengths by name, shortest first; months have none.
INTERVALS_MS: dict[str, int] = {
    **{f"{minutes}m": minutes * MINUTE_MS for minutes in (1, 3, 5, 15, 30)},
    **{f"{hours}h": hours * HOUR_MS for hours in (1, 2, 4, 6, 12)},
    "1d": DAY_MS,
    "1w": 7 * DAY_MS,
}
MONTH = "1M"
INTERVALS = (*INTERVALS_MS, MONTH)

TRADED, MARKED, INDEXED = CandleKind.TRADE, CandleKind.MARK, CandleKind.INDEX


class Ticker(msgspec.Struct, frozen=True):
    """24 hours of one symbol; volumes in order units and in quote coin."""

    last: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    volume_base: Decimal
    volume_quote: Decimal

    @property
    def change(self) -> Decimal:
        return self.last - self.open

    @property
    def change_ratio(self) -> Decimal:
        return self.change / self.open if self.open else ZERO

    @property
    def mean_price(self) -> Decimal:
        return self.volume_quote / self.volume_base if self.volume_base else ZERO


class Candle(msgspec.Struct, frozen=True):
    """One candle. It ends before `end_ms`, where the next one begins."""

    open_ms: int
    end_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume_base: Decimal
    volume_quote: Decimal
    trade_count: int


def ticker_of(market: MarketState, sym: str) -> Ticker:
    """The ticker of a book's symbol."""
    found = market.ticker(sym)
    return Ticker(
        found.last,
        found.open,
        found.high,
        found.low,
        found.volume_base,
        found.volume_quote,
    )


def candles_of(
    market: MarketState, sym: str, interval: str, end_ms: int, limit: int, kind: CandleKind
) -> list[Candle]:
    """At most `limit` candles that began at or before `end_ms`, oldest first."""
    pieces = candle_pieces(market, sym, interval, end_ms, limit, kind)
    return [row for piece in pieces for row in piece]


def candle_pieces(
    market: MarketState, sym: str, interval: str, end_ms: int, limit: int, kind: CandleKind
) -> Iterator[list[Candle]]:
    """The same candles a few at a time, a few ms of work each."""
    for piece in market.candle_pieces(sym, interval, end_ms, limit, kind):
        yield [
            Candle(
                row.open_time_ms,
                interval_end_ms(interval, row.open_time_ms),
                row.open,
                row.high,
                row.low,
                row.close,
                row.volume_base,
                row.volume_quote,
                row.trades,
            )
            for row in piece
        ]


def interval_end_ms(interval: str, open_ms: int) -> int:
    """Where the candle that begins at `open_ms` ends."""
    if interval != MONTH:
        return open_ms + INTERVALS_MS[interval]
    begun = datetime.fromtimestamp(open_ms / 1000, UTC)
    years, month = divmod(begun.month, 12)
    next_month = datetime(begun.year + years, month + 1, 1, tzinfo=UTC)
    return int(next_month.timestamp()) * 1000
