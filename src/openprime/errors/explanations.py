"""What the codes mean, for people: the catalogue's rows with the words of explanations.toml."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from openprime.errors.catalogue import row, rows


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the hand-kept file says of one code."""

    cause: str
    remedy: str
    example: str


class Explained(msgspec.Struct, frozen=True):
    """One code with everything that is known of it: text and facts, then meaning, what to do, and
    a request that provokes it.
    """

    code: int
    message: str
    newer_message: str
    group: str
    in_seed: bool
    placeholders: int
    stage: str
    delivery: str
    status: int
    strict_status: int
    surfaces: list[str]
    meaning: str
    remedy: str
    example: str


@cache
def words() -> dict[int, Words]:
    """The hand-kept file, by code."""
    text = files("openprime.errors").joinpath("explanations.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[int, Words], strict=False)


def explained(code: int) -> Explained:
    """A code in full; KeyError where there is none."""
    found, told = row(code), words()[code]
    facts: dict[str, Any] = msgspec.structs.asdict(found)
    return Explained(**facts, meaning=told.cause, remedy=told.remedy, example=told.example)


def all_explained() -> list[Explained]:
    """Every code in full, in the order of the catalogue."""
    return [explained(found.code) for found in rows()]
