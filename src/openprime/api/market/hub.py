"""The hub of the market sockets: which streams there are, and when each has something to say.

The market tells the hub of every event that it has taken; a timer tells it of time. An event of a
symbol that nobody listens to costs one look into a dictionary. Nothing here waits for anybody:
subscribers keep their own queues.
"""

from collections.abc import Callable, Mapping
from functools import partial

import structlog

from openprime.api.market.channels import BOOK_CADENCE_MS, CHANNELS, Channel, View, Wake
from openprime.api.market.frames import Printer
from openprime.api.market.streams import Stream, Subscriber
from openprime.market.events import MarketEvent, MarketTrade
from openprime.market.state import MarketState
from openprime.model.instrument import Instrument

# Channel, symbol, and interval or depth.
StreamKey = tuple[str, str, str | int]
Group = dict[Stream, None]

log = structlog.get_logger(__name__)


class Listeners:
    """The streams of one book's symbol, by what wakes them."""

    __slots__ = ("best", "books", "trades")

    def __init__(self) -> None:
        self.best: Group = {}
        self.trades: Group = {}
        self.books: Group = {}

    def __bool__(self) -> bool:
        return bool(self.best or self.trades or self.books)


class Cadence:
    """Streams that step together, once every `period_ms` of the clock."""

    __slots__ = ("_slot", "period_ms", "streams")

    def __init__(self, period_ms: int) -> None:
        self.period_ms = period_ms
        self.streams: Group = {}
        self._slot = -1

    def due(self, now_ms: int) -> bool:
        """Whether a new period has begun since the last time this was true."""
        slot = now_ms // self.period_ms
        if slot == self._slot:
            return False
        self._slot = slot
        return True


class MarketHub:
    """All streams of the market sockets. `channels` are those that there are, by the name that a
    key begins with.
    """

    def __init__(
        self,
        market: MarketState,
        clock_ms: Callable[[], int],
        channels: Mapping[str, Channel] = CHANNELS,
    ) -> None:
        self._market = market
        self._clock_ms = clock_ms
        self._channels = channels
        self._streams: dict[StreamKey, Stream] = {}
        self._listeners: dict[str, Listeners] = {}
        self._changed_books: Group = {}
        self._book_cadence = Cadence(BOOK_CADENCE_MS)
        self._cadences = {
            period_ms: Cadence(period_ms)
            for period_ms in sorted({row.cadence_ms for row in channels.values()} - {0})
        }
        self._printers: dict[str, Printer] = {}
        market.listeners.append(self.on_event)

    @property
    def stream_count(self) -> int:
        """Streams that have a subscriber."""
        return len(self._streams)

    def instrument(self, sym: str) -> Instrument | None:
        """The instrument of a symbol that is carried here: listed, live and fed."""
        instrument = self._market.reference.instruments.get(sym)
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
        channel = self._channels[name]
        instrument = self._market.reference.instruments[sym]
        printer = self._printers.setdefault(sym, Printer(instrument))
        view = View(self._market, instrument, printer, detail, self._clock_ms)
        stream = channel.make(view)
        for wake in channel.wakes:
            group = self._group(wake, channel, instrument)
            group[stream] = None
            stream.homes.append(group)
        return stream

    def _group(self, wake: Wake, channel: Channel, instrument: Instrument) -> Group:
        """Where what wakes a stream will look for it."""
        if wake is Wake.CLOCK:
            return self._cadences[channel.cadence_ms].streams
        listeners = self._listeners.setdefault(instrument.book_sym, Listeners())
        if wake is Wake.BEST:
            return listeners.best
        return listeners.trades if wake is Wake.TRADES else listeners.books

    def _forget(self, key: StreamKey, stream: Stream) -> None:
        _silence(stream)
        book_sym = self._market.reference.instruments[key[1]].book_sym
        if book_sym in self._listeners and not self._listeners[book_sym]:
            del self._listeners[book_sym]

    # -- what wakes streams

    def on_event(self, event: MarketEvent) -> None:
        """The market has taken an event."""
        listeners = self._listeners.get(event.sym)
        if listeners is None:
            return
        if type(event) is MarketTrade:
            for stream in list(listeners.trades):
                _guarded(stream, partial(stream.take, event))
                if stream in listeners.books:
                    self._changed_books[stream] = None
            return
        for stream in list(listeners.best):
            _guarded(stream, stream.step)
        for stream in listeners.books:
            self._changed_books[stream] = None

    def on_timer(self, now_ms: int) -> None:
        """Time has passed: step the streams whose period has begun anew."""
        if self._changed_books and self._book_cadence.due(now_ms):
            changed, self._changed_books = self._changed_books, {}
            for stream in changed:
                _guarded(stream, stream.step)
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
        _silence(stream)


def _silence(stream: Stream) -> None:
    """Wake a stream no more."""
    for group in stream.homes:
        group.pop(stream, None)
