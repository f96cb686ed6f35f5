"""Keys that somebody tries to sign with and cannot: after so many times in a row they are frozen.

Off unless a limit is set, for whoever knows an access key could otherwise lock its owner out
(errors 6.1, resolutions 22). Counted here, at the edge; what freezes is a command like any other.
"""

from collections import OrderedDict
from collections.abc import Callable

from openprime.api.edge.keys import KeyEntry

# Keys that are counted at once; beyond it the one that failed least lately starts anew.
COUNTED_MAX = 10_000


class BadSignatures:
    """Counts wrong signatures in a row, key by key. `freeze` is told a key that reaches the limit;
    limit 0 counts nothing.
    """

    def __init__(self, limit: int, freeze: Callable[[str], object]) -> None:
        self._limit = limit
        self._freeze = freeze
        self._counts: OrderedDict[str, int] = OrderedDict()

    def note(self, entry: KeyEntry, verified: bool) -> None:
        """A signature of this key was looked at: a right one ends the row."""
        if not self._limit:
            return
        access_key = entry.access_key
        count = self._counts.pop(access_key, 0)
        if verified:
            return
        if count + 1 >= self._limit:
            if not entry.frozen:
                self._freeze(access_key)
            return
        self._counts[access_key] = count + 1
        if len(self._counts) > COUNTED_MAX:
            self._counts.popitem(last=False)
