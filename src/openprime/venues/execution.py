"""What each request does to a trading book."""

from openprime.model.venue import (
    Accepted,
    Cancelled,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceOrder,
    ReplaceRefused,
    VenueReport,
)
from openprime.model.vocabulary import OrderType, TimeInForce
from openprime.venues.matching import Walk, can_fill
from openprime.venues.queue import WorkingOrder
from openprime.venues.trading_book import TradingBook

CODE_EXCHANGE_ERROR = 400010
CODE_INVALID_QUANTITY = 401005
CODE_NOT_FOUND = 401018
CODE_WOULD_TAKE = 401052
CODE_ALREADY_COMPLETED = 401117

REASON_SELF_TRADE = "self-trade: the newer order is cancelled"
REASON_NOT_WHOLE = "FOK: cannot be filled whole"
REASON_REMAINDER = "remainder of an immediate order"


def enter(book: TradingBook, request: NewOrder, budget: int | None) -> list[VenueReport]:
    """Work a new order. `budget` is what a buy by amount may spend, in ticks times lots."""
    order = WorkingOrder(
        request.order_id,
        request.sym,
        request.owner,
        request.side,
        request.price_ticks,
        request.quantity_lots,
        request.time_in_force is TimeInForce.GTX,
        executed_lots=request.executed_lots,
    )
    reports: list[VenueReport] = [Accepted(order.order_id)]
    if _may_rest(request):
        crosses = book.would_cross(order.side, order.price_ticks)
        if crosses and order.post_only and not request.resumed:
            rejected = Rejected(order.order_id, CODE_WOULD_TAKE)
            book.register.finish(order.order_id, rejected)
            return [rejected]
        _place(book, order, crosses, request.resumed, reports)
    elif request.time_in_force is TimeInForce.FOK and not can_fill(book, order):
        _end(book, order, REASON_NOT_WHOLE, reports)
    else:
        _take(book, order, budget, reports)
    return reports


def cancel(book: TradingBook, order: WorkingOrder) -> list[VenueReport]:
    """End a resting order."""
    book.own(order.side).clients.remove(order)
    report = Cancelled(order.order_id, requested=True)
    book.register.finish(order.order_id, report)
    return [report]


def replace(book: TradingBook, order: WorkingOrder, request: ReplaceOrder) -> list[VenueReport]:
    """Change price and total of a resting order.

    Refused with 401005 where the new total is no more than what is executed, with 401052 where a
    post-only order would cross. Only the same price and no more quantity keep the place in line.
    """
    price = request.price_ticks
    left_lots = request.quantity_lots - order.executed_lots
    if left_lots <= 0:
        return [ReplaceRefused(order.order_id, CODE_INVALID_QUANTITY)]
    reports: list[VenueReport] = [Replaced(order.order_id, price, request.quantity_lots)]
    clients = book.own(order.side).clients
    if price == order.price_ticks and left_lots <= order.left_lots:
        clients.queues[price].lots -= order.left_lots - left_lots
        order.left_lots = left_lots
        return reports
    crosses = book.would_cross(order.side, price)
    if crosses and order.post_only:
        return [ReplaceRefused(order.order_id, CODE_WOULD_TAKE)]
    clients.remove(order)
    order.price_ticks, order.left_lots = price, left_lots
    _place(book, order, crosses, False, reports)
    return reports


def _may_rest(request: NewOrder) -> bool:
    lasting = request.time_in_force in (TimeInForce.GTC, TimeInForce.GTX)
    return lasting and request.order_type is OrderType.LIMIT


def _place(
    book: TradingBook,
    order: WorkingOrder,
    crosses: bool,
    resumed: bool,
    reports: list[VenueReport],
) -> None:
    """Trade what crosses and rest with what is left."""
    if crosses:
        walk = Walk(book, order, reports, resumed=resumed)
        walk.run()
        if not order.left_lots:
            book.register.finish(order.order_id, walk.mark_done())
            return
        if walk.self_trade:
            _end(book, order, REASON_SELF_TRADE, reports)
            return
    book.rest(order)


def _take(
    book: TradingBook, order: WorkingOrder, budget: int | None, reports: list[VenueReport]
) -> None:
    """Trade at once what can be traded; nothing rests."""
    walk = Walk(book, order, reports, budget)
    walk.run()
    if not order.left_lots and walk.last_fill is not None:
        book.register.finish(order.order_id, walk.mark_done())
    else:
        reason = REASON_SELF_TRADE if walk.self_trade else REASON_REMAINDER
        _end(book, order, reason, reports)


def _end(book: TradingBook, order: WorkingOrder, reason: str, reports: list[VenueReport]) -> None:
    report = Cancelled(order.order_id, requested=False, reason=reason)
    book.register.finish(order.order_id, report)
    reports.append(report)
