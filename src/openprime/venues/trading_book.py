"""The book that clients trade on: the market's liquidity and the clients' resting orders."""

from collections.abc import Iterator

from openprime.market.book import Book
from openprime.model.venue import Filled
from openprime.model.vocabulary import Liquidity as Role
from openprime.model.vocabulary import Side
from openprime.venues.liquidity import Liquidity
from openprime.venues.queue import RestingSide, WorkingOrder
from openprime.venues.register import Register


class BookSide:
    """One side: what the market offers and who of the clients waits."""

    __slots__ = ("_sign", "clients", "market")

    def __init__(self, book: Book, side: Side) -> None:
        self.market = Liquidity(book, side)
        self.clients = RestingSide(side)
        self._sign = side.sign

    def best(self) -> int | None:
        """The best price of both, in ticks."""
        market, client = self.market.best(), self.clients.best()
        if market is None or client is None:
            return client if market is None else market
        return max(market, client) if self._sign > 0 else min(market, client)

    def levels(self) -> Iterator[tuple[int, int]]:
        """(price_ticks, lots) of both, best first."""
        waiting = [(q.price_ticks, q.lots) for q in self.clients.best_last()]
        sign = self._sign
        for price, lots in self.market.levels():
            while waiting and waiting[-1][0] * sign > price * sign:
                yield waiting.pop()
            if waiting and waiting[-1][0] == price:
                yield price, lots + waiting.pop()[1]
            else:
                yield price, lots
        while waiting:
            yield waiting.pop()


class TradingBook:
    """Both sides of one book, and what every change of it shares.

    `seen_ms` is the market time of the newest book that resting orders know of.
    """

    __slots__ = ("asks", "bids", "market", "register", "seen_ms")

    def __init__(self, book: Book, register: Register) -> None:
        self.market = book
        self.bids = BookSide(book, Side.BUY)
        self.asks = BookSide(book, Side.SELL)
        self.register = register
        self.seen_ms = book.time_ms

    @property
    def idle(self) -> bool:
        """Whether nothing of the clients is here that the market's moves could touch."""
        bids, asks = self.bids, self.asks
        return not (
            bids.clients.queues or asks.clients.queues or bids.market.taken or asks.market.taken
        )

    def own(self, side: Side) -> BookSide:
        return self.bids if side is Side.BUY else self.asks

    def opposite(self, side: Side) -> BookSide:
        return self.asks if side is Side.BUY else self.bids

    def would_cross(self, side: Side, price_ticks: int) -> bool:
        """Whether an order would meet the other side at once."""
        if side is Side.BUY:
            best = self.asks.best()
            return best is not None and best <= price_ticks
        best = self.bids.best()
        return best is not None and best >= price_ticks

    def rest(self, order: WorkingOrder) -> None:
        """Put the order at the back of its price's line."""
        here = self.own(order.side)
        price = order.price_ticks
        queue = here.clients.queues.get(price)
        if queue is None:
            queue = here.clients.open_queue(price, here.market.lots_at(price))
        order.book_time_ms = self.seen_ms = self.market.time_ms
        queue.join(order)
        self.register.working[order.order_id] = order

    def fill_resting(
        self, order: WorkingOrder, lots: int, price_ticks: int, trade_id: int, role: Role
    ) -> Filled:
        """A trade of an order that rests here; the order leaves when nothing is left of it."""
        clients = self.own(order.side).clients
        order.left_lots -= lots
        order.executed_lots += lots
        clients.queues[order.price_ticks].lots -= lots
        done = not order.left_lots
        report = Filled(order.order_id, trade_id, price_ticks, lots, role, done)
        if done:
            clients.remove(order)
            self.register.finish(order.order_id, report)
        return report
