"""Maintenance windows: what they close, and how they are told (rest-admin 3, resolutions 10)."""

from openprime.api.wire import Row
from openprime.desk.state import State
from openprime.desk.switches import ServiceType, Window


def is_closed(state: State, service: ServiceType | None, now_ms: int) -> bool:
    """Whether a running window closes a service."""
    return any(
        window.service is service and window.start_ms <= now_ms < window.end_ms
        for window in state.windows.values()
    )


def window_row(window: Window, now_ms: int) -> Row:
    """A window as system/status tells it."""
    return {
        "status": 1 if window.start_ms <= now_ms else 0,
        "startTime": window.start_ms,
        "endTime": window.end_ms,
        "desc": window.description,
        "serviceType": window.service,
        "maintainType": "1",
        "env": "1",
    }
