"""The desk's time as the operator's tool: held, moved ahead, let run at another speed.

(resolutions 205.) Signatures go by the world's time, whatever the desk's is.
"""

from decimal import Decimal

from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit
from openprime.api.services import Services
from openprime.api.wire import Row
from openprime.errors import Refusal
from openprime.model.numbers import text

DAY_MS = 86_400_000
JUMP_DAYS_MAX = 366
SPEED_MIN = Decimal("0.01")
SPEED_MAX = Decimal(360_000)

_UNSET = Unfit("expected a broker whose clock can be set, found one that goes by the world's")


class ClockAsked(Asked, frozen=True):
    """To a moment, or ahead, in ms; and how time runs from there. What is left out stays."""

    to: int | None = None
    advance_ms: int | None = None
    speed: Decimal | None = None
    frozen: bool | None = None


async def read_clock(services: Services, asked: Nothing) -> Row | Unfit:
    """The desk's time and the world's."""
    return _UNSET if services.clock is None else _row(services)


async def set_clock(services: Services, asked: ClockAsked) -> Row | Refusal | Unfit:
    """Move the clock; what falls in between is done, one by one, before the answer."""
    clock = services.clock
    if clock is None:
        return _UNSET
    now_ms = clock.read().desk_ms
    if asked.to is not None and asked.advance_ms is not None:
        return Unfit("expected to or advanceMs, found both")
    jump_ms = asked.advance_ms or 0
    if asked.to is not None:
        jump_ms = asked.to - now_ms
    unfit = _unfit(asked, now_ms, jump_ms)
    if unfit is not None:
        return unfit
    to_ms = now_ms + jump_ms if jump_ms else None
    refusal = await clock.set(services.sequencer, to_ms, asked.speed, asked.frozen)
    return refusal or _row(services)


def _unfit(asked: ClockAsked, now_ms: int, jump_ms: int) -> Unfit | None:
    if not 0 <= jump_ms <= JUMP_DAYS_MAX * DAY_MS:
        return Unfit(
            f"expected a moment from now ({now_ms}) on and at most {JUMP_DAYS_MAX} days ahead, "
            f"found one {jump_ms} ms ahead"
        )
    speed = asked.speed
    if speed is not None and not (speed.is_finite() and SPEED_MIN <= speed <= SPEED_MAX):
        return Unfit(f"expected speed from {SPEED_MIN} to {SPEED_MAX}, found {speed}")
    return None


def _row(services: Services) -> Row:
    assert services.clock is not None
    reading = services.clock.read()
    return {
        "time": reading.desk_ms,
        "wallTime": reading.wall_ms,
        "speed": text(reading.speed),
        "frozen": reading.frozen,
    }


_CLOCK = f"{PREFIX}clock"
_SHAPE = "{time, wallTime, speed, frozen}"

ROWS: tuple[AdminRow, ...] = (
    AdminRow("GET", _CLOCK, "The desk's time", Nothing, read_clock, _SHAPE, verb="show"),
    AdminRow(
        "POST",
        _CLOCK,
        "Move the desk's time ahead, doing what falls in between; hold it; or let it run faster",
        ClockAsked,
        set_clock,
        _SHAPE,
        verb="set",
    ),
)
