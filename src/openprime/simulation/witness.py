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
    """`told` is the highest sequence that a crash must not take back, `desk` the one that replays
    what was applied.
    """

    def __init__(self, reference: Reference) -> None:
        self.told = 0
        self.desk = Desk(reference)
        self._applied: list[bytes] = []
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
        self._applied.append(_encode(envelope))
        self._sequences[id(envelope.command)] = envelope.sequence

        def published() -> None:
            self.told = max(self.told, envelope.sequence)

        return published

    def forget_lost(self, sequence: int) -> None:
        """What came after this sequence was lost with the process."""
        self.replay(sequence)
        self._applied.clear()
        self._sequences.clear()

    def replay(self, sequence: int) -> None:
        """Bring the witness's desk up to a sequence."""
        count = 0
        for encoded in self._applied:
            envelope = _decode(encoded)
            if envelope.sequence > sequence:
                break
            self.desk.apply(envelope)
            count += 1
        del self._applied[:count]


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
