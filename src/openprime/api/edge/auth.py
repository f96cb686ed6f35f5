"""Who calls, and whether the caller may (errors 4, resolutions 14, 20 to 26).

The order of checks is one: 100018, 2001, 7000, 2000, 100041, 100002, 2002, 100001, 401022. Keys
that do not exist cost as much time as wrong signatures, so that neither can be told by a clock.
"""

import secrets
from collections.abc import Callable
from enum import StrEnum

import msgspec

from openprime.api.edge.bad_signatures import BadSignatures
from openprime.api.edge.decoding import Decoded
from openprime.api.edge.keys import KeyEntry, KeyRing, address_allowed
from openprime.api.edge.signature import Signer, signed_by
from openprime.desk.state import Portfolio, State, User
from openprime.errors import Refusal
from openprime.model.vocabulary import Permission, UserKind, UserState

# What can be said of any signed request, in the order in which it is found.
AUTH_CODES = (100018, 2001, 7000, 2000, 100041, 100002, 2002, 100001, 401022)
BROKER_CODES = (100003,)

# Missing permission or key level; newer products say it in a code of their own (resolutions 21).
FORBIDDEN = 2002
FORBIDDEN_V2 = 2003

_NOBODY = Signer(secrets.token_hex(32))

_NOT_FOUND = Refusal(100018)
_WRONG_ADDRESS = Refusal(2001)
_BAD_NONCE = Refusal(7000)
_NOT_VERIFIED = Refusal(2000)
_NO_PORTFOLIO = Refusal(401010)

# Nonces are seconds: ten digits until the year 2286, and never so many that int() would labour.
_NONCE_DIGITS_MAX = 12


class KeyLevel(StrEnum):
    """Which keys a route takes: any, a MainPortfolio's, all others, a broker user's main one."""

    ANY = "any"
    PRIMARY = "primary"
    PORTFOLIO = "portfolio"
    BROKER = "broker"


class Claim(msgspec.Struct, frozen=True):
    """What a request says of itself in its headers; None where a header is missing or empty."""

    access_key: str | None
    nonce: str | None
    signature: bytes | None
    address: str


class Caller(msgspec.Struct, frozen=True):
    """A request's owner, known and allowed in."""

    key: KeyEntry
    user: User
    portfolio: Portfolio

    @property
    def is_primary(self) -> bool:
        return self.key.is_primary

    def own(self, state: State) -> Portfolio | Refusal:
        """The key's portfolio as it stands: where a commit failed, the desk is another one by now
        than that which let the caller in. Code: 401010 where it was never kept.
        """
        return state.portfolios.get(self.portfolio.portfolio_id) or _NO_PORTFOLIO

    def reach(self, state: State, portfolio_id: int | None, writes: bool) -> Portfolio | Refusal:
        """The portfolio that a request means: the key's, or for reads of a primary key any of the
        user's. Code: 401010 for every other one.
        """
        if portfolio_id is None or portfolio_id == self.portfolio.portfolio_id:
            return self.own(state)
        if writes or not self.is_primary:
            return _NO_PORTFOLIO
        portfolio = state.portfolios.get(portfolio_id)
        if portfolio is None or portfolio.user_id != self.user.user_id or portfolio.closed:
            return _NO_PORTFOLIO
        return portfolio


class Gate:
    """Lets requests in, or says why not."""

    def __init__(
        self,
        state: Callable[[], State],
        keys: KeyRing,
        wall_ms: Callable[[], int],
        nonce_skew_s: int,
        bad_signatures: BadSignatures,
    ) -> None:
        self._state = state
        self.bad_signatures = bad_signatures
        self._keys = keys
        self._wall_ms = wall_ms
        self._nonce_skew_s = nonce_skew_s

    def identify(self, claim: Claim, decoded: Decoded) -> KeyEntry | Refusal:
        """The key that signed the request. Codes: 100018, 2001, 7000, 2000."""
        nonce, signature = claim.nonce or "", claim.signature or b""
        entry = self._keys.find(claim.access_key) if claim.access_key else None
        signer = entry.signer if entry is not None else _NOBODY
        verified = signed_by(signer, decoded, nonce, signature)
        if entry is None:
            return _NOT_FOUND
        if entry.networks and not address_allowed(entry.networks, claim.address):
            return _WRONG_ADDRESS
        if not nonce:
            return _NOT_VERIFIED
        if not self._timely(nonce):
            return _BAD_NONCE
        self.bad_signatures.note(entry, verified)
        return entry if verified else _NOT_VERIFIED

    def _timely(self, nonce: str) -> bool:
        if not (nonce.isascii() and nonce.isdigit()) or len(nonce) > _NONCE_DIGITS_MAX:
            return False
        return abs(self._wall_ms() // 1000 - int(nonce)) <= self._nonce_skew_s

    def admit(
        self,
        entry: KeyEntry,
        permission: Permission | None,
        level: KeyLevel = KeyLevel.ANY,
        forbidden_code: int = FORBIDDEN,
    ) -> Caller | Refusal:
        """The caller behind a key. Codes: 100041, 100002, `forbidden_code`, 100003, 100001, 401022.

        What is asked of `entry` may be as old as the edge's memory; user and portfolio are looked
        at anew, and a user who is gone is 401022 (resolutions 23).
        """
        state = self._state()
        user = state.users.get(entry.user_id)
        if entry.frozen:
            return Refusal(100041)
        if user is not None and user.state is not UserState.ACTIVE:
            return Refusal(100002)
        refusal = forbidden(entry, user, permission, level, forbidden_code)
        if refusal is not None:
            return refusal
        portfolio = state.portfolios.get(entry.portfolio_id)
        if portfolio is None or portfolio.closed:
            return Refusal(100001)
        if user is None or entry.access_key not in state.keys:
            return Refusal(401022)
        return Caller(entry, user, portfolio)


def forbidden(
    entry: KeyEntry,
    user: User | None,
    permission: Permission | None,
    level: KeyLevel,
    code: int = FORBIDDEN,
) -> Refusal | None:
    """Why a key may not use a route: `code`, or 100003 for a user who is no broker."""
    if permission is not None and permission not in entry.permissions:
        return Refusal(code)
    if level is KeyLevel.ANY:
        return None
    if entry.is_primary is (level is KeyLevel.PORTFOLIO):
        return Refusal(code)
    if level is KeyLevel.BROKER and user is not None and user.kind is not UserKind.BROKER:
        return Refusal(100003)
    return None
