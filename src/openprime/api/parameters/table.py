"""The parameters of a route: each with its reader and its code, in the order of the checks.

A Table reads parameters into the Struct that the handler takes. Its lines are tested one after
the other, and the first that fails gives the reply its code: reading the lines is reading the
order in which errors are found. A Field is one parameter, a Rule looks at several. One parameter
may stand on two lines, where two codes speak of it; the later line's value is kept.

Wrong JSON types come before all lines: true, lists and objects where a text is wanted are 400000.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from openprime.api.edge.decoding import Number, Value
from openprime.api.parameters.readers import Reader, boolean
from openprime.errors import Refusal

P = TypeVar("P")
Raw = Mapping[str, Value]
Values = dict[str, Any]
Line = Callable[[Raw, Values, int], int | None]

WRONG_TYPE = Refusal(400000)


class Field(msgspec.Struct, frozen=True):
    """One parameter. `wire` are its names, the first that is sent counts; "" is as good as absent.

    `code` speaks against a value that the reader does not take, `absent` against a missing one
    (0: it may be missing). `is_list`: a JSON array of texts does as well as commas.
    """

    name: str
    wire: tuple[str, ...]
    read: Reader
    code: int = 0
    absent: int = 0
    is_list: bool = False
    note: str = ""

    @property
    def codes(self) -> tuple[int, ...]:
        return tuple(code for code in (self.absent, self.code) if code)

    def line(self) -> Line:
        """The function that tests and reads this parameter."""
        name, read, code, absent = self.name, self.read, self.code, self.absent
        key, others = self.wire[0], self.wire[1:]

        def test(raw: Raw, values: Values, now_ms: int) -> int | None:
            text = raw.get(key)
            if not text:
                for other in others:
                    text = raw.get(other)
                    if text:
                        break
                else:
                    return absent or None
            value = read(text)
            if value is None:
                return code
            values[name] = value
            return None

        return test


class Rule(msgspec.Struct, frozen=True):
    """A test of several parameters; it may also set values. `codes` are those it can return."""

    test: Line
    codes: tuple[int, ...] = ()

    def line(self) -> Line:
        return self.test


class Table(Generic[P]):
    """The lines of a route and the Struct that they fill."""

    def __init__(self, struct: type[P], *lines: Field | Rule) -> None:
        self.struct = struct
        self.lines = lines
        self._tests = tuple(line.line() for line in lines)
        self._fields = {key: line for line in lines if isinstance(line, Field) for key in line.wire}

    @property
    def fields(self) -> list[Field]:
        """The parameters, each once."""
        return list({line.name: line for line in self._fields.values()}.values())

    @property
    def codes(self) -> list[int]:
        """The codes of all lines, in the order in which they are found."""
        found = [code for line in self.lines for code in line.codes]
        return list(dict.fromkeys([WRONG_TYPE.code, *found]))

    def read(self, raw: Raw, now_ms: int) -> P | Refusal:
        """The parameters as the handler takes them, or the first code against them."""
        for value in raw.values():
            if type(value) is not str:
                typed = self._typed(raw)
                if typed is None:
                    return WRONG_TYPE
                raw = typed
                break
        values: Values = {}
        for test in self._tests:
            code = test(raw, values, now_ms)
            if code is not None:
                return Refusal(code)
        return self.struct(**values)

    def _typed(self, raw: Raw) -> dict[str, str] | None:
        """All known parameters as texts; None where one has a type that it cannot have."""
        texts = {}
        for key, value in raw.items():
            field = self._fields.get(key)
            if field is None or value is None:
                continue
            text = _text_of(field, value)
            if text is None:
                return None
            texts[key] = text
        return texts


def _text_of(field: Field, value: Value) -> str | None:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return ("true" if value else "false") if field.read is boolean else None
    if not isinstance(value, list) or not field.is_list:
        return None
    texts = all(isinstance(item, str) and not isinstance(item, Number) for item in value)
    return ",".join(value) if texts else None


class NoParameters(msgspec.Struct, frozen=True):
    """What a route without parameters takes."""


NO_PARAMETERS = Table(NoParameters)
