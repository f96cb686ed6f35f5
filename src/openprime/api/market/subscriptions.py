"""What one connection listens to: its streams, its pairs, and what it has missed.

A client that reads too slowly skips what can be skipped and is brought up to date from the present
once its queue has run dry; where nothing can be skipped (trades) it is dropped.
"""

from openprime.api.market.frames import Frame
from openprime.api.market.hub import MarketHub, StreamKey
from openprime.api.market.streams import Stream
from openprime.api.sockets.link import CLOSE_TRY_AGAIN, Link

TOO_SLOW = "reader too slow"


class Subscriptions:
    """The subscriber behind a link. `conflate_from` frames waiting, a stream that can be skipped
    is. `pairs` counts the streams of each symbol.
    """

    def __init__(self, hub: MarketHub, link: Link, binary: bool, conflate_from: int) -> None:
        self._hub = hub
        self._link = link
        self._binary = binary
        self._conflate_from = conflate_from
        self._streams: dict[StreamKey, Stream] = {}
        self._behind: dict[Stream, None] = {}
        self.pairs: dict[str, int] = {}
        link.refill = self._catch_up

    def offer(self, stream: Stream, frame: Frame) -> None:
        """A stream has a new frame."""
        link = self._link
        outgoing = frame.binary if self._binary else frame.text
        # Nothing is behind while the line is free: that is made up for as soon as it is.
        if link.send_now(outgoing) or stream in self._behind:
            return
        if link.waiting < self._conflate_from and link.put(outgoing):
            return
        if stream.conflatable:
            self._behind[stream] = None
        else:
            self.say(frame)

    def say(self, frame: Frame) -> None:
        """Send a frame that must not be skipped."""
        if not self._link.put(frame.binary if self._binary else frame.text):
            self._link.close(CLOSE_TRY_AGAIN, TOO_SLOW)

    def _catch_up(self) -> None:
        """The queue has run dry: bring what was skipped up to date."""
        if not self._behind:
            return
        behind, self._behind = self._behind, {}
        for stream in behind:
            if self in stream.subscribers:
                self.show(stream)

    def show(self, stream: Stream) -> None:
        """Send what a stream is at now."""
        frame = stream.current()
        if frame is not None:
            self.offer(stream, frame)

    def find(self, key: StreamKey) -> Stream | None:
        """The stream of a key, None where it is not listened to."""
        return self._streams.get(key)

    def add(self, key: StreamKey) -> Stream:
        """Listen to a stream that was not listened to."""
        stream = self._streams[key] = self._hub.subscribe(key, self)
        self.pairs[key[1]] = self.pairs.get(key[1], 0) + 1
        return stream

    def remove(self, key: StreamKey) -> bool:
        """Listen no more; false where it was not listened to."""
        stream = self._streams.pop(key, None)
        if stream is None:
            return False
        self._behind.pop(stream, None)
        self.pairs[key[1]] -= 1
        if not self.pairs[key[1]]:
            del self.pairs[key[1]]
        self._hub.unsubscribe(key, self)
        return True

    def end(self) -> None:
        """The connection is gone."""
        for key in list(self._streams):
            self.remove(key)
