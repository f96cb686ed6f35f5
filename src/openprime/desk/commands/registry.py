"""Users, portfolios and keys."""

import msgspec

from openprime.model.vocabulary import Permission, UserKind, UserState


class CreateUser(msgspec.Struct, frozen=True, tag=True):
    """A new user with its MainPortfolio."""

    kind: UserKind


class SetUserState(msgspec.Struct, frozen=True, tag=True):
    """Let a user in (ACTIVE) or keep it out (any other state)."""

    user_id: int
    state: UserState


class DeleteUser(msgspec.Struct, frozen=True, tag=True):
    """Forget a user who has no order, no position and no money."""

    user_id: int


class CreatePortfolio(msgspec.Struct, frozen=True, tag=True):
    user_id: int
    name: str


class UpdatePortfolio(msgspec.Struct, frozen=True, tag=True):
    """A new name for a portfolio; `user_id` is the one who asks."""

    user_id: int
    portfolio_id: int
    name: str


class ClosePortfolio(msgspec.Struct, frozen=True, tag=True):
    """Close a portfolio, or open it again."""

    portfolio_id: int
    closed: bool


class ForbidTrading(msgspec.Struct, frozen=True, tag=True):
    """Take no new orders of a portfolio, or take them again."""

    portfolio_id: int
    forbidden: bool


class CreateKey(msgspec.Struct, frozen=True, tag=True):
    """A new key of a portfolio. The secret arrives sealed: the desk never sees it."""

    portfolio_id: int
    access_key: str
    sealed_secret: bytes
    name: str
    permissions: list[Permission]
    addresses: list[str] = []


class UpdateKey(msgspec.Struct, frozen=True, tag=True):
    """New values of a key; None keeps what there is."""

    access_key: str
    name: str | None = None
    permissions: list[Permission] | None = None
    addresses: list[str] | None = None


class FreezeKey(msgspec.Struct, frozen=True, tag=True):
    access_key: str
    frozen: bool


class DeleteKey(msgspec.Struct, frozen=True, tag=True):
    access_key: str


RegistryCommand = (
    CreateUser
    | SetUserState
    | DeleteUser
    | CreatePortfolio
    | UpdatePortfolio
    | ClosePortfolio
    | ForbidTrading
    | CreateKey
    | UpdateKey
    | FreezeKey
    | DeleteKey
)
