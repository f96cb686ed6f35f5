"""A line from the venue on which messages fare ill."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from openprime.model.venue import Accepted, ReportFate, VenueReport
from openprime.venues import disturbed
from openprime.venues.disturbed import Disturbance, DisturbedLine

MESSAGE: list[VenueReport] = [Accepted(number) for number in range(5)]
FIRST, SECOND, *_ = MESSAGE


async def in_time(line: DisturbedLine) -> None:
    """Wait until nothing is late any more."""
    while line._late:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


def carried(fate: ReportFate | None, seed: int = 1, late_ms: int = 0) -> list[list[VenueReport]]:
    """What comes of a message that fares so, all of it."""

    async def play() -> list[list[VenueReport]]:
        came: list[list[VenueReport]] = []
        found = Disturbance(fate, late_ms, random.Random(seed))
        line = DisturbedLine(came.append, came.append, lambda reports: found)
        line.take(MESSAGE)
        await in_time(line)
        return came

    return asyncio.run(play())


def test_nothing_befalls_a_message_that_nothing_disturbs() -> None:
    came: list[list[VenueReport]] = []
    DisturbedLine(came.append, came.append, lambda reports: None).take(MESSAGE)
    assert came == [MESSAGE]


def test_each_fate() -> None:
    assert carried(ReportFate.LOST) == []
    assert carried(ReportFate.LATE, late_ms=3) == [MESSAGE]
    assert carried(ReportFate.SPLIT) == [[report] for report in MESSAGE]
    (repeated,) = carried(ReportFate.REPEATED)
    assert repeated[:4] == [FIRST, FIRST, SECOND, SECOND]
    assert Counter(map(repr, repeated)) == Counter(map(repr, 2 * MESSAGE))
    (shuffled,) = carried(ReportFate.REORDERED)
    assert shuffled != MESSAGE
    assert sorted(map(repr, shuffled)) == sorted(map(repr, MESSAGE))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_doubled_comes_again_at_once_or_late(seed: int) -> None:
    assert carried(ReportFate.DOUBLED, seed, late_ms=3) == [MESSAGE, MESSAGE]


def test_what_is_late_comes_after_what_was_said_later() -> None:
    async def play() -> None:
        came: list[list[VenueReport]] = []
        late = Disturbance(ReportFate.LATE, 5, random.Random(1))
        fates = iter((late, None))
        line = DisturbedLine(came.append, came.append, lambda reports: next(fates))
        line.take([FIRST])
        line.take([SECOND])
        assert came == [[SECOND]]
        await in_time(line)
        assert came == [[SECOND], [FIRST]]

    asyncio.run(play())


def test_a_fate_that_is_not_said_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disturbed, "LATE_MS_MAX", 1)
    lengths = {tuple(map(len, carried(None, seed))) for seed in range(40)}
    assert {(), (5,), (5, 5), (10,), (1, 1, 1, 1, 1)} == lengths


def test_no_more_than_a_bound_is_late_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disturbed, "LATE_MAX", 0)
    assert carried(ReportFate.LATE, late_ms=3_600_000) == [MESSAGE]
