"""How the text of one parameter becomes a value. A reader returns None for what it cannot read.

Readers look at ASCII only: Python's digits and letters are many more than the API's.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TypeVar

E = TypeVar("E", bound=StrEnum)
Reader = Callable[[str], object | None]

ID_DIGITS = 16
NUMBER_DIGITS_MAX = 18
CLIENT_ORDER_ID_LENGTH_MAX = 63
# What cannot fit a counter is read as this: above every bound, however many digits were sent.
BEYOND = 10**9

_DECIMAL = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?").fullmatch
_DIGITS = re.compile(r"[0-9]+").fullmatch
_ID = re.compile(r"[1-9][0-9]{15}").fullmatch
_LENIENT_ID = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_STRICT_ID = re.compile(r"[A-Za-z0-9]+").fullmatch

_BOOLEANS = {"true": True, "false": False}


def text(value: str) -> str:
    """Any text."""
    return value


def amount(value: str) -> Decimal | None:
    """A plain decimal above 0."""
    if not _DECIMAL(value):
        return None
    return Decimal(value) or None


def amount_or_zero(value: str) -> Decimal | None:
    """A plain decimal, 0 as well."""
    return Decimal(value) if _DECIMAL(value) else None


def whole(value: str) -> int | None:
    """An integer from 1 on."""
    if not _DIGITS(value):
        return None
    digits = value.lstrip("0")
    if len(digits) > 9:
        return BEYOND
    return int(digits or "0") or None


def number(value: str) -> int | None:
    """A positive integer that fits 18 digits, such as an id."""
    return int(value) or None if _DIGITS(value) and len(value) <= NUMBER_DIGITS_MAX else None


def moment(value: str) -> int | None:
    """A time in ms: digits, 13 at most."""
    return int(value) if _DIGITS(value) and len(value) <= 13 else None


def day_moment(value: str) -> int | None:
    """A time in ms, or with ten digits or less in seconds (resolutions 46)."""
    found = moment(value)
    return found * 1000 if found is not None and len(value) <= 10 else found


def boolean(value: str) -> bool | None:
    """true or false in any case."""
    return _BOOLEANS.get(value.lower()) if value.isascii() else None


def portfolio_id(value: str) -> int | None:
    """Sixteen digits."""
    return int(value) if len(value) == ID_DIGITS and _DIGITS(value) else None


def id_value(value: str) -> str | None:
    """Digits only, and no zero in front of sixteen of them (401020)."""
    if not _DIGITS(value):
        return None
    return None if len(value) == ID_DIGITS and value[0] == "0" else value


def id_length(value: str) -> int | None:
    """Sixteen digits (401007)."""
    return int(value) if _ID(value) else None


def client_order_id_length(value: str) -> str | None:
    return value if len(value) <= CLIENT_ORDER_ID_LENGTH_MAX else None


def client_order_id_letters(value: str) -> str | None:
    return value if _LENIENT_ID(value) else None


def client_order_id_strict(value: str) -> str | None:
    return value if _STRICT_ID(value) else None


def names(value: str) -> tuple[str, ...]:
    """A list of names between commas, as often as they were sent."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


# The words that each reader of `one_of` takes, for those who describe the parameters.
_VOCABULARIES: dict[Reader, list[str]] = {}


def one_of(kind: type[E]) -> Callable[[str], E | None]:
    """A member of a closed vocabulary, in any case."""
    members = {str(member): member for member in kind}

    def read(value: str) -> E | None:
        found = members.get(value)
        if found is None and value.isascii():
            found = members.get(value.upper())
        return found

    _VOCABULARIES[read] = list(members)
    return read


def vocabulary(reader: Reader) -> list[str]:
    """The words that a reader takes; none where it takes more than words."""
    return _VOCABULARIES.get(reader, [])


def number_of(kind: type[IntEnum]) -> Callable[[str], int | None]:
    """The number of a member of a closed vocabulary."""
    return {str(member.value): member.value for member in kind}.get
