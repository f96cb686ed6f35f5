"""The sequencer itself; the package's docstring says why it is as it is."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from openprime.desk.commands import Command, Envelope, OperatorNote, Quote
from openprime.desk.outcome import Outcome
from openprime.errors import Refusal
from openprime.model.venue import VenueRequest
from openprime.sequencer.batch import OpenBatch, Publication
from openprime.sequencer.line import Line
from openprime.sequencer.protocols import Desk, Keeper
from openprime.sequencer.relieving import RELIEVING, undoes
from openprime.sequencer.settings import SequencerSettings
from openprime.sequencer.snapshotter import Snapshotter
from openprime.store import Batch
from openprime.store.digest import next_digest
from openprime.store.errors import FROM_BACKUP, StoreError, one_line

log = structlog.get_logger(__name__)

# What an observer wants published once the command is durable: nothing, one thing, or several.
Observer = Callable[[Envelope, Outcome], Publication | Iterable[Publication] | None]

OVERLOADED = Refusal(400011)
UNAVAILABLE = Refusal(50001)


class Sequencer:
    """Applies commands in the order of their arrival and answers once they are durable.

    All methods belong to the event loop's thread. `sequence` and `digest` are those of the last
    command applied, `queue_depth` how many applied commands are not durable yet, `broken` why
    nothing is taken any more (None while all is well).
    """

    def __init__(
        self,
        desk: Desk,
        store: Keeper,
        clock_ms: Callable[[], int],
        quote: Callable[[Command], Quote],
        settings: SequencerSettings | None = None,
    ) -> None:
        self.desk = desk
        self.settings = settings or SequencerSettings()
        self.observers: list[Observer] = []
        # Told of refused commands while the state is the one that they were checked against.
        self.on_refusal: Callable[[Envelope, Refusal], None] | None = None
        self.deliver: Callable[[list[VenueRequest]], None] = _deliver_to_nobody
        self.rebuild: Callable[[], Desk] | None = None
        # Told when the desk has been put back to what was kept.
        self.on_rebuilt: Callable[[], None] = _nobody_remembers
        # Hands a batch to the store: done when it is kept.
        self.keep: Callable[[Batch], asyncio.Future[None]] = self._keep
        self.broken: str | None = None
        self.sequence = desk.state.sequence
        self.digest = store.digest
        self.queue_depth = 0
        self._time_ms = desk.state.time_ms
        self._store = store
        self._clock_ms = clock_ms
        self._quote = quote
        self._line = Line(self.settings.under_way_max, self.settings.waiting_max)
        self._open = OpenBatch(self.digest)
        self._committing: OpenBatch | None = None
        self._start_scheduled = False
        self._quiet_timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._closed = False
        self._rebuilding: asyncio.Future[None] | None = None
        self._unreadable: str | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._snapshots = Snapshotter(store, self._writer, self.settings)

    # -- commands and reads

    async def submit(
        self, command: Command, forced: Refusal | None = None, note: OperatorNote | None = None
    ) -> Outcome:
        """Apply a command and answer when its outcome is durable. `forced` and `note` go into its
        envelope.

        The outcome's refusal is 400011 where too many commands wait for their turn or for the disk,
        50001 where the journal cannot be written. What relieves, and what an operator says, does
        not wait for a turn.
        """
        line = self._line
        if isinstance(command, RELIEVING):
            await line.let_pass(partial(undoes, command))
            return await self._submit(command, forced, note)
        if note is not None:
            return await self._submit(command, forced, note)
        if not line.enters() and not await line.wait(command):
            return Outcome(refusal=OVERLOADED)
        try:
            return await self._submit(command, forced, note)
        finally:
            line.leave()

    async def _submit(
        self, command: Command, forced: Refusal | None, note: OperatorNote | None
    ) -> Outcome:
        refusal = self._not_now(command)
        if refusal is not None:
            return Outcome(refusal=refusal)
        outcome = self._apply(command, forced, note)
        if self.queue_depth and not await self._durable():
            return Outcome(refusal=UNAVAILABLE)
        return outcome

    def post(self, command: Command) -> Outcome:
        """Apply a command that nobody waits for; it is journaled with the next batch."""
        if self.broken is not None or self._closed:
            return Outcome(refusal=UNAVAILABLE)
        return self._apply(command)

    async def settled(self) -> None:
        """Wait until everything applied so far is durable.

        Raises StoreError where a failure left the desk with what was never kept, and what was kept
        could not be read.
        """
        if self.queue_depth:
            await self._durable()
        if self._rebuilding is not None:
            await asyncio.shield(self._rebuilding)
        if self._unreadable is not None:
            found = self._unreadable
            raise StoreError(expected="to read what was kept", found=found, remedy=FROM_BACKUP)

    async def close(self) -> None:
        """Take no more commands, make durable what waits, and write a last snapshot."""
        self._closing = True
        while self.queue_depth:
            await self._durable()
        self._closed = True
        if self._quiet_timer:
            self._quiet_timer.cancel()
        await self._snapshots.finish()
        if self.sequence > self._snapshots.last_sequence and self._store.keeps:
            self._take_snapshot()
            await self._snapshots.finish()
        await asyncio.get_running_loop().run_in_executor(None, self._writer.shutdown)

    def _not_now(self, command: Command) -> Refusal | None:
        if self.broken is not None or self._closing:
            return UNAVAILABLE
        settings = self.settings
        if self.queue_depth >= settings.undurable_max:
            spare = settings.undurable_spare if isinstance(command, RELIEVING) else 0
            if self.queue_depth >= settings.undurable_max + spare:
                return OVERLOADED
        return None

    # -- applying

    def _apply(
        self, command: Command, forced: Refusal | None = None, note: OperatorNote | None = None
    ) -> Outcome:
        time_ms = max(self._clock_ms(), self._time_ms)
        quote = self._quote(command)
        envelope = Envelope(self.sequence + 1, time_ms, command, quote, forced, note)
        try:
            outcome = self.desk.apply(envelope)
        except Exception as error:
            log.critical("desk_failed", command=type(command).__name__, exc_info=True)
            self._halt(f"the desk failed on a {type(command).__name__}: {error!r}")
            self._rebuild_if_drained()
            return Outcome(refusal=UNAVAILABLE)
        if outcome.refusal is not None:
            if self.on_refusal is not None:
                self._tell_refusal(envelope, outcome.refusal)
            return outcome
        self.sequence += 1
        self.queue_depth += 1
        self._time_ms = time_ms
        self.digest = next_digest(self.digest, outcome.events)
        batch = self._open
        batch.envelopes.append(envelope)
        batch.events += outcome.events
        batch.requests += outcome.requests
        for observer in self.observers:
            _collect(batch.publications, observer, envelope, outcome)
        if self._committing is None and not self._start_scheduled:
            # At the end of this turn of the loop, so that all who are ready now come along.
            self._start_scheduled = True
            asyncio.get_running_loop().call_soon(self._start_commit)
        return outcome

    def _tell_refusal(self, envelope: Envelope, refusal: Refusal) -> None:
        assert self.on_refusal is not None
        try:
            self.on_refusal(envelope, refusal)
        except Exception:
            log.error("refusal_untold", code=refusal.code, exc_info=True)

    def _durable(self) -> asyncio.Future[bool]:
        """When all that is applied now is durable: True, or False where it will never be. There is
        something that is not durable yet.
        """
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        batch = self._open if self._open.envelopes else self._committing
        assert batch is not None, "whoever waits has seen that the queue is not empty"
        batch.waiters.append(waiter)
        return waiter

    # -- committing

    def _start_commit(self) -> None:
        self._start_scheduled = False
        if self._committing is not None or not self._open.envelopes:
            return
        batch = self._committing = self._open
        self._open = OpenBatch(self.digest)
        commit = self.keep(batch.to_keep(self.digest))
        commit.add_done_callback(self._on_committed)
        if self._snapshots.overdue(self.sequence):
            self._take_snapshot()

    def _keep(self, batch: Batch) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._writer, self._store.commit, batch)

    def _on_committed(self, commit: asyncio.Future[None]) -> None:
        batch = self._committing
        assert batch is not None
        error = commit.exception()
        if error is not None:
            self._lose(batch, str(error))
            return
        self.queue_depth -= len(batch.envelopes)
        if batch.requests and self.broken is None:
            self._deliver(batch.requests)
        self._committing = None
        self._start_commit()
        for publish in batch.publications:
            _run(publish)
        batch.tell(True)
        self._watch_for_quiet()
        self._rebuild_if_drained()

    def _deliver(self, requests: list[VenueRequest]) -> None:
        try:
            self.deliver(requests)
        except Exception:
            # The orders stay new until the venue is told again, at the next start at the latest.
            log.error("delivery_failed", requests=len(requests), exc_info=True)

    # -- halting

    def _halt(self, reason: str) -> None:
        if self.broken is None:
            self.broken = reason
            log.critical("sequencer_halted", reason=reason)

    def _lose(self, batch: OpenBatch, reason: str) -> None:
        """A batch cannot be kept, so neither can what was applied after it."""
        self._halt(reason)
        self._committing = None
        lost, self._open = self._open, OpenBatch(self.digest)
        self.queue_depth = 0
        self._rebuild_if_drained()
        batch.tell(False)
        lost.tell(False)

    def _rebuild_if_drained(self) -> None:
        if self.broken is None or self.queue_depth or self._rebuilding or self.rebuild is None:
            return
        rebuild, self.rebuild = self.rebuild, None
        self._rebuilding = asyncio.ensure_future(self._rebuild_desk(rebuild))

    async def _rebuild_desk(self, rebuild: Callable[[], Desk]) -> None:
        """Put the desk back to what was kept, for the reads that go on."""
        try:
            self.desk = await asyncio.get_running_loop().run_in_executor(None, rebuild)
            self.sequence = self.desk.state.sequence
            self.on_rebuilt()
        except Exception as error:
            log.critical("rebuild_failed", exc_info=True)
            self._unreadable = one_line(error)
        finally:
            self._rebuilding = None

    # -- snapshots

    def _watch_for_quiet(self) -> None:
        if self._quiet_timer is None and not self.queue_depth:
            if self._closing or not self._snapshots.due(self.sequence):
                return
            loop, wait_s = asyncio.get_running_loop(), self.settings.quiet_ms / 1000
            self._quiet_timer = loop.call_later(wait_s, self._if_quiet, self.sequence)

    def _if_quiet(self, sequence: int) -> None:
        self._quiet_timer = None
        if self.sequence == sequence and not self.queue_depth:
            self._take_snapshot()
        else:
            self._watch_for_quiet()

    def _take_snapshot(self) -> None:
        if self.broken is not None:
            return
        try:
            encoded = self.desk.snapshot()
        except Exception:
            log.error("snapshot_failed", exc_info=True)
            return
        durable = self._durable() if self.queue_depth else None
        self._snapshots.start(encoded, self.sequence, self._time_ms, self.digest, durable)


def _nobody_remembers() -> None:
    """Where nobody keeps anything of the desk's state outside of it."""


def _deliver_to_nobody(requests: list[VenueRequest]) -> None:
    """Where no venue is connected, orders stay new."""


def _collect(
    into: list[Publication], observer: Observer, envelope: Envelope, outcome: Outcome
) -> None:
    """Let an observer see what happened. Its faults are its own: the command stands."""
    try:
        wanted = observer(envelope, outcome)
    except Exception:
        log.error("observer_failed", sequence=envelope.sequence, exc_info=True)
        return
    if wanted is None:
        return
    if callable(wanted):
        into.append(wanted)
    else:
        into.extend(wanted)


def _run(publish: Publication) -> None:
    try:
        publish()
    except Exception:
        log.error("publication_failed", exc_info=True)
