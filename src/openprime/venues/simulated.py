"""The simulated exchange: client orders against the market's book and against each other.

It stands where a live exchange would stand. It hears requests and market events and answers with
reports; it has no clock, draws no random number, does no I/O, and counts in ticks and lots only,
so one history of requests and events has one outcome.

How it matches, in short (docs/matching.md says it for users):

* A price's line holds market lots and client orders in order of time. An incoming order walks the
  other side by price, then along each line, and trades at the price of what rests: with the
  market, or with another client under one trade id.
* What it took of the market stays taken until the market names that level again.
* An order that rests waits behind the lots displayed at its price. Trades there move it forward
  by what they traded, a fall that no trade explains is spread evenly over the line.
* An order never trades with one of its own owner: what is left of the newer one is cancelled.

What was considered and left: moving cancelled lots from the back of the line first (an order
would then wait for ever behind lots that left long ago), or from its front (every order would be
filled too early). An even spread is what one expects without knowing more. A trade beyond a
resting price could fill it with the traded quantity only; but the tape shows only that someone
had swept the better prices, not how much more he wanted, and a limit order that is seen to be
traded through and still rests is what clients call a bug.

Open: the market never reacts to what clients do. A client that takes a level whole does not move
the market's price, and a large resting order frightens nobody.
"""

from collections.abc import Mapping
from itertools import islice

from openprime.market.book import Book
from openprime.market.events import MarketEvent
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO
from openprime.model.venue import (
    CancelOrder,
    CancelRefused,
    NewOrder,
    Rejected,
    ReplaceRefused,
    VenueReport,
    VenueRequest,
)
from openprime.model.vocabulary import Side
from openprime.venues.execution import (
    CODE_ALREADY_COMPLETED,
    CODE_EXCHANGE_ERROR,
    CODE_NOT_FOUND,
    cancel,
    enter,
    replace,
)
from openprime.venues.following import follow
from openprime.venues.register import Register
from openprime.venues.trading_book import TradingBook


class SimulatedExchange:
    """Matches client orders; pure and synchronous.

    `books` are the market's books by book symbol, kept up to date by their owner; `on_market` is
    told each event after the book has taken it. Trade ids rise from `first_trade_id`.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        books: Mapping[str, Book],
        first_trade_id: int = 1,
    ) -> None:
        self._instruments = instruments
        self._books = books
        self._register = Register(first_trade_id)
        # By book symbol, and the same by every instrument's symbol.
        self._trading_books: dict[str, TradingBook] = {}
        self._by_sym: dict[str, TradingBook] = {}

    def use(self, instruments: Mapping[str, Instrument]) -> None:
        """Go on with these instruments; what a book counts in never changes."""
        self._instruments = instruments

    @property
    def working_orders(self) -> int:
        """How many orders rest here."""
        return len(self._register.working)

    def executed_lots(self, order_id: int) -> int | None:
        """What was traded of an order that rests here; None of any other."""
        order = self._register.working.get(order_id)
        return None if order is None else order.executed_lots

    @property
    def next_trade_id(self) -> int:
        return self._register.next_trade_id

    def handle(self, request: VenueRequest) -> list[VenueReport]:
        """Carry out one request; everything that it brings about, in order."""
        if isinstance(request, NewOrder):
            return self._new(request)
        order = self._register.working.get(request.order_id)
        if isinstance(request, CancelOrder):
            if order is None:
                return [CancelRefused(request.order_id, self._gone_code(request.order_id))]
            return cancel(self._by_sym[order.sym], order)
        if order is None:
            return [ReplaceRefused(request.order_id, self._gone_code(request.order_id))]
        return replace(self._by_sym[order.sym], order, request)

    def on_market(self, event: MarketEvent) -> list[VenueReport]:
        """What an event that the market's book has taken does to resting orders."""
        book = self._trading_books.get(event.sym)
        if book is None or book.idle:
            return []
        return follow(book, event)

    def best_bid(self, sym: str) -> int | None:
        """The highest price in ticks that a seller would meet: market and clients."""
        book = self._book(sym)
        return book.bids.best() if book is not None else None

    def best_ask(self, sym: str) -> int | None:
        """The lowest price in ticks that a buyer would meet: market and clients."""
        book = self._book(sym)
        return book.asks.best() if book is not None else None

    def depth(self, sym: str, side: Side, levels: int) -> list[tuple[int, int]]:
        """(price_ticks, lots) of market and clients together, best first."""
        book = self._book(sym)
        return list(islice(book.own(side).levels(), levels)) if book is not None else []

    def _book(self, sym: str) -> TradingBook | None:
        book = self._by_sym.get(sym)
        return book if book is not None else self._open_book(sym)

    def _open_book(self, sym: str) -> TradingBook | None:
        instrument = self._instruments.get(sym)
        book_sym = instrument.book_sym if instrument is not None else sym
        market = self._books.get(book_sym)
        if instrument is None or market is None:
            return None
        book = self._trading_books.get(book_sym)
        if book is None:
            book = self._trading_books[book_sym] = TradingBook(market, self._register)
        self._by_sym[sym] = book
        return book

    def _new(self, request: NewOrder) -> list[VenueReport]:
        state = self._register.present_state(request.order_id)
        if state:
            return state
        book = self._book(request.sym)
        nothing_asked = request.quantity_lots <= 0 and request.quote_budget is None
        if book is None or nothing_asked:
            return [Rejected(request.order_id, CODE_EXCHANGE_ERROR)]
        budget = self._budget(request) if request.quote_budget is not None else None
        return enter(book, request, budget)

    def _budget(self, request: NewOrder) -> int:
        """The amount in ticks times lots: whole, as every price and every quantity is."""
        instrument = self._instruments[request.sym]
        unit = instrument.tick_size * instrument.lot_size * instrument.contract_size
        return int((request.quote_budget or ZERO) // unit)

    def _gone_code(self, order_id: int) -> int:
        known = self._register.last_report(order_id) is not None
        return CODE_ALREADY_COMPLETED if known else CODE_NOT_FOUND
