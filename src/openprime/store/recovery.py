"""Recovery, which is also how every start begins: the newest good snapshot, then the journal.

Nothing is believed without proof. A snapshot must have the hash that it was stored with, or the
one before it is used; a journal row must have its checksum and its place; and what the desk makes
of the commands must be, event by event, what it made of them the first time.
"""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import msgspec
from sqlalchemy import Connection, Row, select

from openprime import __version__
from openprime.desk.commands import Envelope
from openprime.desk.events import Event
from openprime.desk.outcome import Outcome
from openprime.desk.state import State
from openprime.store import snapshots
from openprime.store.batch import Batch
from openprime.store.digest import EMPTY_DIGEST, next_digest, seal
from openprime.store.errors import FROM_BACKUP, StoreError
from openprime.store.store import Store
from openprime.store.tables import journal
from openprime.store.tables import snapshots as snapshots_table
from openprime.store.writer import decode_envelopes

_ROWS_FETCHED = 200

T = TypeVar("T")
D = TypeVar("D", bound="Desk")


class Desk(Protocol):
    """What recovery needs of a desk."""

    state: State

    def apply(self, envelope: Envelope) -> Outcome: ...

    def snapshot(self) -> bytes: ...


def recover(store: Store, make_desk: Callable[[State | None], D]) -> tuple[D, bytes]:
    """The desk as the store last knew it, and the rolling digest from which it goes on.

    `make_desk` makes a desk from a state, or a new one from None. StoreError in one line where
    the folder is damaged or the replay goes another way than the first time.
    """
    with store.reading() as connection:
        state, digest = _newest_state(connection)
        desk = make_desk(state)
        for batch in replay(connection, desk, digest):
            digest = batch.digest
    if desk.state.sequence != store.last_sequence:
        raise StoreError(
            expected=f"commands up to {store.last_sequence}",
            found=f"commands up to {desk.state.sequence}",
            remedy=FROM_BACKUP,
        )
    if digest != store.digest:
        raise StoreError(
            expected=f"the digest at command {store.last_sequence} that the journal ends with",
            found="another one",
            remedy=FROM_BACKUP,
        )
    return desk, digest


def _newest_state(connection: Connection) -> tuple[State | None, bytes]:
    """The newest snapshot that proves good, or the beginning of everything."""
    columns = snapshots_table.c
    wanted = select(columns.sequence, columns.digest, columns.version)
    damaged = 0
    for sequence, digest, version in connection.execute(
        wanted.order_by(columns.sequence.desc())
    ).all():
        encoded = snapshots.load(connection, sequence)
        if encoded is not None:
            return read_state(encoded, version), digest
        damaged += 1
    first = connection.execute(
        select(journal.c.first_sequence).order_by(journal.c.first_sequence).limit(1)
    ).scalar()
    if damaged and first != 1:
        raise StoreError(
            expected="a snapshot with the hash that it was stored with",
            found=f"{damaged} damaged, and a journal that begins at {first}",
            remedy=FROM_BACKUP,
        )
    return None, EMPTY_DIGEST


def read_state(encoded: bytes, version: str) -> State:
    """The state of a snapshot that a release of this version wrote."""
    return _readable(snapshots.decode_state, encoded, f"a snapshot of {version}")


def _readable(decode: Callable[[bytes], T], encoded: bytes, what: str) -> T:
    """Decode what is whole, but may be of another release's making."""
    try:
        return decode(encoded)
    except msgspec.MsgspecError as error:
        raise StoreError(
            expected=f"{what} that openprime {__version__} can read",
            found=f"another shape: {error}",
            remedy="start with the release that made it",
        ) from error


def replay(connection: Connection, desk: Desk, digest: bytes) -> Iterator[Batch]:
    """Apply the journal behind the desk's sequence, and give each batch with the events that it had
    this time. StoreError where it is damaged or goes another way than the first time.
    """
    rows = select(journal).where(journal.c.first_sequence > desk.state.sequence)
    ordered = rows.order_by(journal.c.first_sequence)
    options = {"yield_per": _ROWS_FETCHED}
    for row in connection.execute(ordered, execution_options=options):
        if row.first_sequence != desk.state.sequence + 1:
            raise StoreError(
                expected=f"a journal row that begins at {desk.state.sequence + 1}",
                found=f"one that begins at {row.first_sequence}",
                remedy=FROM_BACKUP,
            )
        batch = _replay_batch(desk, row, digest)
        yield batch
        digest = batch.digest


def check_seal(row: Row[tuple[object, ...]], digest: bytes) -> None:
    """StoreError where a journal row is not what was sealed to the digest before it."""
    if seal(digest, row.blob) != row.checksum:
        raise StoreError(
            expected=f"the journal's {_place(row)} with the checksum that they were stored with",
            found="other bytes",
            remedy=FROM_BACKUP,
        )


def _replay_batch(desk: Desk, row: Row[tuple[object, ...]], digest: bytes) -> Batch:
    check_seal(row, digest)
    place = _place(row)
    before, events = digest, list[Event]()
    envelopes = _readable(decode_envelopes, row.blob, f"the journal's {place}")
    for envelope in envelopes:
        try:
            outcome = desk.apply(envelope)
        except Exception as error:
            raise _differs(place, f"{error!r} at {envelope.sequence}") from error
        if outcome.refusal is not None:
            raise _differs(place, f"refusal {outcome.refusal.code} of {envelope.sequence}")
        digest = next_digest(digest, outcome.events)
        events += outcome.events
    if digest != row.digest or desk.state.sequence != row.last_sequence:
        raise _differs(place, "other events")
    return Batch(envelopes, events, before, digest)


def _place(row: Row[tuple[object, ...]]) -> str:
    return f"commands {row.first_sequence} to {row.last_sequence}"


def _differs(place: str, found: str) -> StoreError:
    return StoreError(
        expected=f"the replay of {place} to give the events of the first time",
        found=f"{found} under openprime {__version__}",
        remedy="start with the release and the settings that the folder was last used with",
    )
