"""Bugs between the clients' lines and the broker: reading frames, writing them, acting on them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from openprime.api.private import eager
from openprime.api.sockets.incoming import Cutter
from openprime.api.sockets.server import SocketProtocol
from openprime.sequencer.sequencer import Sequencer
from openprime.simulation.transport import SLOW
from openprime.simulation.wire import WHOLE
from tests.simulation.bugs import DURABLE, Bug


def forgets_what_finds_no_room(patch: pytest.MonkeyPatch) -> None:
    """A frame that finds the line full is taken for one that was sent."""
    send_now = SocketProtocol.send_now

    def hasty(self: SocketProtocol, wire: bytes) -> bool:
        send_now(self, wire)
        return True

    patch.setattr(SocketProtocol, "send_now", hasty)


def writes_on(patch: pytest.MonkeyPatch) -> None:
    """Nobody minds that a line is full."""
    patch.setattr(SocketProtocol, "pause_writing", lambda self: None)


def loses_half_a_head(patch: pytest.MonkeyPatch) -> None:
    """Where a read ends in the head of a frame, this much of it is lost."""
    cut = Cutter.cut

    def forgetful(self: Cutter, data: bytes) -> list[bytes]:
        frames = cut(self, data)
        if len(self._begun) < 2:
            self._begun.clear()
        return frames

    patch.setattr(Cutter, "cut", forgetful)


def answers_actions_before_the_disk(patch: pytest.MonkeyPatch) -> None:
    """What is asked on a socket is answered while its batch is still on its way."""
    durable, start = Sequencer._durable, eager.start
    acting = False

    def begin(coroutine: Coroutine[Any, Any, None]) -> None:
        nonlocal acting
        acting = True
        start(coroutine)
        acting = False

    def at_once(self: Sequencer) -> asyncio.Future[bool]:
        if not acting:
            return durable(self)
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(True)
        return done

    patch.setattr(eager, "start", begin)
    patch.setattr(Sequencer, "_durable", at_once)


ON_THE_LINE = (
    Bug(forgets_what_finds_no_room, ("frames are answered", "pushes make up the same picture")),
    Bug(writes_on, (SLOW,)),
    Bug(loses_half_a_head, ("frames are answered", WHOLE)),
    Bug(answers_actions_before_the_disk, DURABLE),
)
