"""What an operator's request says, as the Struct of its action; and every Struct as JSON schema."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from openprime.api.edge.decoding import read_query
from openprime.api.operator.action import AdminRow, Asked, Unfit
from openprime.api.settings import EdgeSettings

T = TypeVar("T", bound=Asked)

# No time, id or count of the desk is larger; the journal keeps integers of 64 bits.
INTEGER_MAX = 10**18


def read_asked(row: AdminRow, query: bytes, content: bytes, edge: EdgeSettings) -> Asked | Unfit:
    """The body of an action: of a GET from the query, of all others from JSON; none is empty."""
    try:
        if not row.changes:
            asked = read_query(query, "", edge)
            if asked.unfit:
                return Unfit("expected a query of names and values, each once; found another")
            return _bounded(msgspec.convert(asked.values, row.body, strict=False))
        return _bounded(msgspec.json.decode(content or b"{}", type=row.body, strict=False))
    except msgspec.ValidationError as error:
        return Unfit(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unfit("expected a JSON object, found a body that cannot be read as one")


def _bounded(asked: T) -> T | Unfit:
    """What was asked, if the journal can keep every integer in it."""
    for number in _integers(asked):
        if abs(number) > INTEGER_MAX:
            return Unfit(f"expected integers of at most {INTEGER_MAX}, found {number!s:.60}")
    return asked


def _integers(value: Any) -> Iterator[int]:
    """Every integer in a value, however deep."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _integers(getattr(value, name))
    elif isinstance(value, dict):
        for member in value.values():
            yield from _integers(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _integers(member)


def converted(members: Mapping[str, Any], kind: type[T]) -> T | Unfit:
    """The args of a fault as the Struct that they are for."""
    try:
        return _bounded(msgspec.convert(members, kind, strict=False))
    except msgspec.ValidationError as error:
        return Unfit(f"args: {error}")


def body_text(row: AdminRow, asked: Asked, bytes_max: int = 4096) -> str:
    """The body as the audit keeps it: without secrets, cut where it is very long."""
    members = msgspec.to_builtins(asked)
    kept = {name: value for name, value in members.items() if name not in row.secrets}
    return msgspec.json.encode(kept).decode()[:bytes_max]


def body_schema(row: AdminRow) -> dict[str, Any]:
    """The body as JSON schema: names, types, which are required, and defaults."""
    (schema,), parts = msgspec.json.schema_components([row.body], ref_template="#/parts/{name}")
    name = schema["$ref"].rpartition("/")[2]
    found = {"properties": parts[name]["properties"], "required": parts[name].get("required", [])}
    others = {key: value for key, value in parts.items() if key != name}
    return found | ({"parts": others} if others else {})
