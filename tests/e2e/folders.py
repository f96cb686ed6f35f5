"""Data folders at rest: how they come about in tests, and how they are examined."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from openprime.desk.desk import Desk
from openprime.desk.state import State
from openprime.server.broker import load_reference
from openprime.server.founding import ADMIN_TOKEN
from openprime.store import Store, recover
from openprime.store.examination import FIELDS
from openprime.store.tables import daily_totals, markets, metadata
from openprime.store.verification import Check, verify
from tests.e2e.load import Load
from tests.e2e.witness import Witness
from tests.served import ServedBroker

CHECKS = """
    key database schema snapshots journal acknowledged replay ledger secrets rows totals
""".split()
HEARD = 300
REFERENCE = load_reference()
HISTORY = (*(metadata.tables[name] for name in FIELDS), markets, daily_totals)


def trade(broker: ServedBroker, witness: Witness, name: str, heard: int = HEARD) -> None:
    """A load that is heard of so often."""
    left = iter(range(heard))

    def on_heard() -> None:
        if next(left, None) is None:
            load.finishing = True

    load = Load(broker, broker.client(), witness, Random(name), name, on_heard)
    asyncio.run(load.run())


def make_desk(state: State | None) -> Desk:
    return Desk(REFERENCE, state=state)


def examined(folder: Path) -> dict[str, Check]:
    """The checks of a folder by name, made in this process; where the database cannot be read at
    all, that one alone.
    """
    checks = verify(folder, make_desk, (ADMIN_TOKEN,))
    names = [check.name for check in checks]
    assert names == CHECKS or (names == ["database"] and not checks[0].ok)
    return {check.name: check for check in checks}


def content(folder: Path) -> dict[str, Any]:
    """All that a broker on this folder would go by, and tell: its state and its history."""
    store = Store.open(folder)
    try:
        desk, digest = recover(store, make_desk)
        found: dict[str, Any] = {"state": desk.snapshot(), "digest": digest}
        with store.reading() as connection:
            for table in HISTORY:
                rows = connection.execute(select(table).order_by(*table.primary_key))
                found[table.name] = [tuple(row) for row in rows]
    finally:
        store.close()
    return found
