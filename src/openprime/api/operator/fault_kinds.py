"""The kinds of fault that stay armed: their args, what they can be matched by, and what becomes of
them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from openprime.api.operator.action import Asked, Unfit
from openprime.desk.switches import FaultKind
from openprime.errors import row, rows
from openprime.model.venue import ReportFate

LATENCY_MS_MAX = 600_000
TEXT_LENGTH_MAX = 200
_EXCHANGE_ERROR = 400010

DISK_WAYS = ("full", "failed", "slow")
CRASH_MOMENTS = ("before_commit", "after_commit", "now")


def too_long(value: str) -> bool:
    """Whether a text is longer than a fault keeps."""
    return len(value) > TEXT_LENGTH_MAX


class NoArgs(Asked, frozen=True):
    pass


class CodeArgs(Asked, frozen=True):
    code: int
    placeholders: tuple[str, ...] = ()


class UserIdArgs(Asked, frozen=True):
    """What the core is told of the user: missing, malformed or unknown; all are 401022."""

    user_id: str = "unknown"


class RejectArgs(Asked, frozen=True):
    code: int = _EXCHANGE_ERROR


class LatencyArgs(Asked, frozen=True):
    ms: int


class OrderArgs(Asked, frozen=True):
    """The order, by either id; any where none is named."""

    order_id: str = ""


class ReportsArgs(Asked, frozen=True):
    """How a message of the venue fares, drawn where it is not said; how late one is that is late,
    drawn below 800 ms where it is not said.
    """

    how: str = ""
    late_ms: int = 0


class DiskArgs(Asked, frozen=True):
    """How the disk fails; `ms` is how much longer a slow one takes."""

    how: str
    ms: int = 0


class CrashArgs(Asked, frozen=True):
    when: str


class Armament(msgspec.Struct, frozen=True):
    """What becomes of a kind's args. `method` is that of the requests which a kind is about;
    `count` is how often it is met at most, 0 without a bound. One that is not `matchable` is met
    whatever happens.
    """

    code: int = 0
    arguments: tuple[str, ...] = ()
    latency_ms: int = 0
    order_id: str = ""
    method: str = ""
    count: int = 1
    how: str = ""
    matchable: bool = True


def _force_code(args: CodeArgs) -> Armament | Unfit:
    known = {row.code for row in rows()}
    if args.code not in known:
        return Unfit(f"expected args.code to be a code of the catalogue, found {args.code}")
    wanted = row(args.code).placeholders
    if len(args.placeholders) != wanted or any(map(too_long, args.placeholders)):
        return Unfit(
            f"expected {wanted} texts of at most {TEXT_LENGTH_MAX} characters in "
            f"args.placeholders for {args.code}, found {len(args.placeholders)}"
        )
    return Armament(code=args.code, arguments=args.placeholders)


def _user_id(args: UserIdArgs) -> Armament | Unfit:
    ways = ("missing", "malformed", "unknown")
    if args.user_id not in ways:
        return Unfit(f"expected args.userId to be {' or '.join(ways)}, found {args.user_id!r}")
    return Armament(code=401022)


def _reject(args: RejectArgs) -> Armament | Unfit:
    codes = [row.code for row in rows() if row.stage == "venue"] + [_EXCHANGE_ERROR]
    if args.code not in codes:
        listed = ", ".join(map(str, codes))
        return Unfit(f"expected args.code to be one of a venue ({listed}), found {args.code}")
    return Armament(code=args.code)


def _latency(args: LatencyArgs) -> Armament | Unfit:
    return _no_time(args.ms) or Armament(latency_ms=args.ms, count=0)


def _no_time(ms: int, name: str = "ms") -> Unfit | None:
    """Why so many ms cannot be waited for."""
    if 1 <= ms <= LATENCY_MS_MAX:
        return None
    return Unfit(f"expected args.{name} from 1 to {LATENCY_MS_MAX}, found {ms}")


def _lock(args: OrderArgs) -> Armament | Unfit:
    return Armament(code=400011, order_id=args.order_id)


def _reports(args: ReportsArgs) -> Armament | Unfit:
    if args.how and args.how not in tuple(ReportFate):
        return Unfit(f"expected args.how to be {' or '.join(ReportFate)}, found {args.how!r}")
    unfit = _no_time(args.late_ms, "lateMs") if args.late_ms else None
    return unfit or Armament(how=args.how, latency_ms=args.late_ms)


def _stall(args: LatencyArgs) -> Armament | Unfit:
    return _no_time(args.ms) or Armament(latency_ms=args.ms)


def _disk(args: DiskArgs) -> Armament | Unfit:
    if args.how not in DISK_WAYS:
        return Unfit(f"expected args.how to be {' or '.join(DISK_WAYS)}, found {args.how!r}")
    if args.how != "slow":
        if args.ms:
            return Unfit(f"expected args.ms of a slow disk alone, found {args.ms} of {args.how}")
        return Armament(how=args.how)
    return _no_time(args.ms) or Armament(how=args.how, latency_ms=args.ms)


def _crash(args: CrashArgs) -> Armament | Unfit:
    if args.when not in CRASH_MOMENTS:
        moments = " or ".join(CRASH_MOMENTS)
        return Unfit(f"expected args.when to be {moments}, found {args.when!r}")
    return Armament(how=args.when, matchable=args.when != "now")


def _plain(args: NoArgs) -> Armament:
    return Armament()


def _code(code: int) -> Callable[[NoArgs], Armament]:
    return lambda args: Armament(code=code)


# What a request says of itself, a socket, and a command or a report of the venue.
_OF_REQUESTS = ("apiKey", "portfolioId", "sym", "method", "path")
_OF_SOCKETS = ("apiKey", "portfolioId", "path")
_OF_COMMANDS = ("portfolioId", "sym")


class Kind(NamedTuple):
    """A kind: the type of its args and what reads them, and what it can be matched by. One that is
    `plain` only stands or does not stand: it has neither count nor chance.
    """

    args: type[Asked]
    read: Callable[[Any], Armament | Unfit]
    matched_by: tuple[str, ...] = _OF_REQUESTS
    plain: bool = False


KINDS: dict[FaultKind, Kind] = {
    FaultKind.FORCE_CODE: Kind(CodeArgs, _force_code),
    FaultKind.GATEWAY_USER_ID: Kind(UserIdArgs, _user_id),
    FaultKind.STALE_CACHE: Kind(NoArgs, lambda args: Armament(count=0)),
    FaultKind.CORE_DOWN: Kind(NoArgs, _code(501)),
    FaultKind.LOADING: Kind(NoArgs, _code(400012)),
    FaultKind.VENUE_REJECT: Kind(RejectArgs, _reject),
    FaultKind.VENUE_LATENCY: Kind(LatencyArgs, _latency),
    FaultKind.ORDER_LOCK: Kind(OrderArgs, _lock),
    # A fill took more than was held back while a change was on its way (errors 6.4).
    FaultKind.RACE_FILL: Kind(NoArgs, lambda args: Armament(code=401057, method="PUT")),
    FaultKind.PANIC: Kind(NoArgs, _code(500)),
    FaultKind.VENUE_REPORTS: Kind(ReportsArgs, _reports, _OF_COMMANDS),
    FaultKind.VENUE_DOWN: Kind(NoArgs, lambda args: Armament(count=0), (), plain=True),
    FaultKind.REQUEST_LOST: Kind(NoArgs, _plain),
    FaultKind.REQUEST_DOUBLED: Kind(NoArgs, _plain),
    FaultKind.ANSWER_LOST: Kind(NoArgs, _plain),
    FaultKind.SOCKET_DROP: Kind(NoArgs, _plain, _OF_SOCKETS),
    FaultKind.SOCKET_STALL: Kind(LatencyArgs, _stall, _OF_SOCKETS),
    FaultKind.DISK_FAIL: Kind(DiskArgs, _disk, _OF_COMMANDS),
    FaultKind.PROCESS_CRASH: Kind(CrashArgs, _crash, _OF_COMMANDS),
}
