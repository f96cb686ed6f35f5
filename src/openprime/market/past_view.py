"""The invented past of a coin, as bars of one symbol."""

import msgspec

from openprime.market.bars import Bar
from openprime.market.intervals import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    MONTH,
    open_of,
)
from openprime.market.past import END_PRICE, UNITS_PER_DAY, Past
from openprime.market.past_sketch import Part

# Of which parts of the past (past.LEVELS_MS) an interval is made; None: months.
PAST_LEVEL: dict[str, int | None] = {
    "1m": MINUTE_MS,
    "3m": MINUTE_MS,
    "5m": MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 15 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": HOUR_MS,
    "4h": HOUR_MS,
    "6h": HOUR_MS,
    "12h": DAY_MS // 2,
    "1d": DAY_MS,
    "1w": DAY_MS,
    MONTH: None,
}


class PastView(msgspec.Struct, frozen=True):
    """A coin's past in the ticks and lots of one symbol: it ends at `price`."""

    past: Past
    price: int
    lots_per_day: int = 0
    trades_per_day: int = 0

    def bars(self, interval: str, from_ms: int, to_ms: int) -> list[Bar]:
        """The bars that begin in from_ms <= open < to_ms, without a hole."""
        bars: list[Bar] = []
        for part in self.past.parts(PAST_LEVEL[interval], from_ms, to_ms):
            open_ms = open_of(interval, part.open_ms)
            if bars and bars[-1].open_ms == open_ms:
                bars[-1].take_in(self._bar(part, open_ms))
            else:
                bars.append(self._bar(part, open_ms))
        return bars

    def _bar(self, part: Part, open_ms: int) -> Bar:
        before, after = part.volume_before, part.volume_before + part.volume
        quote_before, quote_after = part.quote_before, part.quote_before + part.quote
        return Bar(
            open_ms,
            self._ticks(part.open),
            self._ticks(part.high),
            self._ticks(part.low),
            self._ticks(part.close),
            self._lots(after) - self._lots(before),
            self._quote(quote_after) - self._quote(quote_before),
            self._trades(after) - self._trades(before),
        )

    def _ticks(self, price: int) -> int:
        """Half-up, so that END_PRICE is exactly this view's price; never under one tick."""
        return max(1, (2 * price * self.price + END_PRICE) // (2 * END_PRICE))

    def _lots(self, volume: int) -> int:
        return volume * self.lots_per_day // UNITS_PER_DAY

    def _quote(self, quote: int) -> int:
        return quote * self.lots_per_day * self.price // (UNITS_PER_DAY * END_PRICE)

    def _trades(self, volume: int) -> int:
        return volume * self.trades_per_day // UNITS_PER_DAY
