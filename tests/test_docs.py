"""The documents: links lead somewhere, commands exist, and nothing of the workshop is in them."""

import re
from pathlib import Path

import click
import pytest

from openprime.cli import openprime
from scripts import make_configuration, make_operating

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
CODE_SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
COMMAND = re.compile(r"(?<![\w/-])(?:\.venv/bin/)?openprime((?: +[a-zA-Z:-][^\s;|&`]*)*)")
NAMED_FILE = re.compile(r"(?:docs|scripts|tests|src|benchmarks|requirements)/[\w./-]*\w")
MAKE_TARGET = re.compile(r"(?<![\w-])make ([a-z]+)")

FORBIDDEN = {
    "a package registry": r"pypi\.|npmjs|pythonhosted|registry\.\w+\.\w|proxy\.golang|crates\.io",
    "an issue's number": r"\bissues? #?\d|#\d+\b",
    "the workshop": r"/work/|\bshared/(?:spec|design|data)|\bresolutions?\b|\bsession \d",
    "a path of this machine": r"/(?:root|home|tmp)/",
    "an unfinished place": r"\bTODO\b|\bFIXME\b|\bTBD\b|\bXXX\b",
}


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=names)


def code_of(text: str) -> list[str]:
    """Everything that a page prints as code, without line breaks inside a span."""
    spans = [" ".join(span.split()) for span in CODE_SPAN.findall(CODE_BLOCK.sub("", text))]
    lines = [line for block in CODE_BLOCK.findall(text) for line in block.splitlines()]
    return [*lines, *INDENTED.findall(text), *spans]


@each_document
def test_every_relative_link_resolves(path: Path) -> None:
    targets = [link for link in LINK.findall(path.read_text()) if "://" not in link]
    files = {link: path.parent / link.partition("#")[0] for link in targets if link[0] != "#"}
    assert [link for link, file in files.items() if not file.exists()] == []


@each_document
def test_every_anchor_is_a_heading(path: Path) -> None:
    for link in LINK.findall(path.read_text()):
        target, separator, anchor = link.partition("#")
        if "://" in link or not separator:
            continue
        page = (path.parent / target if target else path).read_text()
        headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
        slugs = {
            re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
            for heading in headings
        }
        assert anchor in slugs, link


@each_document
def test_every_file_that_is_named_exists(path: Path) -> None:
    text = CODE_BLOCK.sub("", path.read_text())
    named = {name for span in CODE_SPAN.findall(text) for name in NAMED_FILE.findall(span)}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_readme_lists_every_page() -> None:
    readme = (ROOT / "README.md").read_text()
    pages = [names(path) for path in DOCUMENTS[1:]]
    assert [page for page in pages if f"]({page})" not in readme] == []


@each_document
@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_the_workshop_is_told(path: Path, what: str) -> None:
    found = re.findall(FORBIDDEN[what], path.read_text(), re.IGNORECASE)
    assert found == [], f"{what} in {names(path)}"


@each_document
def test_every_command_exists(path: Path) -> None:
    for line in code_of(path.read_text()):
        for arguments in COMMAND.findall(line):
            check_command(arguments.split(), line)


def check_command(words: list[str], line: str) -> None:
    """Follow a call of openprime to its command, and know its options."""
    command: click.Command = openprime
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"expected a command of {command.name}, found {name!r}: {line}"
        command = found
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    if command is openprime:
        known.add("--version")
    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    assert [option for option in options if option not in known] == [], line


@each_document
def test_every_target_of_make_exists(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = {name for line in code_of(path.read_text()) for name in MAKE_TARGET.findall(line)}
    missing = [t for t in targets if not re.search(rf"^{t}:", makefile, re.MULTILINE)]
    assert missing == []


def test_the_operating_page_is_up_to_date() -> None:
    text = make_operating.OUT.read_text()
    assert text == make_operating.page(text), "run: python scripts/make_operating.py"


def test_the_configuration_page_is_up_to_date() -> None:
    text = make_configuration.OUT.read_text()
    assert text == make_configuration.page(text), "run: python scripts/make_configuration.py"
