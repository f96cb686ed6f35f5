"""Snapshots in the background of the order path.

Encoding the state needs a state that holds still, so it is done in one go on the loop: a few
microseconds an open order, a quarter of a second for 100,000. That is why it waits for a quiet
moment. Everything after it, hashing, compressing, writing part by part, trimming the journal,
happens in other threads and lets every batch that comes go first.
"""

import asyncio
from concurrent.futures import Executor

import structlog

from openprime import __version__
from openprime.sequencer.protocols import Keeper
from openprime.sequencer.settings import SequencerSettings
from openprime.store.snapshots import pack

log = structlog.get_logger(__name__)


class Snapshotter:
    """Knows when a snapshot is due, and writes one at a time."""

    def __init__(self, keeper: Keeper, writer: Executor, settings: SequencerSettings) -> None:
        self._keeper = keeper
        self._writer = writer
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        # Where the journal begins that a recovery now would have to replay.
        self.last_sequence = keeper.snapshot_sequence

    def due(self, sequence: int) -> bool:
        """A snapshot would be welcome."""
        return self._passed(sequence, self._settings.snapshot_every)

    def overdue(self, sequence: int) -> bool:
        """A snapshot cannot wait for a quiet moment any longer."""
        return self._passed(sequence, 2 * self._settings.snapshot_every)

    def _passed(self, sequence: int, commands: int) -> bool:
        return self._keeper.keeps and not self._task and sequence - self.last_sequence >= commands

    def start(
        self,
        encoded: bytes,
        sequence: int,
        time_ms: int,
        digest: bytes,
        durable: asyncio.Future[bool] | None,
    ) -> None:
        """Write a state in the background, once `durable` tells that all before it is kept."""
        self.last_sequence = sequence
        work = self._write(encoded, sequence, time_ms, digest, durable)
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(self._done)

    async def finish(self) -> None:
        """Wait for the snapshot that is being written, if any."""
        if self._task:
            await asyncio.wait([self._task])

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and task.exception():
            # The order path needs no snapshot: the journal is complete, recovery only longer.
            log.error("snapshot_failed", reason=str(task.exception()))

    async def _write(
        self,
        encoded: bytes,
        sequence: int,
        time_ms: int,
        digest: bytes,
        durable: asyncio.Future[bool] | None,
    ) -> None:
        if durable is not None and not await durable:
            return
        loop = asyncio.get_running_loop()
        snapshot = await loop.run_in_executor(
            None, pack, encoded, sequence, time_ms, digest, __version__
        )
        for part in range(len(snapshot.parts)):
            write = self._keeper.write_snapshot_part
            await loop.run_in_executor(self._writer, write, snapshot, part)
        await loop.run_in_executor(self._writer, self._keeper.forget_old_snapshots)
        trim, kept = self._keeper.trim_journal, self._settings.journal_kept
        while await loop.run_in_executor(self._writer, trim, kept):
            pass
        log.info("snapshot_written", sequence=sequence, state_bytes=len(encoded))
