"""API keys: made, changed, frozen and deleted (errors 6.1, resolutions 24 to 30).

Every change is told by a KeyChanged, at which the edge forgets what it knows of the key.
"""

from collections.abc import Sequence

from openprime.desk.commands import CreateKey, DeleteKey, FreezeKey, UpdateKey
from openprime.desk.events import KeyChanged
from openprime.desk.state import ApiKey, Portfolio, State
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.vocabulary import UserState


def is_good(state: State, access_key: str) -> bool:
    """Whether a key may call at all: it exists, its user is active, its portfolio is open."""
    key = state.keys.get(access_key)
    if key is None or key.is_frozen:
        return False
    user = state.users.get(key.user_id)
    active = user is not None and user.state is UserState.ACTIVE
    return active and not state.portfolios[key.portfolio_id].closed


def keys_of(state: State, portfolio_id: int) -> list[ApiKey]:
    """The keys of a portfolio, the oldest first."""
    return [key for key in state.keys.values() if key.portfolio_id == portfolio_id]


def follow(turn: Turn, portfolios: Sequence[Portfolio]) -> None:
    """Let the keys of these portfolios follow a change of their user or their portfolio."""
    changed = {portfolio.portfolio_id: portfolio for portfolio in portfolios}
    for key in turn.state.keys.values():
        portfolio = changed.get(key.portfolio_id)
        if portfolio is not None:
            key.suspended = _suspended(turn.state, portfolio)
            turn.events.append(KeyChanged(key.access_key))


def _suspended(state: State, portfolio: Portfolio) -> bool:
    """Whether keys of a portfolio are frozen with its user, who is suspended. Primary keys are not:
    they are the ones that are told 100002.
    """
    return not portfolio.is_main and state.users[portfolio.user_id].state is UserState.SUSPENDED


def create_key(turn: Turn, command: CreateKey) -> str | Refusal:
    """Make a key. Codes: 402006 where the portfolio is unknown, 400000 where the key exists or
    the portfolio has as many as it may.
    """
    state = turn.state
    portfolio = state.portfolios.get(command.portfolio_id)
    if portfolio is None or portfolio.user_id not in state.users:
        return Refusal(402006)
    full = len(keys_of(state, command.portfolio_id)) >= turn.settings.portfolio_keys_max
    if full or command.access_key in state.keys:
        return Refusal(400000)
    state.keys[command.access_key] = ApiKey(
        access_key=command.access_key,
        sealed_secret=command.sealed_secret,
        user_id=portfolio.user_id,
        portfolio_id=portfolio.portfolio_id,
        name=command.name,
        permissions=list(command.permissions),
        addresses=list(command.addresses),
        frozen=False,
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
        suspended=_suspended(state, portfolio),
    )
    turn.events.append(KeyChanged(command.access_key))
    return command.access_key


def update_key(turn: Turn, command: UpdateKey) -> Refusal | None:
    """Change what of a key is given; None keeps it. Code: 405001 where the key is unknown."""
    key = _changing(turn, command.access_key)
    if isinstance(key, Refusal):
        return key
    if command.name is not None:
        key.name = command.name
    if command.permissions is not None:
        key.permissions = list(command.permissions)
    if command.addresses is not None:
        key.addresses = list(command.addresses)
    return None


def freeze_key(turn: Turn, command: FreezeKey) -> Refusal | None:
    """Freeze or free a key. Code: 405001 where it is unknown."""
    key = _changing(turn, command.access_key)
    if isinstance(key, Refusal):
        return key
    key.frozen = command.frozen
    return None


def delete_key(turn: Turn, command: DeleteKey) -> Refusal | None:
    """Forget a key. Code: 405001 where it is unknown."""
    key = _changing(turn, command.access_key)
    if isinstance(key, Refusal):
        return key
    del turn.state.keys[command.access_key]
    return None


def _changing(turn: Turn, access_key: str) -> ApiKey | Refusal:
    """A key that is about to change, which is told. Code: 405001 where it is unknown."""
    key = turn.state.keys.get(access_key)
    if key is None:
        return Refusal(405001)
    key.updated_at_ms = turn.now_ms
    turn.events.append(KeyChanged(access_key))
    return key
