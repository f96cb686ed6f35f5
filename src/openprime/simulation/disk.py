"""A disk that fails as it is told: files in memory, and what of them a loss of power would leave.

A file is what was written to it. What was synced survives everything; of the rest a loss of power
leaves what the draw says, piece by piece: all, nothing, or a part. The death of the process alone
takes nothing of what was written.
"""

import random
from collections.abc import Callable
from enum import StrEnum

Region = object
SHM_LOCKS = 8


class Ill(StrEnum):
    """How a call that writes or syncs goes wrong."""

    FULL = "full"
    SHORT_WRITE = "short_write"
    FAILED_WRITE = "failed_write"
    FAILED_SYNC = "failed_sync"
    STOP_BEFORE = "stop_before"
    STOP_WITHIN = "stop_within"
    STOP_AFTER = "stop_after"


class File:
    """One file. `content` is what the process sees, `kept` what is safe."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.kept = bytearray()
        self.pending: list[tuple[int, bytes]] = []
        # Levels of SQLite's locks, by handle.
        self.locks: dict[int, int] = {}
        self.memory: list[Region] = []
        self.shared: list[dict[int, None]] = [{} for _ in range(SHM_LOCKS)]
        self.exclusive = [0] * SHM_LOCKS

    def write(self, offset: int, data: bytes) -> None:
        _put(self.content, offset, data)
        self.pending.append((offset, data))

    def truncate(self, size: int) -> None:
        """Cut the file short, which holds at once: nothing relies on it to wait."""
        self.sync()
        del self.content[size:], self.kept[size:]

    def sync(self) -> None:
        for offset, data in self.pending:
            _put(self.kept, offset, data)
        self.pending.clear()

    def lose_power(self, draw: random.Random) -> None:
        for offset, data in self.pending:
            length = draw.choice((0, len(data), draw.randrange(len(data) + 1)))
            _put(self.kept, offset, data[:length])
        self.content[:] = self.kept
        self.pending.clear()

    def end_process(self) -> None:
        """Locks and shared memory go with the process that had them."""
        self.locks.clear()
        self.memory.clear()
        self.shared = [{} for _ in range(SHM_LOCKS)]
        self.exclusive = [0] * SHM_LOCKS


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if data:
        content.extend(bytes(max(offset - len(content), 0)))
        content[offset : offset + len(data)] = data


class Disk:
    """Files by name. `ills` is asked at every call that writes ("write") or syncs ("sync") how it
    goes wrong. `generation` counts the processes that used the disk.
    """

    def __init__(self, ills: Callable[[str], Ill | None]) -> None:
        self.files: dict[str, File] = {}
        self.generation = 1
        self.stopped = False
        self._ills = ills

    def ill_of(self, call: str) -> Ill | None:
        """How the next call goes wrong. Once the machine has stopped no call does anything."""
        return Ill.STOP_BEFORE if self.stopped else self._ills(call)

    def stop(self) -> None:
        """The process is gone: whatever it still asks for fails."""
        self.stopped = True

    def restart(self, draw: random.Random, power_lost: bool) -> None:
        """A new process finds what is left."""
        for name, file in list(self.files.items()):
            file.end_process()
            if power_lost:
                file.lose_power(draw)
            if name.endswith("-shm"):
                del self.files[name]
        self.generation += 1
        self.stopped = False

    def load(self, image: dict[str, bytes]) -> None:
        """Put these files on the disk, all of them safe."""
        for name, content in image.items():
            file = self.files[name] = File()
            file.write(0, content)
            file.sync()

    def image(self) -> dict[str, bytes]:
        """The files as they are."""
        return {name: bytes(file.content) for name, file in self.files.items()}
