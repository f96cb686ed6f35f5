"""The line in which writes wait: nobody loses his turn, and no turn is lost with who goes away."""

import asyncio
from collections.abc import Awaitable, Callable

from openprime.sequencer.line import Line
from tests.sequencer.bench import turns


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
        first, second = (asyncio.ensure_future(line.wait()) for _ in range(2))
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
        waiting = asyncio.ensure_future(line.wait())
        await turns()
        assert not await line.wait()
        line.leave()
        assert await waiting

    run(test, waiting_max=1)


def test_who_goes_away_in_the_line_is_passed_over() -> None:
    async def test(line: Line) -> None:
        gone, stays = (asyncio.ensure_future(line.wait()) for _ in range(2))
        await turns()
        gone.cancel()
        await turns()
        line.leave()
        assert await stays

    run(test)


def test_who_goes_away_as_his_turn_comes_leaves_it_to_the_next() -> None:
    async def test(line: Line) -> None:
        gone, stays = (asyncio.ensure_future(line.wait()) for _ in range(2))
        await turns()
        line.leave()
        gone.cancel()
        assert await stays
        assert gone.cancelled()
        line.leave()
        assert line.enters()

    run(test)
