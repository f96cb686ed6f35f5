"""What the market's moves do to resting client orders.

Three things fill an order that rests. A trade at its price, with the aggressor on the other side,
uses up the market lots before it and then hits it with what is left. A trade beyond its price
fills it whole: whoever traded there would have come to the better price first. And where the
market's own book comes to stand across its price without a trade, the lots that stand there would
have met it: it is filled out of them, and they count as taken. It is the maker each time, at its
own price.
"""

from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.model.venue import VenueReport
from openprime.model.vocabulary import Liquidity as Role
from openprime.model.vocabulary import Side
from openprime.venues.trading_book import BookSide, TradingBook


def follow(book: TradingBook, event: MarketEvent) -> list[VenueReport]:
    """Carry an event that the market's book has already taken over to the clients' orders."""
    reports: list[VenueReport] = []
    if isinstance(event, MarketTrade):
        _follow_trade(book, event, reports)
        return reports
    if isinstance(event, DepthChange):
        _follow_levels(book.bids, event.bids, book.seen_ms)
        _follow_levels(book.asks, event.asks, book.seen_ms)
    else:
        _follow_snapshot(book, event)
    book.seen_ms = book.market.time_ms
    if book.bids.clients.queues:
        _meet_crossing_market(book, Side.BUY, reports)
    if book.asks.clients.queues:
        _meet_crossing_market(book, Side.SELL, reports)
    return reports


def _follow_levels(side: BookSide, levels: list[tuple[int, int]], since_ms: int) -> None:
    side.market.refresh(levels)
    queues = side.clients.queues
    if queues:
        for price_ticks, lots in levels:
            queue = queues.get(price_ticks)
            if queue is not None:
                queue.told(lots, since_ms)


def _follow_snapshot(book: TradingBook, event: DepthSnapshot) -> None:
    for side, levels in ((book.bids, event.bids), (book.asks, event.asks)):
        side.market.refresh_all()
        if not levels:
            continue
        # Beyond its last level a snapshot is silent: nothing there, or not told.
        sign = side.clients.side.sign
        last = levels[-1][0] * sign
        for queue in side.clients.queues.values():
            if queue.price_ticks * sign >= last:
                queue.told(side.market.displayed_at(queue.price_ticks), book.seen_ms)


def _follow_trade(book: TradingBook, trade: MarketTrade, reports: list[VenueReport]) -> None:
    hit = Side.BUY if trade.buyer_is_maker else Side.SELL
    clients = book.own(hit).clients
    if not clients.queues:
        return
    for queue in clients.better_than(trade.price_ticks):
        for order in list(queue.orders.values()):
            # An order that came after the trade was not there to be hit.
            if order.book_time_ms <= trade.time_ms:
                trade_id = book.register.trade_id()
                reports.append(
                    book.fill_resting(
                        order, order.left_lots, order.price_ticks, trade_id, Role.MAKER
                    )
                )
    at_price = clients.queues.get(trade.price_ticks)
    if at_price is None:
        return
    hits = at_price.traded(trade.quantity_lots, trade.time_ms, book.market.time_ms)
    for order, lots in hits:
        trade_id = book.register.trade_id()
        reports.append(book.fill_resting(order, lots, order.price_ticks, trade_id, Role.MAKER))


def _meet_crossing_market(book: TradingBook, side: Side, reports: list[VenueReport]) -> None:
    """Fill the orders of `side` that the market's other side has come across."""
    clients, market = book.own(side).clients, book.opposite(side).market
    while (queue := clients.best_queue()) is not None:
        best = market.best()
        if best is None or best * side.sign > queue.price_ticks * side.sign:
            return
        order = next(iter(queue.orders.values()))
        lots = min(order.left_lots, market.lots_at(best))
        market.take(best, lots)
        trade_id = book.register.trade_id()
        reports.append(book.fill_resting(order, lots, order.price_ticks, trade_id, Role.MAKER))
