"""Two fingerprints: one of what happened, one of what is.

The rolling digest covers every event since the desk was founded. It is stored with each batch, so
a replay that goes another way, be it by one digit of one fill, is found at that batch. The state
hash covers the desk's state at one moment and guards a snapshot. SHA-256: the processor's own
instructions make it the cheapest good hash here, cheaper than blake2b for messages this short.
"""

from hashlib import sha256

import msgspec

from openprime.desk.events import Event

EMPTY_DIGEST = bytes(32)

_encode = msgspec.msgpack.Encoder().encode


def next_digest(previous: bytes, events: list[Event]) -> bytes:
    """The rolling digest after one more command, whose events these are."""
    return sha256(previous + _encode(events)).digest()


def seal(previous: bytes, blob: bytes) -> bytes:
    """The checksum of a journal row: its bytes, in their place after `previous`."""
    return sha256(previous + blob).digest()


def hash_of(encoded: bytes) -> bytes:
    """The hash of an encoded state."""
    return sha256(encoded).digest()
