"""What the sequencer needs of its neighbours: tests put others in their place."""

from typing import Protocol

from openprime.desk.commands import Envelope
from openprime.desk.outcome import Outcome
from openprime.desk.state import State
from openprime.store import Batch
from openprime.store.snapshots import Snapshot


class Desk(Protocol):
    """The book of record. `snapshot` gives its state as bytes, for `decode_state`."""

    state: State

    def apply(self, envelope: Envelope) -> Outcome: ...

    def snapshot(self) -> bytes: ...


class Keeper(Protocol):
    """What keeps batches and snapshots. All calls block and come from one thread.

    `digest` is the rolling digest of the last batch kept, `snapshot_sequence` where the newest
    snapshot stands. Where `keeps` is false nothing outlives
    the process and there is no use in snapshots.
    """

    digest: bytes
    snapshot_sequence: int

    @property
    def keeps(self) -> bool: ...

    def commit(self, batch: Batch) -> None: ...

    def write_snapshot_part(self, snapshot: Snapshot, part: int) -> None: ...

    def forget_old_snapshots(self) -> None: ...

    def trim_journal(self, commands_kept: int) -> bool: ...
