"""When a snapshot is taken, what it is of, and that it harms no command."""

import asyncio

from openprime.errors import Refusal
from openprime.sequencer import SequencerSettings
from openprime.store.snapshots import Snapshot
from tests.sequencer.bench import Bench, Disk, full, run, turns
from tests.store.samples import credit


def test_closing_keeps_what_waits_and_leaves_a_snapshot() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        waiting = bench.submit(credit(7))
        await turns()
        closing = asyncio.ensure_future(bench.sequencer.close())
        await turns()
        assert (await bench.sequencer.submit(credit())).refusal == Refusal(50001)
        bench.disk.release()
        await closing
        assert (await waiting).refusal is None
        assert [s.sequence for s in bench.disk.snapshots] == [1]
        assert bench.disk.snapshots[0].digest == bench.sequencer.digest
        assert bench.sequencer.post(credit()).refusal == Refusal(50001)

    run(test)


def test_a_snapshot_is_taken_when_it_is_quiet() -> None:
    async def test(bench: Bench) -> None:
        for _ in range(12):
            await bench.submit(credit())
        assert bench.disk.snapshots == []
        await asyncio.sleep(0.2)
        assert [s.sequence for s in bench.disk.snapshots] == [12]

    run(test, settings=SequencerSettings(snapshot_every=10, quiet_ms=20))


def test_without_quiet_a_snapshot_is_taken_all_the_same() -> None:
    async def test(bench: Bench) -> None:
        for _ in range(20):
            await bench.submit(credit())
        await bench.sequencer._snapshots.finish()
        assert [s.sequence for s in bench.disk.snapshots] == [20]
        snapshot = bench.disk.snapshots[0]
        assert snapshot.digest == bench.disk.batches[-1].digest

    run(test, settings=SequencerSettings(snapshot_every=10, quiet_ms=60_000))


def test_a_snapshot_of_what_could_not_be_kept_is_not_written() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        bench.disk.failure = full()
        waiting = [bench.submit(credit()) for _ in range(20)]
        await turns()
        bench.disk.release()
        await asyncio.gather(*waiting)
        await bench.sequencer._snapshots.finish()
        assert bench.disk.snapshots == []

    run(test, settings=SequencerSettings(snapshot_every=10))


def test_a_state_that_cannot_be_encoded_stops_no_command() -> None:
    async def test(bench: Bench) -> None:
        def fault() -> bytes:
            raise ValueError("a fault")

        bench.desk.snapshot = fault  # type: ignore[method-assign]
        for _ in range(5):
            assert (await bench.submit(credit())).refusal is None
        await bench.sequencer.close()
        assert bench.disk.snapshots == []
        assert [batch.last_sequence for batch in bench.disk.batches] == [1, 2, 3, 4, 5]

    run(test, settings=SequencerSettings(snapshot_every=1))


def test_a_snapshot_that_cannot_be_written_stops_no_command() -> None:
    class ForSnapshotsFull(Disk):
        def write_snapshot_part(self, snapshot: Snapshot, part: int) -> None:
            raise full()

    async def test(bench: Bench) -> None:
        for _ in range(25):
            assert (await bench.submit(credit())).refusal is None
        await bench.sequencer._snapshots.finish()
        assert bench.sequencer.broken is None
        assert bench.disk.batches[-1].last_sequence == 25

    run(test, settings=SequencerSettings(snapshot_every=10), disk=ForSnapshotsFull())


def test_behind_a_snapshot_the_journal_is_trimmed_until_nothing_is_left_to_trim() -> None:
    class LongJournal(Disk):
        trims = 0

        def trim_journal(self, commands_kept: int) -> bool:
            assert self.snapshots, "before the snapshot that makes it superfluous"
            assert commands_kept == 7
            self.trims += 1
            return self.trims < 3

    async def test(bench: Bench) -> None:
        assert (await bench.submit(credit())).refusal is None
        await bench.sequencer.close()
        assert isinstance(bench.disk, LongJournal)
        assert bench.disk.trims == 3

    run(test, settings=SequencerSettings(journal_kept=7), disk=LongJournal())
