"""Resting orders in a recorded market."""

from itertools import islice

import pytest

from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.recording import Recording
from openprime.model.venue import Filled, NewOrder, VenueReport
from openprime.model.vocabulary import Liquidity, OrderType, Side, TimeInForce
from openprime.venues import SimulatedExchange
from tests.recordings import recording
from tests.venues.kit import PERP, SPOT, instruments

EVENTS = 6_000
ORDER_LOTS = 10


class MarketMaker:
    """Keeps one post-only bid and one ask at the touch, and remembers how each was filled."""

    def __init__(self, sym: str) -> None:
        self.sym = sym
        self.book = Book(sym)
        self.exchange = SimulatedExchange(instruments(), {sym: self.book})
        self.open: dict[int, NewOrder] = {}
        self.left: dict[int, int] = {}
        self.fills: list[tuple[MarketEvent, NewOrder, Filled]] = []
        self._next_id = 1

    def play(self, event: MarketEvent) -> None:
        if isinstance(event, DepthSnapshot):
            self.book.apply_snapshot(event)
        elif isinstance(event, DepthChange):
            self.book.apply_change(event)
        self._take(event, self.exchange.on_market(event))
        for side in Side:
            if not any(order.side is side for order in self.open.values()):
                self._quote(side)

    def _quote(self, side: Side) -> None:
        best = self.book.best_bid() if side is Side.BUY else self.book.best_ask()
        if best is None:
            return
        order = NewOrder(
            self._next_id,
            self.sym,
            int(side is Side.BUY),
            side,
            OrderType.LIMIT,
            TimeInForce.GTX,
            best[0],
            ORDER_LOTS,
        )
        self._next_id += 1
        reports = self.exchange.handle(order)
        if len(reports) == 1 and type(reports[0]).__name__ == "Accepted":
            self.open[order.order_id] = order
            self.left[order.order_id] = ORDER_LOTS

    def _take(self, event: MarketEvent, reports: list[VenueReport]) -> None:
        for report in reports:
            assert isinstance(report, Filled)
            self.left[report.order_id] -= report.quantity_lots
            self.fills.append((event, self.open[report.order_id], report))
            if report.done:
                assert self.left[report.order_id] == 0
                del self.open[report.order_id]


@pytest.mark.parametrize("sym", [SPOT, PERP])
def test_orders_at_the_touch_fill_when_the_market_comes_to_them(sym: str) -> None:
    maker = MarketMaker(sym)
    tape = Recording([recording(sym)], instruments()[sym])
    for event in islice(tape.events(), EVENTS):
        maker.play(event)
    assert len(maker.fills) > 20
    sides = {order.side for _, order, _ in maker.fills}
    assert sides == set(Side)
    for event, order, fill in maker.fills:
        assert fill.liquidity is Liquidity.MAKER
        assert fill.price_ticks == order.price_ticks
        assert _reaches(event, order), (event, order)


def _reaches(event: MarketEvent, order: NewOrder) -> bool:
    """Whether the market came to the order's price in this event, from the other side."""
    sign = order.side.sign
    if isinstance(event, MarketTrade):
        hit = Side.BUY if event.buyer_is_maker else Side.SELL
        return hit is order.side and event.price_ticks * sign <= order.price_ticks * sign
    opposite = event.asks if order.side is Side.BUY else event.bids
    return any(lots and price * sign <= order.price_ticks * sign for price, lots in opposite)
