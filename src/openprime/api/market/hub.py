"""The hub of the market sockets: which streams there are, and when each has something to say.

The market tells the hub of every event that it has taken; a timer tells it of time. An event of a
symbol that nobody listens to costs one look into a dictionary. Nothing here waits for anybody:
subscribers keep their own queues.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog

from openprime.api.market.channels import CHANNELS, View
from openprime.api.market.frames import Printer
from openprime.api.market.streams import (
    BookStream,
    CandleStream,
    StateStream,
    Stream,
    Subscriber,
    TradeStream,
)
from openprime.market.events import MarketEvent, MarketTrade
from openprime.market.state import MarketState
from openprime.model.instrument import Instrument
from openprime.model.reference import Reference

# Channel, symbol, and interval or depth.
StreamKey = tuple[str, str, str | int]

Made = TypeVar("Made", bound=Stream)

log = structlog.get_logger(__name__)


class Listeners:
    """The streams of one book's symbol, by what wakes them."""

    __slots__ = ("best", "books", "trades")

    def __init__(self) -> None:
        self.best: dict[StateStream, None] = {}
        self.trades: dict[TradeStream, None] = {}
        self.books: dict[BookStream, None] = {}

    def __bool__(self) -> bool:
        return bool(self.best or self.trades or self.books)


class Cadence:
    """Streams that step together, once every `period_ms` of the clock."""

    __slots__ = ("_slot", "period_ms", "streams")

    def __init__(self, period_ms: int) -> None:
        self.period_ms = period_ms
        self.streams: dict[StateStream, None] = {}
        self._slot = -1

    def due(self, now_ms: int) -> bool:
        """Whether a new period has begun since the last time this was true."""
        slot = now_ms // self.period_ms
        if slot == self._slot:
            return False
        self._slot = slot
        return True


class MarketHub:
    """All streams of the market socket."""

    def __init__(
        self, market: MarketState, reference: Reference, clock_ms: Callable[[], int]
    ) -> None:
        self._market = market
        self._reference = reference
        self._clock_ms = clock_ms
        self._streams: dict[StreamKey, Stream] = {}
        self._listeners: dict[str, Listeners] = {}
        self._changed_books: dict[BookStream, None] = {}
        self._book_cadence = Cadence(CHANNELS["ORDER_BOOK"].cadence_ms)
        self._cadences = {
            period_ms: Cadence(period_ms)
            for period_ms in sorted({row.cadence_ms for row in CHANNELS.values() if row.draw})
        }
        self._printers: dict[str, Printer] = {}
        market.listeners.append(self.on_event)

    @property
    def stream_count(self) -> int:
        """Streams that have a subscriber."""
        return len(self._streams)

    def instrument(self, sym: str) -> Instrument | None:
        """The instrument of a symbol that is carried here: listed, live and fed."""
        instrument = self._reference.instruments.get(sym)
        if instrument is None or not instrument.live:
            return None
        book = self._market.books.get(instrument.book_sym)
        return instrument if book is not None and book.update_id else None

    # -- subscriptions

    def subscribe(self, key: StreamKey, subscriber: Subscriber) -> Stream:
        """Add a listener; the symbol must be carried. The stream comes into being with it."""
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = self._open(key)
        stream.subscribers[subscriber] = None
        return stream

    def unsubscribe(self, key: StreamKey, subscriber: Subscriber) -> None:
        """Take a listener away; a stream without any is gone."""
        stream = self._streams[key]
        stream.subscribers.pop(subscriber, None)
        if not stream.subscribers:
            del self._streams[key]
            self._forget(key, stream)

    def _open(self, key: StreamKey) -> Stream:
        name, sym, detail = key
        channel = CHANNELS[name]
        instrument = self._reference.instruments[sym]
        printer = self._printers.setdefault(sym, Printer(instrument))
        arg: dict[str, Any] = {"channel": name, "sym": sym}
        if channel.detail:
            arg[channel.detail] = detail
        if isinstance(detail, int):
            book = self._market.books[instrument.book_sym]
            book_stream = BookStream(arg, book, detail, printer, self._clock_ms())
            return _join(book_stream, self._listening(instrument).books)
        if channel.draw is None:
            return _join(TradeStream(arg, printer), self._listening(instrument).trades)
        view = View(self._market, instrument, printer, detail, self._clock_ms)
        kind = CandleStream if channel.detail else StateStream
        stream = kind(arg, partial(channel.draw, view), channel.changes_only)
        if channel.cadence_ms:
            return _join(stream, self._cadences[channel.cadence_ms].streams)
        return _join(stream, self._listening(instrument).best)

    def _listening(self, instrument: Instrument) -> Listeners:
        return self._listeners.setdefault(instrument.book_sym, Listeners())

    def _forget(self, key: StreamKey, stream: Stream) -> None:
        stream.home.pop(stream, None)
        book_sym = self._reference.instruments[key[1]].book_sym
        if book_sym in self._listeners and not self._listeners[book_sym]:
            del self._listeners[book_sym]

    # -- what wakes streams

    def on_event(self, event: MarketEvent) -> None:
        """The market has taken an event."""
        listeners = self._listeners.get(event.sym)
        if listeners is None:
            return
        if type(event) is MarketTrade:
            for trade_stream in list(listeners.trades):
                _guarded(trade_stream, partial(trade_stream.take, event))
            return
        for best_stream in list(listeners.best):
            _guarded(best_stream, best_stream.step)
        for book_stream in listeners.books:
            self._changed_books[book_stream] = None

    def on_timer(self, now_ms: int) -> None:
        """Time has passed: step the streams whose period has begun anew."""
        if self._changed_books and self._book_cadence.due(now_ms):
            changed, self._changed_books = self._changed_books, {}
            for book_stream in changed:
                _guarded(book_stream, book_stream.step)
        for cadence in self._cadences.values():
            if cadence.streams and cadence.due(now_ms):
                for stream in list(cadence.streams):
                    _guarded(stream, stream.step)


def _guarded(stream: Stream, act: Callable[[], None]) -> None:
    """Let a stream speak; one that fails falls silent, and the market goes on without it."""
    try:
        act()
    except Exception:
        log.exception("stream_failed", **stream.arg)
        stream.home.pop(stream, None)


def _join(stream: Made, group: dict[Made, None]) -> Made:
    """Put a stream where what wakes it will look."""
    group[stream] = None
    stream.home = group
    return stream
