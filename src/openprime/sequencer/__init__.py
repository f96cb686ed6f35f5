"""The single writer: it gives every command its place and moment, and makes it durable.

    Sequencer          submit, post, settled, close
    SequencerSettings  its bounds

Everything that changes the broker's books passes through here, one command after the other, on
the one thread of the event loop. That makes the desk's life simple, for nothing happens to it
from two sides, and makes the journal a complete account of what it was told.

**Apply first, then keep, then tell.** A command is applied the moment it arrives, so that the
next one is checked against its result, and joins the open batch. While one batch is on its way
to disk in a worker thread, the next one fills: under load the disk's time is shared by all who
arrived meanwhile (group commit), and without load a command waits for its own commit alone.
When the batch is on disk, and not before,

1. the venue is told. A venue in this process answers at once, with `post`; so by the time its
   client reads the reply, the order is no longer new, and a read that waits to be settled shows
   what became of it;
2. the next batch, with those answers in it, starts on its way;
3. what observers wanted to publish is published, in the order of the commands;
4. those who wait for an answer get it.

**Nobody sees what a crash could take back.** An answer is given after its batch is kept. A
refusal changes nothing and is not journaled, but it speaks of the state that it was checked
against ("you have no such order"), so it too is held back until everything applied before it is
kept. A read renders its answer from the state and then waits for `settled`, for the same reason.

**When the disk fails**, the desk is ahead of what was kept, and there is no way back in place. So
the sequencer halts for good: those who wait and all who come get 50001, nothing more is applied,
published or told to a venue. The desk in memory is then wrong by what was lost, so reads must not
go on from it: `rebuild`, where it is given, makes a fresh desk from the store, which takes its
place in `desk`, and `settled` waits for it, or fails where the store cannot be read. The way back
to work is a restart. A command on which the desk itself fails (a fault of ours) halts it in the
same way, for half a change may have been made; what was applied before it is still kept and
answered.

**Bounds.** Of the writes that come, `under_way_max` are applied and not yet answered, and
`waiting_max` stand in line behind them; beyond it new ones get 400011. Cancels, closes and the
operator go past the line, but for what a cancel was sent to undo (relieving.py), and reads never
stand in it. At most `undurable_max` commands wait for the disk; beyond it too new ones get 400011,
cancels a little later than the rest. `post` is not refused for this: what a venue says is fact. It
is bounded by the orders that the venue was told of, and feeds post prices once a second.

Why not a queue and a consumer task? A command would then be applied a loop turn later, a quote
taken at arrival would be stale, and `post` could not give its outcome. Why not a commit in the
loop's own thread? The loop would stand still for every sync of the disk, half a millisecond at
best. Why one executor thread? SQLite takes one writer, and a thread's queue is the order itself.
"""

from openprime.sequencer.sequencer import Observer, Sequencer
from openprime.sequencer.settings import SequencerSettings

__all__ = ["Observer", "Sequencer", "SequencerSettings"]
