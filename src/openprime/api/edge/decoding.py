"""What a request says: the JSON body and the query string as parameters.

Signatures cover values as the client wrote them, so a number keeps its literal text. Nearly all
bodies hold nothing but plain texts, and msgspec reads those at once; whatever is not so plain
goes the slow way, which also sees what makes a request unfit: doubled keys, NUL, lone
surrogates, deep nesting, too many or too long values (resolutions 11 to 15).
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from openprime.api.settings import EdgeSettings


class Number(str):
    """A JSON number in its literal text."""

    __slots__ = ()


# A text, a Number, a bool, or a list or dict of such values.
Value = Any


class Decoded(msgspec.Struct, frozen=True):
    """Parameters as read. `plain` where all are texts that JSON did not have to escape.

    `unfit` where they break a bound or cannot be read: then `values` holds what could be read,
    `pairs` every pair that was found, and nothing of it may be acted on.
    """

    values: dict[str, Value] = {}
    plain: bool = True
    unfit: bool = False
    pairs: tuple[tuple[str, Value], ...] = ()


# Members, items and nested values of a body, counted by the signs between them. Each costs some
# microseconds to read and to sign in all forms, and that before anybody knows who asks.
VALUES_MAX = 500
_BETWEEN_VALUES = b",[{"

# Signatures of what is nested too deep are still looked at down to here.
SIGNED_LEVELS_MAX = 32

NOTHING = Decoded()
UNREADABLE = Decoded(unfit=True)

_decode_texts = msgspec.json.Decoder(dict[str, str]).decode


def read_body(body: bytes, edge: EdgeSettings) -> Decoded:
    """The members of a JSON object; an empty body has none."""
    if not body or body == b"{}":
        return NOTHING
    if b"\\" not in body:
        try:
            values = _decode_texts(body)
        except ValueError:
            return _read_slowly(body, edge)
        # Without escapes each member has four quotation marks: more of them is a doubled key.
        if (
            body.count(b'"') == 4 * len(values)
            and len(values) <= edge.parameters_max
            and len(body) <= edge.value_bytes_max
        ):
            return Decoded(values)
    return _read_slowly(body, edge)


class _Members(dict[str, Value]):
    """A JSON object that remembers every pair it was made of."""

    pairs: list[tuple[str, Value]]


def _members(pairs: list[tuple[str, Value]]) -> _Members:
    members = _Members(pairs)
    members.pairs = pairs
    return members


def _no_constant(text: str) -> Value:
    raise ValueError(f"{text} is no JSON")


_decode_anything = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=Number,
    parse_float=Number,
    parse_constant=_no_constant,
).decode


def _read_slowly(body: bytes, edge: EdgeSettings) -> Decoded:
    if len(body) - len(body.translate(None, _BETWEEN_VALUES)) > VALUES_MAX:
        return UNREADABLE
    try:
        found = _decode_anything(body.decode())
    except (ValueError, RecursionError):
        return UNREADABLE
    if not isinstance(found, _Members):
        return UNREADABLE
    pairs = [(key, value) for key, value in found.pairs if value is not None]
    values = {key: value for key, value in found.items() if value is not None}
    unfit = (
        not _sound(found, edge.nesting_max)
        or len(found) > edge.parameters_max
        or any(too_long(value, edge.value_bytes_max) for value in values.values())
    )
    if unfit and any(_deeper(value, SIGNED_LEVELS_MAX) for _, value in pairs):
        return UNREADABLE
    plain = b"\\" not in body and all(type(value) is str for value in values.values())
    return Decoded(values, plain, unfit, tuple(pairs) if unfit else ())


def _deeper(value: Value, levels: int) -> bool:
    """Whether a value has more levels than these."""
    if not isinstance(value, list | dict):
        return False
    items = value.values() if isinstance(value, dict) else value
    return not levels or any(_deeper(item, levels - 1) for item in items)


def too_long(value: Value, bytes_max: int) -> bool:
    """Whether a value's text is over the bound."""
    text = value if isinstance(value, str) else json.dumps(value)
    return len(text) * 4 > bytes_max and len(text.encode("utf-8", "surrogatepass")) > bytes_max


def _sound(value: Value, levels: int) -> bool:
    """Whether a value has neither doubled keys nor NUL, surrogates or more levels than allowed."""
    if isinstance(value, str):
        return sound_text(value)
    if not isinstance(value, list | dict):
        return True
    if not levels:
        return False
    if isinstance(value, list):
        return all(_sound(item, levels - 1) for item in value)
    if isinstance(value, _Members) and len(value.pairs) != len(value):
        return False
    return all(sound_text(key) and _sound(item, levels - 1) for key, item in value.items())


def sound_text(text: str) -> bool:
    """Whether a text can be kept and printed: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_query(query: bytes, nonce: str, edge: EdgeSettings) -> Decoded:
    """The parameters of a query string, percent-decoded.

    One client appends the nonce as a key without a value: it is no parameter.
    """
    if not query:
        return NOTHING
    try:
        pairs = [_pair(item) for item in query.decode().split("&") if item and item != nonce]
    except ValueError:
        return UNREADABLE
    values = dict(pairs)
    if (
        len(values) == len(pairs) <= edge.parameters_max
        and all(map(sound_text, values))
        and all(map(sound_text, values.values()))
        and not any(too_long(value, edge.value_bytes_max) for value in values.values())
    ):
        return Decoded(values)
    return Decoded(values, unfit=True, pairs=tuple(pairs))


def _pair(item: str) -> tuple[str, str]:
    key, _, value = item.partition("=")
    if "%" in item or "+" in item:
        return unquote_plus(key, errors="strict"), unquote_plus(value, errors="strict")
    return key, value


def merge(query: Mapping[str, Value], body: Mapping[str, Value]) -> dict[str, Value]:
    """What a request asks with: the query's parameters and the body's, which win."""
    return {**query, **body}
