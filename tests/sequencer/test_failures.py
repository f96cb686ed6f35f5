"""A disk, a desk or an observer that fails: who is told what, and what goes on."""

import asyncio
from typing import Any

import pytest

from openprime.errors import Refusal
from openprime.store import StoreError
from openprime.store.errors import FROM_BACKUP
from tests.sequencer.bench import FAULT, REFUSED, TELLS_VENUE, Bench, full, run, turns
from tests.store.samples import CountingDesk, credit


def test_a_failed_commit_halts_and_nothing_of_it_is_told() -> None:
    async def test(bench: Bench) -> None:
        bench.sequencer.observers.append(
            lambda envelope, outcome: lambda: bench.heard.append("published")
        )
        await bench.submit(credit())
        bench.heard.clear()
        bench.disk.hold()
        bench.disk.failure = full()
        waiting = [bench.submit(TELLS_VENUE)]
        await asyncio.sleep(0.02)
        waiting += [bench.submit(credit()), bench.submit(REFUSED)]
        read = asyncio.ensure_future(bench.sequencer.settled())
        await turns()
        bench.disk.release()
        assert [task.refusal for task in await asyncio.gather(*waiting)] == [Refusal(50001)] * 3
        await read
        assert bench.heard == [Refusal(50001)] * 3
        assert bench.sequencer.broken == "expected a commit; found disk full; free it"
        assert bench.sequencer.queue_depth == 0
        bench.disk.failure = None
        total = bench.desk.total
        assert (await bench.sequencer.submit(credit())).refusal == Refusal(50001)
        assert bench.sequencer.post(credit()).refusal == Refusal(50001)
        await bench.sequencer.settled()
        assert bench.desk.total == total
        assert len(bench.disk.batches) == 1
        assert bench.disk.snapshots == []

    run(test)


def test_after_a_failure_reads_go_on_from_what_was_kept() -> None:
    async def test(bench: Bench) -> None:
        kept = CountingDesk()
        bench.sequencer.rebuild = lambda: kept
        bench.disk.failure = full()
        assert (await bench.submit(credit())).refusal == Refusal(50001)
        await bench.sequencer.settled()
        assert bench.sequencer.desk is kept

    run(test)


def test_a_fault_of_the_desk_halts_and_keeps_what_came_before() -> None:
    async def test(bench: Bench) -> None:
        before = bench.submit(credit())
        fault = bench.submit(FAULT)
        assert (await before).refusal is None
        assert (await fault).refusal == Refusal(50001)
        assert bench.sequencer.broken == (
            "the desk failed on a DeleteKey: ZeroDivisionError('a fault')"
        )
        assert [e.command for b in bench.disk.batches for e in b.envelopes] == [credit()]
        assert (await bench.submit(credit())).refusal == Refusal(50001)

    run(test)


def test_a_faulty_observer_publication_or_venue_stops_nobody() -> None:
    async def test(bench: Bench) -> None:
        def fault(*anything: object) -> Any:
            raise ValueError("a fault")

        bench.sequencer.observers += [fault, lambda envelope, outcome: fault]
        bench.sequencer.deliver = fault
        assert (await bench.submit(TELLS_VENUE)).refusal is None
        assert (await bench.submit(credit())).refusal is None

    run(test)


def test_the_first_failure_is_the_one_that_is_told() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        bench.disk.failure = full()
        lost = bench.submit(credit())
        await turns()
        fault = bench.submit(FAULT)
        bench.disk.release()
        assert {(await task).refusal for task in (lost, fault)} == {Refusal(50001)}
        assert bench.sequencer.broken == (
            "the desk failed on a DeleteKey: ZeroDivisionError('a fault')"
        )

    run(test)


def test_reads_fail_where_what_was_kept_cannot_be_read() -> None:
    """The desk in memory has what was refused with 50001: nobody may be shown it."""

    async def test(bench: Bench) -> None:
        def unreadable() -> CountingDesk:
            raise OSError("an input/output error")

        bench.sequencer.rebuild = unreadable
        bench.disk.failure = full()
        assert (await bench.submit(credit())).refusal == Refusal(50001)
        for _ in range(2):
            with pytest.raises(StoreError) as failure:
                await bench.sequencer.settled()
            assert str(failure.value) == (
                f"expected to read what was kept; found an input/output error; {FROM_BACKUP}"
            )

    run(test)
