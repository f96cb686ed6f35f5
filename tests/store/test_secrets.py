"""A copy of the data folder without its key file tells no secret."""

import stat
from pathlib import Path

import pytest

from openprime.model.vocabulary import Permission
from openprime.store import Store, StoreError, Vault
from openprime.store.new_keys import new_key
from openprime.store.secrets import KEY_BYTES, KEY_NAME

SECRET = "a-very-plain-api-secret-0123456789"


def test_a_secret_opens_for_its_owner_alone() -> None:
    vault = Vault(bytes(KEY_BYTES))
    sealed = vault.seal(SECRET, "key-1")
    assert SECRET.encode() not in sealed
    assert vault.unseal(sealed, "key-1") == SECRET
    assert vault.seal(SECRET, "key-1") != sealed
    for wrong, owner in [
        (sealed, "key-2"),
        (b"\x02" + sealed[1:], "key-1"),
        (sealed[:-1] + b"?", "key-1"),
        (b"", "key-1"),
    ]:
        with pytest.raises(StoreError, match=r"put the secret\.key back"):
            vault.unseal(wrong, owner)


def test_a_new_key_carries_its_secret_sealed() -> None:
    drawn = iter(range(256))
    vault = Vault(bytes(KEY_BYTES), lambda count: bytes([next(drawn)]) * count)
    command, secret = new_key(vault, 7, "bot", [Permission.READ], ["10.0.0.1"])
    assert (command.access_key, secret) == ("00" * 16, "01" * 32)
    assert secret.encode() not in command.sealed_secret
    assert vault.unseal(command.sealed_secret, command.access_key) == secret
    told = (command.portfolio_id, command.name, command.permissions, command.addresses)
    assert told == (7, "bot", [Permission.READ], ["10.0.0.1"])


def test_the_key_is_the_owners_alone_and_stays(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    sealed = store.vault.seal(SECRET, "k")
    store.close()
    path = tmp_path / KEY_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == KEY_BYTES
    store = Store.open(tmp_path)
    assert store.vault.unseal(sealed, "k") == SECRET
    store.close()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    (tmp_path / KEY_NAME).chmod(0o644)
    with pytest.raises(StoreError, match=r"mode 644; run: chmod 600 .*secret\.key"):
        Store.open(tmp_path)


def test_half_a_key_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    (tmp_path / KEY_NAME).write_bytes(b"half")
    with pytest.raises(StoreError, match="expected 32 bytes"):
        Store.open(tmp_path)


def test_a_lost_key_is_told_at_once_and_not_at_the_first_signature(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    (tmp_path / KEY_NAME).unlink()
    with pytest.raises(StoreError, match="found another one; put the original back"):
        Store.open(tmp_path)


def test_in_memory_the_key_is_new_each_time() -> None:
    first, second = Store.open(None), Store.open(None)
    with pytest.raises(StoreError):
        second.vault.unseal(first.vault.seal(SECRET, "k"), "k")
    first.close()
    second.close()
