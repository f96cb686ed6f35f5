"""The batch in the making."""

from asyncio import Future
from collections.abc import Callable

from openprime.desk.commands import Envelope
from openprime.desk.events import Event
from openprime.model.venue import VenueRequest
from openprime.store import Batch

Publication = Callable[[], object]


class OpenBatch:
    """Applied commands, and what is to be done and who is to be told once they are on disk."""

    __slots__ = ("digest_before", "envelopes", "events", "publications", "requests", "waiters")

    def __init__(self, digest_before: bytes) -> None:
        self.digest_before = digest_before
        self.envelopes: list[Envelope] = []
        self.events: list[Event] = []
        self.requests: list[VenueRequest] = []
        self.publications: list[Publication] = []
        # Told True when the batch is durable, False when it never will be.
        self.waiters: list[Future[bool]] = []

    def to_keep(self, digest: bytes) -> Batch:
        """What of it the store keeps; `digest` is the one after the last command."""
        return Batch(self.envelopes, self.events, self.digest_before, digest)

    def tell(self, durable: bool) -> None:
        """Answer everyone who waits and still listens."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(durable)
