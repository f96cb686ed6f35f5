"""The last 24 hours of one symbol."""

from decimal import Decimal

import msgspec


class Ticker(msgspec.Struct, frozen=True):
    """Prices in quote coin, volumes in order units and in quote coin, over 24 h to the minute.

    `time_ms` is the market time of the last trade, or of the start where there was none.
    """

    last: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    volume_base: Decimal
    volume_quote: Decimal
    trade_count: int
    time_ms: int
