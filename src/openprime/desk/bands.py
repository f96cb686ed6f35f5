"""Which accounts a price can change: those whose band it leaves.

A band holds, for every price that an account hangs on, the interval in which its status cannot
change whatever the others do inside theirs (see drawing.py). By price the lower and the upper
ends lie in two heaps, so a tick looks at the accounts whose band it leaves and at no other. Bands
are no part of the state: they are drawn anew after a start, and say nothing that the sums do not.

An account that a command changed has no band until the next tick looks at it.
"""

from decimal import Decimal
from heapq import heapify, heappop, heappush
from itertools import count

from openprime.desk.state import Account

# A heap is swept once the entries of bands that are gone are more than the others, and these.
SWEPT_ABOVE = 1000


class Band:
    """One account's band. `keys` are the prices it hangs on; a band that was left is gone."""

    __slots__ = ("account", "gone", "keys")

    def __init__(self, account: Account, keys: list[str]) -> None:
        self.account = account
        self.keys = keys
        self.gone = False


Entry = tuple[Decimal, int, Band]


class _Ends:
    """The ends of all bands at one price: the highest lower end first, the lowest upper end."""

    __slots__ = ("bands", "highs", "lows")

    def __init__(self) -> None:
        self.lows: list[Entry] = []
        self.highs: list[Entry] = []
        self.bands = 0

    def sweep(self) -> None:
        if len(self.lows) + len(self.highs) > 4 * self.bands + SWEPT_ABOVE:
            for heap in (self.lows, self.highs):
                heap[:] = [entry for entry in heap if not entry[2].gone]
                heapify(heap)


class Bands:
    """All bands. `loose` are the accounts without one, by identity; at first that is everybody,
    which `everybody` says.
    """

    __slots__ = ("_bands", "_ends", "_numbers", "everybody", "loose")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all: other rules draw other bands."""
        self._ends: dict[str, _Ends] = {}
        self._bands: dict[int, Band] = {}
        self._numbers = count()
        self.loose: dict[int, Account] = {}
        self.everybody = True

    def loosen(self, account: Account) -> None:
        """Take an account's band away: at the next tick it is looked at."""
        band = self._bands.pop(id(account), None)
        if band is not None:
            self._end(band)
        self.loose[id(account)] = account

    def draw(self, account: Account, intervals: dict[str, tuple[Decimal, Decimal]]) -> None:
        """Give a loose account its band: by price the lowest and highest that leave it as it is."""
        del self.loose[id(account)]
        if not intervals:
            return
        band = self._bands[id(account)] = Band(account, list(intervals))
        for key, (low, high) in intervals.items():
            ends = self._ends.get(key)
            if ends is None:
                ends = self._ends[key] = _Ends()
            number = next(self._numbers)
            heappush(ends.lows, (-low, number, band))
            heappush(ends.highs, (high, number, band))
            ends.bands += 1

    def left(self, key: str, price: Decimal) -> None:
        """Loosen the accounts whose band a new price leaves."""
        ends = self._ends.get(key)
        if ends is None:
            return
        for heap, reached in ((ends.lows, -price), (ends.highs, price)):
            while heap and (heap[0][0] < reached or heap[0][2].gone):
                band = heappop(heap)[2]
                if not band.gone:
                    self.loosen(band.account)

    def _end(self, band: Band) -> None:
        band.gone = True
        for key in band.keys:
            ends = self._ends[key]
            ends.bands -= 1
            ends.sweep()
