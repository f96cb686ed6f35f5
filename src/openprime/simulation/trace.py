"""What happened, line by line: its hash tells runs apart, its end what led to a failure."""

from collections import deque
from hashlib import sha256

LINES_KEPT = 60
LINE_LENGTH_MAX = 400


class Trace:
    """The lines of one run. `digest` covers all of them, `tail` keeps the last."""

    def __init__(self) -> None:
        self._hash = sha256()
        self.lines = 0
        self.tail: deque[str] = deque(maxlen=LINES_KEPT)

    def add(self, time_s: float, line: str) -> None:
        """A line at a moment of the simulation."""
        whole = f"{time_s:.6f} {line}"
        self.lines += 1
        self._hash.update(whole.encode("utf-8", "replace"))
        self._hash.update(b"\n")
        self.tail.append(whole[:LINE_LENGTH_MAX])

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
