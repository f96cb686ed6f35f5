"""Websockets as bytes, as a client writes and reads them (RFC 6455).

It shares no line with what the broker reads and writes them by, so that a mistake of the one is no
mistake of the other.
"""

import base64
import hashlib
from collections.abc import Iterator
from enum import IntEnum

from openprime.simulation.violated import Violated

WHOLE = "frames come whole and in order"
SWITCHED = b"HTTP/1.1 101 "
HEAD_END = b"\r\n\r\n"

_FINAL = _MASKED = 0x80
_RESERVED = 0x70
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Lengths below the first stand in one byte, below the second in two more, else in eight.
_LONG, _LONGER = 126, 1 << 16
_CONTROL_BYTES_MAX = 125


class Kind(IntEnum):
    """What a frame is."""

    MORE, TEXT, BINARY = 0, 1, 2
    CLOSE, PING, PONG = 8, 9, 10


def handshake(path: str, key: bytes) -> bytes:
    """A client's request to make a websocket of a connection."""
    lines = (
        b"GET %s HTTP/1.1" % path.encode(),
        b"Host: simulated",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: " + base64.b64encode(key),
        b"Sec-WebSocket-Version: 13",
    )
    return b"\r\n".join(lines) + HEAD_END


def is_answer_to(key: bytes, head: bytes) -> bool:
    """Whether the head of an answer that switches is the one to a handshake with this key."""
    digest = hashlib.sha1(base64.b64encode(key) + _GUID, usedforsecurity=False).digest()
    return b"\r\nsec-websocket-accept: %s\r\n" % base64.b64encode(digest).lower() in head.lower()


def frame(kind: Kind, body: bytes, mask: bytes, final: bool = True) -> bytes:
    """A frame of a client; `mask` has four bytes."""
    length = len(body)
    first = kind | (_FINAL if final else 0)
    if length < _LONG:
        head = bytes((first, _MASKED | length))
    elif length < _LONGER:
        head = bytes((first, _MASKED | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, _MASKED | 127)) + length.to_bytes(8, "big")
    pattern = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(body, "big") ^ int.from_bytes(pattern, "big")
    return head + mask + masked.to_bytes(length, "big")


class Reader:
    """The frames of a server, out of pieces of any size."""

    def __init__(self) -> None:
        self._begun = bytearray()

    def read(self, piece: bytes) -> Iterator[tuple[Kind, bytes]]:
        """The frames that a piece completes. Violated where they are none that a server sends:
        masked ones, parts of messages, kinds that there are not.
        """
        begun = self._begun
        begun += piece
        while len(begun) >= 2:
            first, length = begun[0], begun[1]
            begin = 2 if length < 126 else 4 if length == 126 else 10
            if length >= 126:
                length = int.from_bytes(begun[2:begin], "big")
            kind = _KINDS.get(first ^ _FINAL)
            long_control = kind is not None and kind >= Kind.CLOSE and length > _CONTROL_BYTES_MAX
            if kind is None or begun[1] & _MASKED or long_control:
                raise Violated(WHOLE, f"bytes that are no frame of a server: {bytes(begun[:40])!r}")
            if len(begun) < begin + length:
                return
            body = bytes(begun[begin : begin + length])
            del begun[: begin + length]
            yield kind, body


# By the first byte but for the bit that every frame of the server has, for it sends whole ones.
_KINDS = {kind.value: kind for kind in Kind if kind is not Kind.MORE}
