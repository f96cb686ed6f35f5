"""The style of the code as a test: sizes, docstrings, printing, and the data that ships with it."""

import ast
import json
import re
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openprime.errors import rows

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "openprime"
MODULES = sorted(PACKAGE.rglob("*.py"))

MODULE_LINES_MAX = 600
MODULE_LINES_MEDIAN_MAX = 200
FUNCTION_LINES_MAX = 70
FOUNDING_CODES = 126

# The list that the catalogue was founded on, where this checkout has it beside it.
FOUNDING_LIST = ROOT.parent / "shared" / "spec" / "seed-error-codes.txt"


def names(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def line_count(path: Path) -> int:
    return path.read_text().count("\n")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_module_is_too_long() -> None:
    long = {names(path): line_count(path) for path in MODULES}
    assert {name: lines for name, lines in long.items() if lines > MODULE_LINES_MAX} == {}


def test_the_median_module_is_short(record_property: Callable[[str, object], None]) -> None:
    median = statistics.median(filter(None, map(line_count, MODULES)))
    record_property("module_lines_median", median)
    assert median <= MODULE_LINES_MEDIAN_MAX, f"the median module has {median} lines"


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{names(path)}: {function.name}": lines
        for path in MODULES
        for function in functions(ast.parse(path.read_text()))
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    """An empty __init__ has nothing to say."""
    silent = [
        names(path)
        for path in MODULES
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_nothing_but_the_command_line_prints() -> None:
    printing = [
        f"{names(path)}:{node.lineno}"
        for path in MODULES
        if path.relative_to(PACKAGE).parts[0] != "cli"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_no_stand_in_is_left() -> None:
    """Places that wait for somebody are not shipped."""
    waiting = [
        names(path)
        for path in MODULES
        if re.search(r"\b(?:STAND-IN|TODO|FIXME|XXX|NotImplementedError)\b", path.read_text())
    ]
    assert waiting == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.json")), ids=names)
def test_data_files_are_sound(path: Path) -> None:
    """JSON, in UTF-8, with no key twice, and a newline at the end."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"a key twice among {keys}"
        return dict(pairs)

    text = path.read_text(encoding="utf-8")
    assert json.loads(text, object_pairs_hook=once)
    assert text.endswith("\n")


def test_the_catalogue_has_every_founding_code_once() -> None:
    codes = [row.code for row in rows()]
    assert len(codes) == len(set(codes))
    assert sum(row.in_seed for row in rows()) == FOUNDING_CODES


def test_founding_texts_are_byte_for_byte_those_of_the_list() -> None:
    if not FOUNDING_LIST.exists():
        pytest.skip("the founding list is not beside this checkout")
    lines = FOUNDING_LIST.read_bytes().decode().split("\n")
    found = [re.fullmatch(r"(\d{6}|\d{4})(\D.*)", line) for line in lines]
    texts = {int(row[1]): row[2] for row in found if row}
    assert len(texts) == FOUNDING_CODES
    assert {row.code: row.message for row in rows() if row.in_seed} == texts


def test_placeholders_are_counted() -> None:
    wrong = [row.code for row in rows() if row.message.count("%s") != row.placeholders]
    assert wrong == []
