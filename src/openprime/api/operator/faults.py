"""Faults: what the operator lets go wrong, so that every code can be met (errors 7)."""

from decimal import Decimal
from typing import Any

import msgspec

from openprime.api.faults import Armed
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit, done
from openprime.api.operator.fault_kinds import KINDS, TEXT_LENGTH_MAX, Armament, Kind, too_long
from openprime.api.operator.fault_states import STATE_KINDS, change_state
from openprime.api.operator.reading import converted
from openprime.api.services import Services
from openprime.api.wire import Row
from openprime.desk.commands import ArmFault, DisarmFaults
from openprime.desk.switches import FaultKind, FaultMatch
from openprime.desk.switching import FAULTS_MAX
from openprime.errors import Refusal
from openprime.model.numbers import ONE, ZERO, text

COUNT_MAX = 1_000_000
TTL_MS_MAX = 366 * 24 * 3_600_000


class Match(Asked, frozen=True):
    """Which requests; what is not named lets all through. Names of state are for the kinds that
    change it.
    """

    api_key: str = ""
    portfolio_id: int = 0
    sym: str = ""
    method: str = ""
    path: str = ""


class NewFault(Asked, frozen=True):
    """`count` 0: for as long as it stands; `ttl_ms` 0: until it is used up or taken away."""

    kind: str
    match: Match = Match()
    args: dict[str, Any] = msgspec.field(default_factory=dict)
    count: int | None = None
    ttl_ms: int = 0
    chance: Decimal | None = None
    seed: int | None = None


class OneFault(Asked, frozen=True):
    """One fault, or all where none is named."""

    fault_id: int | None = None


async def arm(services: Services, asked: NewFault) -> Any:
    """Arm a fault, or do at once what changes state."""
    if asked.kind in STATE_KINDS:
        if asked.count not in (None, 1) or asked.ttl_ms or asked.chance is not None:
            return Unfit(
                f"expected neither count, ttlMs nor chance of {asked.kind}, which changes state at "
                "once and until it is changed back; found one"
            )
        match = {name: value for name, value in msgspec.to_builtins(asked.match).items() if value}
        return await change_state(services, asked.kind, match, asked.args)
    kinds = [kind.value for kind in KINDS]
    if asked.kind not in kinds:
        listed = ", ".join((*kinds, *STATE_KINDS))
        return Unfit(f"expected kind to be one of {listed}; found {asked.kind!r}")
    kind = FaultKind(asked.kind)
    args = converted(asked.args, KINDS[kind].args)
    armament = args if isinstance(args, Unfit) else KINDS[kind].read(args)
    if isinstance(armament, Unfit):
        return armament
    unfit = _out_of_bounds(asked) or _not_of_its_kind(KINDS[kind], armament, asked)
    if unfit is not None:
        return unfit
    outcome = await services.sequencer.submit(
        ArmFault(
            kind,
            _match(asked.match, armament),
            armament.code,
            armament.arguments,
            armament.latency_ms,
            armament.count if asked.count is None else asked.count,
            asked.ttl_ms,
            asked.chance,
            asked.seed or 0,
            armament.how,
            _spent(services),
        )
    )
    if outcome.refusal is not None and outcome.refusal.code == 400000:
        return Unfit(f"expected at most {FAULTS_MAX} faults, found one more; take some away first")
    return outcome.refusal or {"faultId": str(outcome.reply)}


def _spent(services: Services) -> int:
    """Where no more may be armed, one that is used up, which no list tells of; 0 for none."""
    board = services.faults
    used_up = board.used_up() if board.count >= FAULTS_MAX else []
    return used_up[0].fault.fault_id if used_up else 0


def _match(match: Match, armament: Armament) -> FaultMatch:
    return FaultMatch(
        match.api_key,
        match.portfolio_id,
        match.sym,
        match.method.upper() or armament.method,
        match.path,
        armament.order_id,
    )


def _out_of_bounds(asked: NewFault) -> Unfit | None:
    """What of the numbers and texts of a fault is out of bounds."""
    count = 1 if asked.count is None else asked.count
    if not 0 <= count <= COUNT_MAX:
        return Unfit(f"expected count from 0 (no bound) to {COUNT_MAX}, found {count}")
    if not 0 <= asked.ttl_ms <= TTL_MS_MAX:
        return Unfit(f"expected ttlMs from 0 (for good) to {TTL_MS_MAX}, found {asked.ttl_ms}")
    if asked.chance is not None and not (asked.chance.is_finite() and ZERO < asked.chance <= ONE):
        return Unfit(f"expected chance above 0 and at most 1, found {asked.chance}")
    if asked.seed is not None and not 0 <= asked.seed < 2**63:
        return Unfit(f"expected seed from 0 to 2^63 - 1, found {asked.seed}")
    texts = [asked.match.api_key, asked.match.sym, asked.match.method, asked.match.path]
    if any(map(too_long, texts)):
        return Unfit(f"expected texts of match of at most {TEXT_LENGTH_MAX} characters, found more")
    return None


def _not_of_its_kind(kind: Kind, armament: Armament, asked: NewFault) -> Unfit | None:
    """What a fault asks for that its kind does not have."""
    if kind.plain and (asked.count or asked.chance is not None):
        return Unfit(
            f"expected neither count nor chance of {asked.kind}, which stands until ttlMs is over "
            "or it is taken away; found one"
        )
    matched_by = kind.matched_by if armament.matchable else ()
    for field in msgspec.structs.fields(Match):
        name = field.encode_name
        if getattr(asked.match, field.name) and name not in matched_by:
            known = " or ".join(matched_by) or "nothing"
            return Unfit(f"expected match of {asked.kind} to name {known}, found {name}")
    return None


async def faults(services: Services, asked: Nothing) -> list[Row]:
    """The armed faults, with how often each may still be met."""
    await services.sequencer.settled()
    return [_row(each) for each in services.faults.standing(services.clock_ms())]


def _row(each: Armed) -> Row:
    fault = each.fault
    return {
        "faultId": str(fault.fault_id),
        "kind": fault.kind,
        "match": msgspec.to_builtins(
            Match(
                api_key=fault.match.api_key,
                portfolio_id=fault.match.portfolio_id,
                sym=fault.match.sym,
                method=fault.match.method,
                path=fault.match.path,
            )
        )
        | {"orderId": fault.match.order_id},
        "code": fault.code,
        "placeholders": fault.arguments,
        "latencyMs": fault.latency_ms,
        "how": fault.how,
        "count": fault.count,
        "remaining": each.remaining,
        "until": fault.until_ms,
        "chance": None if fault.chance is None else text(fault.chance),
        "seed": fault.seed,
    }


async def disarm(services: Services, asked: OneFault) -> Refusal | Unfit | None:
    """Take away a fault, or all."""
    fault_id = asked.fault_id
    if fault_id is not None and fault_id not in services.desk.state.faults:
        return Unfit(f"expected faultId to be one of the list of faults, found {fault_id}")
    return await done(services, DisarmFaults(fault_id))


_FAULTS = f"{PREFIX}faults"

ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "GET",
        _FAULTS,
        "The armed faults",
        Nothing,
        faults,
        "[{faultId, kind, match, code, placeholders, latencyMs, how, count, remaining, until, "
        "chance, seed}]",
    ),
    AdminRow(
        "POST",
        _FAULTS,
        "Arm a fault, or change state by the name of one",
        NewFault,
        arm,
        "{faultId}, or what the action of a kind that changes state answers",
    ),
    AdminRow("DELETE", _FAULTS, "Take away a fault, or all", OneFault, disarm),
)
