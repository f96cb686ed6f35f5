"""The history tables held against a replay: a row may be written otherwise and say the same."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import astuple
from sqlalchemy import delete, insert, select, update

from openprime.desk.events import Event
from openprime.store import Store
from openprime.store.bodies import content_of, encode
from openprime.store.database import DATABASE_NAME
from openprime.store.errors import FROM_BACKUP, StoreError
from openprime.store.examination import silent
from openprime.store.markets import Markets
from openprime.store.replayed_history import ReplayedHistory
from openprime.store.tables import orders
from tests.store.samples import NOW_MS, batch, finished, order

EVENTS: list[Event] = [finished(order(7)), finished(order(8, created_at_ms=NOW_MS + 1))]
Written = Callable[[bytes], bytes]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A folder in which two orders ended; `compared` closes it."""
    opened = Store.open(tmp_path)
    opened.commit(batch(opened, EVENTS))
    return opened


def write_body(store: Store, written: Written) -> None:
    """Write the body of order 7 anew."""
    with store.writing() as connection:
        body = connection.execute(select(orders.c.body).where(orders.c.order_id == 7)).scalar_one()
        changed = update(orders).where(orders.c.order_id == 7).values(body=written(body))
        connection.execute(changed)


def compared(store: Store, since_ms: int = 0) -> str:
    """What comes of it where the replay says what was committed."""
    folder = store.folder
    assert folder is not None
    with store.reading() as connection:
        markets = Markets(connection)
    # The comparison reads a folder at rest.
    store.close()
    history = ReplayedHistory(folder / DATABASE_NAME, markets)
    try:
        history.take(batch(store, EVENTS))
        return history.compare(since_ms, silent)
    finally:
        history.close()


def refused(store: Store, since_ms: int = 0) -> StoreError:
    with pytest.raises(StoreError) as raised:
        compared(store, since_ms)
    return raised.value


def without_the_last_field(body: bytes) -> bytes:
    """As it was written before the field came to be."""
    fields = msgspec.msgpack.decode(content_of(body))
    assert astuple(order(7))[-1] == type(order(7)).__struct_defaults__[-1]
    return msgspec.msgpack.encode(fields[:-1])


@pytest.mark.parametrize("written", [bytes, content_of, without_the_last_field])
def test_a_row_that_says_the_same_in_other_bytes_is_believed(
    store: Store, written: Written
) -> None:
    write_body(store, written)
    assert compared(store) == "2 rows are as the replay's events say"


@pytest.mark.parametrize(
    "written",
    [
        lambda body: encode(order(7, leverage=6)),
        lambda body: body[:-1] + bytes([body[-1] ^ 1]),
        lambda body: b"",
    ],
)
def test_a_row_that_says_something_else_is_found(store: Store, written: Written) -> None:
    write_body(store, written)
    found = refused(store)
    assert found.expected == "rows of orders as the replay's events say"
    assert found.found == "1 missing or other, the first of them 7"
    assert found.remedy == FROM_BACKUP


def test_a_row_that_is_missing_is_found(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(delete(orders))
    assert refused(store).found == "2 missing or other, the first of them 7"


def make_up(store: Store) -> None:
    """A row more, made when order 8 was."""
    with store.writing() as connection:
        row = connection.execute(select(orders).where(orders.c.order_id == 8)).one()
        connection.execute(insert(orders).values(row._asdict() | {"order_id": 9}))


def test_a_row_that_no_event_tells_of_is_made_up(store: Store) -> None:
    make_up(store)
    assert refused(store, since_ms=NOW_MS).found == "1 made up, the first of them 9"


def test_a_row_of_before_the_replay_may_be_there(store: Store) -> None:
    make_up(store)
    assert compared(store, since_ms=NOW_MS + 1) == "2 rows are as the replay's events say"
