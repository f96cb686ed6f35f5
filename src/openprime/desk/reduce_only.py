"""The reduce-only book: what closes a position, best price first (risk-model 5.6).

All working orders on the closing side of a symbol or leg rank together, plain ones too. A
reduce-only order whose predecessors already cover the position has no room and is cancelled with
401068; one that fits in part stays, and the venue is told only the part that fits.
"""

from collections.abc import Callable
from decimal import Decimal

from openprime.desk.state import Account, Exposure, Order
from openprime.desk.turn import Turn
from openprime.desk.worth import priority
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, steps, text
from openprime.model.venue import ReplaceOrder
from openprime.model.vocabulary import (
    BUY,
    CANCEL_PENDING,
    SELL,
    Side,
)

NO_ROOM = 401068


def closing_side(quantity: Decimal) -> Side:
    """The side that closes a signed position."""
    return SELL if quantity > ZERO else BUY


def covered_before(turn: Turn, exposure: Exposure, quantity: Decimal, newcomer: Order) -> Decimal:
    """How much of the position the orders ranked before a new closing order already cover."""
    side = closing_side(quantity)
    rank = priority(newcomer)
    covered = ZERO
    for order_id in exposure.orders:
        order = turn.state.orders[order_id]
        if order_id == newcomer.order_id or order.side is not side:
            continue
        if priority(order) < rank and order.action is not CANCEL_PENDING:
            covered += order.remaining
    return covered


def no_room_text(turn: Turn, instrument: Instrument, order: Order) -> str:
    """The reason that a displaced order carries (resolutions 96)."""
    unit = instrument.base if instrument.contract_size == 1 else "contracts"
    return turn.text(
        NO_ROOM,
        order.sym,
        order.side.value,
        text(order.remaining),
        unit,
        text(order.working_price),
    )


def make_room(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    leg: str,
    cancel: Callable[[Turn, Order, str, int], None],
) -> None:
    """After a change of a leg's position or closing orders: cancel and clip what no longer fits."""
    exposure = account.exposures.get(leg)
    if exposure is None or not exposure.reduce_only_count:
        return
    position = account.positions.get(leg)
    quantity = position.quantity if position else ZERO
    size = abs(quantity)
    covered = ZERO
    orders = [turn.state.orders[order_id] for order_id in exposure.orders]
    for order in sorted(orders, key=priority):
        if order.action is CANCEL_PENDING:
            continue
        wrong_side = not quantity or order.side is not closing_side(quantity)
        if order.reduce_only and (wrong_side or covered >= size):
            cancel(turn, order, no_room_text(turn, instrument, order), NO_ROOM)
            continue
        if wrong_side:
            continue
        if order.reduce_only:
            clip(turn, instrument, order, size - covered)
        covered += order.remaining


def clip(turn: Turn, instrument: Instrument, order: Order, room: Decimal) -> None:
    """Tell the venue the total of a reduce-only order that fits into `room`."""
    total = order.executed_quantity + min(order.remaining, room)
    if total == order.venue_quantity or order.amendment:
        return
    known = order.venue_quantity
    order.venue_quantity = total
    if not known:
        return  # the venue has not heard of it yet
    price_ticks = steps(order.working_price, instrument.tick_size) or 0
    quantity_lots = steps(total, instrument.lot_size) or 0
    turn.requests.append(ReplaceOrder(order.order_id, order.sym, price_ticks, quantity_lots))
