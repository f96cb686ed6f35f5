"""A line from the venue on which messages are lost, come late or twice, or in another order.

Each order's fills keep their order even then: a venue numbers them, and the desk takes a lower
number for one that it has. So whole messages are disturbed, as a line does, and not what is in one.
"""

import asyncio
import random
from collections.abc import Callable

import msgspec

from openprime.model.venue import ReportFate, VenueReport
from openprime.venues.protocol import ReportSink

LATE_MS_MAX = 800
# Messages that are late at once; one more comes in time.
LATE_MAX = 10_000
# Drawn fates: more of what a desk must bear than of what leaves it without an answer.
_WEIGHTS = {
    ReportFate.LOST: 1,
    ReportFate.LATE: 3,
    ReportFate.DOUBLED: 4,
    ReportFate.REPEATED: 2,
    ReportFate.SPLIT: 1,
    ReportFate.REORDERED: 1,
}


class Disturbance(msgspec.Struct, frozen=True):
    """How a message fares: its fate, drawn where there is None, and how late one is that is late,
    in ms, drawn where it is 0. `draw` is what draws.
    """

    fate: ReportFate | None
    late_ms: int
    draw: random.Random


class DisturbedLine:
    """Carries messages to `deliver`, and those that are late to `deliver_late` when they come.
    `disturb` says what disturbs one, None where nothing does.
    """

    def __init__(
        self,
        deliver: ReportSink,
        deliver_late: ReportSink,
        disturb: Callable[[list[VenueReport]], Disturbance | None],
    ) -> None:
        self._deliver = deliver
        self._deliver_late = deliver_late
        self._disturb = disturb
        self._late = 0

    def take(self, reports: list[VenueReport]) -> None:
        """Carry a message, such as it fares."""
        found = self._disturb(reports)
        if found is None:
            self._deliver(reports)
            return
        fates = list(_WEIGHTS)
        fate = found.fate or found.draw.choices(fates, list(_WEIGHTS.values()))[0]
        _WAYS[fate](self, reports, found)

    def _lose(self, reports: list[VenueReport], found: Disturbance) -> None:
        """Nobody hears of it."""

    def _delay(self, reports: list[VenueReport], found: Disturbance) -> None:
        if self._late >= LATE_MAX:
            self._deliver(reports)
            return
        late_ms = found.late_ms or found.draw.uniform(0, LATE_MS_MAX)
        self._late += 1
        asyncio.get_running_loop().call_later(late_ms / 1000, self._come_late, reports)

    def _come_late(self, reports: list[VenueReport]) -> None:
        self._late -= 1
        self._deliver_late(reports)

    def _double(self, reports: list[VenueReport], found: Disturbance) -> None:
        """It comes once more, at once or later."""
        self._deliver(reports)
        if found.draw.random() < 0.5:
            self._deliver(reports)
        else:
            self._delay(reports, found)

    def _repeat(self, reports: list[VenueReport], found: Disturbance) -> None:
        """Each report comes twice before the next one."""
        self._deliver([report for report in reports for _ in range(2)])

    def _split(self, reports: list[VenueReport], found: Disturbance) -> None:
        """What came in one message comes one by one."""
        for report in reports:
            self._deliver([report])

    def _shuffle(self, reports: list[VenueReport], found: Disturbance) -> None:
        shuffled = list(reports)
        found.draw.shuffle(shuffled)
        self._deliver(shuffled)


_WAYS: dict[ReportFate, Callable[[DisturbedLine, list[VenueReport], Disturbance], None]] = {
    ReportFate.LOST: DisturbedLine._lose,
    ReportFate.LATE: DisturbedLine._delay,
    ReportFate.DOUBLED: DisturbedLine._double,
    ReportFate.REPEATED: DisturbedLine._repeat,
    ReportFate.SPLIT: DisturbedLine._split,
    ReportFate.REORDERED: DisturbedLine._shuffle,
}
