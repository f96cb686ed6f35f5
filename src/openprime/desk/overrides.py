"""The operator changes the rules: any table, by one command (resolutions 206; see effective.py)."""

from typing import Any

from openprime.desk.commands import Override
from openprime.desk.configuring import go_on
from openprime.desk.effective import SETTINGS, STEPS, TABLES, Overrides, effective
from openprime.desk.events import ReferenceChanged
from openprime.desk.settings import in_force
from openprime.desk.turn import Turn
from openprime.errors import Refusal

INSTRUMENTS = "instruments"
OVERRIDES_MAX = 2000


def override(turn: Turn, command: Override) -> Refusal | None:
    """Put an override into force, or let it go. Code: 400000 for one that cannot be."""
    try:
        overrides = overridden(turn, command)
    except ValueError:
        return Refusal(400000)
    turn.state.overrides = overrides
    go_on(turn)
    turn.events.append(ReferenceChanged(command.table, command.key))
    return None


def overridden(turn: Turn, command: Override) -> Overrides:
    """All overrides as they would be; ValueError, in one line for the operator, where the rules
    cannot be so.
    """
    tables = (*TABLES, SETTINGS)
    if command.table not in tables:
        raise ValueError(f"table: expected one of {', '.join(tables)}, found {command.table!r}")
    before = turn.state.overrides
    documents = dict(before.get(command.table, {}))
    if command.document is None:
        documents.pop(command.key, None)
    else:
        documents[command.key] = _joined(documents.get(command.key), command.document)
    if command.table == INSTRUMENTS:
        _test_symbol(turn, command, documents)
    overrides = {**before, command.table: documents}
    if sum(map(len, overrides.values())) > OVERRIDES_MAX:
        raise ValueError(f"expected at most {OVERRIDES_MAX} overrides, found one more")
    effective(turn.base, overrides)
    in_force(turn.state.settings, overrides.get(SETTINGS, {}))
    return overrides


def _joined(before: Any, document: Any) -> Any:
    """Members of a map change one by one, null taking one back; all else changes whole."""
    if not isinstance(document, dict):
        return document
    joined = {**before, **document} if isinstance(before, dict) else document
    return {name: value for name, value in joined.items() if value is not None}


def _test_symbol(turn: Turn, command: Override, documents: dict[str, Any]) -> None:
    """What is told of a symbol once and for ever: that it is listed, and the steps that its book
    counts in.
    """
    sym = command.key
    if isinstance(command.document, dict) and any(n in command.document for n in STEPS.values()):
        raise ValueError("expected the steps of a book to be left as they are, found others")
    if sym in turn.base.instruments:
        return
    if sym not in documents:
        raise ValueError(f"expected a venue's symbol to give its rules back, found {sym!r}")
    document = documents[sym]
    for name, book_name in STEPS.items():
        if isinstance(document, dict) and name in document:
            document.setdefault(book_name, document[name])
