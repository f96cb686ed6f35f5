"""The faults that operators arm here: those that users inject too, by the same route.

A row says how a kind is armed: its args, how often it meets something and with what chance, and how
long it stands. To have another kind in the simulator, give it a row.
"""

import random
from collections.abc import Callable
from typing import Any

import msgspec

from openprime.desk.switches import FaultKind
from openprime.model.venue import ReportFate

Params = dict[str, Any]

# How long after all faults are taken away one may still be felt, in ms: less than a rest takes.
FELT_MS_MAX = 700


def _nothing(draw: random.Random) -> Params:
    return {}


class Row(msgspec.Struct, frozen=True):
    """How a kind is armed; without `counts` it takes neither count nor chance."""

    kind: FaultKind
    args: Callable[[random.Random], Params] = _nothing
    counts: tuple[int, ...] = (1,)
    chances: tuple[str | None, ...] = (None, "0.5")
    ttl_ms_max: int = 3000


def _reports(draw: random.Random) -> Params:
    how = draw.choice(("", "", *ReportFate))
    late_ms = draw.choice((None, None, 3, 90, FELT_MS_MAX))
    return {"how": how} if late_ms is None else {"how": how, "lateMs": late_ms}


def _disk(draw: random.Random) -> Params:
    how = draw.choice(("full", "failed", "slow", "slow"))
    return {"how": how} | ({"ms": draw.choice((1, 20, 300))} if how == "slow" else {})


def _one_of(name: str, *values: object) -> Callable[[random.Random], Params]:
    return lambda draw: {name: draw.choice(values)}


OFTEN = ("0.1", "0.5")
SELDOM = ("0.02", "0.1", "0.3")

OF_REQUESTS: tuple[Row, ...] = (
    Row(FaultKind.FORCE_CODE, _one_of("code", 400010, 400011, 401058, 50001, 500)),
    Row(FaultKind.VENUE_LATENCY, _one_of("ms", 5, 50, 400, 6000)),
    Row(FaultKind.VENUE_REJECT, _one_of("code", 400010)),
    Row(FaultKind.GATEWAY_USER_ID, _one_of("userId", "missing", "malformed", "unknown")),
    Row(FaultKind.STALE_CACHE),
    Row(FaultKind.CORE_DOWN),
    Row(FaultKind.LOADING),
    Row(FaultKind.ORDER_LOCK),
    Row(FaultKind.PANIC),
    Row(FaultKind.RACE_FILL),
)
AT_THE_VENUE: tuple[Row, ...] = (
    *6 * (Row(FaultKind.VENUE_REPORTS, _reports, (0, 0, 1, 20), OFTEN),),
    Row(FaultKind.VENUE_DOWN, counts=(), chances=(), ttl_ms_max=1500),
)
ON_THE_WAY: tuple[Row, ...] = (
    Row(FaultKind.REQUEST_LOST, counts=(0, 3), chances=SELDOM),
    Row(FaultKind.ANSWER_LOST, counts=(0, 3), chances=SELDOM),
    Row(FaultKind.REQUEST_DOUBLED, counts=(0, 3), chances=SELDOM),
)
OF_SOCKETS: tuple[Row, ...] = (
    Row(FaultKind.SOCKET_DROP, counts=(0, 1, 2)),
    Row(FaultKind.SOCKET_STALL, _one_of("ms", 5, 100, FELT_MS_MAX), (0, 1, 2)),
)
OF_THE_DISK: tuple[Row, ...] = (Row(FaultKind.DISK_FAIL, _disk, (1, 3), (None, "0.2")),)
OF_THE_PROCESS: tuple[Row, ...] = (
    Row(FaultKind.PROCESS_CRASH, _one_of("when", "before_commit", "after_commit", "now")),
)
EVERY: tuple[Row, ...] = (
    *3 * OF_REQUESTS,
    *AT_THE_VENUE,
    *ON_THE_WAY,
    *OF_SOCKETS,
    *OF_THE_DISK,
)


def drawn(draw: random.Random, rows: tuple[Row, ...]) -> Params:
    """One of these faults, as an operator arms it."""
    row = draw.choice(rows)
    found: Params = {"kind": row.kind.value, "args": row.args(draw)}
    found["ttlMs"] = draw.randrange(1, row.ttl_ms_max)
    if row.counts:
        found["count"] = draw.choice(row.counts)
    chance = draw.choice(row.chances) if row.chances else None
    if chance is not None:
        found |= {"chance": chance, "seed": draw.randrange(1000)}
    return found
