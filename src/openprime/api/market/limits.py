"""What one address and one connection may ask of the market socket (resolutions 102, 196, T5)."""

from collections.abc import Callable

import msgspec

from openprime.api.sockets.limits import Pace


class MarketLimits(msgspec.Struct, frozen=True):
    """The numbers. With `enforced` false only `pairs_max` and `frame_bytes_max` stay."""

    enforced: bool = False
    connections_anonymous: int = 5
    connections_known: int = 40
    pairs_anonymous: int = 5
    pairs_known: int = 50
    pairs_max: int = 1000
    frames_per_second: int = 50
    entries_per_second: int = 50
    frame_bytes_max: int = 4096

    def pairs_code(self, pairs: int, known: bool) -> int:
        """The code against so many pairs on a connection, 0 where there is none."""
        if pairs > self.pairs_max:
            return 11220
        if not self.enforced:
            return 0
        if known:
            return 11220 if pairs > self.pairs_known else 0
        return 11210 if pairs > self.pairs_anonymous else 0


class AddressBook:
    """Connections and frames by address, anonymous and known ones apart."""

    def __init__(self, limits: MarketLimits, clock_s: Callable[[], float]) -> None:
        self._limits = limits
        self._open: dict[tuple[str, bool], int] = {}
        most = limits.frames_per_second if limits.enforced else None
        # Subscribes and unsubscribes of an address.
        self.frames = Pace(most, 1.0, clock_s)

    def enter(self, address: str, known: bool) -> bool:
        """Count one more connection, unless the address has as many as it may."""
        key = (address, known)
        count = self._open.get(key, 0)
        limits = self._limits
        most = limits.connections_known if known else limits.connections_anonymous
        if limits.enforced and count >= most:
            return False
        self._open[key] = count + 1
        return True

    def leave(self, address: str, known: bool) -> None:
        key = (address, known)
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]
