"""What a verification finds of a folder: each check by what it says where something is wrong."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from openprime.desk.commands import Envelope
from openprime.desk.outcome import Outcome
from openprime.store import Store
from openprime.store.errors import FROM_BACKUP
from openprime.store.mark import MARK_NAME
from openprime.store.secrets import KEY_NAME
from openprime.store.snapshots import pack
from openprime.store.tables import journal, markets, snapshots
from openprime.store.verification import Check, verify
from tests.store.samples import NOW_MS, CountingDesk, credit, finished, keep, order
from tests.store.test_recovery import Life

PUT_BACK = "put the original back from a backup: without it no API secret opens"
SEEN_BEFORE = Check(
    "", False, "expected {} to be sound; found they are not: this was not checked",
    "see the checks before it",
)  # fmt: skip


class BalancedDesk(CountingDesk):
    """Whose credits come from somewhere."""

    def apply(self, envelope: Envelope) -> Outcome:
        outcome = super().apply(envelope)
        self.state.house["outside"] = {"USDT": -self.total}
        return outcome


@pytest.fixture
def life(tmp_path: Path) -> Life:
    made = Life(tmp_path)
    made.desk = BalancedDesk()
    return made


def verified(life: Life, **more: Any) -> dict[str, Check]:
    """Close the folder and verify it."""
    folder = life.store.folder
    assert folder is not None
    life.store.close()
    return {check.name: check for check in verify(folder, BalancedDesk, **more)}


def wrong(life: Life, **more: Any) -> dict[str, Check]:
    return {name: check for name, check in verified(life, **more).items() if not check.ok}


def test_a_sound_folder(life: Life) -> None:
    for amount in range(1, 4):
        life.batch(credit(amount))
    life.snapshot()
    life.batch(credit(4))
    found = {name: check.found for name, check in verified(life).items()}
    assert found["key"] == f"{KEY_NAME} is the folder's own"
    assert found["snapshots"] == "1 snapshots, at commands 3"
    assert found["journal"] == "commands 1 to 4 in 4 rows, each sealed to the one before"
    assert found["replay"].startswith("commands 4 to 4 give the digests of the first time; ")
    assert found["ledger"] == "1 coins, each sums to zero"


def test_an_empty_folder_is_sound(life: Life) -> None:
    found = verified(life, sealed=("admin_token",))
    assert all(check.ok for check in found.values())
    assert found["journal"].found == "empty"
    assert found["replay"].found == "nothing behind the newest snapshot"
    assert found["secrets"].found == "0 secrets open"


def test_a_folder_without_a_mark_is_sound(life: Life) -> None:
    life.batch(credit())
    assert life.store.folder is not None
    (life.store.folder / MARK_NAME).unlink()
    assert verified(life)["acknowledged"].found == (
        "not noted: a broker with --durability relaxed, or of before, ran last"
    )


def test_a_key_that_is_missing(life: Life) -> None:
    assert life.store.folder is not None
    (life.store.folder / KEY_NAME).unlink()
    found = wrong(life)
    expected = f"expected the {KEY_NAME} of the folder; found none"
    assert found["key"] == Check("key", False, expected, PUT_BACK)
    assert found["secrets"].found == SEEN_BEFORE.found.format("the key and the replay")


def test_how_far_it_is_is_told(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openprime.store.verification._ROWS_FETCHED", 2)
    for _ in range(5):
        life.batch(credit())
    told: list[tuple[str, int, int]] = []
    verified(life, tell=lambda *what: told.append(what))
    assert [what for what in told if what[0] == "journal"] == [("journal", 2, 5), ("journal", 4, 5)]
    assert [what for what in told if what[0] == "replay"][-1] == ("replay", 5, 5)


def test_a_journal_whose_beginning_nobody_can_vouch_for_is_read_from_there(life: Life) -> None:
    for _ in range(4):
        life.batch(credit())
    life.snapshot()
    with life.store.writing() as connection:
        connection.execute(delete(journal).where(journal.c.first_sequence < 3))
    found = verified(life)
    assert found["journal"] == Check(
        "journal", True, "commands 3 to 4 in 2 rows, each sealed to the one before"
    )
    assert found["replay"].ok


def test_a_journal_behind_a_snapshot_is_sealed_to_it(life: Life) -> None:
    for _ in range(3):
        life.batch(credit())
        life.snapshot()
    life.store.trim_journal(0)
    assert verified(life)["journal"].ok


def test_a_replay_that_ends_with_another_digest(life: Life) -> None:
    life.batch(credit())
    life.snapshot()
    with life.store.writing() as connection:
        connection.execute(update(snapshots).values(digest=bytes(32)))
    assert wrong(life)["replay"] == Check(
        "replay",
        False,
        "expected a replay that ends at command 1 with the digest kept there; found one that ends "
        "at 1",
        FROM_BACKUP,
    )


def test_a_snapshot_that_the_replay_does_not_reach(life: Life) -> None:
    life.batch(credit())
    life.snapshot()
    life.batch(credit())
    other = BalancedDesk()
    other.state.sequence, other.state.time_ms = 2, NOW_MS
    packed = pack(other.snapshot(), 2, NOW_MS, life.store.digest, "0")
    life.store.write_snapshot_part(packed, 0)
    assert wrong(life)["replay"] == Check(
        "replay",
        False,
        "expected the replay to reach the state of the snapshot at 2; found another state",
        FROM_BACKUP,
    )


def test_money_that_came_from_nowhere(life: Life) -> None:
    life.desk = CountingDesk()
    life.batch(credit(7))
    folder = life.store.folder
    assert folder is not None
    life.snapshot()
    life.store.close()
    found = {check.name: check for check in verify(folder, CountingDesk)}
    assert found["replay"] == Check(
        "replay",
        False,
        "expected every coin to sum to zero over all wallets and house accounts; found "
        "{'USDT': Decimal('7')}",
        "restore a backup with openprime restore, and report this",
    )
    assert found["ledger"].found == SEEN_BEFORE.found.format("the replay")


def test_a_schema_of_another_release(life: Life) -> None:
    with life.store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    found = wrong(life)["schema"]
    assert found.found.endswith("; found schema 9999")
    assert found.remedy.startswith("verify it with the release that made it")


def test_rows_of_a_market_that_has_no_number(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "relaxed")
    keep(store, finished(order(1)))
    with store.writing() as connection:
        connection.execute(delete(markets))
    store.close()
    (rows,) = [check for check in verify(tmp_path, CountingDesk) if check.name == "rows"]
    assert not rows.ok
    assert rows.found == "expected a number for every market; found rows of a market that has none"


def test_the_total_of_a_test_desk_is_that_of_its_credits() -> None:
    """Otherwise nothing above would say anything about money."""
    assert BalancedDesk().total == Decimal(0)
