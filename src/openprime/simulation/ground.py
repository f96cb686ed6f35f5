"""What a simulated broker stands on: its disk, its folder, its source of random bytes."""

import os
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path

from openprime.simulation.disk import Disk, Ill
from openprime.simulation.draws import Draws
from openprime.simulation.sqlite_disk import Mount
from openprime.store.database import DATABASE_NAME, Durability, Ground, upgrade, writer_engine

VFS = "openprime-simulation"


@cache
def _mount() -> Mount:
    return Mount(VFS)


@cache
def _fresh_database() -> bytes:
    """A database of the present schema without a row: made once, for it takes its time."""
    disk = Disk(lambda call: None)
    _mount().put_in(disk, random.Random(0))
    path = Path("/fresh") / DATABASE_NAME
    engine = writer_engine(path, Durability.FSYNC, VFS)
    upgrade(engine, path)
    engine.dispose()
    return disk.image()[str(path)]


def _folder() -> Path:
    """A folder of its own, of the same name for every run of a process: SQL that was compiled for
    it once serves again.
    """
    folder = Path(tempfile.gettempdir()) / f"openprime-simulation-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


class Machine:
    """One machine with one disk, on which a broker is started again and again.

    `ills` is how the next calls of the disk that count go wrong: {how many calls from now: ill}.
    """

    def __init__(self, draws: Draws) -> None:
        fresh = _fresh_database()
        self.folder = _folder()
        # The store looks for its file before SQLite does.
        (self.folder / DATABASE_NAME).write_text("on the simulated disk")
        self.disk = Disk(self._ill_of)
        self.disk.load({str(self.folder / DATABASE_NAME): fresh})
        self.ills: dict[str, tuple[int, Ill]] = {}
        self.full = False
        # Whether any call failed since the process began, so that it may rightly have halted.
        self.failed = False
        self.random_bytes = draws.stream("entropy").randbytes
        self.ground = Ground(VFS, self.random_bytes)
        self._power = draws.stream("power")
        _mount().put_in(self.disk, draws.stream("sqlite"))

    def _ill_of(self, call: str) -> Ill | None:
        if self.full and call == "write":
            return Ill.FULL
        planned = self.ills.get(call)
        if planned is None:
            return None
        count, ill = planned
        if count > 1:
            self.ills[call] = (count - 1, ill)
            return None
        del self.ills[call]
        return ill

    def fail(self, call: str, count: int, ill: Ill) -> None:
        """Let the call go wrong that is so many from now."""
        self.ills[call] = (count, ill)
        self.failed = True

    def stop_after(self, draw: random.Random) -> None:
        """Let the process end at one of the next calls."""
        ill = draw.choice((Ill.STOP_BEFORE, Ill.STOP_WITHIN, Ill.STOP_AFTER))
        self.ills[draw.choice(("write", "sync"))] = (draw.randint(1, 30), ill)

    def restart(self, power_lost: bool) -> None:
        """Stop the process, wherever it is, and let a new one find what is left."""
        self.ills.clear()
        self.full = self.failed = False
        self.disk.restart(self._power, power_lost)

    def throw_away(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
