"""What was promised to anybody: a command that was spoken of must outlive every crash.

The witness looks on at the sequencer. It keeps every envelope in the form of the journal, and the
highest sequence that anybody was told of: by a reply, by a read's answer, by a push. A desk of its
own that is given the same envelopes must come to the same books.
"""

from collections.abc import Callable

import msgspec

from openprime.desk.commands import Command, Envelope, OperatorNote
from openprime.desk.desk import Desk
from openprime.desk.outcome import Outcome
from openprime.errors import Refusal
from openprime.model.reference import Reference
from openprime.sequencer import Sequencer
from openprime.store.snapshots import decode_state

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Envelope).decode


class Witness:
    """`told` is the highest sequence that a crash must not take back."""

    def __init__(self, reference: Reference) -> None:
        self.told = 0
        self._reference = reference
        # Never further than what was told: all beyond it may be lost, even what was found once.
        self._desk = Desk(reference)
        self._applied: list[tuple[int, bytes]] = []
        self._sequences: dict[int, int] = {}
        self._sequencer: Sequencer | None = None

    def watch(self, sequencer: Sequencer) -> None:
        """Look on at a sequencer from here on: of this start of the broker."""
        self._sequencer = sequencer
        sequencer.observers.append(self._observe)
        submit, settled = sequencer.submit, sequencer.settled

        async def watched_submit(
            command: Command, forced: Refusal | None = None, note: OperatorNote | None = None
        ) -> Outcome:
            outcome = await submit(command, forced, note)
            sequence = self._sequences.pop(id(command), 0)
            if outcome.refusal is None:
                self.told = max(self.told, sequence)
            return outcome

        async def watched_settled() -> None:
            seen = sequencer.sequence
            await settled()
            if sequencer.broken is None:
                self.told = max(self.told, seen)

        sequencer.submit = watched_submit  # type: ignore[method-assign]
        sequencer.settled = watched_settled  # type: ignore[method-assign]

    def _observe(self, envelope: Envelope, outcome: Outcome) -> Callable[[], None]:
        self._applied.append((envelope.sequence, _encode(envelope)))
        self._sequences[id(envelope.command)] = envelope.sequence

        def published() -> None:
            self.told = max(self.told, envelope.sequence)

        return published

    def forget_lost(self, sequence: int) -> None:
        """What came after this sequence was lost with the process."""
        self._applied = [each for each in self._applied if each[0] <= sequence]
        self._sequences.clear()

    def desk_at(self, sequence: int) -> Desk:
        """What the envelopes up to a sequence make of a desk."""
        kept = min(sequence, self.told)
        self._applied = _apply(self._desk, self._applied, kept)
        if kept == sequence:
            return self._desk
        further = Desk(self._reference, state=decode_state(self._desk.snapshot()))
        _apply(further, self._applied, sequence)
        return further


def _apply(desk: Desk, applied: list[tuple[int, bytes]], until: int) -> list[tuple[int, bytes]]:
    """Give a desk the envelopes up to a sequence; returns those that are left."""
    for count, (sequence, encoded) in enumerate(applied):
        if sequence > until:
            return applied[count:]
        desk.apply(_decode(encoded))
    return []


def difference(found: Desk, wanted: Desk) -> str | None:
    """In what the books of two desks differ."""
    mine, other = found.snapshot(), wanted.snapshot()
    if mine == other:
        return None
    first, second = decode_state(mine), decode_state(other)
    names = [
        name for name in first.__struct_fields__ if getattr(first, name) != getattr(second, name)
    ]
    return f"the books differ from those of a replay in {names or 'the order of their entries'}"
