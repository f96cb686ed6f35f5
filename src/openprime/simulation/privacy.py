"""No client sees another's data: every id of an owner in an answer must be one of its own."""

from typing import Any

from openprime.simulation.people import Client, People

# Routes that tell a portfolio's key of its MainPortfolio: its fees follow from that one's.
_OF_MAIN = frozenset({"GET /api/v1/broker/sub/feeRate"})
_OWNERS = frozenset("portfolioId userId subPortfolioId sourcePortfolioId targetPortfolioId".split())


def foreign(content: Any, client: Client, people: People, where: str) -> str | None:
    """What of somebody else's an answer or a frame tells a client; `where` is the route or path."""
    return _foreign(content, client, people, where in _OF_MAIN)


def _foreign(content: Any, client: Client, people: People, main_too: bool) -> str | None:
    if isinstance(content, dict):
        for name, value in content.items():
            if name in _OWNERS and _is_foreign(value, client, people, main_too):
                return f"{name} {value} was told to {client.name}, a client of {client.user_id}"
            if isinstance(value, dict | list):
                found = _foreign(value, client, people, main_too)
                if found:
                    return found
    elif isinstance(content, list):
        for item in content:
            found = _foreign(item, client, people, main_too)
            if found:
                return found
    return None


def _is_foreign(value: Any, client: Client, people: People, main_too: bool) -> bool:
    if not str(value).isdecimal() or int(value) == client.user_id:
        return False
    portfolio_id = int(value)
    owner = people.owners.get(portfolio_id)
    if owner is not None:
        mine = owner == client.user_id
        all_of_user = client.primary or main_too
        return not mine or (not all_of_user and portfolio_id != client.portfolio_id)
    return portfolio_id in people.users
