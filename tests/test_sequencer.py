"""Nobody hears of what is not on disk; everybody hears in the order of the commands."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from openprime.desk.commands import (
    NO_QUOTE,
    CancelOrder,
    Command,
    CreateKey,
    DeleteKey,
    Envelope,
    FreezeKey,
    PlaceOrder,
    Quote,
    SetPrices,
)
from openprime.desk.outcome import Outcome
from openprime.errors import Refusal
from openprime.model.venue import CancelOrder as VenueCancel
from openprime.model.venue import VenueRequest
from openprime.model.vocabulary import Permission
from openprime.sequencer import Sequencer, SequencerSettings
from openprime.store import Batch, Store, StoreError, recover
from openprime.store.digest import EMPTY_DIGEST, next_digest
from openprime.store.snapshots import Snapshot, decode_state
from tests.store.samples import BTC_PERP, PORTFOLIO, CountingDesk, credit

REFUSED = FreezeKey("k", True)
FAULT = DeleteKey("k")
TELLS_VENUE = SetPrices({BTC_PERP: Decimal(1)}, {})


class Disk:
    """A keeper whose commits take as long as the test wants, and fail when it wants."""

    keeps = True
    digest = EMPTY_DIGEST
    snapshot_sequence = 0

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.snapshots: list[Snapshot] = []
        self.failure: Exception | None = None
        self._free = threading.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    def commit(self, batch: Batch) -> None:
        assert self._free.wait(10)
        if self.failure:
            raise self.failure
        self.batches.append(batch)

    def write_snapshot_part(self, snapshot: Snapshot, part: int) -> None:
        self.snapshots.append(snapshot)
        assert self.batches[-1].last_sequence >= snapshot.sequence, "ahead of the journal"

    def forget_old_snapshots(self) -> None:
        pass

    def trim_journal(self, commands_kept: int) -> bool:
        return False


class VenueDesk(CountingDesk):
    """Prices also make a request to the venue."""

    def apply(self, envelope: Envelope) -> Outcome:
        outcome = super().apply(envelope)
        if isinstance(envelope.command, SetPrices):
            outcome.requests = [VenueCancel(envelope.sequence, BTC_PERP)]
        return outcome


class Bench:
    """A sequencer over a slow disk, with a clock of its own."""

    def __init__(self, settings: SequencerSettings | None = None, disk: Disk | None = None) -> None:
        self.disk = disk or Disk()
        self.desk = VenueDesk()
        self.now_ms = 1000
        self.quotes: list[Command] = []
        self.sequencer = Sequencer(self.desk, self.disk, lambda: self.now_ms, self._quote, settings)
        self.heard: list[Any] = []
        self.sequencer.deliver = self.heard.extend

    def _quote(self, command: Command) -> Quote:
        self.quotes.append(command)
        return NO_QUOTE

    def submit(self, command: Command) -> "asyncio.Task[Outcome]":
        task = asyncio.ensure_future(self.sequencer.submit(command))
        task.add_done_callback(lambda done: self.heard.append(done.result().refusal or "answer"))
        return task


def run(test: Callable[[Bench], Awaitable[None]], **options: Any) -> None:
    """Run a test in its own loop, and close the sequencer after it."""

    async def body() -> None:
        bench = Bench(**options)
        try:
            await test(bench)
        finally:
            bench.disk.release()
            await bench.sequencer.close()

    asyncio.run(body())


async def turns(count: int = 5) -> None:
    """Let everything that is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)


# -- order and durability


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


# -- refusals


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


# -- reads


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


# -- time, quotes, digest


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


# -- bounds and failures


def _place() -> PlaceOrder:
    return PlaceOrder(PORTFOLIO, BTC_PERP, *[None] * 3, *[Decimal(0)] * 3)  # type: ignore[misc, arg-type]


def test_too_many_waiting_commands_are_refused_cancels_last() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        tasks = [bench.submit(_place()) for _ in range(3)]
        await turns()
        assert (await bench.sequencer.submit(_place())).refusal == Refusal(400011)
        cancel = CancelOrder(PORTFOLIO, 1, "")
        tasks.append(bench.submit(cancel))
        await turns()
        assert (await bench.sequencer.submit(cancel)).refusal == Refusal(400011)
        assert bench.sequencer.post(credit()).refusal is None, "what a venue says is fact"
        bench.disk.release()
        assert [task.refusal for task in await asyncio.gather(*tasks)] == [None] * 4
        assert (await bench.sequencer.submit(_place())).refusal is None

    run(test, settings=SequencerSettings(undurable_max=3, undurable_spare=1))


def _full() -> StoreError:
    return StoreError(expected="a commit", found="disk full", remedy="free it")


def test_a_failed_commit_halts_and_nothing_of_it_is_told() -> None:
    async def test(bench: Bench) -> None:
        bench.sequencer.observers.append(
            lambda envelope, outcome: lambda: bench.heard.append("published")
        )
        await bench.submit(credit())
        bench.heard.clear()
        bench.disk.hold()
        bench.disk.failure = _full()
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
        bench.disk.failure = _full()
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


# -- closing and snapshots


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
        bench.disk.failure = _full()
        waiting = [bench.submit(credit()) for _ in range(20)]
        await turns()
        bench.disk.release()
        await asyncio.gather(*waiting)
        await bench.sequencer._snapshots.finish()
        assert bench.disk.snapshots == []

    run(test, settings=SequencerSettings(snapshot_every=10))


# -- with a real store


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
        store, sequencer = _start(tmp_path)
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
