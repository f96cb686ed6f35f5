"""Refused orders with their explanations: kept for the operator, and told to its log.

A refused order leaves no trace in the desk, so why it was refused must be found out at once, while
the state is the one that it was checked against. That costs more than the refusal itself, so it is
done for so many a second at most.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import structlog

from openprime.api.parameters import readers
from openprime.desk.commands import Envelope, PlaceOrder
from openprime.desk.desk import Desk
from openprime.desk.explaining_refusals import explain_refusal
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order
from openprime.errors import Refusal

log = structlog.get_logger(__name__)


class Refused(NamedTuple):
    """A refused order; no order id where none was made."""

    refusal_id: str
    time_ms: int
    portfolio_id: int
    sym: str
    code: int
    order_id: int
    lines: list[str]


class RefusalBook:
    """The refused orders of late, by an id that the log names: R1, R2 and so on."""

    def __init__(
        self,
        desk: Callable[[], Desk],
        kept_max: int,
        explained_per_second: int,
        logged_per_minute: int,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._kept_max = kept_max
        self._kept: OrderedDict[str, Refused] = OrderedDict()
        self._by_order: dict[int, str] = {}
        self._count = 0
        self._explaining = Budget(explained_per_second, 1, seconds)
        self._logging = Budget(logged_per_minute, 60, seconds)

    def on_refusal(self, envelope: Envelope, refusal: Refusal) -> None:
        """An order was refused at once."""
        if type(envelope.command) is PlaceOrder:
            self._take(envelope, envelope.command, refusal.code, 0)

    def observe(self, envelope: Envelope, outcome: Outcome) -> None:
        """An order that was refused after it was made is one too: an observer of the sequencer."""
        command, made = envelope.command, outcome.reply
        if type(command) is not PlaceOrder or command.synchronous:
            return
        if type(made) is Order and made.reason_code:
            self._take(envelope, command, made.reason_code, made.order_id)

    def find(self, name: str) -> Refused | None:
        """A refused order by the id of the log, or of the order."""
        order_id = readers.number(name)
        if order_id is not None:
            name = self._by_order.get(order_id, "")
        return self._kept.get(name)

    def latest(self) -> list[Refused]:
        """All that are kept, newest first."""
        return list(reversed(self._kept.values()))

    def _take(self, envelope: Envelope, command: PlaceOrder, code: int, order_id: int) -> None:
        if not self._explaining.spend():
            return
        self._count += 1
        refusal_id = f"R{self._count}"
        lines = explain_refusal(self._desk().turn, command, code)
        self._kept[refusal_id] = Refused(
            refusal_id,
            envelope.time_ms,
            command.portfolio_id,
            command.sym,
            code,
            order_id,
            lines,
        )
        if order_id:
            self._by_order[order_id] = refusal_id
        if len(self._kept) > self._kept_max:
            _, oldest = self._kept.popitem(last=False)
            self._by_order.pop(oldest.order_id, None)
        if self._logging.spend():
            log.warning("order_refused", id=refusal_id, code=code, why=" | ".join(lines))


class Budget:
    """So many in so many seconds, begun anew when they are over."""

    def __init__(self, count: int, seconds: float, clock: Callable[[], float]) -> None:
        self._count = count
        self._seconds = seconds
        self._clock = clock
        self._left = count
        self._until = clock() + seconds

    def spend(self) -> bool:
        """Whether one more is within the budget."""
        now = self._clock()
        if now >= self._until:
            self._left, self._until = self._count, now + self._seconds
        if not self._left:
            return False
        self._left -= 1
        return True
