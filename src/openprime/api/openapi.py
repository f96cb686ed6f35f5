"""The OpenAPI document, made from the endpoint table."""

from collections.abc import Mapping
from typing import Any

from openprime import __version__
from openprime.api.endpoints import Endpoint
from openprime.api.envelope import SUCCESS_TEXTS
from openprime.api.parameters.table import Field

Json = dict[str, Any]

SIGNED = ("X-MBX-APIKEY", "nonce", "signature")


def document(endpoints: Mapping[tuple[str, str], Endpoint]) -> Json:
    """The whole document."""
    paths: dict[str, Json] = {}
    for endpoint in endpoints.values():
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Openprime", "version": __version__},
        "paths": paths,
        "components": {
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": name} for name in SIGNED
            }
        },
    }


def _operation(endpoint: Endpoint) -> Json:
    operation: Json = {
        "summary": endpoint.summary,
        "operationId": f"{endpoint.method.lower()}{endpoint.path.replace('/', '_')}",
        "responses": {"200": _response(endpoint)},
        "x-permission": endpoint.permission or "none",
        "x-key-level": endpoint.level,
        "x-limits": {
            "production": endpoint.limits.production.text,
            "contest": endpoint.limits.contest.text,
        },
        "x-codes": [*endpoint.table.codes, *endpoint.codes],
    }
    if endpoint.permission is not None:
        operation["security"] = [{name: [] for name in SIGNED}]
    fields = endpoint.table.fields
    if not fields:
        return operation
    if endpoint.writes:
        operation["requestBody"] = _body(fields)
    else:
        operation["parameters"] = [
            {
                "name": field.wire[0],
                "in": "query",
                "required": bool(field.absent),
                "schema": {"type": "string"},
            }
            for field in fields
        ]
    return operation


def _body(fields: list[Field]) -> Json:
    schema: Json = {
        "type": "object",
        "properties": {field.wire[0]: {"type": "string"} for field in fields},
    }
    required = [field.wire[0] for field in fields if field.absent]
    if required:
        schema["required"] = required
    return {"content": {"application/json": {"schema": schema}}}


def _response(endpoint: Endpoint) -> Json:
    text = SUCCESS_TEXTS[endpoint.success]
    return {
        "description": f"data: {endpoint.shape}; or a code and its message",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["code", "message", "data"],
                    "properties": {
                        "code": {"type": "integer", "examples": [endpoint.success]},
                        "message": {"type": "string", "examples": [text]},
                        "data": {},
                    },
                }
            }
        },
    }
