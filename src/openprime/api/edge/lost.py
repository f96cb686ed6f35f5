"""The way between clients and broker, where the operator's faults let requests and answers go lost
or come twice (errors 7).
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from openprime.api.faults import FaultBoard, Told
from openprime.desk.switches import FaultKind

# Where our HTTP protocol (connections.py) leaves its transport in the state of a scope.
CONNECTION = "openprime.connection"


class Lost(Exception):
    """The client is to hear nothing: its connection ends."""


async def carry(board: FaultBoard, told: Told, perform: Callable[[], Awaitable[Any]]) -> Any:
    """What `perform` makes of a request, such as it fares on its way. Raises Lost where the request
    does not arrive, or its answer.

    One that comes twice is begun twice at once, and the answer is the second one's.
    """
    if board.strike(FaultKind.REQUEST_LOST, told):
        raise Lost
    if board.strike(FaultKind.REQUEST_DOUBLED, told):
        _, result = await asyncio.gather(perform(), perform())
    else:
        result = await perform()
    if board.strike(FaultKind.ANSWER_LOST, told):
        raise Lost
    return result


async def hang_up(
    scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[MutableMapping[str, Any]]]
) -> None:
    """End a request's connection without an answer. A server that does not show its connection is
    given none either.
    """
    transport = scope.get("state", {}).get(CONNECTION)
    if transport is None:
        return
    transport.close()
    # The server has to know that it is closed before it may look for an answer.
    while (await receive())["type"] != "http.disconnect":
        pass
