"""The edge's memory of API keys: unsealed secrets, and what else authentication looks at.

An entry lives for a short while and is dropped as soon as the desk says that its key changed. So
a frozen or deleted key is refused at once, while a user who is gone may still be met for the
entry's lifetime: that is where 401022 comes from (errors 6.1, resolutions 23).
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence

import msgspec

from openprime.api.edge.signature import Signer
from openprime.desk.events import Event, KeyChanged
from openprime.desk.state import ApiKey, State
from openprime.model.vocabulary import Permission

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class KeyEntry(msgspec.Struct, frozen=True):
    """One key as the edge knows it. `networks` empty: any address may call."""

    access_key: str
    signer: Signer
    user_id: int
    portfolio_id: int
    is_primary: bool
    permissions: frozenset[Permission]
    networks: tuple[Network, ...]
    frozen: bool
    stale_at_ms: int


class KeyRing:
    """Keys by access key. `state` gives the desk's state of the moment, `unseal(sealed_secret,
    access_key)` a secret in clear.
    """

    def __init__(
        self,
        state: Callable[[], State],
        unseal: Callable[[bytes, str], str],
        wall_ms: Callable[[], int],
        kept_ms: int,
    ) -> None:
        self._state = state
        self._unseal = unseal
        self._wall_ms = wall_ms
        self._kept_ms = kept_ms
        self._entries: dict[str, KeyEntry] = {}

    def find(self, access_key: str) -> KeyEntry | None:
        """The entry of a key, None where there is no such key."""
        entry = self._entries.get(access_key)
        now_ms = self._wall_ms()
        if entry is not None and now_ms < entry.stale_at_ms:
            return entry
        key = self._state().keys.get(access_key)
        if key is None:
            self._entries.pop(access_key, None)
            return None
        entry = self._entries[access_key] = self._entry(key, now_ms)
        return entry

    def _entry(self, key: ApiKey, now_ms: int) -> KeyEntry:
        portfolio = self._state().portfolios.get(key.portfolio_id)
        return KeyEntry(
            access_key=key.access_key,
            signer=Signer(self._unseal(key.sealed_secret, key.access_key)),
            user_id=key.user_id,
            portfolio_id=key.portfolio_id,
            is_primary=portfolio is not None and portfolio.is_main,
            permissions=frozenset((*key.permissions, Permission.READ)),
            networks=tuple(parse_network(address) for address in key.addresses),
            frozen=key.is_frozen,
            stale_at_ms=now_ms + self._kept_ms,
        )

    def observe(self, events: Sequence[Event]) -> None:
        """Forget the keys that these events changed."""
        for event in events:
            if type(event) is KeyChanged:
                self._entries.pop(event.access_key, None)

    def forget(self) -> None:
        """Forget them all."""
        self._entries.clear()


def parse_network(text: str) -> Network:
    """An IPv4 or IPv6 address, or a range in CIDR form; ValueError for anything else."""
    return ipaddress.ip_network(text.strip(), strict=False)


def address_allowed(networks: Sequence[Network], address: str) -> bool:
    """Whether a caller's address is on a key's list."""
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)


class Proxies:
    """The peers whose word on a caller's address counts."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._networks = tuple(parse_network(text) for text in trusted)

    def caller(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """The caller's address: the peer's, or the last one that no trusted proxy has."""
        if not self._networks or not address_allowed(self._networks, peer):
            return peer
        hops = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
            if not address_allowed(self._networks, hop):
                return hop
        return peer
