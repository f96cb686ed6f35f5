"""Where market events come from."""

from typing import Protocol

from openprime.market.events import MarketEvent

__all__ = ["Feed"]


class Feed(Protocol):
    """A source of market events on the desk's time line.

    Feeds are pulled, never pushed: the server asks once a turn of its loop, so a feed needs no
    thread and a test needs no clock.
    """

    syms: tuple[str, ...]
    """The symbols whose books this feed speaks for."""

    def pull(self, now_ms: int, limit: int = 10_000) -> list[MarketEvent]:
        """The next events due at `now_ms`, at most `limit` of them, in order of time.

        What is due beyond the limit comes with the next call. The first event of a symbol is a
        DepthSnapshot.
        """
        ...

    def advance(self, delta_ms: int) -> None:
        """The desk's clock jumped ahead by `delta_ms` and the market stood still meanwhile."""
        ...
