"""A restart: the venue is told again of every order that was at work."""

from openprime.desk import changes, orders
from openprime.desk.commands import ResumeOrders
from openprime.desk.turn import Turn
from openprime.model.vocabulary import BY_SYSTEM, CANCEL_PENDING, CANCELLED, FOK, IOC, NEW


def resume_orders(turn: Turn, command: ResumeOrders) -> None:
    """Tell the venue again of all that was at work; what it has already ended it will say."""
    for order in list(turn.state.orders.values()):
        if order.time_in_force in (IOC, FOK) and order.state is not NEW:
            # The venue had it and cannot have let it rest: what it did not fill is lost.
            orders.finish(turn, order, CANCELLED, cancel_type=BY_SYSTEM)
            continue
        instrument = turn.reference.instruments[order.sym]
        told = order.venue_quantity
        if order.amendment is not None:
            order.venue_quantity = order.amendment.venue_quantity_before
        resting = order.state is not NEW
        turn.requests.append(orders.venue_order(turn, instrument, order, resumed=resting))
        if order.amendment is not None:
            # The change was acknowledged, so it is asked for again.
            order.venue_quantity = told
            turn.requests.append(changes.venue_change(instrument, order))
        if order.action is CANCEL_PENDING:
            orders.request_cancel(turn, order)
