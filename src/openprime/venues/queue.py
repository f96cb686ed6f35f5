"""Resting client orders: who waits where, and behind how much of the market.

A price's queue is one line in which market lots and client orders stand in order of time. Each
order knows only `ahead_lots`: how many market lots stand before it. The client orders before it
are those before it in the dict. The market lots behind the last order are what `shown_lots` has
beyond the last `ahead_lots`, and need no field.

Two streams tell the same story: a trade takes lots from the front, and a later book change shows
the level without them. `shown_lots` is what the level should show after the trades that were
told, so only a difference from it is news: more is new orders, at the back; fewer is cancels, and
nobody says whose. They are spread evenly over the line, rounded against the client.

Sometimes the book change comes before the trade that it contains. Its decrease then looked like
cancels. `early_lots` and each order's `moved_lots` remember what was given for it, so that the
trade, when it comes with a time between the book before (`early_since_ms`) and the book after,
takes that back and does its own work instead.
"""

from bisect import bisect_left, insort

import msgspec

from openprime.model.vocabulary import Side


class WorkingOrder(msgspec.Struct, eq=False, gc=False):
    """An order that the venue holds, or is about to.

    `book_time_ms` is the market time of the book that the order met on arrival: trades before it
    are no business of this order.
    """

    order_id: int
    sym: str
    owner: int
    side: Side
    price_ticks: int
    left_lots: int
    post_only: bool
    executed_lots: int = 0
    ahead_lots: int = 0
    moved_lots: int = 0
    book_time_ms: int = 0


class PriceQueue:
    """The orders of one side at one price, first come first."""

    __slots__ = ("early_lots", "early_since_ms", "lots", "orders", "price_ticks", "shown_lots")

    def __init__(self, price_ticks: int, shown_lots: int) -> None:
        self.price_ticks = price_ticks
        self.orders: dict[int, WorkingOrder] = {}
        self.lots = 0
        self.shown_lots = shown_lots
        self.early_lots = 0
        self.early_since_ms = 0

    def join(self, order: WorkingOrder) -> None:
        """Stand behind everything that is here."""
        order.ahead_lots = self.shown_lots
        order.moved_lots = 0
        self.orders[order.order_id] = order
        self.lots += order.left_lots

    def first(self) -> WorkingOrder | None:
        return next(iter(self.orders.values()), None)

    def consume(self, lots: int) -> None:
        """A client took market lots from the front; trades of its do not come on the tape."""
        self.shown_lots = max(0, self.shown_lots - lots)
        for order in self.orders.values():
            order.ahead_lots = max(0, order.ahead_lots - lots)

    def told(self, lots: int, since_ms: int) -> None:
        """The market names this level: it displays `lots`. `since_ms`: the book before that."""
        fewer_lots = self.shown_lots - lots
        if fewer_lots > 0:
            for order in self.orders.values():
                order.moved_lots = fewer_lots * order.ahead_lots // self.shown_lots
                order.ahead_lots -= order.moved_lots
            self.early_lots, self.early_since_ms = fewer_lots, since_ms
        elif self.early_lots:
            for order in self.orders.values():
                order.moved_lots = 0
            self.early_lots = 0
        self.shown_lots = lots

    def traded(self, lots: int, time_ms: int, book_time_ms: int) -> list[tuple[WorkingOrder, int]]:
        """A trade of the market at this price: who of the line is hit, and for how much."""
        explained_lots = 0
        if self.early_lots and self.early_since_ms <= time_ms <= book_time_ms:
            explained_lots = self._take_back(lots)
        if time_ms >= book_time_ms:
            self.shown_lots = max(0, self.shown_lots - (lots - explained_lots))
        hits: list[tuple[WorkingOrder, int]] = []
        given_lots = 0
        for order in self.orders.values():
            if order.book_time_ms > time_ms:
                continue
            reached_lots = min(order.left_lots, lots - order.ahead_lots - given_lots)
            if reached_lots > 0:
                hits.append((order, reached_lots))
                given_lots += reached_lots
            order.ahead_lots = max(0, order.ahead_lots - lots)
        return hits

    def _take_back(self, lots: int) -> int:
        """Undo what was given for cancels that this trade now explains."""
        explained_lots = min(lots, self.early_lots)
        for order in self.orders.values():
            back_lots = order.moved_lots * explained_lots // self.early_lots
            order.ahead_lots += back_lots
            order.moved_lots -= back_lots
        self.early_lots -= explained_lots
        return explained_lots


class RestingSide:
    """The queues of one side, by price."""

    __slots__ = ("_keys", "_sign", "queues", "side")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.queues: dict[int, PriceQueue] = {}
        # Price times the side's sign, rising, so that the best price is the last on both sides.
        self._keys: list[int] = []
        self._sign = side.sign

    def best(self) -> int | None:
        keys = self._keys
        return keys[-1] * self._sign if keys else None

    def best_queue(self) -> PriceQueue | None:
        keys = self._keys
        return self.queues[keys[-1] * self._sign] if keys else None

    def best_last(self) -> list[PriceQueue]:
        """All queues, worst price first."""
        return [self.queues[key * self._sign] for key in self._keys]

    def better_than(self, price_ticks: int) -> list[PriceQueue]:
        """The queues at strictly better prices, best first."""
        sign = self._sign
        start = bisect_left(self._keys, price_ticks * sign + 1)
        return [self.queues[key * sign] for key in reversed(self._keys[start:])]

    def open_queue(self, price_ticks: int, shown_lots: int) -> PriceQueue:
        """A new queue at a price that has none."""
        queue = PriceQueue(price_ticks, shown_lots)
        self.queues[price_ticks] = queue
        insort(self._keys, price_ticks * self._sign)
        return queue

    def remove(self, order: WorkingOrder) -> None:
        """The order leaves the line; an empty line goes with it."""
        queue = self.queues[order.price_ticks]
        del queue.orders[order.order_id]
        queue.lots -= order.left_lots
        if not queue.orders:
            del self.queues[order.price_ticks]
            del self._keys[bisect_left(self._keys, order.price_ticks * self._sign)]
