"""The state of the market: books, trades, candles, tickers, and the prices made from them.

Events come in order of time, one after the other; whoever wants them too is called after each.
Once a second somebody calls `tick`, and index, mark and funding are computed for that moment.
There is no clock in here: the time is that of the latest event or tick.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal

from openprime.market.book import Book
from openprime.market.candles import Candle, CandleKind
from openprime.market.charts import Charts
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.funding import Funding, Settlement
from openprime.market.prices import Prices
from openprime.market.pricing import Pricing
from openprime.market.ticker import Ticker
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO, floor_to
from openprime.model.reference import Reference

__all__ = ["Funding", "MarketState", "Prices", "Settlement", "Ticker"]

# What others than this desk's clients hold of each perpetual (resolutions 156).
BASE_OPEN_INTEREST_USDT = Decimal(100_000_000)


class MarketState:
    """Everything that is known of the market now.

    A MARGIN symbol may be used wherever its SPOT book is meant. An unknown symbol is a KeyError.
    `listeners` are called with each event after it has been applied. `client_longs` holds the
    long positions of all clients by symbol, in order units; its owner keeps it up to date.
    """

    def __init__(
        self,
        reference: Reference,
        start_ms: int,
        seed: int = 1,
        recorded: Collection[str] = (),
        start_prices: Mapping[str, Decimal] | None = None,
    ) -> None:
        """A market without books yet, at `start_ms` of the desk's time.

        `seed` makes the invented past. `recorded` are the symbols that a recording plays: their
        start price is the recording's first mid. `start_prices`, by coin, go before those of
        the reference: a desk that starts again goes on from its last prices.
        """
        self.reference = reference
        self.now_ms = start_ms
        self.listeners: list[Callable[[MarketEvent], None]] = []
        self.client_longs: dict[str, Decimal] = {}
        self.books: dict[str, Book] = {}
        self._book_instruments: dict[str, Instrument] = {}
        self._last_trades: dict[str, MarketTrade] = {}
        self._unpriced: set[str] = set()
        self._base_interest: dict[str, Decimal] = {}
        self._recorded = frozenset(recorded)
        self._start_prices = {**reference.start_prices, **(start_prices or {})}
        self._charts = Charts(start_ms, seed)
        for instrument in reference.instruments.values():
            if instrument.book_sym == instrument.sym and instrument.has_rules:
                self._add_book(instrument)
        self._pricing = Pricing(self, start_ms)

    def use(self, reference: Reference) -> None:
        """Go on under other rules. A symbol that is new has an empty book, and for a price only
        what is pinned.
        """
        self.reference = reference
        for sym, instrument in reference.instruments.items():
            if instrument.book_sym == sym and instrument.has_rules and sym not in self.books:
                self._add_book(instrument)
                self._base_interest[sym] = ZERO
                self._pricing.add(instrument, self.now_ms)
        self._pricing.use(reference, self.now_ms)

    def _add_book(self, instrument: Instrument) -> None:
        sym = instrument.sym
        self.books[sym] = Book(sym)
        self._book_instruments[sym] = instrument
        self._unpriced.add(sym)
        self._charts.add_symbol(instrument, self._start_prices.get(instrument.base, ONE))

    # -- events

    def apply(self, event: MarketEvent) -> None:
        """Take in an event of a book's symbol, then call the listeners."""
        sym = event.sym
        if event.time_ms > self.now_ms:
            self.now_ms = event.time_ms
        if isinstance(event, DepthChange):
            self.books[sym].apply_change(event)
        elif isinstance(event, MarketTrade):
            self._last_trades[sym] = event
            if sym in self._unpriced:
                self._first_price(sym, event.price_ticks)
            live = self._charts.trade_chart(sym).live
            live.add(event.time_ms, event.price_ticks, event.quantity_lots)
        elif isinstance(event, DepthSnapshot):
            self.books[sym].apply_snapshot(event)
            if sym in self._unpriced:
                self._first_mid(sym)
        for listener in self.listeners:
            listener(event)

    def _first_mid(self, sym: str) -> None:
        bid, ask = self.books[sym].best_bid(), self.books[sym].best_ask()
        if bid is not None and ask is not None:
            self._first_price(sym, (bid[0] + ask[0]) // 2)

    def _first_price(self, sym: str, price_ticks: int) -> None:
        self._unpriced.remove(sym)
        self._charts.trade_chart(sym).start(price_ticks)

    def advance(self, delta_ms: int) -> None:
        """The clock jumped ahead by `delta_ms` while the market stood still (resolutions 205).

        To be called before the first event or tick of the new time, or books would count as old.
        """
        self.now_ms += delta_ms
        for book in self.books.values():
            book.time_ms += delta_ms
        self._pricing.advance(delta_ms)

    # -- prices

    def tick(self, now_ms: int) -> Prices:
        """Compute index, mark and funding of this moment; returns what changed.

        To be called about once a second of market time.
        """
        self.now_ms = max(self.now_ms, now_ms)
        prices = self._pricing.tick(self.now_ms)
        for coin, index in prices.indexes.items():
            self._charts.on_index(coin, self.now_ms, index)
        for sym, mark in prices.marks.items():
            self._charts.on_mark(sym, self.now_ms, mark)
        return prices

    def mark(self, sym: str) -> Decimal | None:
        """The mark price of a PERP symbol in USDT, None before the first."""
        return self._pricing.marks.get(sym)

    def index(self, coin: str) -> Decimal | None:
        """The index price of a coin in USDT, None before the first."""
        return self._pricing.indexes.get(coin)

    def pin_mark(self, sym: str, price: Decimal | None) -> None:
        """Hold a mark at a price, whatever the market does; None lets it go at the next tick."""
        self._pricing.pin_mark(sym, price)

    def pin_index(self, coin: str, price: Decimal | None) -> None:
        """Hold an index at a price, whatever the market does; None lets it go."""
        self._pricing.pin_index(coin, price)

    def funding(self, sym: str) -> Funding | None:
        """The running funding rate and its coming settlement; None where nothing is paid."""
        return self._pricing.funding(sym)

    def funding_interval_hours(self, sym: str) -> int | None:
        """Hours between two settlements; None where nothing is paid."""
        return self._pricing.funding_interval_hours(sym)

    def settled_funding(self, sym: str) -> Settlement | None:
        """The latest settlement that a tick has passed, with the rate that it is paid at."""
        return self._pricing.settled_funding(sym)

    # -- statistics

    def book(self, sym: str) -> Book:
        """The book that a symbol trades on."""
        return self.books[self._instrument(sym).sym]

    def last_trade(self, sym: str) -> MarketTrade | None:
        """The latest trade of the market."""
        return self._last_trades.get(self._instrument(sym).sym)

    def open_interest(self, sym: str) -> Decimal:
        """Open interest of a PERP symbol in order units, 0 for others (resolutions 156)."""
        instrument = self.reference.instruments[sym]
        if not instrument.is_perp:
            return ZERO
        return self._base_open_interest(instrument) + self.client_longs.get(sym, ZERO)

    def _base_open_interest(self, instrument: Instrument) -> Decimal:
        sym = instrument.sym
        known = self._base_interest.get(sym)
        if known is not None:
            return known
        waits = sym in self._recorded and sym in self._unpriced
        price = self._start_prices.get(instrument.base, ONE)
        if sym in self._recorded and not waits:
            price = instrument.price(self._charts.trade_chart(sym).start_price)
        interest = floor_to(
            BASE_OPEN_INTEREST_USDT / (price * instrument.contract_size), instrument.lot_size
        )
        if not waits:
            self._base_interest[sym] = interest
        return interest

    def ticker(self, sym: str) -> Ticker:
        """The last 24 hours of a symbol's market, the invented past included."""
        instrument = self._instrument(sym)
        trade = self._last_trades.get(instrument.sym)
        time_ms = trade.time_ms if trade else self._charts.start_ms
        return self._charts.ticker(instrument, self.now_ms, time_ms)

    def candles(
        self,
        sym: str,
        interval: str,
        end_ms: int,
        limit: int,
        kind: CandleKind | str = CandleKind.TRADE,
    ) -> list[Candle]:
        """At most `limit` candles that began at or before `end_ms`, oldest first.

        The last one may still run (`closed` is False). Index candles are those of the symbol's
        coin; mark candles exist for PERP symbols only. An unknown interval is a ValueError.
        """
        pieces = self.candle_pieces(sym, interval, end_ms, limit, kind)
        return [candle for piece in pieces for candle in piece]

    def candle_pieces(
        self,
        sym: str,
        interval: str,
        end_ms: int,
        limit: int,
        kind: CandleKind | str = CandleKind.TRADE,
    ) -> Iterator[list[Candle]]:
        """The same candles a few at a time, each piece a few ms of work at most, so that whoever
        wants many can do other things in between.
        """
        instrument = self._instrument(sym)
        return self._charts.candle_pieces(
            instrument, interval, end_ms, limit, CandleKind(kind), self.now_ms
        )

    def _instrument(self, sym: str) -> Instrument:
        """The instrument whose book a symbol trades on."""
        return self._book_instruments[self.reference.instruments[sym].book_sym]
