"""How every room of the broker says no: a value, never an exception on the order path."""

import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """A code of the catalogue and what fills its placeholders."""

    code: int
    arguments: tuple[str, ...] = ()
