"""What checks look at."""

import random
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import msgspec
from sqlalchemy import Table, select

from openprime.desk.desk import Desk
from openprime.desk.events import Trade
from openprime.desk.state import Account, Order, State
from openprime.simulation.host import Host
from openprime.simulation.network import perform, signed_request
from openprime.simulation.people import Client, People
from openprime.simulation.promises import Promises
from openprime.simulation.sockets import Listener
from openprime.store import bodies, tables
from openprime.store.bodies import Body

T = TypeVar("T", bound=msgspec.Struct)


class Scene:
    """The broker from within and from without. `draw` chooses where not all can be looked at."""

    def __init__(
        self,
        host: Host,
        people: People,
        promises: Promises,
        listeners: list[Listener],
        draw: random.Random,
    ) -> None:
        self.host = host
        self.people = people
        self.promises = promises
        self.listeners = listeners
        self.draw = draw
        self._kept: dict[str, list[Any]] = {}
        self._kept_at = (0, 0)

    @property
    def desk(self) -> Desk:
        return self.host.broker.desk

    @property
    def state(self) -> State:
        return self.desk.state

    def accounts(self) -> Iterator[Account]:
        for portfolio in self.state.portfolios.values():
            yield from portfolio.accounts.values()

    def finished_orders(self) -> list[Order]:
        """The orders of history, read from its table."""
        return self.rows(tables.orders, bodies.ORDER)

    def trades(self) -> list[Trade]:
        """The executions of history."""
        return self.rows(tables.executions, bodies.TRADE)

    def rows(self, table: Table, body: Body[T]) -> list[T]:
        """All bodies of a table of history, read once a commit."""
        at = self.host.starts, self.host.broker.store.last_sequence
        if at != self._kept_at:
            self._kept_at = at
            self._kept.clear()
        if table.name not in self._kept:
            with self.host.broker.store.reading() as connection:
                found = connection.execute(select(table.c.body)).scalars().all()
            self._kept[table.name] = [body.decode(row) for row in found]
        return cast(list[T], self._kept[table.name])

    def ask(self, client: Client, method: str, path: str, **params: Any) -> Any:
        """What REST answers a client, without budgets and without trouble on the way."""
        host = self.host
        texts = {name: str(value) for name, value in params.items()}
        nonce = host.wall_ms() // 1000
        request = signed_request(method, path, texts, client.access_key, client.secret, nonce)
        services = host.app.services
        limiter, services.limiter = services.limiter, None
        try:
            answer = host.loop.run_until_complete(perform(host.app, request))
        finally:
            services.limiter = limiter
        return answer.json


# Says what is wrong; None where nothing is.
Check = Callable[[Scene], str | None]


def succeeded(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.get("code") in (200, 200000)
