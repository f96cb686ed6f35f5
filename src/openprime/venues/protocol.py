"""What a trading venue is to the rest of Openprime.

The simulated exchange stands behind this face, and a live exchange can take its place: requests
go in, reports come back through the sink that the venue was given, now or later. Nothing else
passes. Whoever holds a Venue may not assume that a request was carried out when `send` returns.

A request is told by order id and may be told again: after a restart, or after a connection was
lost, the open orders are sent once more as NewOrder(resumed=True). A venue that knows the order
answers with its present state, so reconciliation is nothing but sending again.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from openprime.model.venue import VenueReport, VenueRequest

ReportSink = Callable[[list[VenueReport]], None]


class Venue(Protocol):
    """Where orders trade."""

    def send(self, requests: Sequence[VenueRequest]) -> None:
        """Carry the requests to the venue, in this order. The reports come through the sink."""

    def best_bid(self, sym: str) -> int | None:
        """The highest price in ticks that a seller of `sym` would meet, None without buyers."""

    def best_ask(self, sym: str) -> int | None:
        """The lowest price in ticks that a buyer of `sym` would meet, None without sellers."""

    def close(self) -> None:
        """Send and report nothing more. What was under way is lost, as on a broken line."""
