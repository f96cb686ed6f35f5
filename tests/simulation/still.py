"""A scene that stands still: a desk that the test drives, and beside it what a test puts there."""

import random
from types import SimpleNamespace
from typing import Any

from openprime.simulation.people import Client, People
from openprime.simulation.promises import Promises
from tests.desk.kit import BTC_PERP, DeskKit


class Still:
    """Looks like a Scene. `history` are rows by table, `answers` what REST says by path, `lines`
    what the venue filled of orders, by order and trade, `resting` what it says of those at work.
    """

    def __init__(self) -> None:
        self.kit = kit = DeskKit()
        kit.cash("USDT", 10_000_000)
        kit.index("BTC", 60000)
        kit.mark(BTC_PERP, 60000)
        kit.quote(BTC_PERP, "59999.9", "60000.1")
        self.desk, self.state = kit.desk, kit.desk.state
        self.draw = random.Random(1)
        self.promises, self.people = Promises(), People()
        self.client = self.client_of(kit.portfolio_id)
        self.listeners: list[Any] = []
        self.history: dict[str, list[Any]] = {}
        self.answers: dict[str, Any] = {}
        self.lines: dict[int, dict[int, int]] = {}
        self.resting: dict[int, int] = {}
        exchange = SimpleNamespace(executed_lots=self.resting.get)
        broker = SimpleNamespace(
            gateway=SimpleNamespace(exchange=exchange), clock_ms=lambda: kit.now_ms
        )
        self.host = SimpleNamespace(broker=broker, venue=SimpleNamespace(filled=self.lines))

    def client_of(self, portfolio_id: int, primary: bool = False) -> Client:
        user_id = self.state.portfolios[portfolio_id].user_id
        client = Client(f"c{portfolio_id}", user_id, portfolio_id, primary, "key", "secret")
        self.people.clients.append(client)
        self.people.owners[portfolio_id] = user_id
        return client

    def accounts(self) -> list[Any]:
        return list(self.state.portfolios[self.kit.portfolio_id].accounts.values())

    def finished_orders(self) -> list[Any]:
        return self.history.get("orders", [])

    def trades(self) -> list[Any]:
        return self.history.get("executions", [])

    def rows(self, table: Any, body: Any) -> list[Any]:
        return self.history.get(table.name, [])

    def ask(self, client: Client, method: str, path: str, **params: Any) -> Any:
        """What was put there for the path: an answer, or a function of the parameters."""
        answer = self.answers[path]
        return answer(**params) if callable(answer) else answer

    def resting_order(self, side: str = "BUY", quantity: object = 1, **more: Any) -> Any:
        price = 50000 if side == "BUY" else 70000
        return self.kit.rest(BTC_PERP, side, quantity, more.pop("price", price), **more)


def good(data: Any) -> dict[str, Any]:
    """A platform answer."""
    return {"code": 200000, "data": data}
