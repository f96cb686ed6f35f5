"""Makes docs/coverage.md from the endpoint table and the catalogue of error codes.

    python scripts/make_coverage.py

A test holds the page to what this prints, so it never tells of a route that is not there.
"""

from __future__ import annotations

from pathlib import Path

from openprime.api.endpoints import ENDPOINTS, Endpoint
from openprime.api.openapi import EXCEEDED, possible_codes
from openprime.errors import rows

OUT = Path(__file__).parent.parent / "docs" / "coverage.md"

HEAD = """\
# Coverage

Made by `scripts/make_coverage.py` from the endpoint table; do not edit.

## Routes

Permission is what a key needs, *none* means that the route answers unsigned requests. Limits are
calls/seconds in the production and the contest profile.

| route | permission | key | success | production | contest | data |
|---|---|---|---|---|---|---|
"""

CODES_HEAD = """
## Error codes on REST routes

| code | text | arises on |
|---|---|---|
"""

MISSING_HEAD = """
## Codes of the catalogue that no REST route gives today

Sockets have codes of their own; the others wait for the features that give rise to them.

"""


def page() -> str:
    """The whole page."""
    where = codes_by_route()
    catalogue = {row.code: row for row in rows()}
    known = [code for code in catalogue if code in where]
    missing = [code for code in catalogue if code not in where]
    lines = [HEAD, *map(route_line, ENDPOINTS.values()), CODES_HEAD]
    lines += [f"| {c} | {catalogue[c].message} | {arises(where[c])} |\n" for c in known]
    lines += [MISSING_HEAD, ", ".join(map(str, missing)), "\n"]
    return "".join(lines)


def route_line(row: Endpoint) -> str:
    cells = (
        f"`{row.method} {row.path}`",
        row.permission or "none",
        row.level,
        row.success,
        row.limits.production.text,
        row.limits.contest.text,
        row.shape,
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def codes_by_route() -> dict[int, list[str]]:
    """Each code, with the routes on which it can arise."""
    where: dict[int, list[str]] = {}
    for row in ENDPOINTS.values():
        for code in codes_of(row):
            where.setdefault(code, []).append(f"{row.method} {row.path}")
    return where


def codes_of(row: Endpoint) -> list[int]:
    """What a route can refuse with; under limits the budget may be spent (100429)."""
    return [*possible_codes(row), EXCEEDED]


def arises(routes: list[str]) -> str:
    """Where, in few words: all routes, or their names without what they share."""
    if len(routes) == len(ENDPOINTS):
        return "every route"
    return ", ".join(f"`{route.replace('/api/v1/', '')}`" for route in routes)


def main() -> None:
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(page())


if __name__ == "__main__":
    main()
