"""The bounds that the sequencer keeps."""

import msgspec


class SequencerSettings(msgspec.Struct, frozen=True):
    """Counts are of commands.

    `under_way_max` writes are under way at once, and `waiting_max` more may wait (line.py). At most
    `undurable_max` applied commands wait for the disk; cancels may use another `undurable_spare`,
    for under overload they are what a client needs most. A snapshot is taken every
    `snapshot_every` commands, at the next moment of quiet (`quiet_ms` without a command), and
    without waiting for one when twice as many have passed. `journal_kept` is how much of the
    journal stays behind the snapshots.
    """

    under_way_max: int = 64
    waiting_max: int = 512
    undurable_max: int = 10_000
    undurable_spare: int = 2_000
    snapshot_every: int = 100_000
    quiet_ms: int = 50
    journal_kept: int = 1_000_000
