"""What the broker logs while it is simulated: an error in it is a finding."""

import contextlib
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import structlog

from openprime.simulation.violated import Violated

FRAMES_TOLD = 3
# Where the server says what its own code or ours could not bear.
SERVER_LOGGER = "uvicorn.error"
Hear = Callable[[str, str, str], None]


def placed(error: BaseException) -> str:
    """An error and where it was raised, in one line."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_TOLD:]
    places = " < ".join(f"{f.filename.rsplit('/', 2)[-1]}:{f.lineno}" for f in frames[::-1])
    return f"{error!r} at {places}"


class _ServerLog(logging.Handler):
    """Hands errors of the server's own log on."""

    def __init__(self, hear: Hear) -> None:
        super().__init__(logging.ERROR)
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        # A coroutine that was let go is the process's end and no error.
        if not isinstance(error, GeneratorExit):
            told = "" if error is None else placed(error)
            with contextlib.suppress(Violated):
                self._hear("error", record.getMessage().strip(), told)


@contextlib.contextmanager
def heard_logs(hear: Hear) -> Iterator[None]:
    """Let `hear` have level, event and what is beside it of every line, instead of the console."""
    before = structlog.get_config()
    server_log, server_logger = _ServerLog(hear), logging.getLogger(SERVER_LOGGER)

    def take(logger: Any, method: str, line: Any) -> Any:
        told = {name: value for name, value in line.items() if name not in ("event", "exc_info")}
        text = " ".join(f"{name}={value}" for name, value in told.items())
        error = sys.exc_info()[1]
        if line.get("exc_info") and error is not None:
            text += f" {placed(error)}"
        hear(method, str(line.get("event")), text)
        raise structlog.DropEvent

    structlog.configure(processors=[take])
    server_logger.addHandler(server_log)
    try:
        yield
    finally:
        server_logger.removeHandler(server_log)
        structlog.configure(**before)
