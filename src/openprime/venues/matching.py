"""An incoming order walks the opposite side: price first, then time.

At each price the line is walked from its front: market lots that were there before a client's
order, that order, market lots that came later, the next order. The trade is made at the price of
what rests. An order that meets one of its own owner stops there: the newest is cancelled.
"""

import msgspec

from openprime.model.venue import Filled, VenueReport
from openprime.model.vocabulary import Liquidity as Role
from openprime.venues.queue import PriceQueue, WorkingOrder
from openprime.venues.trading_book import TradingBook


class Walk:
    """One order's way through the opposite side. Appends its fills to `reports`.

    `budget` is for a buy by amount: what may be spent, in ticks times lots, so that a lot at a
    price costs that price. `resumed` is for an order that was resting before a restart: it trades
    as the maker that it was, at its own price, and whom it meets is the taker.
    """

    __slots__ = (
        "_opposite", "_resumed", "_sign", "book", "budget", "last_fill", "order", "reports",
        "self_trade",
    )  # fmt: skip

    def __init__(
        self,
        book: TradingBook,
        order: WorkingOrder,
        reports: list[VenueReport],
        budget: int | None = None,
        resumed: bool = False,
    ) -> None:
        self.book = book
        self.order = order
        self.reports = reports
        self.budget = budget
        self.self_trade = False
        self.last_fill: int | None = None
        self._opposite = book.opposite(order.side)
        self._sign = order.side.sign
        self._resumed = resumed

    def run(self) -> None:
        """Trade until the order is filled, meets its limit, an own order, or the end."""
        order, sign = self.order, self._sign
        levels = self._opposite.market.levels()
        level = next(levels, None)
        while not self.self_trade:
            queue = self._opposite.clients.best_queue()
            if level is not None and (queue is None or level[0] * sign <= queue.price_ticks * sign):
                price, market_lots = level
                if queue is not None and queue.price_ticks != price:
                    queue = None
            elif queue is not None:
                price, market_lots = queue.price_ticks, 0
            else:
                return
            if price * sign > order.price_ticks * sign or not self._wants(price):
                return
            if queue is None:
                lots = self._take(price, min(order.left_lots, market_lots))
                self._opposite.market.take(price, lots)
            else:
                self._walk_queue(queue, market_lots)
            if not order.left_lots:
                return
            if level is not None and level[0] == price:
                level = next(levels, None)

    def mark_done(self) -> VenueReport:
        """Say in the last fill that nothing is left of the order."""
        assert self.last_fill is not None
        fill = self.reports[self.last_fill]
        if isinstance(fill, Filled) and not fill.done:
            fill = msgspec.structs.replace(fill, done=True)
            self.reports[self.last_fill] = fill
        return fill

    def _wants(self, price_ticks: int) -> bool:
        """Whether the order still buys at this price; by amount, how many lots is known here."""
        if self.budget is not None:
            self.order.left_lots = self.budget // price_ticks
        return self.order.left_lots > 0

    def _walk_queue(self, queue: PriceQueue, market_lots: int) -> None:
        order, price = self.order, queue.price_ticks
        gone_lots = 0
        while order.left_lots and (resting := queue.first()) is not None:
            before_lots = min(resting.ahead_lots, market_lots) - gone_lots
            if before_lots > 0:
                gone_lots += self._take(price, min(before_lots, order.left_lots))
                if not order.left_lots:
                    break
            if resting.owner == order.owner:
                self.self_trade = True
                break
            self._meet(resting, min(order.left_lots, resting.left_lots))
        if order.left_lots and not self.self_trade and market_lots > gone_lots:
            gone_lots += self._take(price, min(market_lots - gone_lots, order.left_lots))
        if gone_lots:
            self._opposite.market.take(price, gone_lots)
            queue.consume(gone_lots)

    def _take(self, price_ticks: int, lots: int) -> int:
        """A trade with the market."""
        self._fill(price_ticks, lots, self.book.register.trade_id())
        return lots

    def _meet(self, resting: WorkingOrder, lots: int) -> None:
        """A trade with another client: one trade id, two reports."""
        trade_id = self.book.register.trade_id()
        price = self._fill(resting.price_ticks, lots, trade_id)
        role = Role.TAKER if self._resumed else Role.MAKER
        self.reports.append(self.book.fill_resting(resting, lots, price, trade_id, role))

    def _fill(self, price_ticks: int, lots: int, trade_id: int) -> int:
        """The order's own side of a trade; says the price that it was made at."""
        order = self.order
        order.left_lots -= lots
        order.executed_lots += lots
        if self.budget is not None:
            self.budget -= lots * price_ticks
        price, role = price_ticks, Role.TAKER
        if self._resumed:
            price, role = order.price_ticks, Role.MAKER
        self.last_fill = len(self.reports)
        # A buy by amount is done when no lot can be bought any more, which shows only later.
        done = not order.left_lots and self.budget is None
        self.reports.append(Filled(order.order_id, trade_id, price, lots, role, done))
        return price


def can_fill(book: TradingBook, order: WorkingOrder) -> bool:
    """Whether a walk would fill the order whole; nothing is changed."""
    opposite, sign = book.opposite(order.side), order.side.sign
    limit = order.price_ticks * sign
    found_lots = 0
    for price, lots in opposite.levels():
        if price * sign > limit:
            return False
        queue = opposite.clients.queues.get(price)
        own = _first_of(queue, order.owner) if queue is not None else None
        if queue is not None and own is not None:
            return found_lots + _lots_before(queue, own, lots - queue.lots) >= order.left_lots
        found_lots += lots
        if found_lots >= order.left_lots:
            return True
    return False


def _first_of(queue: PriceQueue, owner: int) -> WorkingOrder | None:
    return next((order for order in queue.orders.values() if order.owner == owner), None)


def _lots_before(queue: PriceQueue, own: WorkingOrder, market_lots: int) -> int:
    """What a walk takes of the line before it comes to an order of its owner."""
    ahead_lots = client_lots = 0
    for order in queue.orders.values():
        ahead_lots = max(ahead_lots, min(order.ahead_lots, market_lots))
        if order is own:
            break
        client_lots += order.left_lots
    return ahead_lots + client_lots
