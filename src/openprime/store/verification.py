"""A data folder at rest, verified: everything that can be proven about it, check by check.

Nothing in the folder is changed but its lock file. Checks are made one after the other, and all of
them whatever the former ones found; memory is that of one state and the daily totals.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from openprime.desk.ledger import balances, check_balanced
from openprime.desk.state import State
from openprime.store import snapshots
from openprime.store.backup import check_is_folder
from openprime.store.database import DATABASE_NAME, examiner_engine
from openprime.store.digest import EMPTY_DIGEST
from openprime.store.errors import FROM_BACKUP, StoreError, one_line, remedy_of
from openprime.store.examination import (
    Tell,
    examine_pages,
    examine_rows,
    examine_schema,
    examine_totals,
    silent,
)
from openprime.store.lock import lock_at_rest
from openprime.store.mark import check_mark, read_mark
from openprime.store.markets import Markets
from openprime.store.recovery import Desk, check_seal, read_state, replay
from openprime.store.replayed_history import ReplayedHistory
from openprime.store.secrets import KEY_NAME, Vault, open_vault
from openprime.store.store import tail_of
from openprime.store.tables import journal, meta
from openprime.store.tables import snapshots as snapshots_table

_ROWS_FETCHED = 200


class Check(msgspec.Struct, frozen=True):
    """One check: what was found, or what is wrong and what the operator can do."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


class MakeDesk(Protocol):
    """Makes a desk from a state, or a new one from None."""

    def __call__(self, state: State | None, /) -> Desk: ...


class Stand(msgspec.Struct, frozen=True):
    """A snapshot that proved good."""

    sequence: int
    digest: bytes
    time_ms: int
    version: str


def verify(
    folder: Path, make_desk: MakeDesk, sealed: tuple[str, ...] = (), tell: Tell = silent
) -> list[Check]:
    """All checks of a folder that nobody uses, in order. `sealed` names settings that are secrets.

    Raises StoreError where it is no data folder, or in use.
    """
    path = folder / DATABASE_NAME
    check_is_folder(folder)
    lock = lock_at_rest(folder)
    engine = examiner_engine(path)
    try:
        with engine.connect() as connection:
            examined = _Examined(folder, connection, make_desk, sealed, tell)
            return [_checked(name, check) for name, check in examined.checks()]
    except SQLAlchemyError as error:
        # Not even its list of tables can be read: there is nothing more to check.
        return [_failed("database", error)]
    finally:
        engine.dispose()
        if lock:
            lock.release()


def _checked(name: str, check: Callable[[], str]) -> Check:
    """Whatever goes wrong in a check is what the check found."""
    try:
        return Check(name, True, check())
    except StoreError as error:
        found = f"expected {error.expected}; found {error.found}"
        return Check(name, False, " ".join(found.split()), error.remedy)
    except Exception as error:
        return _failed(name, error)


def _failed(name: str, error: Exception) -> Check:
    remedy = remedy_of(error, "mend the disk, or restore a backup with openprime restore")
    return Check(name, False, f"expected to read it; found {one_line(error)}", remedy)


class _Examined:
    """The checks, and what later ones need of the former."""

    def __init__(
        self,
        folder: Path,
        connection: Connection,
        make_desk: MakeDesk,
        sealed: tuple[str, ...],
        tell: Tell,
    ) -> None:
        self._folder = folder
        self._connection = connection
        self._make_desk = make_desk
        self._sealed = sealed
        self._tell = tell
        self._vault: Vault | None = None
        self._stands: list[Stand] = []
        self._desk: Desk | None = None

    def checks(self) -> list[tuple[str, Callable[[], str]]]:
        connection, tell = self._connection, self._tell
        return [
            ("key", self._check_key),
            ("database", lambda: examine_pages(connection, tell)),
            ("schema", lambda: examine_schema(connection)),
            ("snapshots", self._check_snapshots),
            ("journal", self._check_journal),
            ("acknowledged", self._check_mark),
            ("replay", self._check_replay),
            ("ledger", self._check_ledger),
            ("secrets", self._check_secrets),
            ("rows", lambda: examine_rows(connection, tell)),
            ("totals", lambda: examine_totals(connection, tell)),
        ]

    # -- the key and what it opens

    def _check_key(self) -> str:
        path = self._folder / KEY_NAME
        if not path.exists():
            raise StoreError(
                expected=f"the {KEY_NAME} of the folder",
                found="none",
                remedy="put the original back from a backup: without it no API secret opens",
            )
        vault = open_vault(self._folder)
        known = self._meta("secret_key_fingerprint")
        if known is not None and known != vault.fingerprint:
            raise StoreError(
                expected=f"the {KEY_NAME} that the folder was made with",
                found="another one",
                remedy="put the original back from a backup: without it no API secret opens",
            )
        self._vault = vault
        return f"{KEY_NAME} is the folder's own"

    def _check_secrets(self) -> str:
        if self._vault is None or self._desk is None:
            raise _unknown("the key and the replay")
        opened = 0
        for key in self._desk.state.keys.values():
            self._vault.unseal(key.sealed_secret, key.access_key)
            opened += 1
        for name in self._sealed:
            value = self._meta(name)
            if value is not None:
                self._vault.unseal(value, name)
                opened += 1
        return f"{opened} secrets open"

    def _meta(self, key: str) -> bytes | None:
        return self._connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()

    # -- journal and snapshots

    def _check_snapshots(self) -> str:
        c = snapshots_table.c
        rows = self._connection.execute(
            select(c.sequence, c.digest, c.time_ms, c.version).order_by(c.sequence)
        ).all()
        damaged = []
        for row in rows:
            encoded = snapshots.load(self._connection, row.sequence)
            if encoded is None or read_state(encoded, row.version).sequence != row.sequence:
                damaged.append(row.sequence)
            else:
                self._stands.append(Stand(*row))
        if damaged:
            raise StoreError(
                expected="snapshots with the hash that they were stored with",
                found=f"others at {', '.join(map(str, damaged))}",
                remedy="start the broker: it goes on from an older one where it can and writes "
                "new ones; else restore a backup with openprime restore",
            )
        places = ", ".join(str(stand.sequence) for stand in self._stands)
        return f"{len(rows)} snapshots" + (f", at commands {places}" if rows else "")

    def _check_journal(self) -> str:
        """Each row continues the one before, in number and digest."""
        last = tail_of(self._connection)[0]
        first = previous = None
        digest: bytes | None = None
        count = 0
        rows = select(journal).order_by(journal.c.first_sequence)
        for row in self._connection.execute(rows, execution_options={"yield_per": _ROWS_FETCHED}):
            if previous is None:
                first, digest = row.first_sequence, self._digest_before(row.first_sequence)
            elif row.first_sequence != previous + 1:
                raise StoreError(
                    expected=f"a journal row that begins at {previous + 1}",
                    found=f"one that begins at {row.first_sequence}",
                    remedy=FROM_BACKUP,
                )
            if digest is not None:
                check_seal(row, digest)
            digest, previous, count = row.digest, row.last_sequence, count + 1
            if count % _ROWS_FETCHED == 0:
                self._tell("journal", previous, last)
        if not count:
            return "empty"
        return f"commands {first} to {previous} in {count} rows, each sealed to the one before"

    def _digest_before(self, sequence: int) -> bytes | None:
        """The digest that the row at a sequence was sealed to; None where nobody knows any more."""
        if sequence == 1:
            return EMPTY_DIGEST
        known = (stand.digest for stand in self._stands if stand.sequence == sequence - 1)
        return next(known, None)

    def _check_mark(self) -> str:
        known = read_mark(self._folder)
        check_mark(self._folder, known, *tail_of(self._connection))
        if known is None:
            return "not noted: a broker with --durability relaxed, or of before, ran last"
        return f"all {known[0]} commands that were acknowledged are there"

    # -- the replay

    def _check_replay(self) -> str:
        """From the oldest good snapshot; the newer ones, the end and history are met on the way."""
        state, digest, since_ms = self._beginning()
        desk = self._make_desk(state)
        check_ledger(desk.state)
        begin, last = desk.state.sequence, tail_of(self._connection)
        markets = Markets(self._connection)
        history = ReplayedHistory(self._folder / DATABASE_NAME, markets)
        ahead = [stand for stand in self._stands if stand.sequence > begin]
        met = 0
        try:
            for batch in replay(self._connection, desk, digest):
                digest = batch.digest
                history.take(batch)
                if ahead and desk.state.sequence >= ahead[0].sequence:
                    self._compare(desk, ahead.pop(0), digest)
                    met += 1
                self._tell("replay", desk.state.sequence - begin, last[0] - begin)
            if (desk.state.sequence, digest) != last or ahead:
                raise StoreError(
                    expected=f"a replay that ends at command {last[0]} with the digest kept there",
                    found=f"one that ends at {desk.state.sequence}",
                    remedy=FROM_BACKUP,
                )
            self._desk = desk
            compared = history.compare(since_ms, self._tell)
        finally:
            history.close()
        if last[0] == begin:
            return "nothing behind the newest snapshot"
        also = f", through the state of {met} newer snapshots" if met else ""
        same = f"commands {begin + 1} to {last[0]} give the digests of the first time"
        return f"{same}{also}; {compared}"

    def _beginning(self) -> tuple[State | None, bytes, int]:
        if not self._stands:
            return None, EMPTY_DIGEST, 0
        oldest = self._stands[0]
        return self._state_at(oldest), oldest.digest, oldest.time_ms

    def _state_at(self, stand: Stand) -> State:
        encoded = snapshots.load(self._connection, stand.sequence)
        assert encoded is not None, "it was whole a moment ago"
        return read_state(encoded, stand.version)

    def _compare(self, desk: Desk, stand: Stand, digest: bytes) -> None:
        """The desk stands where a snapshot was taken: it must be the same, to the byte."""
        kept = self._make_desk(self._state_at(stand))
        check_ledger(desk.state)
        if digest != stand.digest or kept.snapshot() != desk.snapshot():
            raise StoreError(
                expected=f"the replay to reach the state of the snapshot at {stand.sequence}",
                found="another state",
                remedy=FROM_BACKUP,
            )

    def _check_ledger(self) -> str:
        if self._desk is None:
            raise _unknown("the replay")
        check_ledger(self._desk.state)
        return f"{len(balances(self._desk.state))} coins, each sums to zero"


def check_ledger(state: State) -> None:
    """StoreError where money was made or lost."""
    try:
        check_balanced(state)
    except AssertionError as error:
        raise StoreError(
            expected="every coin to sum to zero over all wallets and house accounts",
            found=str(error).partition("found ")[2],
            remedy="restore a backup with openprime restore, and report this",
        ) from error


def _unknown(what: str) -> StoreError:
    return StoreError(
        expected=f"{what} to be sound",
        found="they are not: this was not checked",
        remedy="see the checks before it",
    )
