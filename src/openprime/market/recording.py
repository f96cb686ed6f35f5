"""Recorded markets as feeds: played once through or for ever, at any speed, side by side.

A lap reads the files anew instead of keeping what was parsed. Five minutes of one busy symbol
are some 40 MB of Python objects, a day would be more than most machines have, while reading
costs about a thousandth of a core at normal speed; so memory stays flat whatever is played.
A recording is read once through at the start, so that what is wrong with it is said then.
"""

import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path

from openprime.market.book import Book
from openprime.market.capture import Capture, RecordingError
from openprime.market.capture_lines import Message, SnapshotMessage
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.rebuild import Rebuilder
from openprime.model.instrument import Instrument

__all__ = ["RecordedFeed", "Recording", "RecordingError", "aligned_feeds"]


class Recording:
    """One symbol's recording: one file, or several read as one stream.

    `first_ms` and `last_ms` are the market times of its first and last event, `gaps` the breaks
    in its depth stream.
    """

    def __init__(self, paths: Sequence[Path], instrument: Instrument) -> None:
        """Read everything once. Raises RecordingError where it cannot be played."""
        self.sym = instrument.book_sym
        self.instrument = instrument
        self._capture = Capture(paths, instrument)
        self._snapshots = 0
        # Whether a later snapshot exists is what this pass is to find out: it supposes so.
        survey = self._rebuilder(sys.maxsize, known=None)
        events = survey.events(self._counted())
        first = next(events, None)
        if first is None:
            names = ", ".join(str(path) for path in paths)
            raise RecordingError(f"{names}: expected a depth snapshot (lastUpdateId), found none")
        _exhaust(events)
        self.first_ms = first.time_ms
        self.last_ms = survey.time_ms
        self.gaps = survey.gaps
        if survey.gaps:
            exact = self._rebuilder(self._snapshots, known=Book(self.sym))
            _exhaust(exact.events(self._capture.messages()))
            self.gaps = exact.gaps

    def _counted(self) -> Iterator[Message]:
        for message in self._capture.messages():
            if isinstance(message, SnapshotMessage):
                self._snapshots += 1
            yield message

    def _rebuilder(self, snapshots: int, known: Book | None) -> Rebuilder:
        return Rebuilder(
            self.sym, futures=self.instrument.is_perp, snapshots=snapshots, known=known
        )

    def events(self) -> Iterator[MarketEvent]:
        """The recording from its beginning, times in market time (ms), a snapshot first."""
        # The book on the side is for gaps alone; a recording without any does not pay for it.
        known = Book(self.sym) if self.gaps else None
        return self._rebuilder(self._snapshots, known).events(self._capture.messages())


class RecordedFeed:
    """Plays a recording on the desk's time line, again and again.

    `laps` counts the laps that are behind it.
    """

    def __init__(
        self,
        recording: Recording,
        start_ms: int,
        speed: Decimal | float = 1,
        *,
        origin_market_ms: int | None = None,
        lap_ms: int | None = None,
    ) -> None:
        """Begin at `start_ms` of the desk's time, `speed` times as fast as it was.

        Speed 0 is as fast as possible: every pull is full, and its events carry the time of
        the pull. `origin_market_ms` is the market time that falls on `start_ms`, the
        recording's first by default; what lies before it is folded into the first book.
        `lap_ms` is the length of a lap in market time, by default up to the last event.
        """
        if speed < 0:
            raise ValueError(f"expected a speed of 0 or more, was {speed}")
        self.syms: tuple[str, ...] = (recording.sym,)
        self.laps = 0
        self._recording = recording
        self._start_ms = start_ms
        self._speed = Fraction(str(speed))
        self._origin_ms = recording.first_ms if origin_market_ms is None else origin_market_ms
        self._lap_ms = lap_ms or max(1, recording.last_ms + 1 - self._origin_ms)
        self._stream = self._laps_forever()
        self._next: tuple[int, int, MarketEvent] | None = None
        self._time_ms = start_ms
        self._update_ids = _RisingIds()
        self._trade_ids = _RisingIds()

    def pull(self, now_ms: int, limit: int = 10_000) -> list[MarketEvent]:
        """The next events due at `now_ms`, at most `limit`; see Feed."""
        events: list[MarketEvent] = []
        while len(events) < limit:
            if self._next is None:
                self._next = next(self._stream)
            lap, offset_ms, event = self._next
            due_ms = self._due_ms(offset_ms, now_ms)
            if due_ms > now_ms:
                break
            self._next = None
            if lap != self.laps:
                self.laps = lap
                self._update_ids.start_over()
                self._trade_ids.start_over()
            self._time_ms = max(self._time_ms, due_ms)
            events.append(self._restamped(event))
        return events

    def advance(self, delta_ms: int) -> None:
        """The desk's clock jumped ahead by `delta_ms` and the market stood still meanwhile."""
        self._start_ms += delta_ms

    def _due_ms(self, offset_ms: int, now_ms: int) -> int:
        if not self._speed:
            return now_ms
        return self._start_ms + offset_ms * self._speed.denominator // self._speed.numerator

    def _laps_forever(self) -> Iterator[tuple[int, int, MarketEvent]]:
        """Events with the number of their lap and their offset from the beginning (market ms)."""
        for lap in count():
            for event in self._lap():
                offset_ms = event.time_ms - self._origin_ms
                if offset_ms >= self._lap_ms:
                    break
                yield lap, lap * self._lap_ms + offset_ms, event

    def _lap(self) -> Iterator[MarketEvent]:
        events = self._recording.events()
        if self._origin_ms > self._recording.first_ms:
            book = Book(self._recording.sym)
            for event in events:
                if event.time_ms > self._origin_ms:
                    yield book.snapshot(self._origin_ms)
                    yield event
                    break
                _apply(book, event)
            else:
                yield book.snapshot(self._origin_ms)
        yield from events

    def _restamped(self, event: MarketEvent) -> MarketEvent:
        """The event on the desk's time line, its ids beyond all that were handed out."""
        if isinstance(event, MarketTrade):
            return MarketTrade(
                sym=event.sym,
                time_ms=self._time_ms,
                trade_id=self._trade_ids.take(event.trade_id),
                price_ticks=event.price_ticks,
                quantity_lots=event.quantity_lots,
                buyer_is_maker=event.buyer_is_maker,
            )
        kind = DepthSnapshot if isinstance(event, DepthSnapshot) else DepthChange
        return kind(
            sym=event.sym,
            time_ms=self._time_ms,
            update_id=self._update_ids.take(event.update_id),
            bids=event.bids,
            asks=event.asks,
        )


class _RisingIds:
    """A source's ids, moved on where the source begins anew, always rising."""

    def __init__(self) -> None:
        self._last = 0
        self._shift: int | None = 0

    def start_over(self) -> None:
        """The source is about to begin again: its next id follows the last one handed out."""
        self._shift = None if self._last else 0

    def take(self, source_id: int) -> int:
        if self._shift is None:
            self._shift = self._last + 1 - source_id
        # Futures' first update may carry the id of the snapshot that it follows.
        self._last = max(source_id + self._shift, self._last + 1)
        return self._last


def aligned_feeds(
    files: Mapping[str, Sequence[Path]],
    instruments: Mapping[str, Instrument],
    start_ms: int,
    speed: Decimal | float = 1,
) -> list[RecordedFeed]:
    """Feeds of several recordings, by symbol, that keep their common market time.

    All begin where the last of them begins, so that every book is there at `start_ms`, and all
    start their laps together, when the longest has ended. Raises RecordingError where one
    cannot be played, or where they have no time in common.
    """
    recordings = [Recording(paths, instruments[sym]) for sym, paths in files.items()]
    if not recordings:
        return []
    last_to_begin = max(recordings, key=lambda recording: recording.first_ms)
    first_to_end = min(recordings, key=lambda recording: recording.last_ms)
    if first_to_end.last_ms <= last_to_begin.first_ms and len(recordings) > 1:
        raise RecordingError(
            f"expected recordings with a time in common, found {first_to_end.sym} ending at "
            f"{first_to_end.last_ms} ms and {last_to_begin.sym} beginning at "
            f"{last_to_begin.first_ms} ms"
        )
    origin_ms = last_to_begin.first_ms
    lap_ms = max(recording.last_ms for recording in recordings) + 1 - origin_ms
    return [
        RecordedFeed(r, start_ms, speed, origin_market_ms=origin_ms, lap_ms=lap_ms)
        for r in recordings
    ]


def _exhaust(events: Iterator[MarketEvent]) -> None:
    deque(events, maxlen=0)


def _apply(book: Book, event: MarketEvent) -> None:
    if isinstance(event, DepthSnapshot):
        book.apply_snapshot(event)
    elif isinstance(event, DepthChange):
        book.apply_change(event)
