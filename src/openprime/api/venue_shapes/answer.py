"""An answer without our envelope, with an HTTP status of its own: what venue-shaped routes give."""

import msgspec


class BareAnswer(msgspec.Struct, frozen=True):
    """`body` goes to the client as it stands, as JSON."""

    status: int
    body: bytes
