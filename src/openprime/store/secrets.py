"""Secrets at rest: what must be kept but never readable in a copy of the data folder.

API secrets are needed in clear to check signatures, so they cannot be hashed; they are sealed
under a key in a file of its own beside the database. A backup without that file tells nothing.
"""

import os
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openprime.store.errors import StoreError
from openprime.store.folder import sync

KEY_NAME = "secret.key"
KEY_BYTES = 32

# The first byte names the scheme, so that another one can follow without guessing.
_SCHEME = b"\x01"
_NONCE_BYTES = 12


class Vault:
    """Seals under one key with AES-256-GCM, and makes what is to be sealed.

    `owner` is bound into the seal: a sealed secret moved to another owner's row does not open.
    """

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher = AESGCM(key)
        self._random_bytes = random_bytes
        self.fingerprint = sha256(b"openprime secret key" + key).digest()[:16]

    def token(self, byte_count: int) -> str:
        """A fresh random text of so many bytes, in hexadecimal digits."""
        return self._random_bytes(byte_count).hex()

    def seal(self, secret: str, owner: str) -> bytes:
        """The sealed form of a secret of `owner` (an access key, say)."""
        nonce = self._random_bytes(_NONCE_BYTES)
        return _SCHEME + nonce + self._cipher.encrypt(nonce, secret.encode(), owner.encode())

    def unseal(self, sealed: bytes, owner: str) -> str:
        """The secret; StoreError where it was not sealed here for `owner`."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _SCHEME:
                raise InvalidTag
            return self._cipher.decrypt(nonce, body, owner.encode()).decode()
        except InvalidTag:
            raise StoreError(
                expected=f"a secret sealed for {owner} under this folder's {KEY_NAME}",
                found="one that does not open",
                remedy=f"put the {KEY_NAME} back that the secret was made with",
            ) from None


def open_vault(folder: Path | None, random_bytes: Callable[[int], bytes] = os.urandom) -> Vault:
    """The vault of a data folder, its key made at first; a passing one where there is no folder."""
    if folder is None:
        return Vault(random_bytes(KEY_BYTES), random_bytes)
    path = folder / KEY_NAME
    if not path.exists():
        _write_key(path, random_bytes(KEY_BYTES))
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise StoreError(
            expected=f"{path} to be readable by its owner alone (mode 600)",
            found=f"mode {mode:o}",
            remedy=f"run: chmod 600 {path}",
        )
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StoreError(
            expected=f"{KEY_BYTES} bytes in {path}",
            found=f"{len(key)}",
            remedy="put the original file back from a backup",
        )
    return Vault(key, random_bytes)


def _write_key(path: Path, key: bytes) -> None:
    """A new key, complete and on disk before it has its name: half a key would lock all out."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync(path.parent)
