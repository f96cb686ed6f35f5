"""The envelope around every answer (errors 3, resolutions 5, 6, 9)."""

from typing import Any

import msgspec

from openprime.errors import Refusal, message

RAPIDX = 200000
PLATFORM = 200
SUCCESS_TEXTS = {RAPIDX: "Success", PLATFORM: "success"}

TOO_MANY_REQUESTS = 429

encode = msgspec.json.Encoder().encode


def plain_error(code: int, text: str) -> bytes:
    """An answer that no code of the catalogue covers; `code` is the HTTP status."""
    return encode({"code": code, "message": text, "data": {}})


NOT_FOUND = plain_error(404, "Not Found")
METHOD_NOT_ALLOWED = plain_error(405, "Method Not Allowed")
SERVER_ERROR = plain_error(500, "Server Error")

_PREFIXES = {
    code: encode({"code": code, "message": text})[:-1] + b',"data":'
    for code, text in SUCCESS_TEXTS.items()
}


def success(code: int, data: Any) -> bytes:
    """An answer that brings data."""
    return _PREFIXES[code] + encode(data) + b"}"


class Texts:
    """The texts of refusals in one profile, and their answers, made once."""

    def __init__(self, newest: bool) -> None:
        self._newest = newest
        self._bodies: dict[int, bytes] = {}

    def of(self, refusal: Refusal) -> str:
        """The text of a refusal."""
        return message(refusal.code, refusal.arguments, self._newest)

    def body(self, refusal: Refusal) -> bytes:
        """The answer that a refusal makes."""
        if refusal.arguments:
            return plain_error(refusal.code, self.of(refusal))
        found = self._bodies.get(refusal.code)
        if found is None:
            found = self._bodies[refusal.code] = plain_error(refusal.code, self.of(refusal))
        return found
