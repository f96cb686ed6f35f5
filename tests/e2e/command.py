"""The command as a user runs it: a process of its own, its texts and its exit code."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SECONDS_MAX = 60.0


def openprime(
    *arguments: str | Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `openprime` with these arguments to its end."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "openprime", *map(str, arguments)]


def with_small_files(blocks: int, arguments: list[str]) -> list[str]:
    """The command as a process whose files may have so many blocks of 1 KiB and no more. It does
    not measure its coverage, for that has to be written somewhere too.
    """
    limited = f'unset COVERAGE_PROCESS_CONFIG; ulimit -f {blocks} && exec "$0" "$@"'
    return ["bash", "-c", limited, *arguments]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = SECONDS_MAX) -> None:
    """Look again and again until the condition holds; AssertionError when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"expected {what} within {seconds} s"
        time.sleep(0.005)
