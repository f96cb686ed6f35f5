"""A start finds the state that was kept, or says in one line why it cannot."""

from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec
import pytest
from sqlalchemy import delete, select, update

from openprime.desk.commands import NO_QUOTE, Command, DeleteKey, Envelope, FreezeKey
from openprime.desk.state import State
from openprime.store import Batch, Store, StoreError, recover
from openprime.store.digest import next_digest, seal
from openprime.store.errors import FROM_BACKUP
from openprime.store.snapshots import PART_BYTES, load, pack
from openprime.store.tables import journal, snapshot_parts, snapshots
from openprime.store.writer import decode_envelopes
from tests.store.samples import NOW_MS, CountingDesk, credit


class Life:
    """A desk and its store, driven batch by batch without a sequencer."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder, "relaxed")
        self.desk = CountingDesk()

    def batch(self, *commands: Command) -> None:
        before, envelopes, events = self.store.digest, [], []
        digest = before
        for command in commands:
            envelope = Envelope(self.desk.state.sequence + 1, NOW_MS, command, NO_QUOTE)
            outcome = self.desk.apply(envelope)
            digest = next_digest(digest, outcome.events)
            envelopes.append(envelope)
            events += outcome.events
        self.store.commit(Batch(envelopes, events, before, digest))

    def snapshot(self) -> None:
        state = self.desk.state
        packed = pack(self.desk.snapshot(), state.sequence, NOW_MS, self.store.digest, "0")
        for part in range(len(packed.parts)):
            self.store.write_snapshot_part(packed, part)
        self.store.forget_old_snapshots()


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path)


def again(life: Life) -> tuple[CountingDesk, bytes]:
    """Close and start anew."""
    folder = life.store.folder
    life.store.close()
    life.store = Store.open(folder, "relaxed")
    desk, digest = recover(life.store, CountingDesk)
    return desk, digest


def assert_recovers(life: Life) -> None:
    digest = life.store.digest
    desk, its_digest = again(life)
    assert desk.snapshot() == life.desk.snapshot()
    assert its_digest == digest == life.store.digest
    assert desk.state.sequence == life.store.last_sequence
    life.store.close()


def assert_refused(life: Life, message: str) -> None:
    with pytest.raises(StoreError) as refused:
        again(life)
    assert str(refused.value) == message
    life.store.close()


def test_an_empty_folder_gives_a_new_desk(life: Life) -> None:
    assert_recovers(life)


def test_the_journal_alone_is_enough(life: Life) -> None:
    for amount in range(1, 20):
        life.batch(credit(amount), credit(amount + 1))
    assert_recovers(life)


def test_a_snapshot_and_the_journal_behind_it(life: Life) -> None:
    life.batch(credit(), credit())
    life.snapshot()
    life.batch(credit())
    assert_recovers(life)


def test_a_snapshot_replaces_the_journal_before_it(life: Life) -> None:
    life.batch(credit())
    life.snapshot()
    with life.store.writing() as connection:
        connection.execute(delete(journal))
    assert_recovers(life)


def test_other_rules_than_the_first_time_are_found(life: Life) -> None:
    life.batch(credit(), credit())
    life.batch(credit())
    with pytest.raises(StoreError) as refused:
        recover(life.store, lambda state: CountingDesk(state, fee=Decimal("0.01")))
    assert str(refused.value) == (
        "expected the replay of commands 1 to 2 to give the events of the first time; "
        "found other events under openprime 0.1.0; "
        "start with the release and the settings that the folder was last used with"
    )
    life.store.close()


def test_a_command_that_is_now_refused_is_found(life: Life) -> None:
    life.batch(credit())
    _rewrite(life, [Envelope(1, NOW_MS, FreezeKey("k", True), NO_QUOTE)])
    with pytest.raises(StoreError, match="found refusal 401018 of 1 under openprime"):
        recover(life.store, CountingDesk)
    life.store.close()


def _rewrite(life: Life, envelopes: list[Envelope]) -> None:
    """Forge the first row, checksum and all."""
    from openprime.store.digest import EMPTY_DIGEST
    from openprime.store.writer import _encode_envelopes

    blob = _encode_envelopes(envelopes)
    values = {"blob": blob, "checksum": seal(EMPTY_DIGEST, blob)}
    with life.store.writing() as connection:
        connection.execute(update(journal).values(values))


def test_changed_bytes_of_the_journal_are_found(life: Life) -> None:
    life.batch(credit())
    life.batch(credit(5))
    with life.store.writing() as connection:
        row = connection.execute(select(journal).where(journal.c.first_sequence == 2)).one()
        assert decode_envelopes(row.blob)[0].command == credit(5)
        changed = row.blob.replace(b"5", b"6")
        connection.execute(
            update(journal).where(journal.c.first_sequence == 2).values(blob=changed)
        )
    assert_refused(
        life,
        "expected the journal's commands 2 to 2 with the checksum that they were stored with; "
        "found other bytes; " + FROM_BACKUP,
    )


def test_a_missing_row_of_the_journal_is_found(life: Life) -> None:
    for _ in range(3):
        life.batch(credit())
    with life.store.writing() as connection:
        connection.execute(delete(journal).where(journal.c.first_sequence == 2))
    assert_refused(
        life,
        "expected a journal row that begins at 2; found one that begins at 3; " + FROM_BACKUP,
    )


def _damage(life: Life, sequence: int) -> None:
    with life.store.writing() as connection:
        connection.execute(
            update(snapshot_parts)
            .where(snapshot_parts.c.sequence == sequence)
            .values(blob=b"x\x9c damaged")
        )
        connection.execute(
            update(snapshots).where(snapshots.c.sequence == sequence).values(state_hash=b"other")
        )


def test_a_state_that_is_not_the_one_that_was_hashed_is_not_believed(life: Life) -> None:
    life.batch(credit())
    forged = pack(CountingDesk(State(sequence=1)).snapshot(), 1, NOW_MS, life.store.digest, "0")
    honest = pack(life.desk.snapshot(), 1, NOW_MS, life.store.digest, "0")
    life.store.write_snapshot_part(msgspec.structs.replace(honest, parts=forged.parts), 0)
    assert_recovers(life)


def test_a_part_that_the_database_cannot_read_counts_as_damage(life: Life) -> None:
    life.batch(credit())
    life.snapshot()
    with life.store.writing() as connection:
        connection.exec_driver_sql("UPDATE snapshot_parts SET blob = CAST(x'ff' AS TEXT)")
    assert_recovers(life)


def test_a_state_of_another_shape_is_told_in_one_line(life: Life) -> None:
    life.batch(credit())
    packed = pack(b"\x01", 1, NOW_MS, life.store.digest, "0.0.7")
    life.store.write_snapshot_part(packed, 0)
    assert_refused(
        life,
        "expected a snapshot of 0.0.7 that openprime 0.1.0 can read; "
        "found another shape: Expected `object`, got `int`; start with the release that made it",
    )


def test_a_damaged_snapshot_falls_back_to_the_one_before(life: Life) -> None:
    for _ in range(4):
        life.batch(credit())
        life.snapshot()
    life.batch(credit())
    life.store.trim_journal(0)
    _damage(life, 4)
    made_from: list[State | None] = []

    def make(state: State | None) -> CountingDesk:
        made_from.append(state and State(sequence=state.sequence))
        return CountingDesk(state)

    desk, digest = recover(life.store, make)
    assert made_from == [State(sequence=3)]
    assert desk.snapshot() == life.desk.snapshot()
    assert digest == life.store.digest
    life.store.close()


def test_with_all_snapshots_damaged_a_whole_journal_still_serves(life: Life) -> None:
    life.batch(credit())
    life.snapshot()
    _damage(life, 1)
    assert_recovers(life)


def test_with_all_snapshots_damaged_and_a_trimmed_journal_it_says_so(life: Life) -> None:
    for _ in range(3):
        life.batch(credit())
        life.snapshot()
    life.store.trim_journal(0)
    _damage(life, 2)
    _damage(life, 3)
    assert_refused(
        life,
        "expected a snapshot with the hash that it was stored with; "
        "found 2 damaged, and a journal that begins at 3; " + FROM_BACKUP,
    )


def test_half_a_snapshot_does_not_count(life: Life) -> None:
    life.batch(credit())
    packed = pack(b"x" * 10, 1, NOW_MS, life.store.digest, "0")
    torn = packed.__class__(1, NOW_MS, packed.digest, packed.state_hash, [b"1", b"2"], "0")
    life.store.write_snapshot_part(torn, 0)
    assert_recovers(life)


def test_the_newest_two_snapshots_are_kept(life: Life) -> None:
    for _ in range(5):
        life.batch(credit())
        life.snapshot()
    with life.store.reading() as connection:
        for table in (snapshots, snapshot_parts):
            assert list(connection.execute(select(table.c.sequence)).scalars()) == [4, 5]
    life.store.close()


def test_the_journal_is_trimmed_behind_the_older_snapshot_as_far_as_the_setting_says(
    life: Life,
) -> None:
    def first() -> int | None:
        with life.store.reading() as connection:
            return connection.execute(select(journal.c.first_sequence)).scalars().first()

    for _ in range(10):
        life.batch(credit(), credit())
    life.snapshot()
    assert life.store.trim_journal(0) is False
    assert first() == 1, "one snapshot alone may turn out damaged"
    life.batch(credit())
    life.snapshot()
    life.store.trim_journal(commands_kept=9)
    assert first() == 13
    life.store.trim_journal(commands_kept=0)
    assert first() == 21
    assert life.store.trim_journal(commands_kept=0) is False
    assert first() == 21, "what a recovery from the older one needs stays"
    assert_recovers(life)


def test_a_command_that_the_desk_now_fails_on_is_found(life: Life) -> None:
    life.batch(credit())
    _rewrite(life, [Envelope(1, NOW_MS, DeleteKey("k"), NO_QUOTE)])
    with pytest.raises(StoreError, match=r"found ZeroDivisionError\('a fault'\) at 1 under"):
        recover(life.store, CountingDesk)
    life.store.close()


def test_less_than_the_last_command_is_found(life: Life) -> None:
    """The newest snapshot is damaged, and the journal that would make up for it is gone."""
    for _ in range(2):
        life.batch(credit())
        life.snapshot()
    _damage(life, 2)
    with life.store.writing() as connection:
        connection.execute(delete(journal))
    with pytest.raises(StoreError) as refused:
        recover(life.store, CountingDesk)
    assert str(refused.value) == (
        f"expected commands up to 2; found commands up to 1; {FROM_BACKUP}"
    )
    life.store.close()


def test_a_snapshot_of_another_past_than_the_journal_s_is_found(life: Life) -> None:
    life.batch(credit())
    life.snapshot()
    with life.store.writing() as connection:
        connection.execute(update(snapshots).values(digest=bytes(32)))
    with pytest.raises(StoreError) as refused:
        recover(life.store, CountingDesk)
    assert str(refused.value) == (
        "expected the digest at command 1 that the journal ends with; found another one; "
        f"{FROM_BACKUP}"
    )
    life.store.close()


def test_a_snapshot_of_several_parts_counts_with_the_last(life: Life) -> None:
    life.batch(credit())
    noise = Random(1).randbytes(2 * PART_BYTES)
    packed = pack(noise, 1, NOW_MS, life.store.digest, "0")
    assert len(packed.parts) == 3
    for part in range(3):
        with life.store.reading() as connection:
            assert connection.execute(select(snapshots.c.sequence)).all() == []
        life.store.write_snapshot_part(packed, part)
    with life.store.reading() as connection:
        assert load(connection, 1) == noise
    life.store.close()


def test_in_memory_no_snapshot_is_kept() -> None:
    store = Store.open(None)
    store.write_snapshot_part(pack(b"state", 1, NOW_MS, store.digest, "0"), 0)
    assert store.snapshot_sequence == 0
    store.close()
