"""What SPOT and MARGIN orders hold back of the coin they spend (risk-model 5.4)."""

from decimal import Decimal

from openprime.desk.fill import Fill
from openprime.desk.state import Order
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import LEDGER_PLACES, ONE, positive_part, truncate
from openprime.model.vocabulary import BUY, SELL

INSUFFICIENT = 401057


def required_freeze(turn: Turn, instrument: Instrument, order: Order) -> Decimal:
    """The amount that a SPOT or MARGIN order must hold back now, in the coin it spends.

    A buy holds its fee too, since fees are charged in quote coin on both sides.
    """
    remaining = positive_part(order.remaining)  # more may be filled than a change under way wants
    if order.side is SELL:
        return remaining
    if order.quote_quantity:
        return positive_part(order.quote_quantity - order.executed_amount - order.fee)
    fee = turn.rules_of[order.portfolio_id][instrument.sym].fees.taker
    return truncate(order.working_price * remaining * (ONE + fee), LEDGER_PLACES)


def change_outrun(
    turn: Turn, instrument: Instrument, order: Order, fill: Fill, held: Decimal
) -> bool:
    """Whether a fill, counted on an order with a change under way, used more of its reserve than
    the change leaves room for (errors 6.4): `held` is what was reserved before.
    """
    if order.amendment is None:
        return False
    used = fill.quantity
    if order.side is BUY:
        fee = turn.rules_of[order.portfolio_id][instrument.sym].fees.taker
        used = truncate(fill.amount * (ONE + fee), LEDGER_PLACES)
    return used + required_freeze(turn, instrument, order) > held
