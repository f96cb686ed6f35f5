"""What the table says of answers, as schemas."""

from __future__ import annotations

import json

import pytest

from openprime.api.endpoints import ENDPOINTS, Endpoint
from openprime.api.shapes import UNTOLD, schema

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def row(**members: object) -> object:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ("{}", row()),
        ("{a, b: integer}", row(a=TEXT, b=INTEGER)),
        ("array of {a}", {"type": "array", "items": row(a=TEXT)}),
        (
            "map of sym to array of integer",
            {"type": "object", "additionalProperties": {"type": "array", "items": INTEGER}},
        ),
        (
            "{a: array of {b: {c}}, d}",
            row(a={"type": "array", "items": row(b=row(c=TEXT))}, d=TEXT),
        ),
        ("{a: text or integer}", row(a={"anyOf": [TEXT, INTEGER]})),
        ("text, and a word to people", TEXT),
        ("array of notices", {"type": "array", "items": schema("notice")}),
        ("array of what nobody knows", {"type": "array", "items": {UNTOLD: "what nobody knows"}}),
    ],
)
def test_shapes(shape: str, wanted: object) -> None:
    assert schema(shape) == wanted


def test_pages() -> None:
    counts = dict.fromkeys(("page", "pageSize", "totalSize"), INTEGER)
    rows = {"type": "array", "items": row(a=TEXT)}
    assert schema("short page of {a}") == row(**counts, list=rows)
    assert schema("page of {a}")["required"] == [
        *("page", "pageSize", "pageNum", "totalSize", "list"),
    ]


def test_members_without_an_end() -> None:
    with pytest.raises(ValueError, match="expected }"):
        schema("{a, b")


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=lambda row: f"{row.method} {row.path}")
def test_every_word_of_the_table_is_known(endpoint: Endpoint) -> None:
    assert UNTOLD not in json.dumps(schema(endpoint.shape))
