"""A coroutine that runs without a task.

An action of a socket mostly runs up to its commit in one go, and then only waits. A task would put
it off to the next turn of the loop and be entered in the register of all tasks; together that costs
as much as reading the frame.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


def start(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine up to where it waits, now, and the rest of it as what it waits for is done.

    There is no task that it could be cancelled by: it always runs to its end.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return
    if awaited is None:
        asyncio.get_running_loop().call_soon(start, coroutine)
        return
    # What a task does with a future that it is given to wait for.
    awaited._asyncio_future_blocking = False
    awaited.add_done_callback(lambda _done: start(coroutine))
