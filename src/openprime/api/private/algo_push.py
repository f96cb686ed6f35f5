"""Pushes of the algo socket: algo orders, and the orders and fills that they set off."""

from collections.abc import Callable
from typing import Any

from openprime.api.private.push import PrivatePush
from openprime.api.private.risk_frames import Copied
from openprime.api.wire import algos as algo_wire
from openprime.desk.desk import Desk
from openprime.desk.events import AlgoChanged, Event, OrderChanged, Trade
from openprime.desk.triggers import price_of
from openprime.model.numbers import ZERO

ALGO_ORDER = "ALGO_ORDER"
SUB_ORDER = "SUB_ORDER"
SUB_TRADE = "SUB_TRADE"


class AlgoPush(PrivatePush):
    """Tells the algo sockets of a portfolio, one frame an event, in the order of the events."""

    def _portfolio_of(self, event: Event) -> int:
        if type(event) is AlgoChanged:
            return event.algo.portfolio_id
        if type(event) is OrderChanged and event.order.algo_order_id:
            return event.order.portfolio_id
        if type(event) is Trade and event.algo_order_id:
            return event.portfolio_id
        return 0

    def _frames(
        self, portfolio_id: int, events: list[Event | Copied], now_ms: int
    ) -> list[dict[str, Any]]:
        desk = self._desk()
        return [_FRAMES[type(event)](desk, event) for event in events]


def _algo_order(desk: Desk, event: AlgoChanged) -> dict[str, Any]:
    algo = event.algo
    instrument = desk.reference.instruments[algo.sym]
    mark = price_of(desk.turn, algo.sym)
    last = desk.state.last_prices.get(algo.sym, ZERO)
    row = algo_wire.algo_push(algo, instrument.contract_size, last, mark)
    return {"channel": ALGO_ORDER, "instId": algo.sym, "data": row}


def _sub_order(desk: Desk, event: OrderChanged) -> dict[str, Any]:
    order = event.order
    contract_size = desk.reference.instruments[order.sym].contract_size
    row = algo_wire.sub_order_push(order, contract_size)
    return {"channel": SUB_ORDER, "instId": order.sym, "data": row}


def _sub_trade(desk: Desk, event: Trade) -> dict[str, Any]:
    return {"channel": SUB_TRADE, "instId": event.sym, "data": algo_wire.sub_trade_push(event)}


_FRAMES: dict[type, Callable[[Desk, Any], dict[str, Any]]] = {
    AlgoChanged: _algo_order,
    OrderChanged: _sub_order,
    Trade: _sub_trade,
}
