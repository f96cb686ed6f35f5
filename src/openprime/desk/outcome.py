"""What one command came to."""

import msgspec

from openprime.desk.algo_state import AlgoOrder
from openprime.desk.events import Event, LoanOrder
from openprime.desk.state import Order
from openprime.errors import Refusal
from openprime.model.venue import VenueRequest

Reply = Order | AlgoOrder | list[AlgoOrder] | LoanOrder | int | str | None


class Outcome(msgspec.Struct):
    """Either one refusal, and nothing changed; or events, and what the venue is to be told.

    `reply` is what the asker is told at once: the order (a copy) of an order command, the id of
    what was created, or nothing.
    """

    refusal: Refusal | None = None
    events: list[Event] = []
    requests: list[VenueRequest] = []
    reply: Reply = None
