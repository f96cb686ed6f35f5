"""What one row of the endpoint table says."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from openprime.api.edge.auth import Caller, KeyLevel
from openprime.api.edge.decoding import Value
from openprime.api.envelope import RAPIDX
from openprime.api.parameters.table import Table
from openprime.api.services import Services
from openprime.errors import Refusal
from openprime.model.vocabulary import Permission

Handler = Callable[[Services, Any, Any], Awaitable[Any]]


# Where a list may be narrowed to a portfolio or a symbol.
LIST_CODES = (401010, 401011)


class Limit(msgspec.Struct, frozen=True):
    """At most so many calls in so many seconds, of one key or address."""

    calls: int
    seconds: int

    @property
    def text(self) -> str:
        """As tables print it: calls/seconds."""
        return f"{self.calls}/{self.seconds}"


class Limits(msgspec.Struct, frozen=True):
    """A route's limit in each profile (resolutions T5)."""

    production: Limit
    contest: Limit


class Endpoint(msgspec.Struct, frozen=True):
    """One route. `permission` None: it answers unsigned requests; where such a route
    `may_be_signed`, a request with any of the three headers is checked in full (resolutions 16).

    `table` reads the parameters for the handler; `codes` are those that can arise behind them.
    `shape` says what `data` holds, for people and for OpenAPI.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    table: Table[Any]
    shape: str
    limits: Limits
    permission: Permission | None = Permission.READ
    level: KeyLevel = KeyLevel.ANY
    success: int = RAPIDX
    codes: tuple[int, ...] = ()
    may_be_signed: bool = False

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    async def answer(
        self, services: Services, caller: Caller | None, parameters: Mapping[str, Value]
    ) -> Any:
        """The data of a reply, or a Refusal; the caller is known and allowed."""
        asked = self.table.read(parameters, services.clock_ms())
        if isinstance(asked, Refusal):
            return asked
        return await self.handler(services, caller, asked)


def limits(production: str, contest: str) -> Limits:
    """Limits from texts such as 1200/60: calls in seconds."""
    both = [Limit(*map(int, text.split("/"))) for text in (production, contest)]
    return Limits(*both)
