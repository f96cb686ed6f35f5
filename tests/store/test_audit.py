"""The operator's audit as the store keeps it."""

from __future__ import annotations

from pathlib import Path

from openprime.desk.events import Audited
from openprime.store import History, Store
from tests.store.samples import keep


def row(number: int) -> Audited:
    return Audited(number, 1000 + number, "POST /admin/v1/marks/pin", "{}", "127.0.0.1", 200)


def test_newest_first_in_pages(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    keep(store, row(1), row(2))
    keep(store, row(3))
    store.close()
    store = Store.open(tmp_path)
    history = History(store)
    first, second = history.audit(1, 2), history.audit(2, 2)
    assert (first.rows, first.total) == ([row(3), row(2)], 3)
    assert (second.rows, second.total) == ([row(1)], 3)
    assert history.audit(3, 2).rows == []
    store.close()
