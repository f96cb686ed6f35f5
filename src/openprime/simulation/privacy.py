"""No client sees another's data: every id of an owner in an answer must be one of its own."""

from typing import Any

from openprime.simulation.people import Client, People

_OWNERS = frozenset("portfolioId userId subPortfolioId sourcePortfolioId targetPortfolioId".split())


def foreign(content: Any, client: Client, people: People) -> str | None:
    """What of somebody else's an answer or a frame tells a client."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name in _OWNERS and _is_foreign(value, client, people):
                return f"{name} {value} was told to {client.name}, a client of {client.user_id}"
            if isinstance(value, dict | list):
                found = foreign(value, client, people)
                if found:
                    return found
    elif isinstance(content, list):
        for item in content:
            found = foreign(item, client, people)
            if found:
                return found
    return None


def _is_foreign(value: Any, client: Client, people: People) -> bool:
    if not str(value).isdecimal() or int(value) == client.user_id:
        return False
    portfolio_id = int(value)
    owner = people.owners.get(portfolio_id)
    if owner is not None:
        mine = owner == client.user_id
        return not mine or (not client.primary and portfolio_id != client.portfolio_id)
    return portfolio_id in people.users
