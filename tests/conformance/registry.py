"""The natural causes: one function a code that brings it about, and says how."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.conformance.answers import Answer
from tests.conformance.world import World

Provoke = Callable[[World], Answer]


class Case(NamedTuple):
    """A code's natural cause. `arguments` fill the placeholders of its text; `surface` is where
    the answer comes from.
    """

    code: int
    arguments: tuple[str, ...]
    surface: str
    provoke: Provoke


NATURAL: dict[int, Case] = {}


def natural(code: int, *arguments: str, on: str) -> Callable[[Provoke], Provoke]:
    """Enter a function as the natural cause of a code, on a surface."""

    def enter(provoke: Provoke) -> Provoke:
        assert code not in NATURAL, f"{code} has a cause already"
        NATURAL[code] = Case(code, arguments, on, provoke)
        return provoke

    return enter
