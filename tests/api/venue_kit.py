"""Venue-shaped routes over a played market."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from openprime.api.edge.decoding import read_query
from openprime.api.faults import FaultBoard
from openprime.api.settings import EdgeSettings
from openprime.api.venue_shapes.routes import venue_rows
from tests.api.kit import REFERENCE, Json
from tests.api.market_socket_kit import PlayedMarket

ROWS = {row.path: row for row in venue_rows()}


class Venues:
    """What the routes answer at `now_ms`."""

    def __init__(self, now_ms: int) -> None:
        self.market = PlayedMarket()
        self.reference = REFERENCE
        self.now_ms = now_ms
        self.faults = FaultBoard(dict, self.clock_ms)

    def clock_ms(self) -> int:
        return self.now_ms

    def get(self, path: str, query: str = "") -> tuple[int, Any]:
        """The HTTP status and the decoded body."""
        asked = read_query(query.encode(), "", EdgeSettings()).values
        answer = asyncio.run(ROWS[path].answer(self, None, asked))  # type: ignore[arg-type]
        return answer.status, json.loads(answer.body)

    def good(self, path: str, query: str = "") -> Any:
        """The body of an answer that must be a success."""
        status, body = self.get(path, query)
        assert status == 200, body
        return body


def decimals(row: Json, *names: str) -> bool:
    """Whether these fields are texts of plain decimals."""
    return all(isinstance(row[name], str) and float(row[name]) is not None for name in names)
