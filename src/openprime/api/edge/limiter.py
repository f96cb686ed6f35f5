"""Budgets of calls: how many a key or an address may make (errors 4, resolutions 196 to 199, T5).

Each route has a budget of its own a key, which an action of the private socket spends too; a call
without a signature spends its address's. Before all of that each address has one budget for all
routes together, so wide that no client meets it which keeps to the budgets of its routes.

The headers of an answer tell the scarcer of the two. Calls that this module lets pass count,
whatever becomes of them afterwards; those that it refuses do not.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from openprime.api.sockets.limits import Pace, Spent

if TYPE_CHECKING:  # The table's rows know the services, and these know the limiter.
    from openprime.api.endpoints.endpoint import Endpoint

ADDRESS_SECONDS = 60.0

Headers = tuple[tuple[bytes, bytes], ...]


class Limiter:
    """The budgets of one profile: contest or production. `clock_s` may start anywhere, but never
    goes back. `address_calls` a minute are an address's on all routes; 0 sets it no budget.
    """

    def __init__(self, contest: bool, clock_s: Callable[[], float], address_calls: int) -> None:
        self._contest = contest
        self._clock_s = clock_s
        self._addresses = Pace(address_calls or None, ADDRESS_SECONDS, clock_s)
        self._routes: dict[tuple[str, str], Pace] = {}

    def enter(self, address: str) -> "Visit":
        """A request begins."""
        return Visit(self, address, self._addresses.spend(address))

    def spend(self, endpoint: "Endpoint", subject: str) -> Spent | None:
        """Take a call of the subject's on this route; None where the route has no limit."""
        route = endpoint.method, endpoint.path
        pace = self._routes.get(route)
        if pace is None:
            limit = endpoint.limits.contest if self._contest else endpoint.limits.production
            pace = self._routes[route] = Pace(limit.calls or None, limit.seconds, self._clock_s)
        return pace.spend(subject)


class Visit:
    """One request on its way through the budgets."""

    __slots__ = ("_address", "_limiter", "_spent")

    def __init__(self, limiter: Limiter, address: str, spent: Spent | None) -> None:
        self._limiter = limiter
        self._address = address
        self._spent = spent

    @property
    def refused(self) -> bool:
        """Whether a budget had nothing left for this request (100429)."""
        return self._spent is not None and self._spent.refused

    def spend(self, endpoint: "Endpoint", access_key: str) -> bool:
        """Whether the route's budget of the key, "" for an unsigned request, has room for it."""
        spent = self._limiter.spend(endpoint, access_key or self._address)
        scarcest = self._spent
        if spent is not None and (scarcest is None or spent.remaining <= scarcest.remaining):
            self._spent = spent
        return spent is None or not spent.refused

    @property
    def headers(self) -> Headers:
        """What the answer tells of the scarcest budget (resolutions 199)."""
        spent = self._spent
        if spent is None:
            return ()
        told: Headers = (
            (b"x-ratelimit-limit", b"%d" % spent.calls_max),
            (b"x-ratelimit-used", b"%d" % spent.used),
            (b"x-ratelimit-remaining", b"%d" % spent.remaining),
            (b"x-ratelimit-reset", b"%d" % spent.wait_seconds),
        )
        if spent.refused:
            told += ((b"retry-after", b"%d" % max(spent.wait_seconds, 1)),)
        return told
