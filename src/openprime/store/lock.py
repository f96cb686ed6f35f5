"""One process a data folder."""

import errno
import fcntl
import os
from pathlib import Path

from openprime.store.errors import StoreError

LOCK_NAME = "lock"


class FolderLock:
    """An advisory lock that the system itself frees when the holder dies, however it dies.

    The file's content, the holder's process id, only serves the message to the second opener.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK_NAME
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise StoreError(
                expected=f"to be the only process that uses {folder}",
                found=f"process {holder or 'of unknown id'} holding {self.path}",
                remedy="stop that process or choose another data folder",
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process in. The file stays: removing it would race with the next opener."""
        os.close(self._descriptor)


def lock_at_rest(folder: Path) -> FolderLock | None:
    """Keep brokers out of a folder that is only read; None on a disk that nobody can write to.

    StoreError where a process uses it, or this user may not lock it.
    """
    try:
        return FolderLock(folder)
    except OSError as error:
        if error.errno == errno.EROFS:
            return None
        raise StoreError(
            expected=f"to lock {folder}",
            found=error.strerror or str(error),
            remedy="run as the user whose folder it is",
        ) from error
