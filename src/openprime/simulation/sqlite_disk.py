"""SQLite's own way to a disk: the functions of a VFS, over a Disk.

No line of the store knows of it but the one that names the VFS, so what is tested is what is
served: the write-ahead log, its recovery, checkpoints, locks. It is made with ctypes of the library
that Python's sqlite3 stands on.
"""

import ctypes
import random
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_double,
    c_int,
    c_int64,
    c_void_p,
)
from typing import Any, NamedTuple

from openprime.simulation.disk import Disk, File, Ill

OK, BUSY, FULL, NOT_FOUND = 0, 5, 13, 12
CANNOT_OPEN = 14
READ_FAILED, SHORT_READ, WRITE_FAILED = 266, 522, 778
SYNC_FAILED, TRUNCATE_FAILED, DELETE_FAILED = 1034, 1546, 2570
DELETE_ON_CLOSE = 0x8
# A write changes nothing beside it, as on every disk of today.
POWERSAFE_OVERWRITE = 0x1000
SHM_UNLOCK, SHM_SHARED = 1, 4
SHARED, RESERVED, PENDING, EXCLUSIVE = 1, 2, 3, 4
SECTOR_BYTES = 4096
PATH_BYTES_MAX = 1024
METHODS_VERSION = 2
JULIAN_EPOCH = 2_440_587.5

_OF_ILL = {
    Ill.FULL: FULL,
    Ill.SHORT_WRITE: FULL,
    Ill.FAILED_WRITE: WRITE_FAILED,
    Ill.FAILED_SYNC: SYNC_FAILED,
}


class NoDisk(Exception):
    """This Python's SQLite cannot be given a disk: one line for whoever wants to simulate."""


class _Methods(Structure):
    """sqlite3_io_methods."""


class _Handle(Structure):
    """sqlite3_file, with a number of our own."""

    _fields_ = [("methods", POINTER(_Methods)), ("number", c_int64)]


class _Vfs(Structure):
    """sqlite3_vfs."""


_H = POINTER(_Handle)
_V = POINTER(_Vfs)
_FILE_CALLS: dict[str, Any] = {
    "close": CFUNCTYPE(c_int, _H),
    "read": CFUNCTYPE(c_int, _H, c_void_p, c_int, c_int64),
    "write": CFUNCTYPE(c_int, _H, c_void_p, c_int, c_int64),
    "truncate": CFUNCTYPE(c_int, _H, c_int64),
    "sync": CFUNCTYPE(c_int, _H, c_int),
    "size": CFUNCTYPE(c_int, _H, POINTER(c_int64)),
    "lock": CFUNCTYPE(c_int, _H, c_int),
    "unlock": CFUNCTYPE(c_int, _H, c_int),
    "reserved": CFUNCTYPE(c_int, _H, POINTER(c_int)),
    "control": CFUNCTYPE(c_int, _H, c_int, c_void_p),
    "sector": CFUNCTYPE(c_int, _H),
    "traits": CFUNCTYPE(c_int, _H),
    "shm_map": CFUNCTYPE(c_int, _H, c_int, c_int, c_int, POINTER(c_void_p)),
    "shm_lock": CFUNCTYPE(c_int, _H, c_int, c_int, c_int),
    "shm_barrier": CFUNCTYPE(None, _H),
    "shm_unmap": CFUNCTYPE(c_int, _H, c_int),
}
_DISK_CALLS: dict[str, Any] = {
    "open": CFUNCTYPE(c_int, _V, c_void_p, _H, c_int, POINTER(c_int)),
    "delete": CFUNCTYPE(c_int, _V, c_char_p, c_int),
    "access": CFUNCTYPE(c_int, _V, c_char_p, c_int, POINTER(c_int)),
    "full_path": CFUNCTYPE(c_int, _V, c_char_p, c_int, c_void_p),
    # Extensions are not loaded.
    "dl_open": c_void_p,
    "dl_error": c_void_p,
    "dl_sym": c_void_p,
    "dl_close": c_void_p,
    "randomness": CFUNCTYPE(c_int, _V, c_int, c_void_p),
    "sleep": CFUNCTYPE(c_int, _V, c_int),
    "time": CFUNCTYPE(c_int, _V, POINTER(c_double)),
    "last_error": CFUNCTYPE(c_int, _V, c_int, c_void_p),
}
_Methods._fields_ = [("version", c_int), *_FILE_CALLS.items()]
_Vfs._fields_ = [
    ("version", c_int),
    ("handle_bytes", c_int),
    ("path_bytes_max", c_int),
    ("next", c_void_p),
    ("name", c_char_p),
    ("data", c_void_p),
    *_DISK_CALLS.items(),
]


class _Open(NamedTuple):
    """An open file. Of an earlier process's nothing reaches the disk any more."""

    file: File
    name: str
    generation: int
    passing: bool


# SQLite keeps pointers into a mount for as long as the process lives.
_MOUNTS: list["Mount"] = []


class Mount:
    """Where SQLite finds a disk: a VFS of this process, for one disk after the other."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._disk = Disk(lambda call: None)
        self._draw = random.Random(0)
        self._handles: dict[int, _Open] = {}
        self._last_number = 0
        files, disks = _FileCalls(self), _DiskCalls(self)
        self.methods = _Methods(METHODS_VERSION)
        for call, kind in _FILE_CALLS.items():
            setattr(self.methods, call, kind(getattr(files, call)))
        size = ctypes.sizeof(_Handle)
        self._vfs = _Vfs(1, size, PATH_BYTES_MAX, None, name.encode(), None)
        for call, kind in _DISK_CALLS.items():
            if kind is not c_void_p:
                setattr(self._vfs, call, kind(getattr(disks, call)))
        if _library().sqlite3_vfs_register(byref(self._vfs), 0) != OK:
            raise NoDisk("expected SQLite to take a VFS, found that it does not")
        _MOUNTS.append(self)

    def put_in(self, disk: Disk, draw: random.Random) -> None:
        """From here on SQLite finds this disk; `draw` makes the random bytes it asks for."""
        self._disk, self._draw = disk, draw
        self._handles.clear()

    @property
    def disk(self) -> Disk:
        return self._disk

    def open(self, name: str, passing: bool) -> int:
        """The number of a handle of a file, made where it is missing."""
        file = self._disk.files.setdefault(name, File()) if name else File()
        self._last_number += 1
        self._handles[self._last_number] = _Open(file, name, self._disk.generation, passing)
        return self._last_number

    def find(self, handle: Any) -> _Open | None:
        """What a handle is of; None where its process is gone."""
        found = self._handles.get(handle[0].number)
        gone = self._disk.stopped or found is None or found.generation != self._disk.generation
        return None if gone else found

    def close(self, handle: Any) -> None:
        found = self._handles.pop(handle[0].number, None)
        if found is None or found.generation != self._disk.generation or self._disk.stopped:
            return
        found.file.locks.pop(handle[0].number, None)
        if found.passing:
            self._disk.files.pop(found.name, None)

    def random_bytes(self, count: int) -> bytes:
        return self._draw.randbytes(count)


class _FileCalls:
    """The functions of an open file."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    def close(self, handle: Any) -> int:
        self._mount.close(handle)
        return OK

    def read(self, handle: Any, into: int, count: int, offset: int) -> int:
        found = self._mount.find(handle)
        if found is None:
            return READ_FAILED
        data = bytes(found.file.content[offset : offset + count])
        ctypes.memmove(into, data.ljust(count, b"\0"), count)
        return OK if len(data) == count else SHORT_READ

    def write(self, handle: Any, source: int, count: int, offset: int) -> int:
        found = self._mount.find(handle)
        if found is None:
            return WRITE_FAILED
        disk, file = self._mount.disk, found.file
        data = ctypes.string_at(source, count)
        ill = disk.ill_of("write")
        if ill is None or ill is Ill.FAILED_SYNC:
            file.write(offset, data)
            return OK
        if ill in (Ill.SHORT_WRITE, Ill.STOP_WITHIN):
            file.write(offset, data[: count // 2])
        elif ill is Ill.STOP_AFTER:
            file.write(offset, data)
        if ill in _OF_ILL:
            return _OF_ILL[ill]
        disk.stop()
        return WRITE_FAILED

    def truncate(self, handle: Any, size: int) -> int:
        found = self._mount.find(handle)
        if found is None:
            return TRUNCATE_FAILED
        found.file.truncate(size)
        return OK

    def sync(self, handle: Any, flags: int) -> int:
        found = self._mount.find(handle)
        if found is None:
            return SYNC_FAILED
        disk = self._mount.disk
        ill = disk.ill_of("sync")
        if ill is None or ill is Ill.STOP_AFTER:
            found.file.sync()
        if ill is None:
            return OK
        if ill not in _OF_ILL:
            disk.stop()
        return SYNC_FAILED

    def size(self, handle: Any, out: Any) -> int:
        found = self._mount.find(handle)
        out[0] = len(found.file.content) if found else 0
        return OK

    def lock(self, handle: Any, level: int) -> int:
        found = self._mount.find(handle)
        if found is None:
            return READ_FAILED
        number, locks = handle[0].number, found.file.locks
        others = max((held for other, held in locks.items() if other != number), default=0)
        most = {SHARED: RESERVED, RESERVED: SHARED, EXCLUSIVE: 0}[level]
        if others > most:
            return BUSY
        locks[number] = max(level, locks.get(number, 0))
        return OK

    def unlock(self, handle: Any, level: int) -> int:
        found = self._mount.find(handle)
        if found is not None:
            found.file.locks[handle[0].number] = level
        return OK

    def reserved(self, handle: Any, out: Any) -> int:
        found = self._mount.find(handle)
        held = found.file.locks.values() if found else ()
        out[0] = int(any(level >= RESERVED for level in held))
        return OK

    def control(self, handle: Any, operation: int, argument: int) -> int:
        return NOT_FOUND

    def sector(self, handle: Any) -> int:
        return SECTOR_BYTES

    def traits(self, handle: Any) -> int:
        return POWERSAFE_OVERWRITE

    def shm_map(self, handle: Any, region: int, size: int, extend: int, out: Any) -> int:
        found = self._mount.find(handle)
        if found is None:
            return READ_FAILED
        memory = found.file.memory
        while extend and len(memory) <= region:
            memory.append(ctypes.create_string_buffer(size))
        out[0] = ctypes.addressof(memory[region]) if region < len(memory) else None  # type: ignore[arg-type]
        return OK

    def shm_lock(self, handle: Any, first: int, count: int, flags: int) -> int:
        found = self._mount.find(handle)
        if found is None:
            return READ_FAILED
        number, file = handle[0].number, found.file
        for at in range(first, first + count):
            alone = file.exclusive[at] in (0, number)
            others = any(other != number for other in file.shared[at])
            wants_all = not flags & SHM_SHARED
            if not flags & SHM_UNLOCK and (not alone or (wants_all and others)):
                return BUSY
        for at in range(first, first + count):
            _set_shm_lock(file, at, number, flags)
        return OK

    def shm_barrier(self, handle: Any) -> None:
        """One thread sees its own writes."""

    def shm_unmap(self, handle: Any, delete: int) -> int:
        found = self._mount.find(handle)
        if found is not None and delete:
            found.file.memory.clear()
        return OK


def _set_shm_lock(file: File, at: int, number: int, flags: int) -> None:
    if flags & SHM_UNLOCK:
        if flags & SHM_SHARED:
            file.shared[at].pop(number, None)
        elif file.exclusive[at] == number:
            file.exclusive[at] = 0
    elif flags & SHM_SHARED:
        file.shared[at][number] = None
    else:
        file.exclusive[at] = number


class _DiskCalls:
    """The functions of the disk itself."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    def open(self, vfs: Any, name: int | None, handle: Any, flags: int, out: Any) -> int:
        handle[0].methods = None
        if self._mount.disk.stopped:
            return CANNOT_OPEN
        text = ctypes.string_at(name).decode() if name else ""
        handle[0].number = self._mount.open(text, bool(flags & DELETE_ON_CLOSE))
        handle[0].methods = ctypes.pointer(self._mount.methods)
        if out:
            out[0] = flags
        return OK

    def delete(self, vfs: Any, name: bytes, sync: int) -> int:
        if self._mount.disk.stopped:
            return DELETE_FAILED
        self._mount.disk.files.pop(name.decode(), None)
        return OK

    def access(self, vfs: Any, name: bytes, flags: int, out: Any) -> int:
        out[0] = int(name.decode() in self._mount.disk.files)
        return OK

    def full_path(self, vfs: Any, name: bytes, room: int, out: int) -> int:
        data = name + b"\0"
        if len(data) > room:
            return CANNOT_OPEN
        ctypes.memmove(out, data, len(data))
        return OK

    def randomness(self, vfs: Any, count: int, out: int) -> int:
        ctypes.memmove(out, self._mount.random_bytes(count), count)
        return count

    def sleep(self, vfs: Any, microseconds: int) -> int:
        return microseconds

    def time(self, vfs: Any, out: Any) -> int:
        out[0] = JULIAN_EPOCH
        return OK

    def last_error(self, vfs: Any, room: int, out: int | None) -> int:
        return OK


def _library() -> Any:
    """The SQLite that Python's own sqlite3 stands on."""
    import _sqlite3

    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    if not hasattr(library, "sqlite3_vfs_register"):
        raise NoDisk(
            "expected Python's sqlite3 to show sqlite3_vfs_register, found a build that hides it; "
            "simulate with a Python that uses the system's SQLite"
        )
    return library
