"""What the sequencer hands over to be kept, and what of it becomes rows of history."""

import msgspec

from openprime.desk.commands import Envelope
from openprime.desk.events import Event, OrderChanged, PositionReduced, Statement, Trade
from openprime.desk.state import Order, PositionHistory


class Batch(msgspec.Struct):
    """Commands that are made durable together, in order, with all that their events say.

    `digest_before` and `digest` are the rolling digests before the first and after the last.
    """

    envelopes: list[Envelope]
    events: list[Event]
    digest_before: bytes
    digest: bytes

    @property
    def first_sequence(self) -> int:
        return self.envelopes[0].sequence

    @property
    def last_sequence(self) -> int:
        return self.envelopes[-1].sequence


class Finished(msgspec.Struct):
    """A batch's additions to history. Of an order or position told twice, the last word counts."""

    orders: dict[int, Order] = {}
    trades: list[Trade] = []
    positions: dict[int, PositionHistory] = {}
    statements: list[Statement] = []


def finished(events: list[Event]) -> Finished | None:
    """Gather what goes into the history tables; None where nothing does."""
    gathered = Finished()
    found = False
    # It looks at every event there is, so it asks by type and not by match.
    for event in events:
        if type(event) is Trade:
            gathered.trades.append(event)
        elif type(event) is OrderChanged:
            if not event.finished:
                continue
            gathered.orders[event.order.order_id] = event.order
        elif type(event) is PositionReduced:
            gathered.positions[event.row.position_id] = event.row
        elif type(event) is Statement:
            gathered.statements.append(event)
        else:
            continue
        found = True
    return gathered if found else None
