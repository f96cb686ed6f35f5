"""Faults that the operator armed, and the requests that meet them (errors 7).

The desk keeps the faults; how often each was met is known here alone, so a restart gives every
fault its full count again. A forced code is found at the station of the checks where it belongs:
whatever is found at an earlier station, or at the same one by an earlier check, is answered first.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from openprime.desk.commands import ArmFault, Command, DisarmFaults
from openprime.desk.switches import Fault, FaultKind, FaultMatch
from openprime.errors import Refusal, row


class Station(StrEnum):
    """Where on its way a request or a frame can meet a forced code."""

    EDGE = "edge"
    AUTH = "auth"
    BUDGET = "budget"
    SYNTAX = "syntax"
    DESK = "desk"
    PUSH = "push"
    CONNECT = "connect"
    FRAME = "frame"
    LOGIN = "login"
    SUBSCRIBE = "subscribe"


# The stations of the catalogue's stages, and of the codes that no stage is stated for.
_OF_STAGE = {
    "syntax": Station.SYNTAX,
    "auth": Station.AUTH,
    "push": Station.PUSH,
    "websocket": Station.SUBSCRIBE,
    "": Station.DESK,
}
_CODES = {
    Station.EDGE: (500, 501, 40000, 400012),
    Station.AUTH: (7000, 4000, 100003, 2003, 1003, 1004, 1007, 1010),
    Station.BUDGET: (100429, 50001),
    Station.CONNECT: (601010, 11200),
    Station.FRAME: (601001, 601004, 601008, 601011, 601014, 11103, 11230),
    Station.LOGIN: (601007, 601009, 601012, 601016, 60009, 10001, *range(11106, 11110)),
    Station.SUBSCRIBE: (11100, 11101, 11102, 11112, 11210, 11220, 11240, 11250, 11260),
}
_STATIONS = {code: station for station, codes in _CODES.items() for code in codes}


def station_of(code: int) -> Station:
    """Where a code is found."""
    return _STATIONS.get(code) or _OF_STAGE.get(row(code).stage, Station.DESK)


class Told(NamedTuple):
    """What a request says of itself, as far as a fault can ask for it."""

    access_key: str
    portfolio_id: int
    method: str
    path: str
    sym: str = ""
    order_ids: tuple[str, ...] = ()


def told_of(
    access_key: str, portfolio_id: int, method: str, path: str, parameters: Mapping[str, Any]
) -> Told:
    """What a request with these parameters says of itself."""
    named = (parameters.get("orderId"), parameters.get("clientOrderId"))
    order_ids = tuple(str(name) for name in named if name)
    sym = str(parameters.get("sym") or "")
    return Told(access_key, portfolio_id, method, path, sym, order_ids)


def _meets(match: FaultMatch, told: Told) -> bool:
    return (
        (not match.api_key or match.api_key == told.access_key)
        and (not match.portfolio_id or match.portfolio_id == told.portfolio_id)
        and (not match.sym or match.sym == told.sym)
        and (not match.method or match.method == told.method)
        and (not match.path or match.path == told.path)
        and (not match.order_id or match.order_id in told.order_ids)
    )


class Armed:
    """A fault, how often it may still be met (None: for as long as it stands), and its chance."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.station = station_of(fault.code) if fault.code else None
        self.remaining = fault.count or None
        self._chance = None if fault.chance is None else float(fault.chance)
        self._random = random.Random(fault.seed)

    @property
    def refusal(self) -> Refusal:
        return Refusal(self.fault.code, self.fault.arguments)

    def stands(self, now_ms: int) -> bool:
        """Whether it is neither used up nor over."""
        until_ms = self.fault.until_ms
        return self.remaining != 0 and (not until_ms or now_ms < until_ms)

    def hits(self, told: Told) -> bool:
        """Whether a request meets it; if so it counts."""
        if not _meets(self.fault.match, told):
            return False
        if self._chance is not None and self._random.random() >= self._chance:
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True

    def miss(self) -> None:
        """Take back a hit."""
        if self.remaining is not None:
            self.remaining += 1


class FaultBoard:
    """The armed faults. `armed` is false where none stands, and then nobody need ask."""

    def __init__(self, faults: Callable[[], Mapping[int, Fault]], clock_ms: Callable[[], int]):
        self._faults = faults
        self._clock_ms = clock_ms
        self._armed: dict[int, Armed] = {}
        self._latency_ms = 0
        self.armed = False
        self._set_latency: Callable[[int], None] | None = None
        self.load()

    def move_venue(self, set_latency: Callable[[int], None]) -> None:
        """Have `set_latency` told how far away the venue is to be, in ms beyond what is configured:
        now, and whenever that changes.
        """
        self._set_latency = set_latency
        set_latency(self._latency_ms)

    def load(self) -> None:
        """Take the desk's faults; those that stay keep their counts."""
        known = self._armed
        self._armed = {
            fault_id: known.get(fault_id) or Armed(fault)
            for fault_id, fault in self._faults().items()
        }
        self.look()

    def observe(self, command: Command) -> None:
        """Take note of faults that were armed or taken away."""
        if type(command) is ArmFault or type(command) is DisarmFaults:
            self.load()

    def look(self, now_ms: int | None = None) -> None:
        """See which faults still stand: after a change, and now and then, for time passes."""
        standing = self.standing(self._clock_ms() if now_ms is None else now_ms)
        self.armed = bool(standing)
        latency_ms = max((each.fault.latency_ms for each in standing), default=0)
        if latency_ms != self._latency_ms:
            self._latency_ms = latency_ms
            if self._set_latency is not None:
                self._set_latency(latency_ms)

    def on_timer(self, now_ms: int) -> None:
        if self.armed:
            self.look(now_ms)

    def standing(self, now_ms: int) -> list[Armed]:
        return [each for each in self._armed.values() if each.stands(now_ms)]

    def has(self, kind: FaultKind) -> bool:
        """Whether a fault of a kind stands."""
        return self.armed and any(each.fault.kind is kind for each in self._standing())

    def take(
        self,
        stations: Sequence[Station],
        told: Told,
        found: object = None,
        order: Sequence[int] = (),
    ) -> Refusal | None:
        """The code that a fault forces on a request at these stations, None where none does.

        `found` is what the checks of the stations made of it: where that is a refusal, a forced
        code that `order` puts behind it waits for another request.
        """
        met = self.meet(stations, told, found, order)
        return met.refusal if met else None

    def meet(
        self,
        stations: Sequence[Station],
        told: Told,
        found: object = None,
        order: Sequence[int] = (),
    ) -> Armed | None:
        """The fault itself, counted as met."""
        for each in self._standing():
            waits = each.station not in stations or _comes_first(found, each.fault.code, order)
            if not waits and each.hits(told):
                self.look()
                return each
        return None

    def miss(self, met: Armed) -> None:
        """A fault that was met came to nothing: something else was found first."""
        met.miss()
        self.look()

    def latency_ms(self, told: Told) -> int:
        """How far away the venue is for a request."""
        late = [each for each in self._standing() if each.fault.latency_ms]
        return max((each.fault.latency_ms for each in late if each.hits(told)), default=0)

    def _standing(self) -> list[Armed]:
        return self.standing(self._clock_ms())


def _comes_first(found: object, code: int, order: Sequence[int]) -> bool:
    """Whether what the checks found stands before a forced code."""
    if not isinstance(found, Refusal) or code not in order:
        return False
    return found.code in order and order.index(found.code) < order.index(code)
