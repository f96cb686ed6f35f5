"""Opening a data folder: one process, one schema, one key."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from openprime.store import Durability, Filter, History, Store, StoreError
from openprime.store.database import DATABASE_NAME
from openprime.store.tables import SCHEMA, metadata
from tests.store.samples import NOW_MS, PORTFOLIO, batch, finished, keep, order, trade


def test_a_second_opener_is_refused_with_the_holder_named(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path)
    assert str(refused.value) == (
        f"expected to be the only process that uses {tmp_path}; "
        f"found process {os.getpid()} holding {tmp_path}/lock; "
        "stop that process or choose another data folder"
    )
    store.close()
    Store.open(tmp_path).close()


def test_a_second_process_is_refused_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from openprime.store import Store;"
        "store = Store.open(pathlib.Path(sys.argv[1])); print('open', flush=True);"
        "sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(StoreError, match=f"found process {holder.pid} holding"):
        Store.open(tmp_path)
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    Store.open(tmp_path).close()


def test_migrations_make_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with store.reading() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (SCHEMA,)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        migrated = _schema(connection.connection.driver_connection)  # type: ignore[arg-type]
    store.close()
    in_memory = Store.open(None)
    with in_memory.reading() as connection:
        created = _schema(connection.connection.driver_connection)  # type: ignore[arg-type]
    in_memory.close()
    assert migrated == created


def _schema(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    texts = {name: " ".join(sql.split()) for name, sql in rows}
    texts.pop("alembic_version", None)
    return texts


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path)
    line = str(refused.value)
    assert line.startswith(f"expected a database of schema {SCHEMA} or older in ")
    assert "found schema 9999" in line
    assert line.endswith("run the release of openprime that made it, or a newer one")


def test_a_folder_that_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path)
    assert "found file is not a database;" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="expected a data folder that can be written at"):
        Store.open(tmp_path / "file")


@pytest.mark.parametrize(("durability", "level"), [(Durability.FSYNC, 2), (Durability.RELAXED, 1)])
def test_durability_is_the_databases_own(
    tmp_path: Path, durability: Durability, level: int
) -> None:
    store = Store.open(tmp_path, durability)
    with store.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()


def test_what_was_kept_is_there_after_opening_again(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "relaxed")
    store.set_meta("settings", b"1")
    store.set_meta("settings", b"2")
    keep(store, finished(order(1)), trade(1))
    last = store.last_sequence, store.digest
    store.close()
    store = Store.open(tmp_path)
    everything = Filter(portfolio_id=PORTFOLIO, begin_ms=0, end_ms=NOW_MS)
    assert store.meta("settings") == b"2"
    assert store.meta("other") is None
    assert (store.last_sequence, store.digest) == last
    assert History(store).orders(everything, 1, 10).rows == [order(1)]
    assert asyncio.run(store.read(History(store).executions, everything, 10)) == [trade(1)]
    store.close()


def test_a_folder_written_with_other_fields_is_refused(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    fields = msgspec.json.decode(store.meta("fields.orders") or b"", type=list[str])
    store.set_meta("fields.orders", msgspec.json.encode([fields[1], fields[0], *fields[2:]]))
    store.close()
    with pytest.raises(StoreError, match="expected rows of orders with fields that begin order_id"):
        Store.open(tmp_path)


def test_fields_may_be_added_at_the_end(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    fields = msgspec.json.decode(store.meta("fields.orders") or b"", type=list[str])
    store.set_meta("fields.orders", msgspec.json.encode(fields[:-1]))
    store.close()
    Store.open(tmp_path).close()


def test_a_batch_out_of_place_is_refused(tmp_path: Path) -> None:
    store = Store.open(None)
    ahead = batch(store, [])
    keep(store)
    with pytest.raises(StoreError, match=r"a batch that begins at sequence 2; found .* 1;"):
        store.commit(ahead)
    store.close()


def test_a_full_disk_fails_the_whole_batch_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    keep(store, finished(order(1)))
    with store.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    fresh_market = "OKX_SPOT_SOL_USDT"
    with pytest.raises(StoreError) as failed:
        keep(store, *(finished(order(n, sym=fresh_market)) for n in range(10_000)))
    assert str(failed.value) == (
        f"expected {tmp_path} to take a commit; found database or disk is full; "
        "free the disk or mend it, then start again"
    )
    with store.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert store.last_sequence == 1
    keep(store, finished(order(2, sym=fresh_market)))
    everything = Filter(portfolio_id=PORTFOLIO, begin_ms=0, end_ms=NOW_MS)
    assert History(store).orders(everything, 1, 9).total == 2
    store.close()
    store = Store.open(tmp_path)
    of_market = Filter(portfolio_id=PORTFOLIO, begin_ms=0, end_ms=NOW_MS, syms=(fresh_market,))
    assert History(store).orders(of_market, 1, 9).total == 1
    store.close()
