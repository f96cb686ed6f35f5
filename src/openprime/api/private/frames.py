"""Frames of the private socket: reading what a client asks, writing what it is told.

The order of what can be wrong with a frame is that of errors 4: 601014, 601001, 601008, 601011,
601004. Nearly all frames are plain, and msgspec reads those at once; the others go the slow way
of a request's body, which keeps numbers as they were written and sees doubled keys.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from openprime.api.edge.decoding import Number, Value, read_body
from openprime.api.settings import EdgeSettings
from openprime.api.sockets.door import too_long
from openprime.api.sockets.outgoing import Outgoing
from openprime.errors import Refusal

TOO_LONG = Refusal(601014)
UNREADABLE = Refusal(601001)
MISSING = Refusal(601008)
UNKNOWN_ACTION = Refusal(601011)
OTHER_DIALECT = 601004

Id = str | msgspec.Raw | None


class Asked(msgspec.Struct, frozen=True):
    """A frame that an action can be taken by. `event` names it in the answer."""

    id: Id
    event: str
    arguments: dict[str, Value]


class Refused(msgspec.Struct, frozen=True):
    """A frame that no action can be taken by."""

    id: Id
    event: str
    refusal: Refusal


class _PlainFrame(msgspec.Struct):
    action: str
    args: dict[str, str]
    id: str | msgspec.UnsetType | None = msgspec.UNSET
    ts: str | msgspec.UnsetType | None = msgspec.UNSET


_decode_plain = msgspec.json.Decoder(_PlainFrame).decode
encode = msgspec.json.Encoder().encode

# Quotation marks of a member: two around its name, two more around a text.
_NAME_MARKS = 2
_TEXT_MARKS = 4


def read_frame(
    data: str | bytes, bytes_max: int, edge: EdgeSettings, forms: Mapping[str, str]
) -> Asked | Refused:
    """What a frame asks for, or why nothing can be done with it. `forms` are the actions known."""
    if too_long(data, bytes_max):
        return Refused(None, "error", TOO_LONG)
    plain = _read_plainly(data)
    if plain is not None and plain.action in forms:
        frame_id = plain.id if isinstance(plain.id, str) else None
        return Asked(frame_id, plain.action, plain.args)
    return _read_slowly(data, edge, forms)


def _read_plainly(data: str | bytes) -> _PlainFrame | None:
    """The frame, where it holds texts alone, has no escapes and no key twice."""
    if ("\\" if isinstance(data, str) else b"\\") in data:  # type: ignore[operator]
        return None
    try:
        frame = _decode_plain(data)
    except (ValueError, RecursionError):
        return None
    marks = _TEXT_MARKS + _NAME_MARKS + _TEXT_MARKS * len(frame.args)
    for member in (frame.id, frame.ts):
        if member is not msgspec.UNSET:
            marks += _NAME_MARKS if member is None else _TEXT_MARKS
    found = data.count('"') if isinstance(data, str) else data.count(b'"')
    return frame if found == marks else None


def _read_slowly(
    data: str | bytes, edge: EdgeSettings, forms: Mapping[str, str]
) -> Asked | Refused:
    body = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    decoded = read_body(body, edge)
    values = decoded.values
    frame_id = _readable_id(values.get("id"))
    action, event = values.get("action"), values.get("event")
    name = action or event
    told = name if isinstance(name, str) and name and _is_text(name) else "error"
    if decoded.unfit or not body.strip().startswith(b"{"):
        return Refused(frame_id, told, UNREADABLE)
    arguments = values.get("args")
    wrong_type = arguments is not None and not isinstance(arguments, dict | list)
    if wrong_type or not isinstance(name or "", str):
        return Refused(frame_id, told, UNREADABLE)
    refusal = _shape_refusal(action, event, arguments, "arg" in values, forms)
    if refusal is not None:
        return Refused(frame_id, told, refusal)
    return Asked(frame_id, told, arguments or {})


def _shape_refusal(
    action: Value, event: Value, arguments: Value, has_arg: bool, forms: Mapping[str, str]
) -> Refusal | None:
    """What is wrong with the members of a frame that could be read."""
    name = action or event
    if not name:
        return MISSING
    if name not in forms:
        return UNKNOWN_ACTION
    other_dialect = not action or isinstance(arguments, list) or (arguments is None and has_arg)
    if other_dialect:
        return Refusal(OTHER_DIALECT)
    return MISSING if arguments is None else None


def _readable_id(value: Value) -> Id:
    """The id to be echoed: a text or a number as it was written."""
    if isinstance(value, Number):
        return msgspec.Raw(value.encode())
    return str(value) if isinstance(value, str) and _is_text(value) else None


def _is_text(value: str) -> bool:
    """Whether a text can be said back: half a surrogate pair cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def reply(frame_id: Id, event: str, code: int | str, told: str, data: Any) -> Outgoing:
    """An answer."""
    content = {"id": frame_id, "event": event, "code": code, "msg": told, "data": data}
    return Outgoing(encode(content))
