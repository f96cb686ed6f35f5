"""Maintenance windows: announced, listed, ended (rest-admin 3)."""

from openprime.api.maintenance import window_row
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit, done
from openprime.api.services import Services
from openprime.api.wire import Row
from openprime.desk.commands import EndWindow, OpenWindow
from openprime.desk.desk import Desk
from openprime.desk.switches import ServiceType
from openprime.desk.switching import WINDOWS_MAX
from openprime.errors import Refusal

DESCRIPTION_LENGTH_MAX = 200


class NewWindow(Asked, frozen=True):
    """From `start_time` (ms; 0: now) for `duration_ms`, or up to `end_time`."""

    service_type: ServiceType = ServiceType.TRADE
    start_time: int = 0
    end_time: int = 0
    duration_ms: int = 0
    description: str = "maintenance"


class OneWindow(Asked, frozen=True):
    window_id: int


async def windows(services: Services, asked: Nothing) -> list[Row]:
    """Windows that run or are to come."""
    now_ms = services.clock_ms()

    def render(desk: Desk) -> list[Row]:
        return [
            {"windowId": str(window.window_id), **window_row(window, now_ms)}
            for window in desk.state.windows.values()
            if window.end_ms > now_ms
        ]

    return await services.read(render)


async def open_window(services: Services, asked: NewWindow) -> Row | Refusal | Unfit:
    """Announce a window; one whose time has come closes its service at once."""
    now_ms = services.clock_ms()
    start_ms = asked.start_time or now_ms
    end_ms = asked.end_time or start_ms + asked.duration_ms
    if end_ms <= max(start_ms, now_ms) or len(asked.description) > DESCRIPTION_LENGTH_MAX:
        return Unfit(
            "expected durationMs or endTime to end the window after its startTime and after now "
            f"({now_ms}), and a description of at most {DESCRIPTION_LENGTH_MAX} characters; found "
            f"{start_ms} to {end_ms} and {len(asked.description)} characters"
        )
    outcome = await services.sequencer.submit(
        OpenWindow(asked.service_type, start_ms, end_ms, asked.description)
    )
    if outcome.refusal is not None and outcome.refusal.code == 400000:
        return Unfit(f"expected at most {WINDOWS_MAX} windows, found one more; end some first")
    return outcome.refusal or {"windowId": str(outcome.reply)}


async def end_window(services: Services, asked: OneWindow) -> Refusal | Unfit | None:
    if asked.window_id not in services.desk.state.windows:
        return Unfit(f"expected windowId to be one of the list of windows, found {asked.window_id}")
    return await done(services, EndWindow(asked.window_id))


_WINDOWS = f"{PREFIX}maintenance"

ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "GET",
        _WINDOWS,
        "Maintenance windows that run or are to come",
        Nothing,
        windows,
        "[{windowId, status, startTime, endTime, desc, serviceType, maintainType, env}]",
    ),
    AdminRow(
        "POST",
        _WINDOWS,
        "Announce a maintenance window; while it runs, its service answers 50001",
        NewWindow,
        open_window,
        "{windowId}",
    ),
    AdminRow("POST", f"{_WINDOWS}/end", "End or take back a window", OneWindow, end_window),
)
