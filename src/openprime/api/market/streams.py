"""Streams: what one channel of one symbol sends, whoever listens.

A stream exists while it has a subscriber. It makes each frame once; the hub says when. What a
new subscriber gets first is `current()`; a subscriber that fell behind gets the same.
"""

from collections.abc import Callable
from typing import Any, Protocol

from openprime.api.market.frames import Frame, Printer
from openprime.market.book import Book
from openprime.market.events import MarketTrade
from openprime.model.vocabulary import Side

BookLevels = dict[int, int]
Levels = list[tuple[int, int]]


class Stream:
    """The common part: who listens, and under which `arg` the frames go out."""

    # A stream whose frames are each other's successors (a book) or replacements (a price) can be
    # taken up again from the present; trades cannot.
    conflatable = True

    def __init__(self, arg: dict[str, Any]) -> None:
        self.arg = arg
        self.subscribers: dict[Subscriber, None] = {}
        # Where the hub keeps this stream.
        self.homes: list[dict[Stream, None]] = []

    def current(self) -> Frame | None:
        """What a subscriber must get to be up to date, None where there is nothing yet."""
        return None

    def step(self) -> None:
        """Say what is new, if anything is."""

    def take(self, trade: MarketTrade) -> None:
        """The market has traded."""

    def publish(self, frame: Frame) -> None:
        for subscriber in self.subscribers:
            subscriber.offer(self, frame)


class Subscriber(Protocol):
    """One connection, as streams see it."""

    def offer(self, stream: Stream, frame: Frame) -> None:
        """Take a frame, or note that this stream must be taken up again later."""


class StateStream(Stream):
    """A stream whose frame is a picture of the present: BBO, prices, tickers, candles.

    `draw` gives the data, None where there is none yet. With `changes_only`, a picture like the
    last one is not sent; a moment or number that it carries is no change in itself.
    """

    def __init__(
        self, arg: dict[str, Any], draw: Callable[[], Any | None], changes_only: bool
    ) -> None:
        super().__init__(arg)
        self._draw = draw
        self._changes_only = changes_only
        self._last: Any | None = None

    def current(self) -> Frame | None:
        data = self._draw()
        if data is None:
            return None
        if self._last is None:
            self._last = _without_moments(data)
        return self._frame(data)

    def step(self) -> None:
        """Send the present picture, unless it must be and is not a new one."""
        data = self._draw()
        if data is None:
            return
        if self._changes_only:
            content = _without_moments(data)
            if content == self._last:
                return
            self._last = content
        self.publish(self._frame(data))

    def _frame(self, data: Any) -> Frame:
        return Frame({"arg": self.arg, "data": data})


# What stamps a picture, in all dialects.
_MOMENTS = frozenset(("ts", "time", "localTs", "exchangeTs", "seqNum"))


def _without_moments(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: value for name, value in data.items() if name not in _MOMENTS}
    return data


class CandleStream(StateStream):
    """Candles of one interval: the running one, and each closed one in its last state.

    `draw` gives the rows of the last two candles, oldest first. A row goes out in a frame of its
    own, for readers look at one row a frame.
    """

    def __init__(
        self, arg: dict[str, Any], draw: Callable[[], Any | None], changes_only: bool
    ) -> None:
        super().__init__(arg, draw, changes_only)
        self._sent: dict[int, list[Any]] = {}

    def current(self) -> Frame | None:
        rows = self._draw()
        if not rows:
            return None
        if not self._sent:
            self._sent = {rows[-1][0]: rows[-1]}
        return self._frame(rows[-1])

    def step(self) -> None:
        rows = self._draw()
        if not rows:
            return
        for row in rows:
            # A candle that began before this stream did is told only if it still runs.
            known = row[0] in self._sent or row is rows[-1]
            if known and self._sent.get(row[0]) != row:
                self.publish(self._frame(row))
        self._sent = {row[0]: row for row in rows if row[0] in self._sent or row is rows[-1]}

    def _frame(self, data: list[Any]) -> Frame:
        return super()._frame([data])


class TradeStream(Stream):
    """Every trade of a market, one a frame (resolutions 185)."""

    conflatable = False

    def __init__(self, arg: dict[str, Any], printer: Printer) -> None:
        super().__init__(arg)
        self._printer = printer

    def take(self, trade: MarketTrade) -> None:
        self.publish(
            Frame(
                {
                    "arg": self.arg,
                    "data": {
                        "price": self._printer.price(trade.price_ticks),
                        "qty": self._printer.quantity(trade.quantity_lots),
                        "side": "sell" if trade.buyer_is_maker else "buy",
                        "tradeid": str(trade.trade_id),
                        "ts": str(trade.time_ms),
                    },
                }
            )
        )


class BookStream(Stream):
    """A book to a depth: a snapshot for whoever comes, then what changed since (resolutions 187).

    `seq` begins at the clock, in ms, and rises by one an update. Updates come four times a
    second, so a stream that ends and begins anew begins above where it was.
    """

    def __init__(
        self, arg: dict[str, Any], book: Book, depth: int, printer: Printer, now_ms: int
    ) -> None:
        super().__init__(arg)
        self._book = book
        self._depth = depth
        self._printer = printer
        self._seq = now_ms
        self._bids, self._asks = self._displayed()
        self._time_ms = book.time_ms
        self._snapshot: Frame | None = None

    def current(self) -> Frame | None:
        if self._snapshot is None:
            bids, asks = list(self._bids.items()), list(self._asks.items())
            self._snapshot = self._frame(0, bids, asks)
        return self._snapshot

    def step(self) -> None:
        """Send what changed since the last step, if anything did."""
        bids, asks = self._displayed()
        bid_changes = _changes(self._bids, bids, best_first_sign=-1)
        ask_changes = _changes(self._asks, asks, best_first_sign=1)
        if not bid_changes and not ask_changes and not self._has_more():
            return
        self._bids, self._asks = bids, asks
        self._time_ms = self._book.time_ms
        self._snapshot = None
        previous_seq = self._seq
        self._seq += 1
        self.publish(self._frame(previous_seq, bid_changes, ask_changes))

    def _has_more(self) -> bool:
        """Whether there is something to tell beside the levels."""
        return False

    def _displayed(self) -> tuple[BookLevels, BookLevels]:
        book = self._book
        return (
            dict(book.levels(Side.BUY, self._depth)),
            dict(book.levels(Side.SELL, self._depth)),
        )

    def _frame(self, previous_seq: int, bids: Levels, asks: Levels) -> Frame:
        """All levels where `previous_seq` is 0, else those that changed."""
        return Frame(
            {
                "arg": self.arg | {"updatetype": "update" if previous_seq else "all"},
                "data": {
                    "updatetype": "update" if previous_seq else "snapshot",
                    "ts": str(self._time_ms),
                    "seq": str(self._seq),
                    "pre_seq": str(previous_seq),
                    "num": str(len(bids) + len(asks)),
                    "Bids": self._printer.levels(bids),
                    "Asks": self._printer.levels(asks),
                },
            }
        )


def _changes(before: BookLevels, after: BookLevels, best_first_sign: int) -> Levels:
    """Levels of `after` that are new or different, and 0 lots for those that are gone."""
    if before == after:
        return []
    changes = list(after.items() - before.items())
    changes += [(price_ticks, 0) for price_ticks in before.keys() - after.keys()]
    changes.sort(key=lambda level: level[0] * best_first_sign)
    return changes
