"""The operator's switches: prices pinned, accounts held, maintenance, faults (errors 7)."""

from decimal import Decimal

import msgspec

from openprime.desk.switches import ClockLine, FaultKind, FaultMatch, ServiceType
from openprime.model.vocabulary import AccountStatus, Exchange


class PinPrices(msgspec.Struct, frozen=True, tag=True):
    """Hold marks by PERP symbol and indexes by coin, in USDT; None lets one go."""

    marks: dict[str, Decimal | None] = {}
    indexes: dict[str, Decimal | None] = {}


class BanTrading(msgspec.Struct, frozen=True, tag=True):
    """Refuse every order of an account with 401045, or take them again."""

    portfolio_id: int
    exchange: Exchange
    banned: bool


class RestrictAccount(msgspec.Struct, frozen=True, tag=True):
    """Restrict an account: nothing is opened (401045) and nothing closed (401053); or free it."""

    portfolio_id: int
    exchange: Exchange
    restricted: bool


class PinStatus(msgspec.Struct, frozen=True, tag=True):
    """Hold an account's status, whatever its margin says; None lets it go."""

    portfolio_id: int
    exchange: Exchange
    status: AccountStatus | None


class OpenWindow(msgspec.Struct, frozen=True, tag=True):
    """Announce a maintenance window, in ms of the desk's time."""

    service: ServiceType
    start_ms: int
    end_ms: int
    description: str


class EndWindow(msgspec.Struct, frozen=True, tag=True):
    """Take a maintenance window away."""

    window_id: int


class ArmFault(msgspec.Struct, frozen=True, tag=True):
    """A fault (see switches.Fault); `ttl_ms` 0: for good. It takes the place of the fault
    `replaces` where that is not 0.
    """

    kind: FaultKind
    match: FaultMatch
    code: int
    arguments: tuple[str, ...]
    latency_ms: int
    count: int
    ttl_ms: int
    chance: Decimal | None
    seed: int
    how: str = ""
    replaces: int = 0


class DisarmFaults(msgspec.Struct, frozen=True, tag=True):
    """Take a fault away, or all of them."""

    fault_id: int | None


class SetClock(msgspec.Struct, frozen=True, tag=True):
    """Let the desk's time go on along another line, never back."""

    line: ClockLine


SwitchCommand = (
    PinPrices
    | BanTrading
    | RestrictAccount
    | PinStatus
    | OpenWindow
    | EndWindow
    | ArmFault
    | DisarmFaults
    | SetClock
)
