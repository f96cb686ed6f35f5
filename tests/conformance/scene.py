"""A caller in a state, and one request of theirs, in a broker of one process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from openprime.desk import commands as c
from openprime.desk.commands import NO_QUOTE, Quote
from openprime.model.vocabulary import Permission, UserKind
from tests.api.kit import BTC, ORDER, Answer, Broker, Json, base_order, query_of, signed_text

BOOK = Quote(599_999, 600_001)
_numbers = itertools.count(1)


class SceneBroker(Broker):
    """The broker of the API's tests, with a book of BTC: 59999.9 and 60000.1."""

    def __init__(self) -> None:
        super().__init__()
        self.sequencer._quote = self._quote_of

    def _quote_of(self, command: c.Command) -> Quote:
        named = getattr(command, "sym", "") == BTC or type(command) is c.ReplaceOrder
        return BOOK if named else NO_QUOTE

    def operate(self, path: str, **members: Any) -> Any:
        """An action of the operator that must be done."""
        answer = self.admin("POST", path, **members)
        assert answer.json["code"] == 200, (path, members, answer.json)
        return answer.json["data"]


class Scene:
    """A user with a MainPortfolio and a key. `named` are the ids that parameters name
    as `{name}`; `undo` takes back what the next scene would see.
    """

    def __init__(self, broker: SceneBroker) -> None:
        self.broker = broker
        self.user_id = int(broker.do(c.CreateUser(UserKind.NORMAL)))
        self.portfolio_id = next(reversed(broker.state.portfolios))
        self.permissions: list[Permission] = []
        self.limits: Json = {}
        self.nonce = broker.nonce
        self.signature = ""
        self.key = ""
        self.make_key(list(Permission), [])
        self.named = {
            "portfolio": str(self.portfolio_id), "user": str(self.user_id), "key": self.key,
        }  # fmt: skip
        self.undo: list[Callable[[], Any]] = []

    @property
    def account(self) -> Json:
        return {"portfolioId": self.portfolio_id, "exchange": "BINANCE"}

    def operate(self, path: str, **members: Any) -> Any:
        return self.broker.operate(path, **members)

    def rules(self, sym: str, **changes: str) -> None:
        back = dict.fromkeys(changes)
        self.operate("instruments/rules", sym=sym, changes=changes)
        self.undo.append(lambda: self.operate("instruments/rules", sym=sym, changes=back))

    def setting(self, name: str, value: Any) -> None:
        self.operate("settings", name=name, value=value)
        self.undo.append(lambda: self.operate("settings", name=name, value=None))

    def limit(self, **limits: Any) -> None:
        """Limits of the portfolio, beside those that it has."""
        self.limits |= limits
        self.operate("portfolios/limits", portfolioId=self.portfolio_id, **self.limits)

    def pool(self, path: str, **members: Any) -> None:
        """An action on the pool of venue accounts."""
        self.operate(f"pool/{path}", **members)
        self.undo.append(self._reset_pool)

    def _reset_pool(self) -> None:
        self.broker.state.pool = None

    def order(self, name: str, **changes: Any) -> None:
        """An order that is taken, known by a name."""
        asked = self.ask("POST", ORDER, base_order(**{"limitPrice": "57000", **changes}))
        self.named[name] = str(asked.data["orderId"])

    def make_key(self, permissions: list[Permission], addresses: list[str]) -> None:
        """Another key of the portfolio, which asks from now on."""
        self.permissions = permissions
        name = f"key-{next(_numbers)}"
        self.key = self.broker.make_key(name, self.portfolio_id, permissions, addresses)

    def filled(self, parameters: Json) -> Json:
        """The parameters with the ids that they name."""
        return {
            name: value.format(**self.named) if isinstance(value, str) else value
            for name, value in parameters.items()
        }

    def ask(self, method: str, path: str, parameters: Json) -> Answer:
        """A request, its places for ids filled."""
        filled = self.filled(parameters)
        headers = self.broker.headers(signed_text(filled, self.nonce), self.key, nonce=self.nonce)
        if self.signature:
            headers["signature"] = self.signature
        if method == "GET":
            return self.broker.send(method, path, headers, query=query_of(filled))
        return self.broker.send(method, path, headers, body=json.dumps(filled).encode())

    def end(self) -> None:
        for undo in reversed(self.undo):
            undo()


class Step(NamedTuple):
    """What is done to a scene; `place` is its place among all, `facet` what it decides: two steps
    of one facet exclude each other, all others can stand together.
    """

    place: int
    facet: str
    name: str
    act: Callable[[Scene], Any]


_steps: list[Step] = []


def step(facet: str) -> Callable[[Callable[[Scene], Any]], Step]:
    """Enter a step. Steps are done in the order in which they are entered."""

    def enter(act: Callable[[Scene], Any]) -> Step:
        made = Step(len(_steps), facet, act.__name__, act)
        _steps.append(made)
        return made

    return enter
