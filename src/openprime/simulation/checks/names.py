"""Promises about what clients named and were told: nothing is lost, doubled or undone."""

from collections import Counter
from decimal import Decimal

from openprime.desk.state import Order
from openprime.model.numbers import ZERO, text
from openprime.model.vocabulary import OrderOrigin, OrderState
from openprime.simulation.checks.scene import Scene
from openprime.store import bodies, tables

FINAL = (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECT, OrderState.FAIL)
Named = dict[tuple[str, int, str], list[str]]


def _all_orders(scene: Scene) -> list[Order]:
    return [*scene.finished_orders(), *scene.state.orders.values()]


def fills_make_up_orders(scene: Scene) -> str | None:
    """An order's fills sum to what it says is executed, which never exceeds its quantity."""
    sums: Counter[int] = Counter()
    quantities: dict[int, Decimal] = {}
    for trade in scene.trades():
        sums[trade.order_id] += 1
        quantities[trade.order_id] = quantities.get(trade.order_id, ZERO) + trade.quantity
    for order in _all_orders(scene):
        filled = quantities.get(order.order_id, ZERO)
        if filled != order.executed_quantity:
            return f"order {order.order_id} says {order.executed_quantity}, its fills {filled}"
        most = max(order.quantity, order.amendment.quantity if order.amendment else ZERO)
        if not order.quote_quantity and filled > most:
            return f"order {order.order_id} of {order.quantity} was filled with {filled}"
    return None


def fills_are_the_venues(scene: Scene) -> str | None:
    """Of a client's order no more is filled here than the venue filled, each trade counted once."""
    for order in _all_orders(scene):
        if order.origin is not OrderOrigin.DMA:
            continue  # positions that are taken over or set off pass no venue
        trades = scene.host.venue.filled.get(order.order_id, {})
        there = sum(trades.values()) * scene.desk.reference.instruments[order.sym].lot_size
        if order.executed_quantity > there:
            return f"order {order.order_id} has {order.executed_quantity}, at the venue {there}"
    return None


def venue_knows_the_fills(scene: Scene) -> str | None:
    """Of an order that rests at the venue no more is filled here than it says of it."""
    exchange = scene.host.broker.gateway.exchange
    for order in scene.state.orders.values():
        lots = exchange.executed_lots(order.order_id)
        instrument = scene.desk.reference.instruments[order.sym]
        if lots is not None and order.executed_quantity > lots * instrument.lot_size:
            there = lots * instrument.lot_size
            return f"order {order.order_id} has {order.executed_quantity}, the venue says {there}"
    return None


def _named(scene: Scene) -> Named:
    """What there is under the names of clients, by kind, owner and name."""
    found: Named = {}
    state = scene.state
    for order in _all_orders(scene):
        key = ("order", order.portfolio_id, order.client_order_id)
        found.setdefault(key, []).append(str(order.order_id))
    for algo in [*scene.rows(tables.algo_orders, bodies.ALGO), *state.algos.values()]:
        key = ("algo", algo.portfolio_id, algo.client_order_id)
        found.setdefault(key, []).append(str(algo.algo_order_id))
    for transfer in scene.rows(tables.transfers, bodies.TRANSFER):
        key = ("transfer", transfer.user_id, transfer.client_order_id)
        found.setdefault(key, []).append(str(transfer.transfer_id))
    for withdrawal in scene.rows(tables.withdrawals, bodies.WITHDRAWAL):
        key = ("withdrawal", withdrawal.user_id, withdrawal.terms.client_order_id)
        found.setdefault(key, []).append(str(withdrawal.withdrawal_id))
    for loan in scene.rows(tables.loan_orders, bodies.LOAN_ORDER):
        key = ("loan", loan.portfolio_id, loan.client_order_id)
        found.setdefault(key, []).append(str(loan.order_id))
    return found


# A withdrawal's name is a remark of the client's: the API promises nothing of it.
ONCE = ("order", "algo", "transfer", "loan")


def names_act_once(scene: Scene) -> str | None:
    """However often a client asked under one name, one thing came of it."""
    found = _named(scene)
    for key in scene.promises.by_name:
        ids = found.get(key, [])
        if key[0] in ONCE and len(set(ids)) > 1:
            return f"{key} made {ids}"
    return None


def acknowledged_is_there(scene: Scene) -> str | None:
    """What a client was told is done can be found, under the id that it was told."""
    found = _named(scene)
    for key, promise in scene.promises.by_name.items():
        ids = found.get(key, [])
        missing = [made for made in promise.made if made not in ids]
        if missing:
            return f"{key}: {missing} was acknowledged, there is {ids}"
    return None


def refused_is_not_there(scene: Scene) -> str | None:
    """What a client was told is refused, every time that it asked, never came to be."""
    found = _named(scene)
    for key, promise in scene.promises.by_name.items():
        if promise.surely_refused and key in found:
            return f"{key} was refused with {promise.refused}, there is {found[key]}"
    return None


def shown_is_there(scene: Scene) -> str | None:
    """An order that anybody was shown is there for good."""
    known = {str(order.order_id) for order in _all_orders(scene)}
    gone = [order_id for order_id in scene.promises.seen if order_id not in known]
    return f"order {gone[0]} was shown to somebody and is not there" if gone else None


def ended_stays_ended(scene: Scene) -> str | None:
    """An order whose end anybody saw has that end, and goes on nowhere."""
    finished = {str(order.order_id): order for order in scene.finished_orders()}
    for order_id, (state, executed) in scene.promises.ended.items():
        order = finished.get(order_id)
        if order is None:
            return f"order {order_id} was seen as {state} and is not in history"
        if (order.state, text(order.executed_quantity)) != (state, executed):
            now = f"{order.state} {order.executed_quantity}"
            return f"order {order_id} was seen as {state} {executed} and is {now}"
    return None
