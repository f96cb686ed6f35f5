"""From a venue's depth messages to books, by the venue's published continuity rules.

Spot:    the first update after a snapshot has U <= lastUpdateId + 1 <= u, each later one
         U == previous u + 1.
Futures: the first has U <= lastUpdateId <= u, each later one pu == previous u.

A break in that chain is a gap: what the book is now nobody knows. If a later snapshot exists the
book stands still until it comes, since a book known to be wrong is worse than an old one. If
none exists the chain goes on from what is known: the new book is handed out as a snapshot, and
from there on a level that is crossed by a newer one of the other side is taken for gone.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from openprime.market.book import Book
from openprime.market.capture_lines import DepthMessage, Message, SnapshotMessage
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.model.vocabulary import Side

# Updates kept while a snapshot is awaited; at 20 a second, eight minutes of them.
PENDING_UPDATES_MAX = 10_000

_Levels = list[tuple[int, int]]


class Rebuilder:
    """Turns the messages of one symbol into market events on the venue's time line.

    `gaps` counts the breaks of the chain; `time_ms` is the latest market time met.
    """

    def __init__(self, sym: str, *, futures: bool, snapshots: int, known: Book | None) -> None:
        """`snapshots` is how many the stream holds, first one included.

        `known` is where the book is kept for gaps that no later snapshot heals; without it such
        a gap is counted and passed over. Keeping it costs time, and few recordings need it.
        """
        self.sym = sym
        self.gaps = 0
        self.time_ms = 0
        self._futures = futures
        self._snapshots_to_come = snapshots
        self._known = known
        self._doubtful = False
        self._started = False
        self._last_id: int | None = None
        self._joining = False
        self._pending: deque[DepthMessage] = deque(maxlen=PENDING_UPDATES_MAX)

    def events(self, messages: Iterable[Message]) -> Iterator[MarketEvent]:
        """The events of a stream of messages, times never decreasing, a snapshot first."""
        for message in messages:
            if isinstance(message, MarketTrade):
                if message.time_ms > self.time_ms:
                    self.time_ms = message.time_ms
                if self._started:
                    yield message if message.time_ms == self.time_ms else self._late(message)
            elif isinstance(message, DepthMessage):
                yield from self._depth(message)
            elif isinstance(message, SnapshotMessage):
                yield from self._snapshot(message)

    def _late(self, trade: MarketTrade) -> MarketTrade:
        return MarketTrade(
            sym=trade.sym,
            time_ms=self.time_ms,
            trade_id=trade.trade_id,
            price_ticks=trade.price_ticks,
            quantity_lots=trade.quantity_lots,
            buyer_is_maker=trade.buyer_is_maker,
        )

    def _snapshot(self, message: SnapshotMessage) -> Iterator[MarketEvent]:
        self._snapshots_to_come -= 1
        if self._last_id is not None:
            return  # The chain holds, and reaches levels that the snapshot does not.
        # Before the first event no time was handed out, and this snapshot's own is the better.
        self.time_ms = max(self.time_ms if self._started else 0, message.time_ms) or self.time_ms
        self._started = True
        self._doubtful = False
        self._last_id = message.update_id
        self._joining = True
        snapshot = DepthSnapshot(
            sym=self.sym,
            time_ms=self.time_ms,
            update_id=message.update_id,
            bids=message.bids,
            asks=message.asks,
        )
        if self._known is not None:
            self._known.apply_snapshot(snapshot)
        yield snapshot
        pending = list(self._pending)
        self._pending.clear()
        for update in pending:
            yield from self._depth(update)

    def _depth(self, message: DepthMessage) -> Sequence[MarketEvent]:
        if message.time_ms > self.time_ms:
            self.time_ms = message.time_ms
        last_id = self._last_id
        if last_id is None:
            self._pending.append(message)
            return ()
        if self._is_stale(message, last_id):
            return ()
        if not self._continues(message, last_id):
            return self._gap(message)
        self._joining = False
        self._last_id = message.last_id
        return (self._change(message),)

    def _is_stale(self, message: DepthMessage, last_id: int) -> bool:
        if self._joining and self._futures:
            return message.last_id < last_id
        return message.last_id <= last_id

    def _continues(self, message: DepthMessage, last_id: int) -> bool:
        if not self._futures:
            first_expected = last_id + 1
            if self._joining:
                return message.first_id <= first_expected <= message.last_id
            return message.first_id == first_expected
        # A snapshot taken exactly between two updates is followed by one whose pu names it.
        if message.previous_id == last_id:
            return True
        return self._joining and message.first_id <= last_id <= message.last_id

    def _gap(self, message: DepthMessage) -> Sequence[MarketEvent]:
        self.gaps += 1
        self._joining = False
        if self._snapshots_to_come > 0:
            self._last_id = None
            self._pending.append(message)
            return ()
        self._last_id = message.last_id
        self._doubtful = True
        change = self._change(message)
        return () if self._known is None else (self._known.snapshot(change.time_ms),)

    def _change(self, message: DepthMessage) -> DepthChange:
        change = DepthChange(
            sym=self.sym,
            time_ms=self.time_ms,
            update_id=message.last_id,
            bids=message.bids,
            asks=message.asks,
        )
        if self._known is None:
            return change
        self._known.apply_change(change)
        return _uncross(self._known, change) if self._doubtful else change


def _uncross(book: Book, change: DepthChange) -> DepthChange:
    """Take the older of crossing levels out of the book; returns the change that says so too."""
    newer_bids = {price for price, lots in change.bids if lots}
    gone_bids: _Levels = []
    gone_asks: _Levels = []
    while (bid := book.best_bid()) and (ask := book.best_ask()) and bid[0] >= ask[0]:
        if bid[0] in newer_bids:
            gone_asks.append((ask[0], 0))
            book.side(Side.SELL).change(gone_asks[-1:])
        else:
            gone_bids.append((bid[0], 0))
            book.side(Side.BUY).change(gone_bids[-1:])
    if not gone_bids and not gone_asks:
        return change
    return DepthChange(
        sym=change.sym,
        time_ms=change.time_ms,
        update_id=change.update_id,
        bids=change.bids + gone_bids,
        asks=change.asks + gone_asks,
    )
