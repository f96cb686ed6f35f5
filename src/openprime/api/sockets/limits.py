"""How often: sliding windows, by address and by key (resolutions 197, 198).

REST and the sockets count with the same windows. A refused call costs nothing, so a client that
tries again and again is let in as soon as one that waits.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Callable

import msgspec

# Subjects that are remembered; beyond it the one that was seen least lately is forgotten.
SUBJECTS_MAX = 10_000
# Subjects without a call in their window that one call forgets: more than it can add.
FORGOTTEN_AT_ONCE = 2


class Spent(msgspec.Struct, frozen=True):
    """A budget after a call: how many calls of `calls_max` the window holds now, and in how many
    seconds one more is free, 0 where one is.
    """

    calls_max: int
    used: int
    free_in_s: float
    refused: bool

    @property
    def remaining(self) -> int:
        return self.calls_max - self.used

    @property
    def wait_seconds(self) -> int:
        """Whole seconds to wait for the next free call."""
        return math.ceil(self.free_in_s)


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

    def spend(self, now_s: float) -> Spent:
        """Take a call, and tell what is left of the budget."""
        refused = not self.take(now_s)
        taken_s, calls_max = self._taken_s, self._calls_max
        used = len(taken_s)
        free_in_s = taken_s[0] + self._seconds - now_s if used >= calls_max else 0.0
        return Spent(calls_max, used, free_in_s, refused)

    def idle(self, now_s: float) -> bool:
        """Whether no call is in the window any more."""
        return not self._taken_s or now_s - self._taken_s[-1] >= self._seconds


class Pace:
    """One sliding window a subject (an address, a key); without a limit nothing is counted."""

    def __init__(self, calls_max: int | None, seconds: float, clock_s: Callable[[], float]) -> None:
        self._calls_max = calls_max
        self._seconds = seconds
        self._clock_s = clock_s
        self._windows: OrderedDict[str, SlidingWindow] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    def take(self, subject: str) -> bool:
        """Whether the subject may go on now; if so it counts."""
        if self._calls_max is None:
            return True
        now_s = self._clock_s()
        return self._window(subject, self._calls_max, now_s).take(now_s)

    def spend(self, subject: str) -> Spent | None:
        """Take a call and tell what is left of the subject's budget; None without a limit."""
        if self._calls_max is None:
            return None
        now_s = self._clock_s()
        return self._window(subject, self._calls_max, now_s).spend(now_s)

    def _window(self, subject: str, calls_max: int, now_s: float) -> SlidingWindow:
        """The subject's window, now the one that was seen last."""
        windows = self._windows
        window = windows.get(subject)
        if window is not None:
            windows.move_to_end(subject)
            return window
        for _ in range(min(FORGOTTEN_AT_ONCE, len(windows))):
            longest_unseen = next(iter(windows))
            if len(windows) < SUBJECTS_MAX and not windows[longest_unseen].idle(now_s):
                break
            del windows[longest_unseen]
        window = windows[subject] = SlidingWindow(calls_max, self._seconds)
        return window
