"""What the broker logs while it is simulated: an error in it is a finding."""

import contextlib
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import structlog

FRAMES_TOLD = 3


def placed(error: BaseException) -> str:
    """An error and where it was raised, in one line."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_TOLD:]
    places = " < ".join(f"{f.filename.rsplit('/', 2)[-1]}:{f.lineno}" for f in frames[::-1])
    return f"{error!r} at {places}"


@contextlib.contextmanager
def heard_logs(hear: Callable[[str, str, str], None]) -> Iterator[None]:
    """Let `hear` have level, event and what is beside it of every line, instead of the console."""
    before = structlog.get_config()

    def take(logger: Any, method: str, line: Any) -> Any:
        told = {name: value for name, value in line.items() if name not in ("event", "exc_info")}
        text = " ".join(f"{name}={value}" for name, value in told.items())
        error = sys.exc_info()[1]
        if line.get("exc_info") and error is not None:
            text += f" {placed(error)}"
        hear(method, str(line.get("event")), text)
        raise structlog.DropEvent

    structlog.configure(processors=[take])
    try:
        yield
    finally:
        structlog.configure(**before)
