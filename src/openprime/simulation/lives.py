"""The lives of orders, as the desk's events tell them: the state machine, and fills that only grow.

An observer of the sequencer: it sees every change of every order, those too that nobody is told.
"""

from decimal import Decimal

from openprime.desk.commands import Envelope
from openprime.desk.events import OrderChanged
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order, State
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import OrderState
from openprime.simulation.violated import Violated

S = OrderState
NEXT: dict[OrderState, tuple[OrderState, ...]] = {
    S.NEW: (S.NEW, S.OPEN, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECT, S.FAIL),
    S.OPEN: (S.OPEN, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECT),
    S.PARTIALLY_FILLED: (S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED),
    S.FILLED: (),
    S.CANCELLED: (),
    S.REJECT: (),
    S.FAIL: (),
}
FINAL = tuple(state for state, following in NEXT.items() if not following)


class Lives:
    """What every order was last: its state and what was filled of it."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[OrderState, Decimal]] = {}

    def begin(self, state: State) -> None:
        """A desk was recovered: it is told again from where it stands. Ids of orders that were
        lost before anybody heard of them are given anew.
        """
        self._last = {known: last for known, last in self._last.items() if known <= state.last_id}
        for order in state.orders.values():
            self._last[order.order_id] = (order.state, order.executed_quantity)

    def observe(self, envelope: Envelope, outcome: Outcome) -> None:
        for event in outcome.events:
            if type(event) is OrderChanged:
                self._change(event.order, event.finished)

    def _change(self, order: Order, finished: bool) -> None:
        state, executed = self._last.get(order.order_id, (S.NEW, ZERO))
        told = f"order {order.order_id} from {state} {executed} to"
        if order.state not in NEXT[state]:
            raise Violated("an order's states", f"{told} {order.state}")
        if finished != (order.state in FINAL):
            raise Violated("an order's states", f"{told} {order.state}, finished: {finished}")
        if order.executed_quantity < executed:
            raise Violated("fills only grow", f"{told} {order.executed_quantity}")
        self._last[order.order_id] = (order.state, order.executed_quantity)
