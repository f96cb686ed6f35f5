"""The venues' public routes as rows of the endpoint table: unsigned, and answered bare.

A bare answer has no envelope of ours around it, and an HTTP status of its own.
"""

from collections.abc import Mapping
from inspect import isawaitable
from typing import Any, cast

import msgspec

from openprime.api.edge.auth import Caller
from openprime.api.edge.decoding import Value
from openprime.api.endpoints import Endpoint, Handler, limits
from openprime.api.envelope import encode
from openprime.api.parameters.table import Table
from openprime.api.services import Services
from openprime.api.venue_shapes import binance, okx
from openprime.api.venue_shapes.answer import BareAnswer
from openprime.api.venue_shapes.values import OK, VenueError, VenueHandler, VenueSource
from openprime.market.state import MarketState

# The venues' own budgets are by weight and much larger than ours; this one only bounds.
PUBLIC = limits("1200/60", "1200/60")


class AsSent(msgspec.Struct, frozen=True):
    """The parameters as they came: each venue has words of its own for what is wrong with them."""

    parameters: dict[str, Value] = {}


class _AsSentTable(Table[AsSent]):
    """A table without lines, which refuses nothing."""

    def __init__(self) -> None:
        super().__init__(AsSent)

    def read(self, raw: Mapping[str, Value], now_ms: int) -> AsSent:
        return AsSent(dict(raw))


_AS_SENT = _AsSentTable()


def _handler(answer: VenueHandler) -> Handler:
    async def handle(services: Services, caller: Caller | None, asked: AsSent) -> Any:
        market = cast(MarketState, services.market)
        source = VenueSource(market, services.reference, services.clock_ms)
        try:
            made = answer(source, asked.parameters)
            return BareAnswer(OK, encode(await made if isawaitable(made) else made))
        except VenueError as error:
            return BareAnswer(error.status, encode(error.answer))

    return handle


def venue_rows() -> list[Endpoint]:
    """One row a route of Binance and OKX that is served."""
    routes = {
        **{path: ("Binance", answer) for path, answer in binance.ROUTES.items()},
        **{path: ("OKX", answer) for path, answer in okx.ROUTES.items()},
    }
    return [
        Endpoint(
            "GET",
            path,
            f"As {venue} answers it: {path.rsplit('/', 1)[-1]}",
            _handler(answer),
            _AS_SENT,
            "as the venue's own",
            PUBLIC,
            None,
            enveloped=False,
        )
        for path, (venue, answer) in routes.items()
    ]
