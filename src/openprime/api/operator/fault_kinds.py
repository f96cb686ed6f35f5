"""The kinds of fault that stay armed and meet requests: their args, and what becomes of them."""

from collections.abc import Callable
from typing import Any

import msgspec

from openprime.api.operator.action import Asked, Unfit
from openprime.desk.switches import FaultKind
from openprime.errors import row, rows

LATENCY_MS_MAX = 600_000
TEXT_LENGTH_MAX = 200
_EXCHANGE_ERROR = 400010


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


class Armament(msgspec.Struct, frozen=True):
    """What becomes of a kind's args. `method` is that of the requests which a kind is about;
    `count` is how often it is met at most, 0 without a bound.
    """

    code: int = 0
    arguments: tuple[str, ...] = ()
    latency_ms: int = 0
    order_id: str = ""
    method: str = ""
    count: int = 1


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
    if not 1 <= args.ms <= LATENCY_MS_MAX:
        return Unfit(f"expected args.ms from 1 to {LATENCY_MS_MAX}, found {args.ms}")
    return Armament(latency_ms=args.ms, count=0)


def _lock(args: OrderArgs) -> Armament | Unfit:
    return Armament(code=400011, order_id=args.order_id)


def _code(code: int) -> Callable[[NoArgs], Armament]:
    return lambda args: Armament(code=code)


KINDS: dict[FaultKind, tuple[type[Asked], Callable[[Any], Armament | Unfit]]] = {
    FaultKind.FORCE_CODE: (CodeArgs, _force_code),
    FaultKind.GATEWAY_USER_ID: (UserIdArgs, _user_id),
    FaultKind.STALE_CACHE: (NoArgs, lambda args: Armament(count=0)),
    FaultKind.CORE_DOWN: (NoArgs, _code(501)),
    FaultKind.LOADING: (NoArgs, _code(400012)),
    FaultKind.VENUE_REJECT: (RejectArgs, _reject),
    FaultKind.VENUE_LATENCY: (LatencyArgs, _latency),
    FaultKind.ORDER_LOCK: (OrderArgs, _lock),
    # A fill took more than was held back while a change was on its way (errors 6.4).
    FaultKind.RACE_FILL: (NoArgs, lambda args: Armament(code=401057, method="PUT")),
    FaultKind.PANIC: (NoArgs, _code(500)),
}
