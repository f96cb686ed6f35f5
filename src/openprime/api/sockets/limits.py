"""How often: sliding windows, by address and by key (resolutions 197, 198)."""

from collections import deque
from collections.abc import Callable

# Subjects that are remembered; beyond it the one that was seen least lately is forgotten.
SUBJECTS_MAX = 10_000


class SlidingWindow:
    """At most `calls_max` accepted calls in any `seconds`; refused ones cost nothing."""

    __slots__ = ("_calls_max", "_seconds", "_taken_s")

    def __init__(self, calls_max: int, seconds: float) -> None:
        self._calls_max = calls_max
        self._seconds = seconds
        self._taken_s: deque[float] = deque()

    def take(self, now_s: float) -> bool:
        """Whether one more call is within the limit; if so it counts."""
        taken_s = self._taken_s
        while taken_s and now_s - taken_s[0] >= self._seconds:
            taken_s.popleft()
        if len(taken_s) >= self._calls_max:
            return False
        taken_s.append(now_s)
        return True


class Pace:
    """One sliding window a subject (an address, a key); without a limit nothing is counted."""

    def __init__(self, calls_max: int | None, seconds: float, clock_s: Callable[[], float]) -> None:
        self._calls_max = calls_max
        self._seconds = seconds
        self._clock_s = clock_s
        self._windows: dict[str, SlidingWindow] = {}

    def take(self, subject: str) -> bool:
        """Whether the subject may go on now; if so it counts."""
        if self._calls_max is None:
            return True
        window = self._windows.pop(subject, None)
        if window is None:
            window = SlidingWindow(self._calls_max, self._seconds)
            if len(self._windows) >= SUBJECTS_MAX:
                self._windows.pop(next(iter(self._windows)))
        self._windows[subject] = window
        return window.take(self._clock_s())
