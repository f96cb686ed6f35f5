"""What the operator does with the desk's time (resolutions 205).

A jump goes from one task of the agenda to the next: each is done at its own moment, and the venue
has answered what it was asked before the next one comes. So thirty days in one jump leave the same
books as thirty days that passed. Books, marks and premium stand still meanwhile.

Time that runs faster than the market can follow is a row of small jumps.

The new line is kept before the first task is done. After a crash on the way the desk finds what is
left of the agenda overdue, and does it then.
"""

import asyncio
from decimal import Decimal

from openprime.api.services import ClockReading, Commands
from openprime.desk.commands import Envelope, RunAgenda, SetClock
from openprime.desk.outcome import Outcome
from openprime.desk.switches import ClockLine
from openprime.errors import Refusal
from openprime.sequencer import Sequencer
from openprime.server.clock import Clock
from openprime.server.pump import Pump

# How often the venue's answers may lead to new requests before the next task is done all the same.
ANSWERS_MAX = 100
# After so many tasks what they did is made durable, and others have their turn.
TASKS_AT_ONCE = 50
JUMP_INTERVAL_SECONDS = 0.01


class Timekeeper:
    """Moves the clock; an observer of the sequencer, from which the clock learns its line.

    Beyond `speed_max` the market cannot follow the clock.
    """

    def __init__(self, clock: Clock, sequencer: Sequencer, pump: Pump, speed_max: Decimal) -> None:
        self._clock = clock
        self._sequencer = sequencer
        self._pump = pump
        self._speed_max = speed_max
        self._moving = asyncio.Lock()
        self._fast = asyncio.Event()
        self._go_on()

    def observe(self, envelope: Envelope, outcome: Outcome) -> None:
        """Let the clock follow what the desk took."""
        if type(envelope.command) is SetClock:
            self._clock.follow(envelope.command.line)

    def read(self) -> ClockReading:
        """The desk's time and how it runs."""
        clock = self._clock
        line = clock.line
        return ClockReading(clock.now_ms(), clock.wall_ms(), line.speed, line.frozen)

    async def set(
        self,
        commands: Commands,
        to_ms: int | None = None,
        speed: Decimal | None = None,
        frozen: bool | None = None,
    ) -> Refusal | None:
        """Move the clock to a moment, or change how it runs from there; None leaves a thing as it
        is. `commands` is the way that the change takes to the desk.
        """
        async with self._moving:
            clock = self._clock
            now_ms, line = self._present_ms(), clock.line
            target_ms = now_ms if to_ms is None else to_ms
            changed = ClockLine(
                clock.wall_ms(),
                target_ms,
                line.speed if speed is None else speed,
                line.frozen if frozen is None else frozen,
            )
            clock.hold(now_ms)
            self._pump.held = True
            try:
                outcome = await commands.submit(SetClock(changed))
                if outcome.refusal is None:
                    await self._jump(target_ms)
                return outcome.refusal
            finally:
                self._pump.held = False
                self._go_on()

    async def run(self) -> None:
        """Where time is fast, move it on in small jumps; until cancelled."""
        while True:
            await self._fast.wait()
            async with self._moving:
                await self._catch_up()
            await asyncio.sleep(JUMP_INTERVAL_SECONDS)

    async def _catch_up(self) -> None:
        """Jump to where the line is by now."""
        if self._is_fast():
            self._pump.held = True
            try:
                await self._jump(self._clock.line.at(self._clock.wall_ms()))
            finally:
                self._pump.held = False

    def _is_fast(self) -> bool:
        line = self._clock.line
        return line.speed > self._speed_max and not line.frozen

    def _go_on(self) -> None:
        """Let the clock go along its line, or stand until the next small jump."""
        if self._is_fast():
            self._clock.hold(self._present_ms())
            self._fast.set()
        else:
            self._clock.release()
            self._fast.clear()

    def _present_ms(self) -> int:
        return max(self._clock.now_ms(), self._sequencer.desk.state.time_ms)

    async def _jump(self, target_ms: int) -> None:
        """Do what the agenda holds up to a moment, task by task, and be there."""
        clock, sequencer = self._clock, self._sequencer
        start_ms = clock.now_ms()
        done = 0
        while sequencer.broken is None:
            agenda = sequencer.desk.state.agenda
            if not agenda or agenda[0].time_ms > target_ms:
                break
            clock.hold(max(clock.now_ms(), agenda[0].time_ms))
            outcome = sequencer.post(RunAgenda())
            if outcome.refusal is not None:
                break  # the broker stops
            done += 1
            if outcome.requests or done % TASKS_AT_ONCE == 0:
                await self._venue_answered()
        clock.hold(target_ms)
        if target_ms > start_ms:
            self._pump.jump(target_ms - start_ms)

    async def _venue_answered(self) -> None:
        for _ in range(ANSWERS_MAX):
            if not self._sequencer.queue_depth:
                break
            await self._sequencer.settled()
