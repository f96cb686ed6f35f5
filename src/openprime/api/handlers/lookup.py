"""What a portfolio has under a name: of the desk while it works, of the store once it has ended."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from openprime.api.edge.auth import Caller
from openprime.api.services import Services
from openprime.desk.desk import Desk
from openprime.errors import Refusal

R = TypeVar("R")

NOT_FOUND = Refusal(401018)


async def working_or_ended(
    services: Services,
    caller: Caller,
    portfolio_id: int | None,
    working: Callable[[Desk, int], R | None],
    ended: Callable[[int], Awaitable[R | None]],
) -> R | Refusal:
    """What `working` finds in the desk, else `ended` in the store, each given the id of the
    portfolio that `portfolio_id` means. Codes: 401010, 401018.
    """

    def render(desk: Desk) -> tuple[int, R | None] | Refusal:
        portfolio = caller.reach(desk.state, portfolio_id, writes=False)
        if isinstance(portfolio, Refusal):
            return portfolio
        return portfolio.portfolio_id, working(desk, portfolio.portfolio_id)

    read = await services.read(render)
    if isinstance(read, Refusal):
        return read
    owner_id, found = read
    if found is None:
        found = await ended(owner_id)
    return NOT_FOUND if found is None else found
