"""Answers, publications and reads come in the order of the commands, and none before the disk."""

import asyncio
from collections.abc import Callable

from openprime.desk.commands import (
    Envelope,
)
from openprime.desk.outcome import Outcome
from openprime.model.venue import CancelOrder as VenueCancel
from openprime.model.venue import VenueRequest
from tests.sequencer.bench import TELLS_VENUE, Bench, run, turns
from tests.store.samples import BTC_PERP, credit


def test_an_answer_waits_for_the_disk() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        task = bench.submit(credit(3))
        await asyncio.sleep(0.02)
        assert bench.desk.total == 3, "applied at once"
        assert bench.heard == []
        assert bench.sequencer.queue_depth == 1
        bench.disk.release()
        outcome = await task
        assert outcome.refusal is None
        assert outcome.reply == 1
        assert bench.sequencer.queue_depth == 0
        assert [b.last_sequence for b in bench.disk.batches] == [1]

    run(test)


def test_venue_then_publications_then_answers() -> None:
    async def test(bench: Bench) -> None:
        def observer(envelope: Envelope, outcome: Outcome) -> Callable[[], object]:
            bench.heard.append(f"observed {envelope.sequence}")
            return lambda: bench.heard.append(f"published {envelope.sequence}")

        bench.sequencer.observers.append(observer)
        bench.disk.hold()
        tasks = [bench.submit(TELLS_VENUE), bench.submit(credit())]
        await asyncio.sleep(0.02)
        assert bench.heard == ["observed 1", "observed 2"]
        bench.disk.release()
        await asyncio.gather(*tasks)
        assert bench.heard[2:] == [
            VenueCancel(1, BTC_PERP),
            "published 1",
            "published 2",
            "answer",
            "answer",
        ]

    run(test)


def test_observers_may_publish_nothing_one_thing_or_several() -> None:
    async def test(bench: Bench) -> None:
        def say(text: str) -> Callable[[], object]:
            return lambda: bench.heard.append(text)

        bench.sequencer.observers += [
            lambda envelope, outcome: None,
            lambda envelope, outcome: say("one"),
            lambda envelope, outcome: [say("two"), say("three")],
        ]
        bench.sequencer.post(credit())
        await bench.sequencer.settled()
        assert bench.heard == ["one", "two", "three"]

    run(test)


def test_what_arrives_during_a_commit_shares_the_next_one() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        first = bench.submit(credit())
        await asyncio.sleep(0.02)
        others = [bench.submit(credit()) for _ in range(50)]
        await turns()
        bench.disk.release()
        await asyncio.gather(first, *others)
        assert [len(b.envelopes) for b in bench.disk.batches] == [1, 50]
        assert [e.sequence for b in bench.disk.batches for e in b.envelopes] == list(range(1, 52))

    run(test)


def test_what_is_ready_in_one_turn_of_the_loop_shares_a_commit() -> None:
    async def test(bench: Bench) -> None:
        await asyncio.gather(*(bench.submit(credit()) for _ in range(10)))
        assert [len(b.envelopes) for b in bench.disk.batches] == [10]

    run(test)


def test_a_venue_that_answers_at_once_is_in_the_books_before_the_client_is_answered() -> None:
    async def test(bench: Bench) -> None:
        def deliver(requests: list[VenueRequest]) -> None:
            bench.sequencer.post(credit(100))

        bench.sequencer.deliver = deliver
        await bench.submit(TELLS_VENUE)
        assert bench.desk.total == 100
        bench.disk.hold()
        read = asyncio.ensure_future(bench.sequencer.settled())
        bench.disk.release()
        await read
        assert [b.last_sequence for b in bench.disk.batches] == [1, 2]

    run(test)


def test_a_read_waits_until_what_it_shows_is_durable() -> None:
    async def test(bench: Bench) -> None:
        await bench.sequencer.settled()
        bench.disk.hold()
        bench.sequencer.post(credit())
        read = asyncio.ensure_future(bench.sequencer.settled())
        await asyncio.sleep(0.02)
        assert not read.done()
        bench.sequencer.post(credit())  # later than the read: it need not wait for this one
        bench.disk.release()
        await read
        assert bench.disk.batches[0].last_sequence == 1

    run(test)


def test_a_client_that_goes_away_disturbs_nobody() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        gone = asyncio.ensure_future(bench.sequencer.submit(credit()))
        stays = bench.submit(credit())
        await asyncio.sleep(0.02)
        gone.cancel()
        await turns()
        bench.disk.release()
        assert (await stays).refusal is None
        assert bench.desk.total == 2

    run(test)
