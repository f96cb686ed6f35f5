"""The catalogue for people: every code explained, the page up to date, the command line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from openprime import cli
from openprime.errors import all_explained, explained, row, rows
from openprime.errors.explanations import words
from scripts import make_catalogue, make_errors

SPECIFICATION = Path(__file__).resolve().parent.parent.parent / "shared" / "spec"
SENTENCE_END = (".", "!")
METHODS = ("GET ", "POST ", "PUT ", "DELETE ")


def test_every_code_is_explained_and_no_other() -> None:
    assert list(words()) == list(dict.fromkeys(words()))
    assert set(words()) == {found.code for found in rows()}
    assert [found.code for found in all_explained()] == [found.code for found in rows()]


@pytest.mark.parametrize("code", [found.code for found in rows()])
def test_an_explanation_says_all_it_should(code: int) -> None:
    found = explained(code)
    assert found.message == row(code).message
    assert found.meaning.endswith(SENTENCE_END)
    assert found.remedy.endswith(SENTENCE_END)
    assert found.example
    assert not found.example.endswith(SENTENCE_END)
    assert found.surfaces or code == 4000
    assert found.delivery
    assert len(found.meaning) < 300
    assert (found.stage != "") == found.in_seed


def test_a_status_is_told_of_what_is_a_reply() -> None:
    for found in rows():
        by_rest = any(place.startswith(("every", *METHODS)) for place in found.surfaces)
        assert (found.status == 0) == (found.strict_status == 0)
        if by_rest:
            assert found.status, found.code


def test_the_catalogue_is_what_the_script_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not SPECIFICATION.exists():
        pytest.skip("the specification is not beside this checkout")
    made = tmp_path / "catalogue.json"
    kept = make_catalogue.OUT.read_text()
    monkeypatch.setattr(make_catalogue, "OUT", made)
    make_catalogue.main(SPECIFICATION)
    assert made.read_text() == kept, "run: python scripts/make_catalogue.py"


def test_the_page_is_up_to_date() -> None:
    assert make_errors.OUT.read_text() == make_errors.page(), "run: python scripts/make_errors.py"


# ---------------------------------------------------------------- openprime errors


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit code of a call."""
    monkeypatch.setattr(sys, "argv", ["openprime", "errors", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


Capture = pytest.CaptureFixture[str]


def test_without_a_code_all_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert run(monkeypatch) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(rows())
    for line, found in zip(lines, rows(), strict=True):
        assert line.split() == f"{found.code} {found.group} {found.message}".split()


def test_a_list_for_programs(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert run(monkeypatch, "--json") == 0
    listed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    kept = json.loads(make_catalogue.OUT.read_text())
    assert [{name: got[name] for name in want} for got, want in zip(listed, kept, strict=True)] == (
        kept
    )
    assert sum(found["in_seed"] for found in listed) == 126


def test_one_code(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert run(monkeypatch, "401009") == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0] == "401009 ClientOrderId duplicate"
    told = " ".join(text.split())
    found = explained(401009)
    for part in (found.newer_message, found.meaning, found.remedy, found.example, found.group):
        assert part in told
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("code", [400000, 401068, 601004, 11240, 406014])
def test_one_code_for_programs(monkeypatch: pytest.MonkeyPatch, capsys: Capture, code: int) -> None:
    assert run(monkeypatch, str(code), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["code"], told["message"]) == (code, row(code).message)
    assert told["meaning"] == explained(code).meaning


@pytest.mark.parametrize("arguments", [("5",), ("5", "--json"), ("--json", "999999")])
def test_an_unknown_code(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, arguments: tuple[str, ...]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    told = capsys.readouterr()
    code = next(word for word in arguments if word != "--json")
    assert told.out == ""
    assert told.err == (
        f"openprime: errors: expected a code of the catalogue, found {code}; "
        "openprime errors lists all\n"
    )
