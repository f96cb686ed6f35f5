"""The way in for the operator: who may come, what is asked, and the audit row of what was done.

Whoever may not come finds nothing here: to a peer that is not on this machine every path under
/admin/v1 is unknown, unless the configuration opens them.
"""

import ipaddress
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import msgspec

from openprime.api import envelope
from openprime.api.operator.action import AdminRow, Unfit
from openprime.api.operator.reading import body_text, read_asked
from openprime.api.services import Services
from openprime.api.settings import AdminSettings
from openprime.api.way import NotedWay
from openprime.desk.commands import Note, OperatorNote
from openprime.errors import Refusal

ROOM = "/admin/v1"
UNAUTHORISED = 401
_TOKEN = b"x-admin-token"
# What proxies in the field add to a request, each a set of its own.
_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")
_WRONG_TOKEN = Refusal(2002)
_INVALID = Refusal(400000)


class OperatorDoor:
    """Answers what is asked under /admin/v1. The token never leaves this object."""

    def __init__(self, services: Services, token: str, settings: AdminSettings) -> None:
        self._services = services
        self._token = token.encode()
        self._settings = settings
        self.refused_body = services.texts.body(_WRONG_TOKEN)

    def open_to(self, peer: str, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a peer may know that there is something here. A request that came through a proxy
        is not from this machine, whatever its last step was.
        """
        if not self._settings.enabled:
            return False
        if self._settings.remote:
            return True
        return _is_loopback(peer) and not any(name in headers for name in _FORWARDED)

    def knows(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a request has the token of this folder."""
        return compare_digest(headers.get(_TOKEN, b""), self._token)

    async def answer(
        self, row: AdminRow, peer: str, query: bytes, content: bytes
    ) -> tuple[bool, bytes]:
        """Do an action; whether it was done, and the answer's body."""
        services = self._services
        asked = read_asked(row, query, content, services.settings.edge)
        told = "" if isinstance(asked, Unfit) else body_text(row, asked)
        note = OperatorNote(row.name, told, peer)
        way = NotedWay(services.sequencer, note)
        result: Any = asked
        if not isinstance(asked, Unfit):
            result = await row.handler(services.through(way), asked)
        done = not isinstance(result, Refusal | Unfit)
        if row.changes and not (done and way.changed):
            kept = msgspec.structs.replace(note, code=_code(result))
            outcome = await services.sequencer.submit(Note(), note=kept)
            if done and outcome.refusal is not None:
                done, result = False, outcome.refusal
        return done, self._body(result)

    def _body(self, result: Any) -> bytes:
        if isinstance(result, Refusal):
            return self._services.texts.body(result)
        if isinstance(result, Unfit):
            told = self._services.texts.of(_INVALID)
            return envelope.encode(
                {"code": _INVALID.code, "message": told, "data": {"detail": result.detail}}
            )
        return envelope.success(envelope.PLATFORM, {} if result is None else result)


def _code(result: Any) -> int:
    """The code of the answer that a result makes."""
    if isinstance(result, Refusal):
        return result.code
    return _INVALID.code if isinstance(result, Unfit) else envelope.PLATFORM


def _is_loopback(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
