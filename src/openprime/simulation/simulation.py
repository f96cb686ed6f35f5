"""One run: a seed, a number of steps, and what was found.

A step is one thing that somebody does, or one thing that goes wrong. It is begun and not waited
for: the loop goes on for a drawn moment and the next step follows, so that much is under way at
once. Now and then everybody comes to rest, and all that was promised is checked.
"""

import random
from typing import Any

from openprime.api.settings import ApiSettings
from openprime.desk.switches import Fault
from openprime.server.config import Limits, Replay
from openprime.server.fault_points import FAILURES
from openprime.simulation import operators
from openprime.simulation.acting import Acting
from openprime.simulation.beginning import begin
from openprime.simulation.calls import ORDER, routes
from openprime.simulation.checks import AT_REST, EACH_STEP, Scene
from openprime.simulation.draws import Draws
from openprime.simulation.host import Host
from openprime.simulation.listening import heard_logs, placed
from openprime.simulation.loop import Ended
from openprime.simulation.outcome import Outcome
from openprime.simulation.steps import STEPS
from openprime.simulation.trace import Trace
from openprime.simulation.violated import Violated

REST_EVERY = 200
REST_SECONDS = 1.0
REST_SECONDS_MAX = 900.0
# More than a request to the venue and its report take when a fault puts it far away.
LATE_SECONDS_MAX = 60.0
# An action may be late by as much as the deadline that a fault lets it miss.
ANSWER_SECONDS_MAX = ApiSettings().deadline_ms / 1000 + 1.0
TRIES = 3


class Simulation:
    """A run of `steps` steps of one seed, but for those in `left_out`."""

    def __init__(
        self,
        seed: int,
        steps: int,
        left_out: frozenset[int] = frozenset(),
        replays: tuple[Replay, ...] = (),
    ) -> None:
        self.seed = seed
        self.steps = steps
        self.draws = Draws(seed)
        self.trace = Trace()
        self.counts: dict[str, int] = {}
        mood = self.draws.stream("mood")
        self.limits = mood.choice((Limits.OFF, Limits.OFF, Limits.PRODUCTION))
        self.host = Host(self.draws, self.say, self._struck, self.limits, replays)
        # Each seed has its own mixture: most kinds of step as they are, some often, some never.
        self._weights = {
            name: weight * mood.choice((0, 0.3, 1, 1, 1, 3) if step.varies else (1,))
            for name, step in STEPS.items()
            for weight in (step.weight,)
        }
        every, weights = routes()
        self.routes = every
        moods = [(1,) if route[1] == ORDER else (0, 1, 1, 2) for route in every]
        self.route_weights = [w * mood.choice(m) for w, m in zip(weights, moods, strict=True)]
        self._left_out = left_out
        self._at_step = 0
        self._checked = (0, 0)
        # Set by steps: how many callbacks from now the process ends, and whether power goes too.
        self.callbacks_left: int | None = None
        self.power_lost = False
        self.broken_since: int | None = None
        self.acting = acting = Acting(self.host, self.draws, self.say)
        known = acting.people, acting.promises, acting.listeners
        self._scene = Scene(self.host, *known, self.draws.stream("checks"))

    # -- the run

    def run(self) -> Outcome:
        """Do it all; what was found is in the outcome."""
        check = found = ""
        with heard_logs(self._hear_log):
            try:
                begin(self.host, self.acting, self.draws)
                for number in range(1, self.steps + 1):
                    self._at_step = number
                    if number not in self._left_out:
                        self._step(number)
                self._end()
            except Violated as violated:
                check, found = violated.check, violated.found
                self.say(f"violated {check}: {found}")
            except Exception as error:
                # Be it the broker's or the simulation's own: it is of this seed, and others go on.
                check, found = "nothing fails within", placed(error)
                self.say(f"failed: {found}")
            finally:
                self._give_up()
        return Outcome(
            self.seed,
            self.steps,
            self.trace.digest,
            dict(sorted(self.counts.items())),
            check,
            found,
            self._at_step,
            tuple(self.trace.tail),
        )

    def say(self, line: str) -> None:
        self.trace.add(self.host.time_s if hasattr(self, "host") else 0.0, line)

    def _struck(self, fault: Fault) -> None:
        """A fault that operators armed was met."""
        name = f"{fault.kind} {fault.how}".rstrip()
        self.say(name)
        self.count(name)

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def _step(self, number: int) -> None:
        draw = self.draws.stream("step", number)
        name = draw.choices(list(self._weights), list(self._weights.values()))[0]
        self.count(name)
        STEPS[name].take(self, draw)
        self.pass_time(_pause_s(draw))
        self._check_books()
        if number % REST_EVERY == 0:
            self.come_to_rest()

    def pass_time(self, seconds: float) -> None:
        """Let time pass; where the process ends meanwhile, start it anew."""
        host = self.host
        end = None
        if self.callbacks_left is not None:
            end = host.loop.callbacks_run + self.callbacks_left
        disk = host.machine.disk

        def over() -> bool:
            return disk.stopped or (end is not None and host.loop.callbacks_run >= end)

        host.loop.run_for(seconds, over)
        self.acting.raise_failure()
        if end is not None:
            self.callbacks_left = max(end - host.loop.callbacks_run, 0)
        if over():
            self.crash(self.power_lost)
        elif host.broker.sequencer.broken is not None:
            self._while_broken()

    def _while_broken(self) -> None:
        """The disk failed and nothing is written any more; after a while the operator restarts."""
        if self.broken_since is None:
            self.broken_since = self._at_step
            self.say("halted")
            self.count("halted")
        elif self._at_step - self.broken_since > 15:
            self.crash(power_lost=False)

    # -- starting and stopping

    def crash(self, power_lost: bool) -> None:
        """The process ends; another one takes its place, now and then at the second try."""
        self.say(f"crash, power lost: {power_lost}")
        self.count("power lost" if power_lost else "crash")
        self._forget_process()
        self.host.crash(power_lost)
        self.start_again()

    def _forget_process(self) -> None:
        self.callbacks_left, self.broken_since = None, None
        self.acting.forget_process()

    def start_again(self) -> None:
        """Start, at a disk that may stop once more before it is done."""
        draw = self.draws.stream("start", self.host.starts)
        self.host.rest(draw.uniform(0.1, 20.0))
        for _ in range(TRIES):
            if draw.random() < 0.8:
                break
            self.host.machine.stop_after(draw)
            if self.host.try_start():
                self.host.machine.ills.clear()
                return
            self.say("crash while it started")
            self.count("crash while starting")
        self.host.machine.ills.clear()
        self.host.start()

    def restart(self) -> None:
        """Stop and start as operators do."""
        self.say("restart")
        self.host.stop()
        self._forget_process()
        self.start_again()

    def _end(self) -> None:
        # In the midst of things: what is under way then must be found again.
        self.restart()
        self.come_to_rest()
        self.host.stop()
        self.acting.raise_failure()

    def _give_up(self) -> None:
        if self.host.starts and not self.host.loop.dead:
            self.host.crash(power_lost=False)
        self.host.machine.throw_away()

    # -- rest

    def come_to_rest(self) -> None:
        """Mend what is disturbed, let everything end that is under way, and check it all."""
        self.host.machine.ills.clear()
        self.host.machine.full = False
        self.callbacks_left = None
        if self.host.broker.sequencer.broken is not None:
            self.crash(power_lost=False)
        for listener in self.acting.listeners:
            if listener.open:
                listener.stall(False)
        loop = self.host.loop
        self._disarm()
        loop.run_until(lambda: not self.acting.under_way, REST_SECONDS_MAX)
        loop.run_for(REST_SECONDS)
        loop.run_for(ANSWER_SECONDS_MAX, self.acting.is_answered)
        if self.host.app.services.faults.armed:
            # What was on its way to be armed while all faults were taken away.
            self._disarm()
            loop.run_for(REST_SECONDS)
        self.acting.raise_failure()
        self.host.broker.pump.held = True
        self._hear_the_venue()
        self._let_sockets_hear()
        self.say(f"at rest, sequence {self.host.broker.sequencer.sequence}")
        self.check(AT_REST)
        self.host.broker.pump.held = False

    def _hear_the_venue(self) -> None:
        """Wait for what is still on its way there or back: orders that the last prices set off, and
        all that was sent while a fault kept the venue far away.
        """
        loop, gateway = self.host.loop, self.host.broker.gateway
        while self.host.broker.sequencer.broken is None:
            self._settle()
            if gateway.is_idle:
                return
            loop.run_until(lambda: gateway.is_idle, LATE_SECONDS_MAX)
            loop.run_for(REST_SECONDS)

    def _let_sockets_hear(self) -> None:
        """Wait for what is still on its way to those who read."""
        loop, acting = self.host.loop, self.acting
        loop.run_for(0.0)
        while self.host.broker.sequencer.broken is None and not acting.has_heard_all:
            loop.run_until(lambda: acting.has_heard_all, LATE_SECONDS_MAX)
            loop.run_for(0.0)

    def _disarm(self) -> None:
        """Take all faults away, whatever they do meanwhile."""
        while True:
            try:
                self.acting.operate("DELETE", f"{operators.PREFIX}/faults")
            except Ended:
                pass
            else:
                if self.host.broker.sequencer.broken is None:
                    return
            self.crash(power_lost=False)

    def _settle(self) -> None:
        """Have everything kept that was applied: what is late comes even now."""
        self.host.loop.run_until_complete(self.host.broker.sequencer.settled())

    def check(self, checks: dict[str, Any]) -> None:
        """Hold the scene to a table of checks."""
        if self.host.broker.sequencer.broken is not None:
            return
        for name, check in checks.items():
            if checks is AT_REST:
                self._settle()
            found = check(self._scene)
            if found:
                raise Violated(name, found)

    def _check_books(self) -> None:
        """Hold the books to what must be true at every moment, where anything changed them."""
        now = (self.host.starts, self.host.broker.desk.state.sequence)
        if now != self._checked:
            self._checked = now
            self.check(EACH_STEP)

    def _hear_log(self, level: str, event: str, told: str) -> None:
        if level in ("error", "critical") and not self._expected(event, told):
            found = Violated("nothing fails within", f"{event} {told}")
            # Whoever logs may live on whatever comes of it.
            self.acting.fail(found)
            raise found

    def _expected(self, event: str, told: str) -> bool:
        """Whether a failing disk or an ending process explains what was logged."""
        if self.host.loop.dead:
            return True
        if event == "sequencer_halted" and any(failure in told for failure in FAILURES.values()):
            return True
        failing = self.host.machine.failed or self.host.machine.disk.stopped or not self.host.up
        return failing and event in (
            *("sequencer_halted", "snapshot_failed", "rebuild_failed", "request_failed"),
            *("action_failed", "mark_failed"),
        )


def _pause_s(draw: random.Random) -> float:
    """How long until the next step: mostly next to nothing, so that much is under way at once."""
    kind = draw.random()
    if kind < 0.93:
        return draw.expovariate(400)
    return draw.uniform(0.01, 0.4) if kind < 0.9985 else draw.uniform(1, 12)
