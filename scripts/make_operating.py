"""Makes the tables of docs/operating.md from the operator's table and the kinds of fault.

    python scripts/make_operating.py

Only what stands between the page's markers is replaced; a test holds the page to the code.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from openprime.api.operator import ADMIN, AdminRow, Asked
from openprime.api.operator.fault_kinds import KINDS
from openprime.api.operator.fault_states import STATE_KINDS, action_of
from openprime.cli.admin import command_words
from openprime.desk.switches import FaultKind

OUT = Path(__file__).parent.parent / "docs" / "operating.md"
MARKERS = "<!-- {name}: made by scripts/make_operating.py -->\n{table}<!-- /{name} -->"

ACTIONS_HEAD = """\
| command: `openprime admin …` | route | members | what it does |
|---|---|---|---|
"""
KINDS_HEAD = """\
| kind | args | what the requests meet |
|---|---|---|
"""
STATES_HEAD = """\
| kind | the action that it is |
|---|---|
"""

MEETINGS = {
    FaultKind.FORCE_CODE: "the code, at its place among the checks",
    FaultKind.GATEWAY_USER_ID: "401022",
    FaultKind.STALE_CACHE: "changes of keys stay unseen for the lifetime of what the edge "
    "remembers of them; a key that is gone answers 401022",
    FaultKind.CORE_DOWN: "501",
    FaultKind.LOADING: "400012",
    FaultKind.VENUE_REJECT: "400010 or the code given, as the venue's answer to a new order: the "
    "order is refused, or with `syncMode` false ends in REJECT",
    FaultKind.VENUE_LATENCY: "a venue so many ms further away; an order whose way there is longer "
    "than `api.deadline_ms` answers 400013 and is placed all the same",
    FaultKind.ORDER_LOCK: "400011, for one order or for any",
    FaultKind.RACE_FILL: "401057 for a change of an order",
    FaultKind.PANIC: "500, with HTTP status 500",
    FaultKind.VENUE_REPORTS: "a message of the venue fares as `how` says (`lost`, `late`, "
    "`doubled`; its reports `repeated`, `split` into messages of their own, `reordered`), or as is "
    "drawn; a late one comes `lateMs` later, or after up to 800 ms",
    FaultKind.VENUE_DOWN: "nothing gets to the venue, and nothing comes from it; orders and "
    "cancels answer 400013 after `api.deadline_ms` and are taken all the same. When it is over, "
    "what the venue said meanwhile comes, and it is told of every order again",
    FaultKind.REQUEST_LOST: "nothing is done, and the connection ends",
    FaultKind.REQUEST_DOUBLED: "it is done twice, as by a proxy that repeats it; the answer is the "
    "second one's",
    FaultKind.ANSWER_LOST: "it is done, and the connection ends without an answer",
    FaultKind.SOCKET_DROP: "an open socket ends without a close frame",
    FaultKind.SOCKET_STALL: "nothing is sent to an open socket for so many ms, as if it did not "
    "read; where that is too long it is cut off like every slow reader",
    FaultKind.DISK_FAIL: "a commit fails as on a `full` disk or with a `failed` write, and all "
    "writes answer 50001 until a restart; or, `slow`, it takes so many ms longer",
    FaultKind.PROCESS_CRASH: "the process ends as by `kill -9`: `before_commit` or `after_commit`, "
    "with nobody told, or `now`",
}


def members(body: type[Asked]) -> str:
    """The members of a body: the required ones plain, the others in brackets."""
    fields = sorted(msgspec.structs.fields(body), key=lambda field: not field.required)
    named = [field.encode_name if field.required else f"[{field.encode_name}]" for field in fields]
    return ", ".join(f"`{name}`" for name in named)


def actions_table() -> str:
    """Every action, in the order of their commands."""
    found = sorted(command_words(list(ADMIN.values())), key=lambda each: each[1])
    return ACTIONS_HEAD + "".join(_action_line(row, words) for row, words in found)


def _action_line(row: AdminRow, words: list[str]) -> str:
    return f"| `{' '.join(words)}` | `{row.name}` | {members(row.body)} | {row.summary} |\n"


def kinds_table() -> str:
    """The kinds that stay armed."""
    lines = [f"| `{kind}` | {members(KINDS[kind][0])} | {MEETINGS[kind]} |\n" for kind in KINDS]
    return KINDS_HEAD + "".join(lines)


def states_table() -> str:
    """The kinds that change state."""
    lines = [f"| `{kind}` | `{action_of(kind).name}` |\n" for kind in STATE_KINDS]
    return STATES_HEAD + "".join(lines)


TABLES = {"actions": actions_table, "kinds": kinds_table, "states": states_table}


def page(text: str) -> str:
    """The page, with its tables as the code has them."""
    for name, table in TABLES.items():
        pattern = re.compile(rf"<!-- {name}: .*?<!-- /{name} -->", re.DOTALL)
        whole = MARKERS.format(name=name, table=table())
        assert pattern.search(text), f"expected the markers of {name} in {OUT.name}"
        text = pattern.sub(lambda _, whole=whole: whole, text)
    return text


if __name__ == "__main__":
    OUT.write_text(page(OUT.read_text()))
