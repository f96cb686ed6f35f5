"""Who acts in a simulation: clients with their calls, sockets and keys, and operators."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from openprime.api.operator import ADMIN
from openprime.simulation import operators
from openprime.simulation.calls import Params, Route
from openprime.simulation.draws import Draws
from openprime.simulation.host import Host
from openprime.simulation.network import Answer, Network, Request, perform, signed_request
from openprime.simulation.people import Client, People
from openprime.simulation.privacy import foreign
from openprime.simulation.promises import Promises
from openprime.simulation.sockets import Listener
from openprime.simulation.values import Asker
from openprime.simulation.violated import Violated

CLIENTS_MAX = 60
BODY_TOLD = 160


class Acting:
    """What anybody does, and what becomes of it. `under_way` is what has not ended yet."""

    def __init__(self, host: Host, draws: Draws, say: Callable[[str], None]) -> None:
        self.people = People()
        self.promises = Promises()
        self.listeners: list[Listener] = []
        self.network = Network(draws.stream("network"))
        self.under_way: dict[asyncio.Task[Any], None] = {}
        self._host = host
        self._say = say
        self._failure: BaseException | None = None

    def forget_process(self) -> None:
        """What was under way has ended with the process, and nobody heard how."""
        self.under_way.clear()
        self.listeners.clear()

    def asker(self, draw: random.Random) -> Asker:
        """Somebody who asks now."""
        broker = self._host.broker
        return Asker(
            draw,
            draw.choice(self.people.clients),
            self.people,
            broker.desk,
            self._host.reference.start_prices,
            broker.clock_ms(),
        )

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside all else."""
        task = self._host.loop.create_task(work)
        self.under_way[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.under_way.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Something went wrong: to be told where somebody listens."""
        self._failure = self._failure or error

    def is_answered(self) -> bool:
        """Whether no private socket waits for an answer."""
        return all(each.is_answered for each in self.listeners)

    @property
    def has_heard_all(self) -> bool:
        """Whether nothing is on its way to a socket that reads."""
        reading = (each for each in self.listeners if each.open and not each.stalled)
        return all(each.peer.has_heard_all for each in reading)

    def raise_failure(self) -> None:
        """Say what went wrong with anything that was begun."""
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
            nonce = self._host.wall_ms() // 1000
            request = signed_request(*route, params, client.access_key, client.secret, nonce)
            answer = await self.network.ask(self._host.app, request)
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
        if (
            isinstance(data, dict)
            and "secretKey" in data
            and len(self.people.clients) < CLIENTS_MAX
        ):
            self.add_client(user_id, int(data["portfolioId"]), data["accessKey"], data["secretKey"])

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
        self._say(f"{listener.client.name} {listener.path} hears {str(frame)[:200]}")
        self.saw(listener.client, frame, listener.path)

    def _trace_answer(self, who: str, route: Route, told: object, answer: Answer | None) -> None:
        came = "nothing" if answer is None else f"{answer.status} {answer.body[:BODY_TOLD]!r}"
        self._say(f"{who} {route[0]} {route[1]} {told} -> {came}")

    async def operate_later(self, route: Route, members: Params, client: Client) -> None:
        """An operator's action, on its way beside all else."""
        answer = await perform(self._host.app, self._admin_request(route, members))
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
        token = self._host.broker.credentials.admin_token
        return operators.request_of(ADMIN[route], members, token)

    def operate(self, method: str, path: str, **members: Any) -> Any:
        """An operator's action, done when this returns."""
        request = self._admin_request((method, path), members)
        answer = self._host.loop.run_until_complete(perform(self._host.app, request))
        self._trace_answer("operator", (method, path), members, answer)
        return answer.json.get("data")
