"""Frames that nothing is wrong with, for the codes of sockets, and what stands before each code."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.conformance.answers import Json
from tests.conformance.trader import BTC, PRIVATE
from tests.conformance.world import PUBLIC_2, World

TOO_LONG = {"event": "SUBSCRIBE", "arg": [{"channel": "B" * 5000}]}
SUBSCRIBE = {"event": "SUBSCRIBE", "arg": [{"channel": "BBO", "instId": BTC}]}
UNKNOWN_ACTION = {"event": "DANCE", "arg": []}
UNSIGNED = {"action": "login", "args": {"apiKey": "k"}}


class ForcedFrame(NamedTuple):
    """A code is forced on `sound`, or on a login, or on the connection itself; on `breach` the
    code `earlier` is found first (None: nothing of a socket stands before).
    """

    path: str = PUBLIC_2
    sound: Any = SUBSCRIBE
    earlier: int | None = 601011
    breach: Any = UNKNOWN_ACTION
    logs_in: bool = False
    connects: bool = False

    def login(self, world: World) -> Json:
        return {"action": "login", "args": world.login_args()}


LOGIN = ForcedFrame(PRIVATE, None, 601008, UNSIGNED, logs_in=True)

FRAMES: dict[int, ForcedFrame] = {
    601010: ForcedFrame(PRIVATE, earlier=None, connects=True),
    601014: ForcedFrame(earlier=None),
    601001: ForcedFrame(earlier=601014, breach=TOO_LONG),
    601008: ForcedFrame(earlier=601001, breach="{"),
    601011: ForcedFrame(earlier=601008, breach={"arg": []}),
    601004: ForcedFrame(),
    601012: LOGIN,
    601007: LOGIN,
    601009: LOGIN,
    601013: ForcedFrame(),
    601005: ForcedFrame(),
    601006: ForcedFrame(),
    601002: ForcedFrame(),
    601003: ForcedFrame(),
    601015: ForcedFrame(),
}
