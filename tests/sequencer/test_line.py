"""The line in which writes wait: nobody loses his turn, and no turn is lost with who goes away."""

import asyncio
from collections.abc import Awaitable, Callable

from openprime.api.private.eager import start
from openprime.desk.commands import CancelOrders, Command
from openprime.sequencer.line import Line
from tests.sequencer.bench import turns

ORDER: Command = CancelOrders(1, None, None)
OTHER: Command = CancelOrders(2, None, None)


def run(test: Callable[[Line], Awaitable[None]], waiting_max: int = 2) -> None:
    """Run a test with a line in which one is under way already."""

    async def body() -> None:
        line = Line(1, waiting_max)
        assert line.enters()
        await test(line)

    asyncio.run(body())


def test_who_waits_longest_is_next_and_nobody_goes_before() -> None:
    async def test(line: Line) -> None:
        assert not line.enters()
        first, second = (asyncio.ensure_future(line.wait(ORDER)) for _ in range(2))
        await turns()
        line.leave()
        await turns()
        assert (first.done(), second.done(), line.enters()) == (True, False, False)
        line.leave()
        assert await second
        line.leave()
        assert line.enters()

    run(test)


def test_one_too_many_is_turned_away_at_once() -> None:
    async def test(line: Line) -> None:
        waiting = asyncio.ensure_future(line.wait(ORDER))
        await turns()
        assert not await line.wait(ORDER)
        line.leave()
        assert await waiting

    run(test, waiting_max=1)


def test_who_goes_away_in_the_line_is_passed_over() -> None:
    async def test(line: Line) -> None:
        gone, stays = (asyncio.ensure_future(line.wait(ORDER)) for _ in range(2))
        await turns()
        gone.cancel()
        await turns()
        line.leave()
        assert await stays

    run(test)


def test_who_goes_away_as_his_turn_comes_leaves_it_to_the_next() -> None:
    async def test(line: Line) -> None:
        gone, stays = (asyncio.ensure_future(line.wait(ORDER)) for _ in range(2))
        await turns()
        line.leave()
        gone.cancel()
        assert await stays
        assert gone.cancelled()
        line.leave()
        assert line.enters()

    run(test)


def test_what_lets_others_pass_waits_for_those_alone_that_were_there() -> None:
    async def test(line: Line) -> None:
        wanted, other = (asyncio.ensure_future(line.wait(each)) for each in (ORDER, OTHER))
        await turns()
        passing = asyncio.ensure_future(line.let_pass(lambda command: command is ORDER))
        await turns()
        later = asyncio.ensure_future(line.wait(ORDER))
        await turns()
        assert not passing.done()
        line.leave()
        await passing
        assert (wanted.done(), other.done(), later.done()) == (True, False, False)

    run(test, waiting_max=3)


def test_who_goes_away_is_not_waited_for() -> None:
    async def test(line: Line) -> None:
        gone = asyncio.ensure_future(line.wait(ORDER))
        await turns()
        passing = asyncio.ensure_future(line.let_pass(lambda command: True))
        await turns()
        gone.cancel()
        await passing

    run(test)


class Crowd:
    """Commands at a line, which are begun at once as a socket begins them; `applied` in order."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.applied: list[Command] = []

    def apply(self, command: Command) -> None:
        start(self._apply(command))

    def undo(self, command: Command, undoing: Command) -> None:
        start(self._undo(command, undoing))

    async def _apply(self, command: Command) -> None:
        if self.line.enters() or await self.line.wait(command):
            self.applied.append(command)

    async def _undo(self, command: Command, undoing: Command) -> None:
        await self.line.let_pass(lambda waiting: waiting is command)
        self.applied.append(undoing)


UNDOING: Command = CancelOrders(3, None, None)
LATE: Command = CancelOrders(4, None, None)


def test_what_lets_others_pass_finds_one_whose_turn_has_just_come() -> None:
    """He goes on in the next turn of the loop, and a frame may come before it."""

    async def test(line: Line) -> None:
        crowd = Crowd(line)
        crowd.apply(ORDER)
        line.leave()
        crowd.undo(ORDER, UNDOING)
        crowd.undo(LATE, OTHER)
        assert crowd.applied == [OTHER]
        await turns()
        assert crowd.applied == [OTHER, ORDER, UNDOING]

    run(test)


def test_nobody_takes_room_before_one_whose_turn_has_just_come() -> None:
    async def test(line: Line) -> None:
        crowd = Crowd(line)
        crowd.apply(ORDER)
        line.leave()
        line.leave()  # as if two had been under way
        crowd.apply(LATE)
        assert crowd.applied == []
        await turns()
        assert crowd.applied == [ORDER, LATE]
        line.leave()
        assert line.enters(), "nobody is in line any more"

    run(test)
