"""The candles of all symbols: of trades by book, of marks by perpetual, of indexes by coin."""

from collections.abc import Iterator
from decimal import Decimal

from openprime.market.bars import Bar
from openprime.market.candles import Candle, CandleKind, Chart
from openprime.market.intervals import MINUTE_MS, next_open, parse_interval
from openprime.market.past import Past
from openprime.market.prices import PRICE_PLACES
from openprime.market.ticker import Ticker
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO, floor_to

# What a past day saw of each symbol. Invented, like the past itself.
PAST_TURNOVER_USDT = {True: Decimal(200_000_000), False: Decimal(50_000_000)}
PAST_TRADES = {True: 100_000, False: 40_000}

# Marks and indexes are counted in steps of their last place.
PRICE_STEP = ONE.scaleb(-PRICE_PLACES)


class Charts:
    """One chart a price. Prices are the start's until the market gives the first."""

    def __init__(self, start_ms: int, seed: int) -> None:
        self.start_ms = start_ms
        self._seed = seed
        self._pasts: dict[str, Past] = {}
        self._trades: dict[str, Chart] = {}
        self._marks: dict[str, Chart] = {}
        self._indexes: dict[str, Chart] = {}

    def add_symbol(self, instrument: Instrument, start_price: Decimal) -> None:
        """Begin the chart of a book's trades."""
        price = floor_to(start_price, instrument.tick_size) or instrument.tick_size
        lot_value = price * instrument.lot_size * instrument.contract_size
        past = self._past(instrument.base)
        lots_per_day = int(PAST_TURNOVER_USDT[instrument.is_perp] / lot_value)
        self._trades[instrument.sym] = Chart(
            past, int(price / instrument.tick_size), lots_per_day, PAST_TRADES[instrument.is_perp]
        )
        if instrument.is_perp:
            self._marks[instrument.sym] = Chart(past, _steps(start_price))
        if instrument.base not in self._indexes:
            self._indexes[instrument.base] = Chart(past, _steps(start_price))

    def _past(self, coin: str) -> Past:
        if coin not in self._pasts:
            end_ms = self.start_ms - self.start_ms % MINUTE_MS
            self._pasts[coin] = Past(self._seed, coin, end_ms)
        return self._pasts[coin]

    def trade_chart(self, sym: str) -> Chart:
        """The chart of a book's trades."""
        return self._trades[sym]

    def on_mark(self, sym: str, now_ms: int, mark: Decimal) -> None:
        _take(self._marks[sym], now_ms, mark)

    def on_index(self, coin: str, now_ms: int, index: Decimal) -> None:
        if coin in self._indexes:
            _take(self._indexes[coin], now_ms, index)

    def candle_pieces(
        self,
        instrument: Instrument,
        interval: str,
        end_ms: int,
        limit: int,
        kind: CandleKind,
        now_ms: int,
    ) -> Iterator[list[Candle]]:
        """See MarketState.candle_pieces; `instrument` is the one whose book it is."""
        name = parse_interval(interval)
        if name is None:
            raise ValueError(f"expected an interval such as 1m or 1d, was {interval!r}")
        chart = self._chart(instrument, kind)
        if chart is None:
            return
        step, lot, lot_value = PRICE_STEP, ZERO, ZERO
        if kind is CandleKind.TRADE:
            step, lot = instrument.tick_size, instrument.lot_size
            lot_value = step * lot * instrument.contract_size
        for bars in chart.pieces(name, end_ms, limit, now_ms):
            yield [
                Candle(
                    open_time_ms=bar.open_ms,
                    open=step * bar.open,
                    high=step * bar.high,
                    low=step * bar.low,
                    close=step * bar.close,
                    volume_base=lot * bar.lots,
                    volume_quote=lot_value * bar.quote,
                    trades=bar.trades,
                    closed=next_open(name, bar.open_ms) <= now_ms,
                )
                for bar in bars
            ]

    def _chart(self, instrument: Instrument, kind: CandleKind) -> Chart | None:
        if kind is CandleKind.TRADE:
            return self._trades[instrument.sym]
        if kind is CandleKind.MARK:
            return self._marks.get(instrument.sym)
        return self._indexes[instrument.base]

    def ticker(self, instrument: Instrument, now_ms: int, time_ms: int) -> Ticker:
        """The last 24 hours of a book's trades; `time_ms` is that of the last one."""
        chart = self._trades[instrument.sym]
        day: Bar = chart.day(now_ms)
        tick, lot = instrument.tick_size, instrument.lot_size
        return Ticker(
            last=tick * chart.live.price,
            open=tick * day.open,
            high=tick * day.high,
            low=tick * day.low,
            volume_base=lot * day.lots,
            volume_quote=tick * lot * instrument.contract_size * day.quote,
            trade_count=day.trades,
            time_ms=time_ms,
        )


def _steps(price: Decimal) -> int:
    return max(1, int(price / PRICE_STEP))


def _take(chart: Chart, now_ms: int, price: Decimal) -> None:
    if not chart.started:
        chart.start(_steps(price))
    chart.live.add(now_ms, _steps(price))
