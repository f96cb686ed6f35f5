"""What SPOT and MARGIN orders hold back of the coin they spend (risk-model 5.4)."""

from decimal import Decimal

from openprime.desk.state import Order
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import LEDGER_PLACES, ONE, ZERO, positive_part, truncate
from openprime.model.vocabulary import (
    PERP,
    SELL,
)


def required_freeze(turn: Turn, instrument: Instrument, order: Order) -> Decimal:
    """The amount an order must hold back now, in the coin it spends; 0 for PERP.

    A buy holds its fee too, since fees are charged in quote coin on both sides.
    """
    if instrument.business is PERP:
        return ZERO
    if order.side is SELL:
        return order.remaining
    if order.quote_quantity:
        return positive_part(order.quote_quantity - order.executed_amount - order.fee)
    fee = turn.rules[instrument.sym].fees.taker
    return truncate(order.working_price * order.remaining * (ONE + fee), LEDGER_PLACES)
