"""Orders that the broker itself sends to the venue for an account: no check stands in their way."""

from decimal import Decimal

from openprime.desk.commands import PlaceOrder
from openprime.desk.orders import accept
from openprime.desk.placing import Placing, draft
from openprime.desk.pool import venue_account_found
from openprime.desk.state import Account, Order, leg_key
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    IOC,
    LIMIT,
    NO_SIDE,
    PERP,
    OrderOrigin,
    PositionSide,
    Side,
)


def place_for_system(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    side: Side,
    quantity: Decimal,
    price: Decimal,
    origin: OrderOrigin,
    position_side: PositionSide = NO_SIDE,
) -> Order:
    """Send an IOC order at a limit, of a PERP one that closes; returns it as told."""
    perp = instrument.business is PERP
    command = PlaceOrder(
        portfolio_id=account.portfolio_id,
        sym=instrument.sym,
        side=side,
        order_type=LIMIT,
        time_in_force=IOC,
        quantity=quantity,
        quote_quantity=ZERO,
        limit_price=price,
        reduce_only=perp,
        position_side=position_side,
    )
    placing = Placing(turn, command, turn.state.portfolios[account.portfolio_id])
    placing.set_instrument(instrument)
    placing.set_account(account, leg_key(instrument.sym, position_side))
    placing.order = draft(placing)
    placing.order.origin = origin
    placing.reduces = True
    # It goes out in any case, on the books of a venue account where one can take it.
    venue_account_found(placing)
    return accept(placing)
