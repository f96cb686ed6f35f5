"""One side of a synthetic book: a sorted list of prices and their quantities.

Prices are kept as keys of which the largest is the best: ticks for bids, negative ticks for asks.
So both sides share one code, and what happens near the best happens at the cheap end of the list.
"""

from bisect import bisect_left, insort

BID = 1
ASK = -1


class Ladder:
    """Levels of one side. Rank 0 is the best level."""

    __slots__ = ("_untold", "changed", "keys", "lots", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.lots: dict[int, int] = {}
        # Keys whose quantity differs from what was last told, with the quantity now (0: gone).
        self.changed: dict[int, int] = {}
        # Levels made since then: if they go again before it is told, there is nothing to tell.
        self._untold: set[int] = set()

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def best_ticks(self) -> int:
        return self.sign * self.keys[-1]

    def put(self, key: int, lots: int) -> None:
        """Set the quantity of a level, making the level where there is none."""
        if key not in self.lots:
            insort(self.keys, key)
            if key not in self.changed:
                self._untold.add(key)
        self.lots[key] = self.changed[key] = lots

    def drop(self, key: int) -> None:
        del self.keys[bisect_left(self.keys, key)]
        self._forget(key)

    def _forget(self, key: int) -> None:
        del self.lots[key]
        if key in self._untold:
            self._untold.remove(key)
            del self.changed[key]
        else:
            self.changed[key] = 0

    def drop_above(self, key: int) -> None:
        """Remove every level that is better than `key`."""
        keys = self.keys
        while keys and keys[-1] > key:
            self._forget(keys.pop())

    def drop_worst(self, count: int) -> None:
        """Remove the `count` levels that are furthest from the best."""
        for key in self.keys[:count]:
            self._forget(key)
        del self.keys[:count]

    def rank(self, key: int) -> int:
        """How many levels are better than `key`."""
        return len(self.keys) - bisect_left(self.keys, key + 1)

    def levels(self) -> list[tuple[int, int]]:
        """All levels as (price_ticks, quantity_lots), best first."""
        sign, lots = self.sign, self.lots
        return [(sign * key, lots[key]) for key in reversed(self.keys)]

    def take_changes(self) -> list[tuple[int, int]]:
        """What changed since the last call, best first."""
        if not self.changed:
            return []
        sign = self.sign
        told = [(sign * key, lots) for key, lots in sorted(self.changed.items(), reverse=True)]
        self.changed = {}
        self._untold = set()
        return told
