"""A sequencer over a disk that the test holds, fails and looks into."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from openprime.desk.commands import (
    NO_QUOTE,
    Command,
    DeleteKey,
    Envelope,
    FreezeKey,
    Quote,
    SetPrices,
)
from openprime.desk.outcome import Outcome
from openprime.model.venue import CancelOrder as VenueCancel
from openprime.sequencer import Sequencer, SequencerSettings
from openprime.store import Batch, StoreError
from openprime.store.digest import EMPTY_DIGEST
from openprime.store.snapshots import Snapshot
from tests.store.samples import BTC_PERP, CountingDesk

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


def full() -> StoreError:
    return StoreError(expected="a commit", found="disk full", remedy="free it")
