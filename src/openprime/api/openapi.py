"""The OpenAPI document, made from the endpoint table.

A refusal has the same HTTP status as a success, unless the configuration says otherwise: so the
answer with that status is the one or the other, and a refusal has one of the codes that the table
names for the route.
"""

from collections.abc import Mapping
from typing import Any

from openprime import __version__
from openprime.api.edge.auth import AUTH_CODES, BROKER_CODES, FORBIDDEN, KeyLevel
from openprime.api.endpoints import Endpoint
from openprime.api.envelope import SUCCESS_TEXTS
from openprime.api.parameters import readers
from openprime.api.parameters.table import Field
from openprime.api.shapes import VENUES_OWN, schema

Json = dict[str, Any]

SIGNED = ("X-MBX-APIKEY", "nonce", "signature")
WRITE_CODES = (50001, 400011)
# Where a row of history turns out damaged.
READ_CODES = (50001,)
INVALID, EXCEEDED = 400000, 100429

BUDGET_HEADERS = {
    "X-RateLimit-Limit": "calls that the budget holds",
    "X-RateLimit-Used": "calls that are spent",
    "X-RateLimit-Remaining": "calls that are left",
    "X-RateLimit-Reset": "seconds until another call is free",
}
# What the text of a parameter looks like, where its reader tells.
_PATTERNS: dict[readers.Reader, str] = {
    readers.amount: r"^[0-9]{1,18}(\.[0-9]{1,18})?$",
    readers.whole: r"^[0-9]+$",
    readers.moment: r"^[0-9]{1,13}$",
    readers.day_moment: r"^[0-9]{1,13}$",
    readers.boolean: r"^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$",
    readers.portfolio_id: r"^[0-9]{16}$",
    readers.id_value: r"^[0-9]+$",
    readers.id_length: r"^[1-9][0-9]{15}$",
    readers.client_order_id_letters: r"^[A-Za-z0-9_-]{1,63}$",
    readers.client_order_id_strict: r"^[A-Za-z0-9]{1,63}$",
}


def possible_codes(endpoint: Endpoint) -> list[int]:
    """The codes that a route can refuse with, in the order in which they are found."""
    codes: list[int] = []
    if endpoint.permission is not None or endpoint.may_be_signed:
        codes += [endpoint.forbidden_code if c == FORBIDDEN else c for c in AUTH_CODES]
    if endpoint.level is KeyLevel.BROKER:
        codes += BROKER_CODES
    codes += [*endpoint.table.codes, *endpoint.codes]
    if endpoint.writes:
        codes += WRITE_CODES
    elif endpoint.permission is not None:
        codes += READ_CODES
    return list(dict.fromkeys(codes))


def document(endpoints: Mapping[tuple[str, str], Endpoint], strict_status: bool = False) -> Json:
    """The whole document; with `strict_status` refusals have HTTP 400."""
    paths: dict[str, Json] = {}
    for endpoint in endpoints.values():
        operation = _operation(endpoint, strict_status)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Openprime", "version": __version__},
        "paths": paths,
        "components": {
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": name} for name in SIGNED
            },
            "responses": {
                "TooLarge": _json_response("a bound of the request", refusal_schema([INVALID])),
                "TooMany": _json_response("budget spent", refusal_schema([EXCEEDED]))
                | {"headers": _headers({**BUDGET_HEADERS, "Retry-After": "seconds to wait"})},
                "Failure": _json_response("a failure of the server", refusal_schema([500])),
            },
        },
    }


def _operation(endpoint: Endpoint, strict_status: bool) -> Json:
    operation: Json = {
        "summary": endpoint.summary,
        "operationId": f"{endpoint.method.lower()}{endpoint.path.replace('/', '_')}",
        "responses": _responses(endpoint, strict_status),
        "x-permission": endpoint.permission or "none",
        "x-key-level": endpoint.level,
        "x-limits": {
            "production": endpoint.limits.production.text,
            "contest": endpoint.limits.contest.text,
        },
        "x-codes": possible_codes(endpoint),
    }
    signed: Json = {name: [] for name in SIGNED}
    if endpoint.permission is not None:
        operation["security"] = [signed]
    elif endpoint.may_be_signed:
        operation["security"] = [{}, signed]
    fields = endpoint.table.fields
    if fields and endpoint.writes:
        operation["requestBody"] = _body(fields)
    elif fields:
        operation["parameters"] = [_parameter(field) for field in fields]
    return operation


# -- what is asked


def _parameter(field: Field) -> Json:
    return {
        "name": field.wire[0],
        "in": "query",
        "required": bool(field.absent),
        "description": _note(field),
        "schema": _value(field),
    }


def _note(field: Field) -> str:
    others = ", ".join(field.wire[1:])
    return "; ".join(filter(None, [field.note, others and f"also {others}"]))


def _value(field: Field) -> Json:
    """The schema of a parameter's text."""
    members = readers.vocabulary(field.read)
    if members:
        return {"type": "string", "enum": members}
    if field.is_list:
        return {"type": "string", "description": "names between commas"}
    pattern = _PATTERNS.get(field.read)
    return {"type": "string", "pattern": pattern} if pattern else {"type": "string"}


def _body(fields: list[Field]) -> Json:
    properties = {field.wire[0]: {**_value(field), "description": _note(field)} for field in fields}
    content: Json = {"type": "object", "properties": properties}
    required = [field.wire[0] for field in fields if field.absent]
    if required:
        content["required"] = required
    return {"content": {"application/json": {"schema": content}}}


# -- what is answered


def _responses(endpoint: Endpoint, strict_status: bool) -> Json:
    told = f"data: {endpoint.shape}"
    if endpoint.shape == VENUES_OWN:
        return {
            "200": _json_response(told, {}),
            "400": _json_response("a refusal in the venue's own words", {}),
            **_COMMON_RESPONSES,
        }
    success, refusal = success_schema(endpoint), refusal_schema(possible_codes(endpoint))
    if strict_status:
        found = {
            "200": _json_response(told, success),
            "400": _json_response("a code and its message", refusal),
        }
    else:
        both = {"anyOf": [success, refusal]}
        found = {"200": _json_response(f"{told}; or a code and its message", both)}
    return {**found, **_COMMON_RESPONSES}


_COMMON_RESPONSES = {
    "413": {"$ref": "#/components/responses/TooLarge"},
    "429": {"$ref": "#/components/responses/TooMany"},
    "500": {"$ref": "#/components/responses/Failure"},
}


def success_schema(endpoint: Endpoint) -> Json:
    """The schema of a route's answer when it does what was asked."""
    data = schema(endpoint.shape)
    if not endpoint.enveloped:
        return data
    return _envelope({"const": endpoint.success}, {"const": SUCCESS_TEXTS[endpoint.success]}, data)


def refusal_schema(codes: list[int]) -> Json:
    """The schema of a refusal with one of these codes."""
    nothing = {"type": "object", "maxProperties": 0}
    return _envelope({"enum": codes}, {"type": "string", "minLength": 1}, nothing)


def _envelope(code: Json, message: Json, data: Json) -> Json:
    return {
        "type": "object",
        "properties": {"code": code, "message": message, "data": data},
        "required": ["code", "message", "data"],
        "additionalProperties": False,
    }


def _json_response(description: str, content: Json) -> Json:
    return {
        "description": description,
        "headers": _headers(BUDGET_HEADERS),
        "content": {"application/json": {"schema": content}},
    }


def _headers(told: Mapping[str, str]) -> Json:
    return {
        name: {"description": text, "schema": {"type": "string", "pattern": "^[0-9]+$"}}
        for name, text in told.items()
    }
