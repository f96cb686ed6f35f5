"""Snapshots: the whole state at one moment, so that recovery need not begin at the beginning.

A snapshot is written in parts, each its own small transaction, so that the batches of the order
path slip in between; its row comes last, and without it the parts do not count.
"""

import zlib

import msgspec
from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from openprime.desk.state import State
from openprime.store.digest import hash_of
from openprime.store.tables import journal, snapshot_parts, snapshots

PART_BYTES = 256 * 1024
SNAPSHOTS_KEPT = 2
TRIM_ROWS = 500

decode_state = msgspec.msgpack.Decoder(State).decode


class Snapshot(msgspec.Struct, frozen=True):
    """A state ready to be written: compressed, cut into parts, with its hash.

    `digest` is the rolling digest at `sequence`, from which a replay goes on.
    """

    sequence: int
    time_ms: int
    digest: bytes
    state_hash: bytes
    parts: list[bytes]
    version: str


def pack(encoded: bytes, sequence: int, time_ms: int, digest: bytes, version: str) -> Snapshot:
    """Compress an encoded state. Level 1: the disk is quicker than a better compression."""
    packed = zlib.compress(encoded, 1)
    parts = [packed[at : at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
    return Snapshot(sequence, time_ms, digest, hash_of(encoded), parts, version)


def write_part(connection: Connection, snapshot: Snapshot, part: int) -> None:
    """Write one part; after the last one, the row that makes the snapshot count."""
    if part == 0:
        # What an interrupted attempt left behind.
        of_this = snapshot_parts.c.sequence == snapshot.sequence
        connection.execute(delete(snapshot_parts).where(of_this))
        connection.execute(delete(snapshots).where(snapshots.c.sequence == snapshot.sequence))
    values = {"sequence": snapshot.sequence, "part": part, "blob": snapshot.parts[part]}
    connection.execute(insert(snapshot_parts).values(values))
    if part == len(snapshot.parts) - 1:
        row = msgspec.structs.asdict(snapshot)
        row["part_count"] = len(row.pop("parts"))
        connection.execute(insert(snapshots).values(row))


def forget_old(connection: Connection) -> None:
    """Delete all but the newest snapshots, and parts that never became one."""
    newest = select(snapshots.c.sequence).order_by(snapshots.c.sequence.desc())
    kept = list(connection.execute(newest.limit(SNAPSHOTS_KEPT)).scalars())
    connection.execute(delete(snapshots).where(snapshots.c.sequence.not_in(kept)))
    connection.execute(delete(snapshot_parts).where(snapshot_parts.c.sequence.not_in(kept)))


def trim_journal(connection: Connection, commands_kept: int) -> bool:
    """Delete some journal rows that no recovery needs; True where more are left to delete.

    Recovery needs what follows the older of two snapshots, should the newer one be damaged; with
    a single snapshot everything stays.
    """
    sequences = select(snapshots.c.sequence).order_by(snapshots.c.sequence.desc())
    kept = list(connection.execute(sequences.limit(SNAPSHOTS_KEPT)).scalars())
    if len(kept) < SNAPSHOTS_KEPT:
        return False
    last = connection.execute(select(func.max(journal.c.last_sequence))).scalar() or 0
    until = min(kept[-1], last - commands_kept)
    rows = select(journal.c.first_sequence, journal.c.last_sequence)
    oldest = connection.execute(rows.order_by(journal.c.first_sequence).limit(TRIM_ROWS)).all()
    gone = [first for first, its_last in oldest if its_last <= until]
    if gone:
        connection.execute(delete(journal).where(journal.c.first_sequence <= gone[-1]))
    return len(gone) == TRIM_ROWS


def load(connection: Connection, sequence: int) -> bytes | None:
    """The encoded state of a snapshot; None where it is damaged."""
    row = connection.execute(select(snapshots).where(snapshots.c.sequence == sequence)).one()
    parts = (
        select(snapshot_parts.c.blob)
        .where(snapshot_parts.c.sequence == sequence)
        .order_by(snapshot_parts.c.part)
    )
    try:
        encoded = zlib.decompress(b"".join(connection.execute(parts).scalars()))
    except (zlib.error, SQLAlchemyError, TypeError):
        return None
    return encoded if hash_of(encoded) == row.state_hash else None
