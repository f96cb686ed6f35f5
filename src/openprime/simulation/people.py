"""Who takes part: clients with their keys, and what all of them have come to know.

Ids that an answer names are remembered by the field's name, whose they are beside them. So whatever
a route answers can be asked for by another, and no list of routes is needed.
"""

import random
from collections import deque
from typing import Any

VALUES_KEPT = 400
# Fields whose values other calls can name.
REMEMBERED = frozenset(
    "orderId algoOrderId clientOrderId transferId depositId withdrawalId accountId windowId faultId"
    " addressId newsId transactionId positionId accessKey id".split()
)


class Client:
    """A client: one key of one portfolio; `primary` where it is the MainPortfolio's."""

    def __init__(
        self, name: str, user_id: int, portfolio_id: int, primary: bool, key: str, secret: str
    ) -> None:
        self.name = name
        self.user_id = user_id
        self.portfolio_id = portfolio_id
        self.primary = primary
        self.access_key = key
        self.secret = secret


class People:
    """All clients, and by owner and field name the values that they saw last. The owner is a
    portfolio, or 0 for what operators saw.
    """

    def __init__(self) -> None:
        self.clients: list[Client] = []
        # Whose a portfolio is, for those that anybody was told of.
        self.owners: dict[int, int] = {}
        self._seen: dict[tuple[int, str], deque[str]] = {}

    @property
    def users(self) -> list[int]:
        return list(dict.fromkeys(self.owners.values()))

    def portfolios(self, user_id: int) -> list[int]:
        return [portfolio for portfolio, owner in self.owners.items() if owner == user_id]

    def remember(self, owner: int, content: Any) -> None:
        """Take note of the ids in what an owner was told."""
        if isinstance(content, dict):
            for name, value in content.items():
                if name in REMEMBERED and isinstance(value, str | int) and value:
                    self._note(owner, name, str(value))
                elif isinstance(value, dict | list):
                    self.remember(owner, value)
        elif isinstance(content, list):
            for item in content:
                self.remember(owner, item)

    def _note(self, owner: int, name: str, value: str) -> None:
        seen = self._seen.get((owner, name))
        if seen is None:
            seen = self._seen[owner, name] = deque(maxlen=VALUES_KEPT)
        if value not in seen:
            seen.append(value)

    def seen(self, owner: int, name: str, draw: random.Random) -> str | None:
        """A value of that field: mostly a late one of the owner's own, now and then another's."""
        if draw.random() < 0.05:
            owner = draw.choice(list(self.owners))
        values = self._seen.get((owner, name))
        if not values:
            return None
        back = min(int(draw.expovariate(0.2)), len(values) - 1)
        return values[-1 - back]
