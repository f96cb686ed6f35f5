"""The same exchange in the slowest and plainest way, to hold the real one against.

Every order is matched lot by lot: look at everything on the other side, take the best single lot,
begin again. A price's line is a list with one entry for every lot of the market and one for every
order. Nothing is sorted ahead of time, nothing is remembered but orders, lines and what is taken.
It knows GTC, GTX, IOC, FOK, cancel, replace, changes, snapshots and trades; not amounts, nor
restarts, nor trades that are told late.
"""

from copy import deepcopy
from dataclasses import dataclass, field

from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.model.venue import CancelOrder, NewOrder, ReplaceOrder, VenueRequest
from openprime.model.vocabulary import Side, TimeInForce

MARKET = "market lot"


@dataclass
class NaiveOrder:
    order_id: int
    owner: int
    side: Side
    price: int
    left: int
    post_only: bool
    executed: int = 0


@dataclass
class NaiveExchange:
    """Answers are tuples: (kind, order id, more)."""

    shown: dict[Side, dict[int, int]] = field(default_factory=lambda: {s: {} for s in Side})
    taken: dict[tuple[Side, int], int] = field(default_factory=dict)
    lines: dict[tuple[Side, int], list[object]] = field(default_factory=dict)
    orders: dict[int, NaiveOrder] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)

    # ------------------------------------------------------------ looking

    def left_at(self, side: Side, price: int) -> int:
        return max(0, self.shown[side].get(price, 0) - self.taken.get((side, price), 0))

    def best(self, side: Side) -> int | None:
        prices = [p for p in self.shown[side] if self.left_at(side, p)]
        prices += [order.price for order in self.orders.values() if order.side is side]
        return max(prices, key=lambda price: price * side.sign) if prices else None

    def crosses(self, side: Side, price: int) -> bool:
        best = self.best(side.opposite)
        return best is not None and best * side.sign <= price * side.sign

    # ------------------------------------------------------------ requests

    def handle(self, request: VenueRequest) -> list[tuple[object, ...]]:
        order_id = request.order_id
        if isinstance(request, NewOrder):
            return self._new(request)
        if order_id not in self.orders:
            return [("refused", order_id, 401117 if order_id in self.ended else 401018)]
        order = self.orders[order_id]
        if isinstance(request, CancelOrder):
            self._leave(order)
            return [("cancelled", order_id, True)]
        return self._replace(order, request)

    def _new(self, request: NewOrder) -> list[tuple[object, ...]]:
        tif = request.time_in_force
        order = NaiveOrder(
            request.order_id,
            request.owner,
            request.side,
            request.price_ticks,
            request.quantity_lots,
            tif is TimeInForce.GTX,
        )
        if order.post_only and self.crosses(order.side, order.price):
            self.ended.add(order.order_id)
            return [("rejected", order.order_id, 401052)]
        answers: list[tuple[object, ...]] = [("accepted", order.order_id)]
        if tif is TimeInForce.FOK:
            trial = deepcopy(self)
            probe = deepcopy(order)
            trial._match(probe)
            if probe.left:
                self.ended.add(order.order_id)
                return [*answers, ("cancelled", order.order_id, False)]
        return answers + self._work(order, rests=tif in (TimeInForce.GTC, TimeInForce.GTX))

    def _replace(self, order: NaiveOrder, request: ReplaceOrder) -> list[tuple[object, ...]]:
        left = request.quantity_lots - order.executed
        if left <= 0:
            return [("refused", order.order_id, 401005)]
        answer = ("replaced", order.order_id, request.price_ticks, request.quantity_lots)
        if request.price_ticks == order.price and left <= order.left:
            order.left = left
            return [answer]
        if order.post_only and self.crosses(order.side, request.price_ticks):
            return [("refused", order.order_id, 401052)]
        self._leave(order)
        self.ended.discard(order.order_id)
        order.price, order.left = request.price_ticks, left
        return [answer, *self._work(order, rests=True)]

    def _work(self, order: NaiveOrder, rests: bool) -> list[tuple[object, ...]]:
        answers, own_met = self._match(order)
        if order.left and rests and not own_met:
            key = (order.side, order.price)
            line = self.lines.setdefault(key, [MARKET] * self.left_at(*key))
            line.append(order.order_id)
            self.orders[order.order_id] = order
        else:
            self.ended.add(order.order_id)
            if order.left:
                answers.append(("cancelled", order.order_id, False))
        return answers

    # ------------------------------------------------------------ matching, lot by lot

    def _match(self, order: NaiveOrder) -> tuple[list[tuple[object, ...]], bool]:
        trades: list[list[object]] = []  # [resting party, price, lots]
        while order.left and self.crosses(order.side, order.price):
            side = order.side.opposite
            price = self.best(side)
            assert price is not None
            party = self._next_at(side, price)
            if isinstance(party, int) and self.orders[party].owner == order.owner:
                return self._told(order, trades), True
            if not trades or trades[-1][:2] != [party, price]:
                trades.append([party, price, 0])
            trades[-1][2] = int(str(trades[-1][2])) + 1
            order.left -= 1
            order.executed += 1
            if isinstance(party, int):
                self._hit(self.orders[party], 1)
            else:
                self.taken[side, price] = self.taken.get((side, price), 0) + 1
                line = self.lines.get((side, price), [])
                if MARKET in line:
                    line.remove(MARKET)
        return self._told(order, trades), False

    def _next_at(self, side: Side, price: int) -> object:
        """Whose lot is next at a price: the market's, or an order's by its id."""
        line = self.lines.get((side, price), [])
        orders = [party for party in line if party != MARKET]
        if not orders:
            return MARKET
        first_is_market = line[0] == MARKET and self.left_at(side, price) > 0
        return MARKET if first_is_market else orders[0]

    def _told(self, order: NaiveOrder, trades: list[list[object]]) -> list[tuple[object, ...]]:
        answers: list[tuple[object, ...]] = []
        for party, price, lots in trades:
            answers.append(("filled", order.order_id, price, lots, "TAKER"))
            if party != MARKET:
                answers.append(("filled", party, price, lots, "MAKER"))
        return answers

    def _hit(self, order: NaiveOrder, lots: int) -> None:
        order.left -= lots
        order.executed += lots
        if not order.left:
            self._leave(order)

    def _leave(self, order: NaiveOrder) -> None:
        key = (order.side, order.price)
        self.lines[key].remove(order.order_id)
        if not [party for party in self.lines[key] if party != MARKET]:
            del self.lines[key]
        self.orders.pop(order.order_id)
        self.ended.add(order.order_id)

    # ------------------------------------------------------------ the market

    def on_market(self, event: MarketEvent) -> list[tuple[object, ...]]:
        if isinstance(event, MarketTrade):
            return self._trade(event)
        if isinstance(event, DepthChange):
            for side, levels in ((Side.BUY, event.bids), (Side.SELL, event.asks)):
                for price, lots in levels:
                    self.shown[side][price] = lots
                    self.taken.pop((side, price), None)
                    self._line_shows(side, price, lots)
        else:
            self._snapshot(event)
        return self._come_across(Side.BUY) + self._come_across(Side.SELL)

    def _snapshot(self, event: DepthSnapshot) -> None:
        self.taken.clear()
        for side, levels in ((Side.BUY, event.bids), (Side.SELL, event.asks)):
            self.shown[side] = dict(levels)
            for line_side, price in self.lines:
                if line_side is side and levels and price * side.sign >= levels[-1][0] * side.sign:
                    self._line_shows(side, price, self.shown[side].get(price, 0))

    def _line_shows(self, side: Side, price: int, lots: int) -> None:
        line = self.lines.get((side, price))
        if line is None:
            return
        before = line.count(MARKET)
        if lots >= before:
            line += [MARKET] * (lots - before)
            return
        fresh: list[object] = []
        for place, party in enumerate(line):
            if party != MARKET:
                ahead = line[:place].count(MARKET)
                ahead -= (before - lots) * ahead // before
                fresh += [MARKET] * (ahead - fresh.count(MARKET))
                fresh.append(party)
        fresh += [MARKET] * (lots - fresh.count(MARKET))
        line[:] = fresh

    def _come_across(self, side: Side) -> list[tuple[object, ...]]:
        answers: list[tuple[object, ...]] = []
        while True:
            mine = [order for order in self.orders.values() if order.side is side]
            theirs = [p for p in self.shown[side.opposite] if self.left_at(side.opposite, p)]
            if not mine or not theirs:
                return answers
            price = max(order.price * side.sign for order in mine) * side.sign
            best = min(p * side.sign for p in theirs) * side.sign
            if best * side.sign > price * side.sign:
                return answers
            first = next(party for party in self.lines[side, price] if party != MARKET)
            assert isinstance(first, int)
            order = self.orders[first]
            lots = min(order.left, self.left_at(side.opposite, best))
            key = (side.opposite, best)
            self.taken[key] = self.taken.get(key, 0) + lots
            self._hit(order, lots)
            answers.append(("filled", first, price, lots, "MAKER"))

    def _trade(self, trade: MarketTrade) -> list[tuple[object, ...]]:
        answers: list[tuple[object, ...]] = []
        side = Side.BUY if trade.buyer_is_maker else Side.SELL
        beyond = [
            price
            for line_side, price in self.lines
            if line_side is side and price * side.sign > trade.price_ticks * side.sign
        ]
        for price in sorted(beyond, key=lambda price: -price * side.sign):
            for party in list(self.lines[side, price]):
                if isinstance(party, int):
                    order = self.orders[party]
                    answers.append(("filled", party, price, order.left, "MAKER"))
                    self._hit(order, order.left)
        line = self.lines.get((side, trade.price_ticks))
        if line is None:
            return answers
        left, hits = trade.quantity_lots, []
        for party in line:
            lots = 1 if party == MARKET else min(left, self.orders[int(str(party))].left)
            if left and party != MARKET:
                hits.append((int(str(party)), lots))
            left -= min(left, lots)
        for _ in range(min(trade.quantity_lots, line.count(MARKET))):
            line.remove(MARKET)
        for order_id, lots in hits:
            answers.append(("filled", order_id, trade.price_ticks, lots, "MAKER"))
            self._hit(self.orders[order_id], lots)
        return answers
