"""The loop of the simulator: time of its own, one order, an end at any callback."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from openprime.simulation.loop import Deadlock, Ended, VirtualLoop


class Script:
    """What a loop is made with."""

    def __init__(self) -> None:
        self.delays = [0.0] * 100
        self.uncaught: list[str] = []
        self.ended = False

    def loop(self) -> VirtualLoop:
        return VirtualLoop(
            lambda: self.delays.pop(0),
            lambda message, error: self.uncaught.append(f"{message} {error!r}"),
            lambda: self.ended,
        )  # type: ignore[abstract]


def test_time_leaps_to_the_next_timer() -> None:
    loop = Script().loop()
    assert loop.run_until_complete(asyncio.sleep(3000, "done")) == "done"
    assert loop.time() == 3000


def test_timers_of_one_moment_come_in_their_order() -> None:
    loop, seen = Script().loop(), []
    for name in "abc":
        loop.call_later(1, seen.append, name)
    loop.call_later(0.5, seen.append, "first").cancel()
    loop.run_for(2)
    assert seen == ["a", "b", "c"]
    assert loop.time() == 2


def test_jobs_of_one_executor_come_one_after_the_other() -> None:
    script, seen = Script(), []
    script.delays = [0.2, 0.1, 0.05]
    loop = script.loop()
    with ThreadPoolExecutor(1) as writer:
        loop.run_in_executor(writer, seen.append, "slow")
        loop.run_in_executor(writer, seen.append, "behind it")
        loop.run_in_executor(None, seen.append, "elsewhere")
        loop.run_for(1)
    assert seen == ["elsewhere", "slow", "behind it"]


def test_waiting_for_nothing_is_said() -> None:
    loop = Script().loop()
    with pytest.raises(Deadlock):
        loop.run_until_complete(loop.create_future())


def test_a_process_that_ends_answers_nobody() -> None:
    script = Script()
    loop = script.loop()
    loop.call_later(1, setattr, script, "ended", True)
    with pytest.raises(Ended):
        loop.run_until_complete(asyncio.sleep(2))


def test_an_abandoned_loop_lets_go_of_everything() -> None:
    script, seen = Script(), []
    loop = script.loop()

    async def wait() -> None:
        try:
            await asyncio.sleep(5)
            seen.append("slept")
        finally:
            seen.append("let go")

    loop.create_task(wait())
    loop.run_for(1)
    loop.abandon()
    assert seen == ["let go"]
    assert not loop.step()
    assert script.uncaught == []


def test_what_nobody_caught_is_heard() -> None:
    script = Script()
    loop = script.loop()
    loop.call_soon(lambda: 1 / 0)
    loop.run_for(1)
    assert "ZeroDivisionError" in script.uncaught[0]


def test_time_that_stands_still_is_noticed() -> None:
    async def spins() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(0)

    with pytest.raises(Deadlock, match="expected time to go on, found it standing still"):
        Script().loop().run_until_complete(spins())
