"""What is refused is told as soon as what it was checked against is kept, and leaves nothing."""

import asyncio
from decimal import Decimal

from openprime.desk.commands import (
    Command,
)
from openprime.errors import Refusal
from tests.sequencer.bench import REFUSED, Bench, run
from tests.store.samples import credit


def test_a_refusal_is_not_journaled() -> None:
    async def test(bench: Bench) -> None:
        outcome = await bench.sequencer.submit(REFUSED)
        assert outcome.refusal == Refusal(401018)
        await bench.sequencer.submit(credit())
        assert [e.command for b in bench.disk.batches for e in b.envelopes] == [credit()]
        assert bench.sequencer.sequence == 1

    run(test)


def test_a_refusal_waits_for_what_it_was_checked_against() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        bench.sequencer.post(credit())
        refused = bench.submit(REFUSED)
        await asyncio.sleep(0.02)
        assert bench.heard == []
        bench.disk.release()
        assert (await refused).refusal == Refusal(401018)

    run(test)


def test_observers_do_not_see_refusals() -> None:
    async def test(bench: Bench) -> None:
        bench.sequencer.observers.append(lambda envelope, outcome: bench.heard.append(envelope))
        await bench.sequencer.submit(REFUSED)
        assert bench.heard == []

    run(test)


def test_whoever_explains_refusals_sees_the_state_that_they_were_checked_against() -> None:
    async def test(bench: Bench) -> None:
        told: list[tuple[Command, Refusal, Decimal]] = []
        bench.sequencer.on_refusal = lambda envelope, refusal: told.append(
            (envelope.command, refusal, bench.desk.total)
        )
        bench.sequencer.post(credit(2))
        bench.sequencer.post(REFUSED)
        bench.sequencer.post(credit(3))
        assert told == [(REFUSED, Refusal(401018), Decimal(2))]

    run(test)


def test_a_fault_in_explaining_changes_no_refusal() -> None:
    async def test(bench: Bench) -> None:
        def fault(*anything: object) -> None:
            raise ValueError("a fault")

        bench.sequencer.on_refusal = fault
        assert (await bench.submit(REFUSED)).refusal == Refusal(401018)
        assert (await bench.submit(credit())).refusal is None

    run(test)
