"""The sequencer over a real store, over several lives."""

import asyncio
from pathlib import Path

import pytest

from openprime.desk.commands import (
    NO_QUOTE,
    CreateKey,
)
from openprime.errors import Refusal
from openprime.model.vocabulary import Permission
from openprime.sequencer import Sequencer, SequencerSettings
from openprime.store import Store, recover
from openprime.store.snapshots import decode_state
from tests.store.samples import PORTFOLIO, CountingDesk, credit


def _start(folder: Path, settings: SequencerSettings | None = None) -> tuple[Store, Sequencer]:
    store = Store.open(folder, "relaxed")
    desk, digest = recover(store, CountingDesk)
    sequencer = Sequencer(desk, store, lambda: 1000, lambda command: NO_QUOTE, settings)
    assert sequencer.digest == digest
    return store, sequencer


def test_a_life_of_many_starts_keeps_everything(tmp_path: Path) -> None:
    settings = SequencerSettings(snapshot_every=7, quiet_ms=0, journal_kept=0)

    async def life(crash: bool) -> tuple[bytes, bytes]:
        store, sequencer = _start(tmp_path, settings)
        for amount in range(1, 12):
            await sequencer.submit(credit(amount))
            if amount % 5 == 0:
                await asyncio.sleep(0.01)
        if crash:
            await sequencer._snapshots.finish()
            sequencer._writer.shutdown()
        else:
            await sequencer.close()
        store.close()
        return sequencer.digest, sequencer.desk.snapshot()

    for crash in (True, False, True, True):
        digest, encoded = asyncio.run(life(crash))
        store, sequencer = _start(tmp_path)
        assert sequencer.digest == digest
        assert sequencer.desk.snapshot() == encoded
        store.close()
    assert decode_state(encoded).sequence == 44


def test_an_unwritable_journal_is_50001_and_reads_go_on(tmp_path: Path) -> None:
    async def test() -> None:
        store, sequencer = _start(tmp_path, SequencerSettings(waiting_max=3000))
        sequencer.rebuild = lambda: recover(store, CountingDesk)[0]
        await sequencer.submit(credit())
        with store.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        commands = [credit(10**9 + number) for number in range(3000)]
        outcomes = await asyncio.gather(*map(sequencer.submit, commands))
        assert {outcome.refusal for outcome in outcomes} == {Refusal(50001)}
        assert sequencer.broken is not None
        assert "database or disk is full" in sequencer.broken
        await sequencer.settled()
        assert isinstance(sequencer.desk, CountingDesk)
        assert sequencer.desk.total == 1
        await sequencer.close()
        store.close()

    asyncio.run(test())


def test_no_secret_is_in_clear_in_any_file_of_the_folder(tmp_path: Path) -> None:
    secret = "plain-secret-of-a-client-000111222"

    async def test() -> None:
        store, sequencer = _start(tmp_path)
        sealed = store.vault.seal(secret, "access-1")
        key = CreateKey(PORTFOLIO, "access-1", sealed, "bot", [Permission.READ])
        assert (await sequencer.submit(key)).refusal is None
        _assert_absent()
        await sequencer.close()
        store.close()
        _assert_absent()

    def _assert_absent() -> None:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) > 2
        for path in files:
            assert secret.encode() not in path.read_bytes()

    asyncio.run(test())


def test_in_memory_everything_works_and_nothing_is_kept() -> None:
    async def test() -> None:
        store = Store.open(None)
        desk, _ = recover(store, CountingDesk)
        settings = SequencerSettings(snapshot_every=1, quiet_ms=0)
        sequencer = Sequencer(desk, store, lambda: 1, lambda command: NO_QUOTE, settings)
        for _ in range(5):
            assert (await sequencer.submit(credit())).refusal is None
        await sequencer.close()
        store.close()

    asyncio.run(test())


def test_uvloop_will_do(tmp_path: Path) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def test() -> None:
        store, sequencer = _start(tmp_path)
        outcomes = await asyncio.gather(*(sequencer.submit(credit()) for _ in range(100)))
        assert all(outcome.refusal is None for outcome in outcomes)
        await sequencer.close()
        store.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())
