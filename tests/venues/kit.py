"""A simulated exchange under test: a market that the test plays, and orders in one line."""

import json
from decimal import Decimal
from functools import cache
from importlib.resources import files

from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.model.instrument import Instrument
from openprime.model.reference import build
from openprime.model.venue import (
    CancelOrder,
    Filled,
    NewOrder,
    ReplaceOrder,
    VenueReport,
)
from openprime.model.vocabulary import Liquidity, OrderType, Side, TimeInForce
from openprime.venues import SimulatedExchange

SPOT = "BINANCE_SPOT_BTC_USDT"
MARGIN = "BINANCE_MARGIN_BTC_USDT"
PERP = "BINANCE_PERP_BTC_USDT"

TAKER, MAKER = Liquidity.TAKER, Liquidity.MAKER
BUY, SELL = Side.BUY, Side.SELL

Levels = list[tuple[int, int]]


@cache
def instruments() -> dict[str, Instrument]:
    document = files("openprime").joinpath("data/reference.json").read_bytes()
    return build(json.loads(document)).instruments


class Venue:
    """One spot market. Every order has its own owner unless the test names one."""

    def __init__(self, bids: Levels | None = None, asks: Levels | None = None) -> None:
        self.book = Book(SPOT)
        self.time_ms = 0
        self.books = {SPOT: self.book}
        self.exchange = SimulatedExchange(instruments(), self.books)
        self.reports: list[VenueReport] = []
        self.snapshot(bids or [], asks or [])

    # ------------------------------------------------------------ the market

    def tell(self, event: MarketEvent) -> list[VenueReport]:
        if isinstance(event, DepthSnapshot):
            self.book.apply_snapshot(event)
        elif isinstance(event, DepthChange):
            self.book.apply_change(event)
        return self._keep(self.exchange.on_market(event))

    def snapshot(self, bids: Levels, asks: Levels) -> list[VenueReport]:
        return self.tell(DepthSnapshot(SPOT, self._tick(), 1, bids, asks))

    def change(self, bids: Levels | None = None, asks: Levels | None = None) -> list[VenueReport]:
        return self.tell(DepthChange(SPOT, self._tick(), 1, bids or [], asks or []))

    def trade(
        self, aggressor: Side, lots: int, price: int, time_ms: int | None = None
    ) -> list[VenueReport]:
        now = self._tick() if time_ms is None else time_ms
        return self.tell(MarketTrade(SPOT, now, 1, price, lots, aggressor is SELL))

    # ------------------------------------------------------------ the clients

    def order(
        self,
        order_id: int,
        side: Side,
        lots: int,
        price: int,
        tif: TimeInForce = TimeInForce.GTC,
        *,
        kind: OrderType = OrderType.LIMIT,
        owner: int | None = None,
        sym: str = SPOT,
        budget: str | None = None,
        resumed: bool = False,
    ) -> list[VenueReport]:
        quote = Decimal(budget) if budget is not None else None
        owner = order_id if owner is None else owner
        return self._keep(
            self.exchange.handle(
                NewOrder(order_id, sym, owner, side, kind, tif, price, lots, quote, resumed)
            )
        )

    def cancel(self, order_id: int) -> list[VenueReport]:
        return self._keep(self.exchange.handle(CancelOrder(order_id, SPOT)))

    def replace(self, order_id: int, lots: int, price: int) -> list[VenueReport]:
        return self._keep(self.exchange.handle(ReplaceOrder(order_id, SPOT, price, lots)))

    def touch(self) -> tuple[int | None, int | None]:
        return self.exchange.best_bid(SPOT), self.exchange.best_ask(SPOT)

    def _tick(self) -> int:
        self.time_ms += 10
        return self.time_ms

    def _keep(self, reports: list[VenueReport]) -> list[VenueReport]:
        self.reports += reports
        return reports


def fills(reports: list[VenueReport]) -> list[tuple[int, int, int]]:
    """(order id, lots, price) of each fill, in order."""
    return [(r.order_id, r.quantity_lots, r.price_ticks) for r in reports if isinstance(r, Filled)]


def kinds(reports: list[VenueReport]) -> list[str]:
    return [type(report).__name__ for report in reports]
