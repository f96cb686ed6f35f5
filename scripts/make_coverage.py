"""Makes docs/coverage.md from the endpoint table, the catalogue of error codes and its tests.

    python scripts/make_coverage.py

A test holds the page to what this prints, so it never tells of a route that is not there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from openprime.api.endpoints import ENDPOINTS, Endpoint
from openprime.api.openapi import EXCEEDED, possible_codes
from openprime.errors import rows

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "coverage.md"

HEAD = """\
# Coverage

Made by `scripts/make_coverage.py` from the endpoint table and the tests of the catalogue; do not
edit.

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

SHOWN_HEAD = """
## The founding codes in the tests

Every code of the founding catalogue arises from a natural cause, which is a function of
`tests/conformance/cases`, and is forced at its stage by the operator's fault `force_code`; no
natural cause uses that fault. `tests/conformance/test_catalogue.py` runs both on a served broker
and holds the answer's code, text, envelope and status, and that nothing changed.
`tests/conformance/test_order_of_checks.py` and `tests/conformance/test_socket_twin.py` show codes
on more surfaces: those of whole routes in the order of their checks, and the actions of the
private socket. All surfaces that a code is shown on stand in the last column.

| code | natural test | forced test | surfaces |
|---|---|---|---|
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
    lines += [SHOWN_HEAD, *shown_lines()]
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


def shown_lines() -> list[str]:
    """Each founding code, by what it is provoked, and where."""
    from tests.conformance.coverage import shown

    lines = []
    for row in shown():
        natural = f"`{row.natural}`" if row.natural else "none"
        forced = f"`{row.forced}`" if row.forced else "none"
        surfaces = ", ".join(f"`{surface.replace('/api/v1/', '')}`" for surface in row.surfaces)
        lines.append(f"| {row.code} | {natural} | {forced} | {surfaces} |\n")
    return lines


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
    sys.path.insert(0, str(ROOT))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(page())


if __name__ == "__main__":
    main()
