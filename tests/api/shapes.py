"""Every answer that a test gets is held against what the documents say of its route."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema_rs import validator_for

from openprime.api.endpoints import Endpoint
from openprime.api.openapi import possible_codes, success_schema

OK = 200


@cache
def _success(row: Endpoint) -> Any:
    return validator_for(success_schema(row))


def check(row: Endpoint | None, answer: Any, forced: bool) -> None:
    """Assert that a route may answer so; `forced` where the operator chose the code himself."""
    if row is None or answer.status != OK:
        return
    content = answer.json
    if isinstance(content, dict) and content.get("code", OK) not in (OK, row.success):
        assert forced or content["code"] in possible_codes(row), (row.method, row.path, content)
        assert content["data"] == {}
    else:
        _success(row).validate(content)
