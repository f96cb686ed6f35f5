"""What a figure was measured on: a benchmark without it says nothing."""

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("openprime", "msgspec", "sortedcontainers", "starlette", "uvicorn", "uvloop")
PROCESSOR_FILE = Path("/proc/cpuinfo")
MEMORY_FILE = Path("/proc/meminfo")


def machine() -> dict[str, str | int]:
    """Processor, cores, memory in MB and system of this machine."""
    return {
        "processor": _field(PROCESSOR_FILE, "model name") or platform.processor(),
        "cores": os.cpu_count() or 0,
        "memory_mb": int((_field(MEMORY_FILE, "MemTotal") or "0").split()[0]) // 1024,
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the figures depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def description() -> dict[str, dict[str, object]]:
    """Machine and versions as one object, for a benchmark's line."""
    return {"machine": dict(machine()), "versions": dict(versions())}


def _field(path: Path, name: str) -> str | None:
    """The value of the first `name: value` line of a /proc file, where there is one."""
    if not path.exists():
        return None
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None
