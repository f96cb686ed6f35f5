"""The line in which writes wait while more come than can be done (resolutions 200).

So many writes are under way at once: being applied, or on their way to disk. Each that is answered
makes room for the one that waits longest. Whatever does not wait here, cancels and reads above all,
finds only so many before it. Where too many wait, one more is turned away at once, which costs
little: so the line is never longer than what is done in a fraction of a second, and soon empty when
the crowd has gone.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from openprime.desk.commands import Command


class Line:
    """At most `under_way_max` are under way, and at most `waiting_max` wait. Whoever was let in has
    to `leave`.
    """

    __slots__ = ("_room", "_waiting", "_waiting_max")

    def __init__(self, under_way_max: int, waiting_max: int) -> None:
        self._room = under_way_max
        self._waiting: deque[tuple[Command, asyncio.Future[None]]] = deque()
        self._waiting_max = waiting_max

    def enters(self) -> bool:
        """Whether there is room for one more; if so it is taken. Nobody waits while there is."""
        if not self._room:
            return False
        self._room -= 1
        return True

    async def wait(self, command: Command) -> bool:
        """Wait for room for a command and take it; false at once where the line is full."""
        if len(self._waiting) >= self._waiting_max:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.leave()
            raise
        return True

    async def let_pass(self, wanted: Callable[[Command], bool]) -> None:
        """Wait until none of the commands that wait now and are `wanted` waits any more: each has
        been applied or is gone.
        """
        turns = [turn for command, turn in self._waiting if wanted(command)]
        if turns:
            await asyncio.wait(turns)

    def leave(self) -> None:
        """Make room for the next."""
        while self._waiting:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._room += 1
