"""Users, portfolios and keys."""

import msgspec

from openprime.model.vocabulary import Permission, UserKind


class CreateUser(msgspec.Struct, frozen=True, tag=True):
    """A new user with its MainPortfolio."""

    kind: UserKind


class CreatePortfolio(msgspec.Struct, frozen=True, tag=True):
    user_id: int
    name: str


class CreateKey(msgspec.Struct, frozen=True, tag=True):
    """A new key of a portfolio. The secret arrives sealed: the desk never sees it."""

    portfolio_id: int
    access_key: str
    sealed_secret: bytes
    name: str
    permissions: list[Permission]
    addresses: list[str] = []


class FreezeKey(msgspec.Struct, frozen=True, tag=True):
    access_key: str
    frozen: bool


class DeleteKey(msgspec.Struct, frozen=True, tag=True):
    access_key: str


RegistryCommand = CreateUser | CreatePortfolio | CreateKey | FreezeKey | DeleteKey
