"""The line from the venue: reports that are lost, late, doubled, or come in another order.

Each order's fills keep their order even then: a venue numbers them, and the desk takes a lower
number for one that it has. So whole messages are disturbed, as a line does, and not what is in one.
"""

import random
from collections.abc import Callable

from openprime.model.venue import Filled, VenueReport
from openprime.simulation.loop import VirtualLoop

Deliver = Callable[[list[VenueReport]], None]

LATE_SECONDS_MAX = 0.8


class Line:
    """Carries reports. `disturbance` is how likely each message is to be disturbed, from 0 to 1;
    while `down` nothing gets through.
    """

    def __init__(self, draw: random.Random, say: Callable[[str], None]) -> None:
        """`say` is told each time that a message fares ill."""
        self.disturbance = 0.0
        self.down = False
        # What the venue filled, whoever heard of it: lots by order and trade.
        self.filled: dict[int, dict[int, int]] = {}
        self._draw = draw
        self._say = say
        self._loop: VirtualLoop

    def begin(self, loop: VirtualLoop) -> None:
        """A new process listens."""
        self._loop = loop
        self.disturbance = 0.0
        self.down = False

    def put(self, reports: list[VenueReport], deliver: Deliver) -> None:
        for report in reports:
            if type(report) is Filled:
                trades = self.filled.setdefault(report.order_id, {})
                trades[report.trade_id] = report.quantity_lots
        if self.down:
            self._say("report not delivered")
        elif not self.disturbance or self._draw.random() >= self.disturbance:
            deliver(reports)
        else:
            kind = self._draw.choices(list(_WAYS), _WEIGHTS)[0]
            self._say(f"report {kind}")
            _WAYS[kind](self, reports, deliver)

    def _lose(self, reports: list[VenueReport], deliver: Deliver) -> None:
        """Nobody hears of it."""

    def _delay(self, reports: list[VenueReport], deliver: Deliver) -> None:
        self._loop.call_later(self._draw.uniform(0, LATE_SECONDS_MAX), deliver, reports)

    def _double(self, reports: list[VenueReport], deliver: Deliver) -> None:
        deliver(reports)
        if self._draw.random() < 0.5:
            deliver(reports)
        else:
            self._delay(reports, deliver)

    def _split(self, reports: list[VenueReport], deliver: Deliver) -> None:
        """What came in one message comes one by one."""
        for report in reports:
            deliver([report])

    def _repeat(self, reports: list[VenueReport], deliver: Deliver) -> None:
        """Each report comes twice before the next one."""
        deliver([report for report in reports for _ in range(2)])

    def _shuffle(self, reports: list[VenueReport], deliver: Deliver) -> None:
        shuffled = list(reports)
        self._draw.shuffle(shuffled)
        deliver(shuffled)


# More of what a desk must bear than of what leaves it without an answer.
_WEIGHTS = (1, 3, 4, 2, 1, 1)
_WAYS: dict[str, Callable[[Line, list[VenueReport], Deliver], None]] = {
    "lost": Line._lose,
    "late": Line._delay,
    "doubled": Line._double,
    "repeated": Line._repeat,
    "split": Line._split,
    "reordered": Line._shuffle,
}
