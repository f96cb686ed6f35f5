"""How far was acknowledged, said beside the database.

A database that has lost its end, be it a log cut short, a file left behind in a copy or an empty
one in its place, is whole and merely older: nothing in it tells. So after each commit, and before
anyone is answered, its place and digest are written over the former ones in a small file of its
own. A start that finds less in the database than the mark says is refused. The mark is not synced:
it may be behind after a power cut, and is never ahead of what was synced.
"""

import os
from hashlib import sha256
from pathlib import Path

from openprime.store.errors import StoreError

MARK_NAME = "acknowledged"
_SEQUENCE_DIGITS = 20
_SEAL_DIGITS = 16
_BYTES_MAX = 256


class Mark:
    """The mark of one data folder. `known` is what was found: sequence and digest, or None."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / MARK_NAME
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self.known = read_mark(folder)
        except BaseException:
            self.close()
            raise

    def put(self, sequence: int, digest: bytes) -> None:
        """What is durable now. A disk that takes no more leaves an older mark, true as well."""
        try:
            os.pwrite(self._descriptor, _line(sequence, digest), 0)
        except OSError:
            return

    def clear(self) -> None:
        """Say nothing: commits that are not synced may be lost without anybody's fault."""
        os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        os.close(self._descriptor)


def read_mark(folder: Path) -> tuple[int, bytes] | None:
    """The mark of a folder; None where there is none, StoreError where it is damaged."""
    path = folder / MARK_NAME
    if not path.exists():
        return None
    with path.open("rb") as file:
        line = file.read(_BYTES_MAX)
    if not line:
        return None
    try:
        number, digest_text, _ = line.decode("ascii").split(" ")
        sequence, digest = int(number), bytes.fromhex(digest_text)
    except ValueError:
        sequence, digest = 0, b""
    if line != _line(sequence, digest):
        raise StoreError(
            expected=f"{path} as a broker wrote it",
            found="other bytes",
            remedy=f"check the folder with: openprime verify {folder}; if this file alone is "
            "wrong, delete it",
        )
    return sequence, digest


def check_mark(folder: Path, known: tuple[int, bytes] | None, sequence: int, digest: bytes) -> None:
    """StoreError where a database that ends at this place lacks what was acknowledged."""
    if known is None or known[0] < sequence or known == (sequence, digest):
        return
    lost = f"commands up to {sequence}" if sequence != known[0] else "others in their place"
    raise StoreError(
        expected=f"the commands up to {known[0]} that {folder / MARK_NAME} says were acknowledged",
        found=f"{lost}: the database has lost its end",
        remedy=f"put all of its files back, or restore a backup; to go on without what is lost, "
        f"delete {folder / MARK_NAME}",
    )


def _line(sequence: int, digest: bytes) -> bytes:
    said = f"{sequence:0{_SEQUENCE_DIGITS}d} {digest.hex()}".encode()
    return said + b" " + sha256(said).hexdigest()[:_SEAL_DIGITS].encode() + b"\n"
