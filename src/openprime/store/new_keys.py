"""API keys in the making: fresh random texts, and the command that carries the secret sealed."""

from collections.abc import Iterable

from openprime.desk.commands import CreateKey
from openprime.model.vocabulary import Permission
from openprime.store.secrets import Vault

ACCESS_KEY_BYTES = 16
SECRET_BYTES = 32


def new_key(
    vault: Vault,
    portfolio_id: int,
    name: str,
    permissions: Iterable[Permission],
    addresses: Iterable[str] = (),
) -> tuple[CreateKey, str]:
    """The command that makes a fresh key, and its secret, which is nowhere else in clear."""
    access_key = vault.token(ACCESS_KEY_BYTES)
    secret = vault.token(SECRET_BYTES)
    sealed = vault.seal(secret, access_key)
    command = CreateKey(portfolio_id, access_key, sealed, name, list(permissions), list(addresses))
    return command, secret
