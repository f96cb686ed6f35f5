"""A folder whose name is on disk before anything in it is relied on."""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder for its owner alone, and those above it that are missing. OSError where it
    cannot be.
    """
    wanted = folder.absolute()
    missing = [path for path in (wanted, *wanted.parents) if not path.exists()]
    wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in missing:
        sync(path.parent)


def sync(path: Path) -> None:
    """Put a file on disk, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
