"""`openprime errors`: the catalogue of error codes, for people and for programs."""

import textwrap

import click
import msgspec

from openprime.cli.failure import fail
from openprime.errors import Explained, Row, all_explained, explained, row, rows

LINE_LENGTH = 100


@click.command()
@click.argument("code", type=int, required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything that is known, as JSON.")
def errors(code: int | None, as_json: bool) -> None:
    """Explain an error code, or list them all."""
    if code is None:
        click.echo(_json(all_explained()) if as_json else table(rows()))
        return
    try:
        row(code)
    except KeyError:
        fail(f"errors: expected a code of the catalogue, found {code}; openprime errors lists all")
    found = explained(code)
    click.echo(_json(found) if as_json else text(found))


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()


def table(found: list[Row]) -> str:
    """One line a code."""
    code_width = max(len(str(row.code)) for row in found)
    group_width = max(len(row.group) for row in found)
    return "\n".join(
        f"{row.code:<{code_width}}  {row.group:<{group_width}}  {row.message}" for row in found
    )


def text(found: Explained) -> str:
    """A code in full."""
    facts = {
        "group": found.group + ("" if found.in_seed else ", a later code"),
        "newer text": found.newer_message,
        "meaning": found.meaning,
        "arises on": ", ".join(found.surfaces),
        "stage": found.stage,
        "told": _told(found),
        "what to do": found.remedy,
        "example": found.example,
    }
    lines = [f"{found.code} {found.message}", ""]
    lines += [_paragraph(name, fact) for name, fact in facts.items() if fact]
    return "\n".join(lines)


def _told(found: Explained) -> str:
    """How a client hears of the code."""
    if not found.status:
        return {"ws": "in a frame"}.get(found.delivery, found.delivery)
    return f"{found.delivery}; HTTP {found.status}, in the strict profile {found.strict_status}"


def _paragraph(name: str, fact: str) -> str:
    margin = " " * 14
    return textwrap.fill(
        fact, LINE_LENGTH, initial_indent=f"  {name:<12}", subsequent_indent=margin,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
