"""The catalogue: one row a code, made by scripts/make_catalogue.py."""

from functools import cache
from importlib.resources import files

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One error code.

    `message` is the founding text, `newer_message` the later one where there is one;
    `placeholders` counts the %s of the text; `stage` is where in the checks the code arises and
    `delivery` how it is told. `status` and `strict_status` are the HTTP status of a reply with it
    in the two profiles, 0 where it is never one; `surfaces` are the routes and sockets.
    """

    code: int
    message: str
    newer_message: str
    group: str
    stage: str
    delivery: str
    in_seed: bool
    placeholders: int
    status: int
    strict_status: int
    surfaces: list[str]


@cache
def _by_code() -> dict[int, Row]:
    document = files("openprime.errors").joinpath("catalogue.json").read_bytes()
    return {row.code: row for row in msgspec.json.decode(document, type=list[Row])}


def rows() -> list[Row]:
    """All rows, in the order of the catalogue."""
    return list(_by_code().values())


def row(code: int) -> Row:
    """The row of a code; KeyError where there is none."""
    return _by_code()[code]


def message(code: int, arguments: tuple[str, ...] = (), newest: bool = False) -> str:
    """The text that a client gets for a code, its placeholders filled in order."""
    found = _by_code()[code]
    text = found.newer_message if newest and found.newer_message else found.message
    return text % arguments if arguments else text
