"""What one row of the endpoint table says."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from openprime.api.edge.auth import FORBIDDEN, Caller, KeyLevel
from openprime.api.edge.decoding import Value
from openprime.api.envelope import RAPIDX
from openprime.api.faults import Station, told_of
from openprime.api.parameters.table import Table
from openprime.api.services import Services
from openprime.api.way import ForcedWay
from openprime.desk.switches import ServiceType
from openprime.errors import Refusal
from openprime.model.vocabulary import Permission

Handler = Callable[[Services, Any, Any], Awaitable[Any]]

_DEPOSITS = "/api/v1/deposit"
_SERVICES = {
    Permission.TRADE: ServiceType.TRADE,
    Permission.TRANSFER: ServiceType.TRANSFER,
    Permission.WITHDRAW: ServiceType.WITHDRAW,
}

# Where a list may be narrowed to a portfolio or a symbol.
LIST_CODES = (401010, 401011)


class Limit(msgspec.Struct, frozen=True):
    """At most so many calls in so many seconds, of one key or address; 0 calls: no limit."""

    calls: int
    seconds: int

    @property
    def text(self) -> str:
        """As tables print it: calls/seconds."""
        return f"{self.calls}/{self.seconds}" if self.calls else "none"


class Limits(msgspec.Struct, frozen=True):
    """A route's limit in each profile (resolutions T5)."""

    production: Limit
    contest: Limit


class Endpoint(msgspec.Struct, frozen=True):
    """One route. `permission` None: it answers unsigned requests; where such a route
    `may_be_signed`, a request with any of the three headers is checked in full (resolutions 16).

    `table` reads the parameters for the handler; `codes` are those that can arise behind them.
    `shape` says what `data` holds, for people and for OpenAPI. `forbidden_code` is what a key of
    another level or without the permission gets. A success that is not `enveloped` is the data
    alone, as a venue or an older page has it.
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
    forbidden_code: int = FORBIDDEN
    enveloped: bool = True

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def service(self) -> ServiceType | None:
        """The service that maintenance closes it with; reads belong to none, for they go on."""
        if not self.writes or self.permission is None:
            return None
        if self.path.startswith(_DEPOSITS):
            return ServiceType.DEPOSIT
        return _SERVICES.get(self.permission)

    async def answer(
        self, services: Services, caller: Caller | None, parameters: Mapping[str, Value]
    ) -> Any:
        """The data of a reply, or a Refusal; the caller is known and allowed."""
        if services.faults.armed:
            return await self._answer_under_faults(services, caller, parameters)
        asked = self.table.read(parameters, services.clock_ms())
        if isinstance(asked, Refusal):
            return asked
        return await self.handler(services, caller, asked)

    async def _answer_under_faults(
        self, services: Services, caller: Caller | None, parameters: Mapping[str, Value]
    ) -> Any:
        """The same, where the operator armed faults that the request may meet (errors 7)."""
        board = services.faults
        key, portfolio_id = "", 0
        if caller is not None:
            key, portfolio_id = caller.key.access_key, caller.portfolio.portfolio_id
        told = told_of(key, portfolio_id, self.method, self.path, parameters)
        asked = self.table.read(parameters, services.clock_ms())
        order = tuple(dict.fromkeys((*self.table.codes, *self.codes)))
        asked = board.take((Station.SYNTAX,), told, asked, order) or asked
        if not self.writes and not isinstance(asked, Refusal):
            asked = board.take((Station.DESK,), told) or asked
        if isinstance(asked, Refusal):
            return asked
        way = ForcedWay(services.sequencer, board, told)
        result = await self.handler(services.through(way), caller, asked)
        if isinstance(result, Refusal) or self.service is not ServiceType.TRADE:
            return result
        deadline_ms = services.settings.deadline_ms
        if board.latency_ms(told) <= deadline_ms:
            return result
        await asyncio.sleep(deadline_ms / 1000)
        return Refusal(400013)


def limits(production: str, contest: str) -> Limits:
    """Limits from texts such as 1200/60: calls in seconds."""
    both = [Limit(*map(int, text.split("/"))) for text in (production, contest)]
    return Limits(*both)
