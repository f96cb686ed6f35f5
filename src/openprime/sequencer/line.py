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

Turn = asyncio.Future[None]


class Line:
    """At most `under_way_max` are under way, and at most `waiting_max` wait. Whoever was let in has
    to `leave`.

    Between the moment when somebody's turn comes and the one when he goes on lies a turn of the
    loop, in which others may come: none of them is let in before him.
    """

    __slots__ = ("_called", "_room", "_waiting", "_waiting_max")

    def __init__(self, under_way_max: int, waiting_max: int) -> None:
        self._room = under_way_max
        self._waiting: deque[tuple[Turn, Command]] = deque()
        self._called: dict[Turn, Command] = {}
        self._waiting_max = waiting_max

    def enters(self) -> bool:
        """Whether there is room for one more and nobody before it; if so it is taken."""
        if not self._room or self._called:
            return False
        self._room -= 1
        return True

    async def wait(self, command: Command) -> bool:
        """Wait for room for a command and take it; false at once where the line is full."""
        if len(self._waiting) >= self._waiting_max:
            return False
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, command))
        try:
            await turn
        except asyncio.CancelledError:
            if self._called.pop(turn, None) is not None:
                self.leave()
            raise
        del self._called[turn]
        # There may be room that somebody was not given because this one was on his way.
        self._call()
        return True

    async def let_pass(self, wanted: Callable[[Command], bool]) -> None:
        """Wait until none of the commands that are in line now and are `wanted` is any more: each
        has been applied or is gone.
        """
        in_line = (*self._called.items(), *self._waiting)
        turns = [turn for turn, command in in_line if wanted(command)]
        if turns:
            await asyncio.wait(turns)

    def leave(self) -> None:
        """Make room for the next."""
        self._room += 1
        self._call()

    def _call(self) -> None:
        """Tell those who wait longest that it is their turn, as far as there is room."""
        while self._room and self._waiting:
            turn, command = self._waiting.popleft()
            if not turn.done():
                self._called[turn] = command
                self._room -= 1
                turn.set_result(None)
