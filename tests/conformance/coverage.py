"""Where each code of the founding catalogue is shown, read from what the tests run."""

from __future__ import annotations

from typing import NamedTuple

from openprime.api.private.dialect import ORDERS
from openprime.errors import rows
from tests.conformance import cases
from tests.conformance.answers import ORDERS_CHANNEL
from tests.conformance.chains import AT_THE_DOOR, CHAINS
from tests.conformance.forced_frames import FRAMES
from tests.conformance.registry import NATURAL
from tests.conformance.sound import SOUND

assert cases
ACTIONS = {row: action for action, row in ORDERS.actions.items()}


class Shown(NamedTuple):
    """A code's natural cause and forced test, and every surface that one of them, the order of the
    checks or the private socket shows it on; "" for what is missing.
    """

    code: int
    natural: str
    forced: str
    surfaces: tuple[str, ...]


def shown() -> list[Shown]:
    """One row a code of the founding catalogue."""
    return [
        Shown(row.code, _natural(row.code), _forced(row.code), _surfaces(row.code))
        for row in rows()
        if row.in_seed
    ]


def _natural(code: int) -> str:
    case = NATURAL.get(code)
    return f"{case.provoke.__module__.rpartition('.')[2]}.{case.provoke.__name__}" if case else ""


def _forced(code: int) -> str:
    if code in FRAMES:
        return "on_a_frame"
    surface = NATURAL[code].surface if code in NATURAL else ""
    return "on_a_request" if surface == ORDERS_CHANNEL or surface in SOUND else ""


def _surfaces(code: int) -> tuple[str, ...]:
    found = [NATURAL[code].surface] if code in NATURAL else []
    found += [f"WS {FRAMES[code].path}"] if code in FRAMES else []
    for chain in CHAINS:
        if any(breach.code == code for breach in chain.breaches):
            found.append(f"{chain.method} {chain.path}")
    twins = [action for row, action in ACTIONS.items() if " ".join(row) in found]
    if code not in AT_THE_DOOR:
        found += [f"WS {action}" for action in twins]
    return tuple(dict.fromkeys(found))
