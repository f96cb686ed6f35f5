"""The desk's time: along its line, held, moved ahead, fast, and where it was after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

from openprime.desk.agenda import schedule
from openprime.desk.commands import Command, Envelope, RunAgenda
from openprime.desk.outcome import Outcome
from openprime.desk.state import TaskKind
from openprime.desk.switches import ClockLine
from openprime.server.broker import Broker
from openprime.server.clock import Clock
from openprime.server.config import ServerConfig

WALL_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
ONE = Decimal(1)


class Wall:
    """The world's time, as a test moves it."""

    def __init__(self) -> None:
        self.ms = WALL_MS

    def __call__(self) -> int:
        return self.ms


def test_without_a_line_the_time_is_the_worlds() -> None:
    wall = Wall()
    clock = Clock(wall)
    wall.ms += 5
    assert clock.now_ms() == WALL_MS + 5
    assert clock.line == ClockLine(wall.ms, wall.ms, ONE, False)


def test_lines() -> None:
    wall = Wall()
    clock = Clock(wall)
    clock.follow(ClockLine(WALL_MS, WALL_MS + HOUR_MS, ONE, False))
    wall.ms += 10
    assert clock.now_ms() == WALL_MS + HOUR_MS + 10
    clock.follow(ClockLine(WALL_MS, WALL_MS, Decimal("2.5"), False))
    assert clock.now_ms() == WALL_MS + 25
    clock.follow(ClockLine(WALL_MS, WALL_MS, Decimal("2.5"), True))
    assert clock.now_ms() == WALL_MS
    clock.hold(7)
    assert clock.now_ms() == 7
    clock.release()
    assert clock.now_ms() == WALL_MS
    clock.follow(None)
    assert clock.now_ms() == wall.ms


def test_a_fast_clock_does_not_run_while_the_program_does_not() -> None:
    wall = Wall()
    clock = Clock(wall)
    line = ClockLine(WALL_MS - 1000, WALL_MS, Decimal(100), False)
    clock.resume(line, WALL_MS + 50)
    assert clock.now_ms() == WALL_MS + 50
    wall.ms += 1
    assert clock.now_ms() == WALL_MS + 150
    clock.resume(ClockLine(WALL_MS - 1000, WALL_MS, ONE, False), WALL_MS)
    assert clock.now_ms() == WALL_MS + 1001


def run(test: Callable[[Broker, Wall], Coroutine[Any, Any, None]], data: Path | None = None) -> int:
    """Run a test against an open broker; the desk's time at its end."""
    wall = Wall()

    async def opened() -> int:
        config = ServerConfig(data=data, synthetic=False)
        broker = Broker(config, wall)
        await broker.open()
        try:
            await test(broker, wall)
            return broker.clock.now_ms()
        finally:
            await broker.close()

    return asyncio.run(opened())


def test_an_advance_does_what_falls_in_between_each_at_its_moment() -> None:
    async def test(broker: Broker, wall: Wall) -> None:
        moments: list[int] = []

        def observe(envelope: Envelope, outcome: object) -> None:
            if isinstance(envelope.command, RunAgenda):
                moments.append(envelope.time_ms)

        broker.sequencer.observers.append(observe)
        turn = broker.desk.turn
        for after_ms in (5000, 1000, 90_000):
            schedule(turn, WALL_MS + after_ms, TaskKind.RUN_SLICE, after_ms)
        refusal = await broker.timekeeper.set(broker.sequencer, WALL_MS + 60_000)
        assert refusal is None
        assert moments == [WALL_MS + 1000, WALL_MS + 5000]
        assert [due.subject for due in broker.desk.state.agenda] == [90_000]

    assert run(test) == WALL_MS + 60_000


def test_an_advance_ends_where_the_broker_stops_meanwhile() -> None:
    class Taken:
        """The last change that was taken before the broker closed."""

        async def submit(self, command: Command) -> Outcome:
            return Outcome()

    async def test(broker: Broker, wall: Wall) -> None:
        schedule(broker.desk.turn, WALL_MS + 1000, TaskKind.RUN_SLICE, 1)
        await broker.sequencer.close()
        assert await broker.timekeeper.set(Taken(), WALL_MS + 60_000) is None  # type: ignore[arg-type]
        assert [due.subject for due in broker.desk.state.agenda] == [1]

    run(test)


def test_time_never_goes_back() -> None:
    async def test(broker: Broker, wall: Wall) -> None:
        refusal = await broker.timekeeper.set(broker.sequencer, WALL_MS - 1)
        assert refusal is not None
        assert refusal.code == 400000

    assert run(test) == WALL_MS


def test_a_held_clock_is_held_after_a_restart(tmp_path: Path) -> None:
    async def hold(broker: Broker, wall: Wall) -> None:
        await broker.timekeeper.set(broker.sequencer, WALL_MS + HOUR_MS, frozen=True)
        wall.ms += 1000

    async def look(broker: Broker, wall: Wall) -> None:
        reading = broker.timekeeper.read()
        assert (reading.desk_ms, reading.frozen) == (WALL_MS + HOUR_MS, True)
        await broker.timekeeper.set(broker.sequencer, frozen=False)
        wall.ms += 10

    assert run(hold, tmp_path) == WALL_MS + HOUR_MS
    assert run(look, tmp_path) == WALL_MS + HOUR_MS + 10


def test_a_fast_clock_moves_in_jumps_that_leave_nothing_undone() -> None:
    async def test(broker: Broker, wall: Wall) -> None:
        keeper, turn = broker.timekeeper, broker.desk.turn
        schedule(turn, WALL_MS + HOUR_MS, TaskKind.RUN_SLICE, 1)
        await keeper.set(broker.sequencer, speed=Decimal(100_000))
        done = asyncio.Event()

        def observe(envelope: Envelope, outcome: object) -> None:
            if isinstance(envelope.command, RunAgenda):
                assert envelope.time_ms == WALL_MS + HOUR_MS
                done.set()

        broker.sequencer.observers.append(observe)
        running = asyncio.create_task(keeper.run())
        wall.ms += 60
        await done.wait()
        await keeper.set(broker.sequencer, speed=ONE)
        running.cancel()
        wall.ms += 1

    assert run(test) == WALL_MS + 60 * 100_000 + 1
