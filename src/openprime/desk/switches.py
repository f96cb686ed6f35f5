"""What the operator's switches look like at rest: maintenance windows and faults (errors 7)."""

from decimal import Decimal
from enum import StrEnum

import msgspec


class ServiceType(StrEnum):
    """What a maintenance window closes (rest-admin 3)."""

    TRADE = "TRADE"
    TRANSFER = "TRANSFER"
    DEPOSIT = "DEPOSIT"
    WITHDRAW = "WITHDRAW"
    LOCK = "LOCK"


class Window(msgspec.Struct, frozen=True):
    """A maintenance window, from `start_ms` on and up to `end_ms` of the desk's time."""

    window_id: int
    service: ServiceType
    start_ms: int
    end_ms: int
    description: str


class ClockLine(msgspec.Struct, frozen=True):
    """The desk's time as the operator set it: `desk_ms` when the world had `wall_ms`, and since
    then `speed` ms for each of the world's; none while it is `frozen`.
    """

    wall_ms: int
    desk_ms: int
    speed: Decimal
    frozen: bool

    def at(self, wall_ms: int) -> int:
        """The desk's time, in ms, at a moment of the world's."""
        if self.frozen:
            return self.desk_ms
        return self.desk_ms + int((wall_ms - self.wall_ms) * self.speed)


class FaultKind(StrEnum):
    """What a fault does to the requests that it meets. All others change state, once, and are
    nothing but the operator's own actions under another name.
    """

    FORCE_CODE = "force_code"
    GATEWAY_USER_ID = "gateway.user_id"
    STALE_CACHE = "gateway.stale_cache"
    CORE_DOWN = "gateway.core_down"
    LOADING = "refdata.loading"
    VENUE_REJECT = "venue.reject"
    VENUE_LATENCY = "venue.latency"
    ORDER_LOCK = "oms.lock"
    RACE_FILL = "ledger.race_fill"
    PANIC = "server.panic"
    VENUE_REPORTS = "venue.reports"
    VENUE_DOWN = "venue.down"
    REQUEST_LOST = "request.lost"
    REQUEST_DOUBLED = "request.doubled"
    ANSWER_LOST = "answer.lost"
    SOCKET_DROP = "socket.drop"
    SOCKET_STALL = "socket.stall"
    DISK_FAIL = "disk.fail"
    PROCESS_CRASH = "process.crash"


# What may end the process, or its writing: a start takes these away before it can meet them, for it
# would else end as the process before it did, again and again.
OF_ONE_PROCESS = (FaultKind.DISK_FAIL, FaultKind.PROCESS_CRASH)


class FaultMatch(msgspec.Struct, frozen=True):
    """Which requests a fault meets; an empty member lets all through."""

    api_key: str = ""
    portfolio_id: int = 0
    sym: str = ""
    method: str = ""
    path: str = ""
    order_id: str = ""


class Fault(msgspec.Struct, frozen=True):
    """An armed fault: `code` and what fills its text, for which requests, how often at most, and
    until when (0: until it is used up or taken away). `latency_ms` is the venue's distance, or how
    long the fault holds up what it meets; `how` is which of its kind's ways it goes.

    With a `chance`, from 0 to 1, it meets a request by a draw of its own generator.
    """

    fault_id: int
    kind: FaultKind
    match: FaultMatch
    code: int
    arguments: tuple[str, ...]
    latency_ms: int
    count: int
    until_ms: int
    chance: Decimal | None
    seed: int
    how: str = ""

    def stands(self, now_ms: int) -> bool:
        """Whether its time is not over."""
        return not self.until_ms or now_ms < self.until_ms
