"""Faults that the operator armed, and what meets them (errors 7).

The desk keeps the faults; how often each was met is known here alone, so a restart gives every
fault its full count again. A forced code is found at the station of the checks where it belongs:
whatever is found at an earlier station, or at the same one by an earlier check, is answered first.

Everything else that goes wrong on purpose has its point somewhere in the broker, which asks with
`strike`; where a point would cost something though nothing is armed, it is put there and taken away
by who watches its kind.
"""

import math
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
    """What a request, or whatever else meets faults, says of itself, as far as one can ask."""

    access_key: str = ""
    portfolio_id: int = 0
    method: str = ""
    path: str = ""
    sym: str = ""
    order_ids: tuple[str, ...] = ()


# What says nothing of itself: it meets every fault that asks for nothing.
_ANYTHING = (Told(),)


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
        self.draw = random.Random(fault.seed)
        self._chance = None if fault.chance is None else float(fault.chance)

    @property
    def refusal(self) -> Refusal:
        return Refusal(self.fault.code, self.fault.arguments)

    def stands(self, now_ms: int) -> bool:
        """Whether it is neither used up nor over."""
        return self.remaining != 0 and self.fault.stands(now_ms)

    def matches(self, *told: Told) -> bool:
        """Whether it is about a request, or about what is told of in one of several ways."""
        return any(_meets(self.fault.match, each) for each in told)

    def hits(self, *told: Told) -> bool:
        """Whether it is met; if so it counts."""
        if not self.matches(*told):
            return False
        if self._chance is not None and self.draw.random() >= self._chance:
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True

    def miss(self) -> None:
        """Take back a hit."""
        if self.remaining is not None:
            self.remaining += 1


class _Watched:
    """A kind of fault, one way of it or all, and who wants to know whether any stands."""

    def __init__(self, kind: FaultKind, how: str, tell: Callable[[bool], None]) -> None:
        self._kind = kind
        self._how = how
        self._tell = tell
        self._stands: bool | None = None

    def look(self, standing: Sequence[Armed]) -> None:
        kind, how = self._kind, self._how
        stands = any(each.fault.kind is kind and how in ("", each.fault.how) for each in standing)
        if stands is not self._stands:
            self._stands = stands
            self._tell(stands)


class FaultBoard:
    """The armed faults. `armed` is false where none stands, and then nobody need ask; `on_struck`
    is told of each that was met at its point.
    """

    def __init__(self, faults: Callable[[], Mapping[int, Fault]], clock_ms: Callable[[], int]):
        self._faults = faults
        self._clock_ms = clock_ms
        self._armed: dict[int, Armed] = {}
        self._latency_ms = 0
        self.armed = False
        self.on_struck: Callable[[Fault], None] | None = None
        self._set_latency: Callable[[int], None] | None = None
        self._watched: list[_Watched] = []
        self.load()

    def move_venue(self, set_latency: Callable[[int], None]) -> None:
        """Have `set_latency` told how far away the venue is to be, in ms beyond what is configured:
        now, and whenever that changes.
        """
        self._set_latency = set_latency
        set_latency(self._latency_ms)

    def watch(self, kind: FaultKind, tell: Callable[[bool], None], how: str = "") -> None:
        """Have `tell` told whether a fault of a kind, or of one way of it, stands: now, and
        whenever that changes.
        """
        watched = _Watched(kind, how, tell)
        self._watched.append(watched)
        watched.look(self._standing())

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
        far = [each for each in standing if each.fault.kind is FaultKind.VENUE_LATENCY]
        latency_ms = max((each.fault.latency_ms for each in far), default=0)
        if latency_ms != self._latency_ms:
            self._latency_ms = latency_ms
            if self._set_latency is not None:
                self._set_latency(latency_ms)
        for watched in self._watched:
            # One that is told may strike, and change what stands.
            watched.look(self._standing())

    def on_timer(self, now_ms: int) -> None:
        if self.armed:
            self.look(now_ms)

    def used_up(self) -> list[Armed]:
        """Those that are met no more, and would be again after a restart."""
        return [each for each in self._armed.values() if each.remaining == 0]

    @property
    def count(self) -> int:
        """How many are armed, whether they stand or not."""
        return len(self._armed)

    def standing(self, now_ms: int) -> list[Armed]:
        return [each for each in self._armed.values() if each.stands(now_ms)]

    def has(self, kind: FaultKind) -> bool:
        """Whether a fault of a kind stands."""
        return self.armed and bool(self.of_kind(kind))

    def of_kind(self, kind: FaultKind) -> list[Armed]:
        """The standing faults of a kind."""
        return [each for each in self._standing() if each.fault.kind is kind]

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

    def strike(self, kind: FaultKind, *told: Told, how: str = "") -> Armed | None:
        """The fault of a kind that is met, and counted, at its point; None where none is. `told` is
        what is there to be matched, `how` the one way of the kind that is asked for.
        """
        for each in self.of_kind(kind):
            if how in ("", each.fault.how) and each.hits(*(told or _ANYTHING)):
                self._struck(each)
                return each
        return None

    def strike_once(self, kind: FaultKind, told: Told, known: set[int]) -> Armed | None:
        """The same of what stays: it meets each fault that it matches once, whatever is drawn.
        `known` are the ids of those that it has met.
        """
        for each in self.of_kind(kind):
            fault_id = each.fault.fault_id
            if fault_id in known or not each.matches(told):
                continue
            known.add(fault_id)
            if each.hits(told):
                self._struck(each)
                return each
        return None

    def _struck(self, met: Armed) -> None:
        self.look()
        if self.on_struck is not None:
            self.on_struck(met.fault)

    def miss(self, met: Armed) -> None:
        """A fault that was met came to nothing: something else was found first."""
        met.miss()
        self.look()

    def latency_ms(self, told: Told) -> float:
        """How far away the venue is for a request: one that is down could not be further."""
        if self.of_kind(FaultKind.VENUE_DOWN):
            return math.inf
        late = [each for each in self.of_kind(FaultKind.VENUE_LATENCY) if each.hits(told)]
        return max((each.fault.latency_ms for each in late), default=0)

    def _standing(self) -> list[Armed]:
        return self.standing(self._clock_ms())


def _comes_first(found: object, code: int, order: Sequence[int]) -> bool:
    """Whether what the checks found stands before a forced code."""
    if not isinstance(found, Refusal) or code not in order:
        return False
    return found.code in order and order.index(found.code) < order.index(code)
