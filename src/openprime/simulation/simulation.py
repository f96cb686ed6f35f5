"""One run: a seed, a number of steps, and what was found.

A step is one thing that somebody does, or one thing that goes wrong. It is begun and not waited
for: the loop goes on for a drawn moment and the next step follows, so that much is under way at
once. Now and then everybody comes to rest, and all that was promised is checked.
"""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import msgspec

from openprime.api.operator import ADMIN
from openprime.server.config import Limits, Replay
from openprime.simulation import operators
from openprime.simulation.calls import ORDER, Params, Route, routes
from openprime.simulation.checks import AT_REST, EACH_STEP, Scene
from openprime.simulation.draws import Draws
from openprime.simulation.host import Host
from openprime.simulation.listening import heard_logs
from openprime.simulation.network import Answer, Network, Request, perform, signed_request
from openprime.simulation.people import Client, People
from openprime.simulation.privacy import foreign
from openprime.simulation.promises import Promises
from openprime.simulation.rules import SYMS
from openprime.simulation.sockets import Listener
from openprime.simulation.steps import STEPS
from openprime.simulation.trace import Trace
from openprime.simulation.values import ADDRESS, Asker
from openprime.simulation.venue import Line
from openprime.simulation.violated import Violated

REST_EVERY = 150
REST_SECONDS = 1.0
REST_SECONDS_MAX = 900.0
USERS = 3
TRIES = 3
FUNDS = (
    ("BINANCE", "USDT", "50000"),
    ("BINANCE", "BTC", "1"),
    ("OKX", "USDT", "50000"),
    ("OKX", "ETH", "10"),
)


class Outcome(msgspec.Struct, frozen=True):
    """What came of a run. `check` and `found` say which promise was broken, if any."""

    seed: int
    steps: int
    digest: str
    counts: dict[str, int]
    check: str = ""
    found: str = ""
    at_step: int = 0
    tail: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.check


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
        self.people = People()
        self.promises = Promises()
        self.listeners: list[Listener] = []
        self.line = Line(self.draws.stream("venue"), self._line_says)
        self.network = Network(self.draws.stream("network"))
        mood = self.draws.stream("mood")
        self.limits = mood.choice((Limits.OFF, Limits.OFF, Limits.PRODUCTION))
        self.host = Host(self.draws, self.line, self.say, self.limits, replays)
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
        self._under_way: dict[asyncio.Task[Any], None] = {}
        self._failure: BaseException | None = None
        self._at_step = 0
        # Set by steps: how many callbacks from now the process ends, and whether power goes too.
        self.callbacks_left: int | None = None
        self.power_lost = False
        self.broken_since: int | None = None
        self._scene = Scene(
            self.host, self.people, self.promises, self.listeners, self.draws.stream("checks")
        )

    # -- the run

    def run(self) -> Outcome:
        """Do it all; what was found is in the outcome."""
        check = found = ""
        with heard_logs(self._hear_log):
            try:
                self._found()
                for number in range(1, self.steps + 1):
                    self._at_step = number
                    if number not in self._left_out:
                        self._step(number)
                self._end()
            except Violated as violated:
                check, found = violated.check, violated.found
                self.say(f"violated {check}: {found}")
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

    def _line_says(self, line: str) -> None:
        self.say(line)
        self.count(line)

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def _step(self, number: int) -> None:
        draw = self.draws.stream("step", number)
        name = draw.choices(list(self._weights), list(self._weights.values()))[0]
        self.count(name)
        STEPS[name].take(self, draw)
        self._pass(_pause_s(draw))
        self.check(EACH_STEP)
        if number % REST_EVERY == 0:
            self.come_to_rest()

    def _pass(self, seconds: float) -> None:
        """Let time pass; where the process ends meanwhile, start it anew."""
        host = self.host
        end = None
        if self.callbacks_left is not None:
            end = host.loop.callbacks_run + self.callbacks_left
        disk = host.machine.disk

        def over() -> bool:
            return disk.stopped or (end is not None and host.loop.callbacks_run >= end)

        host.loop.run_for(seconds, over)
        self._raise_failure()
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
            self.say(f"halted {self.host.broker.sequencer.broken.split(';')[0][:40]}")
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
        self._under_way.clear()
        self.listeners.clear()

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
        self.host.machine.restart(power_lost=False)
        self.start_again()

    def _end(self) -> None:
        self.come_to_rest()
        self.restart()
        self.come_to_rest()
        self.host.stop()

    def _give_up(self) -> None:
        if self.host.up:
            self.host.crash(power_lost=False)
        self.host.machine.throw_away()

    # -- rest

    def come_to_rest(self) -> None:
        """Mend what is disturbed, let everything end that is under way, and check it all."""
        self.line.disturbance, self.network.trouble = 0.0, 0.0
        self.line.down = False
        self.host.machine.ills.clear()
        self.host.machine.full = False
        self.callbacks_left = None
        if self.host.broker.sequencer.broken is not None:
            self.crash(power_lost=False)
        for listener in self.listeners:
            if listener.open:
                listener.stall(False)
        loop = self.host.loop
        self.operate("DELETE", f"{operators.PREFIX}/faults")
        loop.run_until(lambda: not self._under_way, REST_SECONDS_MAX)
        loop.run_for(REST_SECONDS)
        self._raise_failure()
        self.host.broker.pump.held = True
        loop.run_until_complete(self.host.broker.sequencer.settled())
        self.say(f"at rest, sequence {self.host.broker.sequencer.sequence}")
        self.check(AT_REST)
        self.host.broker.pump.held = False

    def check(self, checks: dict[str, Any]) -> None:
        """Hold the scene to a table of checks."""
        if self.host.broker.sequencer.broken is not None:
            return
        for name, check in checks.items():
            found = check(self._scene)
            if found:
                raise Violated(name, found)

    # -- what steps do

    def asker(self, draw: random.Random) -> Asker:
        """Somebody who asks now."""
        broker = self.host.broker
        return Asker(
            draw,
            draw.choice(self.people.clients),
            self.people,
            broker.desk,
            self.host.reference.start_prices,
            broker.clock_ms(),
        )

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside all else."""
        task = self.host.loop.create_task(work)
        self._under_way[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None and self._failure is None:
            self._failure = error

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def ask(self, client: Client, route: Route, params: Params, tries: int) -> None:
        """A client's call, asked again with the same ids where no answer comes."""
        owner = client.user_id
        if route[1].startswith(("/api/v1/trading", "/api/v1/algo")):
            named = params.get("portfolioId", "")
            owner = int(named) if named.isdecimal() and named.isascii() else client.portfolio_id
        for _ in range(tries):
            promise = self.promises.asked(route, owner, params)
            nonce = self.host.wall_ms() // 1000
            request = signed_request(*route, params, client.access_key, client.secret, nonce)
            answer = await self.network.ask(self.host.app, request)
            self._trace_answer(client.name, route, params, answer)
            if answer is None:
                continue
            content = self._read(answer, client, " ".join(route))
            if promise is not None:
                self.promises.answered(promise, route, content, answer.doubled)
            return

    def _read(self, answer: Answer, client: Client, where: str) -> Any:
        """Take note of an answer, and see that it is the client's own."""
        content = answer.json
        self.saw(client, content, where)
        if isinstance(content, dict) and content.get("code") in (200, 200000):
            self._take_key(client.user_id, content["data"])
        return content

    def saw(self, client: Client, content: Any, where: str) -> None:
        """A client was told this, over REST or a socket."""
        if isinstance(content, dict) and "portfolioId" in str(content.get("data"))[:2000]:
            self._take_portfolio(client, content["data"])
        found = foreign(content, client, self.people, where)
        if found:
            raise Violated("no client sees another's data", f"{where}: {found}")
        self.people.remember(client.portfolio_id, content)
        self.promises.saw(content)

    def _take_portfolio(self, client: Client, data: Any) -> None:
        if isinstance(data, dict) and set(data) == {"portfolioId", "name"}:
            self.people.owners.setdefault(int(data["portfolioId"]), client.user_id)

    def _take_key(self, user_id: int, data: Any) -> None:
        """A key that was made is a client more."""
        if isinstance(data, dict) and "secretKey" in data and len(self.people.clients) < 60:
            self.add_client(
                user_id, int(data["portfolioId"]), data["accessKey"], data["secretKey"]
            )

    def add_client(self, user_id: int, portfolio_id: int, access_key: str, secret: str) -> None:
        known = self.people.owners
        main = next((p for p, owner in known.items() if owner == user_id), portfolio_id)
        known.setdefault(portfolio_id, user_id)
        name = f"client{len(self.people.clients)}"
        primary = portfolio_id == main
        client = Client(name, user_id, portfolio_id, primary, access_key, secret)
        self.people.clients.append(client)

    def on_frame(self, listener: Listener, frame: Any) -> None:
        """A socket was told something."""
        self.say(f"{listener.client.name} {listener.path} hears {str(frame)[:200]}")
        self.saw(listener.client, frame, listener.path)

    def say_market(self, listener: Listener, draw: random.Random) -> None:
        """A frame to a socket of market data or news."""
        frames: tuple[object, ...] = (
            "ping",
            {"event": "subscribe", "arg": [{"channel": "BBO", "sym": draw.choice(SYMS)}]},
            {"action": "subscribe", "args": {"channel": "TICKER", "sym": draw.choice(SYMS)}},
            "{",
        )
        listener.peer.say(draw.choice(frames))

    def _trace_answer(self, who: str, route: Route, told: object, answer: Answer | None) -> None:
        came = "nothing" if answer is None else f"{answer.status} {answer.body[:160]!r}"
        self.say(f"{who} {route[0]} {route[1]} {told} -> {came}")

    async def operate_later(self, route: Route, members: Params, client: Client) -> None:
        """An operator's action, on its way beside all else."""
        answer = await perform(self.host.app, self._admin_request(route, members))
        self._trace_answer("operator", route, members, answer)
        content = answer.json
        if isinstance(content, dict) and content.get("code") == 200:
            data = content["data"]
            if isinstance(data, dict) and "mainPortfolioId" in data:
                self.people.owners[int(data["mainPortfolioId"])] = int(data["userId"])
            elif isinstance(data, dict) and "secretKey" in data:
                self._take_key(int(data["userId"]), data)
            self.people.remember(0, data)

    def _admin_request(self, route: Route, members: Params) -> Request:
        token = self.host.broker.credentials.admin_token
        return operators.request_of(ADMIN[route], members, token)

    def operate(self, method: str, path: str, **members: Any) -> Any:
        """An operator's action, done when this returns."""
        request = self._admin_request((method, path), members)
        answer = self.host.loop.run_until_complete(perform(self.host.app, request))
        self._trace_answer("operator", (method, path), members, answer)
        return answer.json.get("data")

    def _hear_log(self, level: str, event: str, told: str) -> None:
        if level in ("error", "critical") and not self._expected(event):
            raise Violated("nothing fails within", f"{event} {told}")

    def _expected(self, event: str) -> bool:
        """Whether a failing disk or an ending process explains what was logged."""
        failing = self.host.machine.failed or self.host.machine.disk.stopped or not self.host.up
        return failing and event in (
            *("sequencer_halted", "snapshot_failed", "rebuild_failed", "request_failed"),
            *("action_failed", "mark_failed"),
        )

    # -- the beginning

    def _found(self) -> None:
        """Start, and let there be users with keys and money."""
        self.host.start()
        credentials = self.host.broker.credentials
        state = self.host.broker.desk.state
        first = state.portfolios[credentials.portfolio_id]
        secret = credentials.secret_key or ""
        self.add_client(first.user_id, first.portfolio_id, credentials.access_key, secret)
        for _ in range(USERS - 1):
            user = self.operate("POST", f"{operators.PREFIX}/users", kind="NORMAL")
            self._furnish(int(user["userId"]), int(user["mainPortfolioId"]))
        for user_id in self.people.users:
            for number in range(3):
                entry = {"userId": user_id, "address": f"{ADDRESS}{number}", "category": "3"}
                path = f"{operators.PREFIX}/withdrawAddresses"
                self.operate("POST", path, currency="USDT", network="ERC20", **entry)
        draw = self.draws.stream("people")
        for client in list(self.people.clients):
            self._widen(client, draw)

    def _furnish(self, user_id: int, portfolio_id: int) -> None:
        """A key and money for a portfolio."""
        made = self.operate("POST", f"{operators.PREFIX}/keys", portfolioId=portfolio_id)
        self.add_client(user_id, portfolio_id, made["accessKey"], made["secretKey"])
        for exchange, coin, amount in FUNDS:
            funds = {"exchange": exchange, "coin": coin, "amount": amount}
            path = f"{operators.PREFIX}/portfolios/fund"
            self.operate("POST", path, portfolioId=portfolio_id, **funds)

    def _widen(self, client: Client, draw: random.Random) -> None:
        """A second portfolio for a user, with its own key."""
        route = ("POST", "/api/v1/trading/portfolio")
        before = len(self.people.owners)
        self.host.loop.run_until_complete(self.ask(client, route, {"name": "second"}, 1))
        self._raise_failure()
        if len(self.people.owners) > before:
            self._furnish(client.user_id, list(self.people.owners)[-1])


def _pause_s(draw: random.Random) -> float:
    """How long until the next step: mostly next to nothing, so that much is under way at once."""
    kind = draw.random()
    if kind < 0.98:
        return draw.expovariate(400)
    return draw.uniform(0.01, 0.2) if kind < 0.999 else draw.uniform(1, 12)
