"""Which accounts a price can change: those whose band it leaves.

A band holds, for every price that an account hangs on, the interval in which its status cannot
change whatever the others do inside theirs (see drawing.py). By price the lower and the upper
ends lie in two sorted lists, so a tick looks at the accounts whose band it leaves and at no other.

Bands are part of the state, and so is the order in which accounts wait for one, because a command
looks at no more than so many accounts: which these are must be the same in every replay. The lists
follow from the bands and are made anew at a start.
"""

from decimal import Decimal

from sortedcontainers import SortedList

from openprime.desk.state import Account, State, account_key

Interval = tuple[Decimal, Decimal]
Band = dict[str, Interval]

# An end of a band and whose it is; of equal ends that of the older portfolio comes first.
End = tuple[Decimal, int, str]


class _Ends:
    """The ends of all bands at one price: the highest lower end first (they are kept below 0), the
    lowest upper end.
    """

    __slots__ = ("highs", "lows")

    def __init__(self) -> None:
        self.lows: SortedList[End] = SortedList()
        self.highs: SortedList[End] = SortedList()


class Bands:
    """The bands of a state's accounts, by where they end."""

    __slots__ = ("_ends", "_state")

    def __init__(self, state: State) -> None:
        self._state = state
        self._ends: dict[str, _Ends] = {}
        found: dict[str, tuple[list[End], list[End]]] = {}
        for portfolio in state.portfolios.values():
            for account in portfolio.accounts.values():
                for key, interval in account.band.items():
                    low, high = _ends_of(account, interval)
                    lows, highs = found.setdefault(key, ([], []))
                    lows.append(low)
                    highs.append(high)
        for key, (lows, highs) in found.items():
            ends = self._ends[key] = _Ends()
            ends.lows.update(lows)
            ends.highs.update(highs)

    def loosen(self, account: Account) -> None:
        """Take away the band of an account that is not loose: when prices move next it is looked
        at.
        """
        account.loose = True
        self._state.loose[account_key(account)] = None
        for key, interval in account.band.items():
            low, high = _ends_of(account, interval)
            ends = self._ends[key]
            ends.lows.remove(low)
            ends.highs.remove(high)
        account.band = {}

    def wait(self, account: Account) -> None:
        """Put a loose account behind all others that are."""
        key = account_key(account)
        del self._state.loose[key]
        self._state.loose[key] = None

    def draw(self, account: Account, band: Band) -> None:
        """Give a loose account its band: by price the lowest and highest that leave it as it is. An
        empty one says that nothing moves it.
        """
        account.loose = False
        del self._state.loose[account_key(account)]
        account.band = band
        for key, interval in band.items():
            low, high = _ends_of(account, interval)
            ends = self._ends.get(key)
            if ends is None:
                ends = self._ends[key] = _Ends()
            ends.lows.add(low)
            ends.highs.add(high)

    def left(self, key: str, price: Decimal) -> Account | None:
        """An account whose band ends before a price, those whose band ended first before others;
        None where there is none.
        """
        ends = self._ends.get(key)
        if ends is None:
            return None
        for side, reached in ((ends.lows, -price), (ends.highs, price)):
            if side:
                end, portfolio_id, exchange = side[0]
                if end < reached:
                    return self._state.portfolios[portfolio_id].accounts[exchange]
        return None


def _ends_of(account: Account, interval: Interval) -> tuple[End, End]:
    low, high = interval
    portfolio_id, exchange = account.portfolio_id, account.exchange
    return (-low, portfolio_id, exchange), (high, portfolio_id, exchange)
