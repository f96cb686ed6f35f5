"""The desk's time along the operator's line, and ids that rise with it."""

from decimal import Decimal as D

import pytest

from openprime.desk import commands as c
from openprime.desk.switches import ClockLine
from openprime.desk.turn import ID_BASE, ID_EPOCH_MS, LONG_ID_BASE
from tests.desk.kit import START_MS, DeskKit


def test_time_goes_at_the_speed_of_its_line() -> None:
    line = ClockLine(wall_ms=1000, desk_ms=500_000, speed=D("2.5"), frozen=False)
    assert [line.at(wall_ms) for wall_ms in (1000, 1001, 1002)] == [500_000, 500_002, 500_005]


def test_frozen_time_stands_still() -> None:
    line = ClockLine(wall_ms=1000, desk_ms=500_000, speed=D(60), frozen=True)
    assert line.at(10_000) == 500_000


def test_a_line_is_kept_with_the_state() -> None:
    kit = DeskKit()
    line = ClockLine(0, START_MS + 3_600_000, D(60), False)
    assert kit.do(c.SetClock(line)).refusal is None
    assert kit.desk.state.clock == line


@pytest.mark.parametrize(
    "line",
    [
        ClockLine(0, START_MS - 1, D(1), False),
        ClockLine(0, START_MS + 3_600_000, D(0), False),
        ClockLine(0, START_MS + 3_600_000, D(-1), False),
    ],
)
def test_time_neither_goes_back_nor_stands_unless_frozen(line: ClockLine) -> None:
    kit = DeskKit()
    before = kit.desk.snapshot()
    assert kit.code(kit.do(c.SetClock(line))) == 400000
    assert kit.desk.snapshot() == before


def test_ids_have_their_digits_even_where_the_clock_is_long_past() -> None:
    kit = DeskKit()
    turn = kit.desk.turn
    kit.desk.state.last_id = kit.desk.state.last_long_id = 0
    turn.begin(ID_EPOCH_MS - 1, c.NO_QUOTE)
    assert [turn.new_id(), turn.new_id()] == [ID_BASE, ID_BASE + 1]
    assert [turn.new_long_id(), turn.new_long_id()] == [LONG_ID_BASE, LONG_ID_BASE + 1]
    assert (len(str(ID_BASE)), len(str(LONG_ID_BASE))) == (16, 17)
