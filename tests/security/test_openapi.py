"""The OpenAPI document against the broker itself: what it allows, and what it does not, is asked
of every route, and each answer must be one that the document describes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from openprime.api.edge.decoding import read_body
from openprime.api.edge.signature import FORMS
from openprime.api.endpoints import ENDPOINTS
from openprime.api.settings import EdgeSettings
from openprime.api.venue_shapes.routes import venue_rows
from tests.api.kit import sign
from tests.served import ServedBroker

EXAMPLES = 6
ROUTES = sorted([*ENDPOINTS, *((row.method, row.path) for row in venue_rows())])
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


class Signed:
    """A session that signs what it sends as clients do: the query of a GET, the body of others."""

    def __init__(self, broker: ServedBroker) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self._access_key, self._secret_key = broker.access_key, broker.secret_key

    def headers(self, case: Any, base_url: str) -> dict[str, str]:
        kwargs = case.as_transport_kwargs(base_url=base_url)
        known = ("method", "url", "params", "json", "data", "headers", "cookies", "files")
        request = requests.Request(**{name: kwargs.get(name) for name in known}).prepare()
        nonce = str(int(time.time()))
        text = "&".join([*self._parts(request), nonce]) if self._parts(request) else f"&{nonce}"
        return {
            "X-MBX-APIKEY": self._access_key,
            "nonce": nonce,
            "signature": sign(text, self._secret_key),
        }

    def _parts(self, request: requests.PreparedRequest) -> list[str]:
        body = request.body or b""
        found = read_body(body.encode() if isinstance(body, str) else body, EdgeSettings())
        values = found.values
        if request.method == "GET":
            query = urlsplit(request.url or "").query
            values = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))  # type: ignore[arg-type]
        literal = FORMS[0]
        return [literal(name, values[name]) for name in sorted(values)]


@pytest.fixture(scope="module")
def signed(broker: ServedBroker) -> Iterator[Signed]:
    made = Signed(broker)
    yield made
    made.session.close()


@pytest.fixture(scope="module")
def document(broker: ServedBroker, signed: Signed) -> Any:
    """The document as the broker serves it."""
    found = signed.session.get(f"{broker.rest_url}/openapi.json").json()
    return schemathesis.openapi.from_dict(found)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_is_one_that_the_document_describes(
    broker: ServedBroker, signed: Signed, document: Any, method: str, path: str
) -> None:
    operation = document[path][method.lower()]
    valid, invalid = (
        operation.as_strategy(generation_mode=mode)
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    )

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(valid if not operation.query and not operation.body else valid | invalid)
    def ask(case: Any) -> None:
        headers = signed.headers(case, broker.rest_url)
        response = case.call(broker.rest_url, session=signed.session, headers=headers)
        case.validate_response(response, checks=CHECKS)

    ask()


def test_the_document_is_one(document: Any) -> None:
    json.dumps(document.raw_schema)
    assert sorted((o.ok().method.upper(), o.ok().path) for o in document.get_all_operations()) == (
        ROUTES
    )
