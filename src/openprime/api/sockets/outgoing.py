"""A frame on its way to clients: made once, for any number of them.

It is held as the bytes that go on the line. A server's frames carry no mask, so they are the same
for everybody, and a server that lets us (server.py) is given them as they are.
"""

from collections.abc import MutableMapping
from typing import Any

Message = MutableMapping[str, Any]

_TEXT, _BINARY = 0x81, 0x82
# Lengths up to the first stand in one byte, up to the second in two more, else in eight.
_SHORT_MAX, _MEDIUM_MAX = 125, 0xFFFF


def _head(kind: int, length: int) -> bytes:
    if length <= _SHORT_MAX:
        return bytes((kind, length))
    if length <= _MEDIUM_MAX:
        return bytes((kind, 126)) + length.to_bytes(2, "big")
    return bytes((kind, 127)) + length.to_bytes(8, "big")


class Outgoing:
    """A whole frame of text, or of bytes where `binary`; `wire` is it as it goes on the line."""

    __slots__ = ("_binary", "_body_at", "_message", "wire")

    def __init__(self, body: bytes, binary: bool = False) -> None:
        head = _head(_BINARY if binary else _TEXT, len(body))
        self.wire = head + body
        self._body_at = len(head)
        self._binary = binary
        self._message: Message | None = None

    @property
    def message(self) -> Message:
        """The frame for a server that only speaks ASGI."""
        if self._message is None:
            body = self.wire[self._body_at :]
            content = {"bytes": body} if self._binary else {"text": body.decode()}
            self._message = {"type": "websocket.send", **content}
        return self._message


PONG = Outgoing(b"pong")
