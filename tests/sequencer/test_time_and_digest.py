"""Every command gets a time, a quote and a place in the digest, once."""

import asyncio

from openprime.desk.commands import (
    NO_QUOTE,
)
from openprime.desk.outcome import Outcome
from openprime.sequencer import Sequencer
from openprime.store.digest import EMPTY_DIGEST, next_digest
from tests.sequencer.bench import Bench, Disk, run
from tests.store.samples import CountingDesk, credit


def test_time_never_goes_back() -> None:
    async def test(bench: Bench) -> None:
        times = []
        for now_ms in (1000, 900, 1100):
            bench.now_ms = now_ms
            await bench.submit(credit())
            times.append(bench.disk.batches[-1].envelopes[0].time_ms)
        assert times == [1000, 1000, 1100]

    run(test)


def test_time_goes_on_from_the_state() -> None:
    async def test() -> None:
        desk = CountingDesk()
        desk.state.time_ms, desk.state.sequence = 5000, 40
        sequencer = Sequencer(desk, Disk(), lambda: 4000, lambda command: NO_QUOTE)
        sequencer.post(credit())
        assert (desk.state.time_ms, desk.state.sequence) == (5000, 41)
        await sequencer.close()

    asyncio.run(test())


def test_the_quote_is_taken_once_at_arrival() -> None:
    async def test(bench: Bench) -> None:
        await bench.submit(credit())
        assert bench.quotes == [credit()]

    run(test)


def test_the_digest_is_that_of_each_commands_events_in_turn() -> None:
    async def test(bench: Bench) -> None:
        seen: list[Outcome] = []
        bench.sequencer.observers.append(lambda envelope, outcome: seen.append(outcome))
        await asyncio.gather(*(bench.submit(credit(n)) for n in range(1, 6)))
        expected = EMPTY_DIGEST
        for outcome in seen:
            expected = next_digest(expected, outcome.events)
        assert bench.sequencer.digest == expected == bench.disk.batches[-1].digest
        assert bench.disk.batches[0].digest_before == EMPTY_DIGEST

    run(test)
