"""The market's displayed quantity, less what clients took of it.

The market does not know that a client traded with it, so its book goes on showing what the client
took. The quantity stays taken until the market names that level again: from then on the new
quantity counts, whole.
"""

from collections.abc import Iterator

from openprime.market.book import Book
from openprime.model.vocabulary import Side


class Liquidity:
    """One side of the market's book as a client finds it."""

    __slots__ = ("_best", "_best_known", "_book", "_first", "side", "taken")

    def __init__(self, book: Book, side: Side) -> None:
        self.side = side
        # price_ticks -> lots. Never longer than the book: a level that leaves it is named.
        self.taken: dict[int, int] = {}
        self._book = book
        self._first = book.best_bid if side is Side.BUY else book.best_ask
        # Asked only while something is taken: without, the book itself says its best.
        self._best: int | None = None
        self._best_known = False

    def best(self) -> int | None:
        """The best price at which something is left."""
        if not self.taken:
            first = self._first()
            return first[0] if first is not None else None
        if not self._best_known:
            level = next(self.levels(), None)
            self._best = level[0] if level is not None else None
            self._best_known = True
        return self._best

    def lots_at(self, price_ticks: int) -> int:
        """What is left at a price."""
        displayed_lots = self._book.quantity_at(self.side, price_ticks)
        return max(0, displayed_lots - self.taken.get(price_ticks, 0))

    def displayed_at(self, price_ticks: int) -> int:
        """What the market shows at a price, taken or not."""
        return self._book.quantity_at(self.side, price_ticks)

    def levels(self) -> Iterator[tuple[int, int]]:
        """(price_ticks, lots left), best first, without the levels that are taken whole."""
        levels = iter(self._book.side(self.side))
        return self._left(levels) if self.taken else levels

    def _left(self, levels: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for price_ticks, displayed_lots in levels:
            left_lots = displayed_lots - self.taken.get(price_ticks, 0)
            if left_lots > 0:
                yield price_ticks, left_lots

    def take(self, price_ticks: int, lots: int) -> None:
        """A client traded `lots` of this level."""
        self.taken[price_ticks] = self.taken.get(price_ticks, 0) + lots
        self._best_known = False

    def refresh(self, levels: list[tuple[int, int]]) -> None:
        """The market named these levels: nothing of their new quantities is taken."""
        taken = self.taken
        if taken:
            for price_ticks, _lots in levels:
                taken.pop(price_ticks, None)
        self._best_known = False

    def refresh_all(self) -> None:
        """The market told its whole book."""
        self.taken.clear()
