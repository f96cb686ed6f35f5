"""Login on a socket: the same checks as a signed request, under the codes of the socket's family.

A client signs its timestamp, in seconds, with a fixed method and path (websocket 1.1). Which code
says what differs by socket (resolutions 99, 103); the order of the checks does not.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from openprime.api.edge.auth import Caller, Gate
from openprime.api.edge.keys import KeyRing, address_allowed
from openprime.api.edge.signature import Signer
from openprime.api.sockets.limits import Pace
from openprime.errors import Refusal, message

SIGNED_TAIL = b"GET/users/self/verify"
SECOND_DIGITS_MAX = 10
MILLISECOND_DIGITS = 13

_NOBODY = Signer(secrets.token_hex(32))


class LoginFamily(msgspec.Struct, frozen=True):
    """One socket's codes, and whether it takes a timestamp in ms as well."""

    missing: int
    too_frequent: int
    unknown_key: int
    bad_timestamp: int
    late: int
    wrong_sign: int
    forbidden: int
    takes_milliseconds: bool


PRIVATE_FAMILY = LoginFamily(
    missing=601008,
    too_frequent=601012,
    unknown_key=601007,
    bad_timestamp=601016,
    late=601009,
    wrong_sign=601009,
    forbidden=2002,
    takes_milliseconds=False,
)
MARKET_FAMILY = LoginFamily(
    missing=11102,
    too_frequent=11260,
    unknown_key=11106,
    bad_timestamp=11108,
    late=11108,
    wrong_sign=11107,
    forbidden=11109,
    takes_milliseconds=True,
)


# The one code of the older pages for whatever fails at a login for market data (resolutions 103).
GENERIC_CODE = 10001


def generic_failure(event: str) -> dict[str, Any]:
    """The older frame of a login for market data that fails, whatever the reason."""
    return {"id": None, "event": event, "code": str(GENERIC_CODE), "msg": message(GENERIC_CODE)}


class Logins:
    """Lets sockets in."""

    def __init__(
        self,
        keys: KeyRing,
        gate: Gate,
        wall_ms: Callable[[], int],
        pace: Pace,
        skew_s: int = 60,
    ) -> None:
        self._keys = keys
        self._gate = gate
        self._wall_ms = wall_ms
        self._pace = pace
        self._skew_s = skew_s

    def check(
        self, arguments: Mapping[str, Any], address: str, family: LoginFamily
    ) -> Caller | Refusal:
        """Who logs in with these arguments from this address, or why not."""
        texts = [_text(arguments.get(name)) for name in ("apiKey", "timestamp", "sign")]
        access_key, timestamp, sign = texts
        if not access_key or not timestamp or not sign:
            return Refusal(family.missing)
        if not self._pace.take(access_key):
            return Refusal(family.too_frequent)
        entry = self._keys.find(access_key)
        signer = entry.signer if entry is not None else _NOBODY
        signed = signer.agrees(
            timestamp.encode("utf-8", "replace") + SIGNED_TAIL, sign.encode("utf-8", "replace")
        )
        if entry is None:
            return Refusal(family.unknown_key)
        if entry.networks and not address_allowed(entry.networks, address):
            return Refusal(2001)
        code = self._time_code(timestamp, family)
        if code:
            return Refusal(code)
        self._gate.bad_signatures.note(entry, signed)
        if not signed:
            return Refusal(family.wrong_sign)
        caller = self._gate.admit(entry, None)
        if isinstance(caller, Refusal) and caller.code == 2002:
            return Refusal(family.forbidden)
        return caller

    def _time_code(self, timestamp: str, family: LoginFamily) -> int:
        """What speaks against a timestamp, 0 where nothing does."""
        if not (timestamp.isascii() and timestamp.isdigit()):
            return family.bad_timestamp
        seconds = 0
        if len(timestamp) <= SECOND_DIGITS_MAX:
            seconds = int(timestamp)
        elif family.takes_milliseconds and len(timestamp) == MILLISECOND_DIGITS:
            seconds = int(timestamp) // 1000
        else:
            return family.bad_timestamp
        return 0 if abs(self._wall_ms() // 1000 - seconds) <= self._skew_s else family.late


def _text(value: Any) -> str:
    """A text or a number in its own digits; "" for whatever else was sent."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)
