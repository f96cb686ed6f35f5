"""The clock's rows: what can be asked of it, and a broker whose clock cannot be set."""

from __future__ import annotations

from decimal import Decimal

import pytest

from openprime.api.services import ClockReading, Commands
from openprime.errors import Refusal
from tests.api.kit import NOW_MS, Broker, Json

DAY_MS = 86_400_000


class SetClock:
    """A clock that writes down what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[int | None, Decimal | None, bool | None]] = []

    def read(self) -> ClockReading:
        return ClockReading(NOW_MS, NOW_MS - 5, Decimal("2.50"), False)

    async def set(
        self,
        commands: Commands,
        to_ms: int | None = None,
        speed: Decimal | None = None,
        frozen: bool | None = None,
    ) -> Refusal | None:
        self.asked.append((to_ms, speed, frozen))
        return None


def test_reading(broker: Broker) -> None:
    broker.services.clock = SetClock()
    row = {"time": NOW_MS, "wallTime": NOW_MS - 5, "speed": "2.5", "frozen": False}
    assert broker.admin("GET", "clock").data == row


@pytest.mark.parametrize(
    ("members", "asked"),
    [
        ({"advanceMs": DAY_MS}, (NOW_MS + DAY_MS, None, None)),
        ({"to": NOW_MS + 1}, (NOW_MS + 1, None, None)),
        ({"to": NOW_MS}, (None, None, None)),
        ({"frozen": True}, (None, None, True)),
        ({"speed": "100", "frozen": "false"}, (None, Decimal(100), False)),
        ({}, (None, None, None)),
    ],
)
def test_setting(broker: Broker, members: Json, asked: tuple[object, ...]) -> None:
    clock = SetClock()
    broker.services.clock = clock
    assert broker.admin("POST", "clock", **members).data["time"] == NOW_MS
    assert clock.asked == [asked]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"to": NOW_MS + 1, "advanceMs": 1}, "expected to or advanceMs, found both"),
        ({"advanceMs": -1}, "found one -1 ms ahead"),
        ({"to": NOW_MS - 1}, "found one -1 ms ahead"),
        ({"advanceMs": 367 * DAY_MS}, "at most 366 days ahead"),
        ({"speed": "0"}, "expected speed from 0.01 to 360000, found 0"),
        ({"speed": "NaN"}, "expected speed from 0.01 to 360000, found NaN"),
        ({"speed": "360001"}, "expected speed from 0.01 to 360000, found 360001"),
        ({"back": 1}, "unknown field `back`"),
    ],
)
def test_what_cannot_be_asked(broker: Broker, members: Json, told: str) -> None:
    clock = SetClock()
    broker.services.clock = clock
    answer = broker.admin("POST", "clock", **members).json
    assert answer["code"] == 400000
    assert told in answer["data"]["detail"]
    assert not clock.asked


def test_a_clock_that_goes_by_the_world_cannot_be_set(broker: Broker) -> None:
    for method in ("GET", "POST"):
        answer = broker.admin(method, "clock").json
        assert answer["code"] == 400000
        assert "expected a broker whose clock can be set" in answer["data"]["detail"]
