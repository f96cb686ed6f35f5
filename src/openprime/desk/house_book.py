"""What the house took over of accounts that could not hold it any more, by symbol.

It keeps a position until it takes over another the other way round, which is set off against it.
"""

from decimal import Decimal

from openprime.desk.insurance import move_in_house
from openprime.desk.ledger import BROKER, VENUE
from openprime.desk.liquidation_state import HousePosition
from openprime.desk.state import Position
from openprime.desk.turn import Turn
from openprime.desk.worth import mark_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import LEDGER_PLACES, ZERO, floor_to, round_half_up, truncate


def beyond_limit(turn: Turn, instrument: Instrument, position: Position) -> Decimal:
    """How much of a position would take the house above what it may hold of the symbol."""
    held = turn.state.house_positions.get(instrument.sym)
    unit = instrument.contract_size * mark_of(turn, instrument)
    if not unit:
        return ZERO
    together = abs(position.quantity + (held.quantity if held else ZERO))
    room = floor_to(turn.settings.house_max_notional / unit, instrument.lot_size)
    return min(max(together - room, ZERO), abs(position.quantity))


def hold_in_house(turn: Turn, instrument: Instrument, signed: Decimal, price: Decimal) -> None:
    """Add to what the house holds of a symbol; what it held the other way round is set off."""
    held = turn.state.house_positions.setdefault(instrument.sym, HousePosition())
    if held.quantity * signed < ZERO:
        closing = min(abs(held.quantity), abs(signed))
        sign = 1 if held.quantity > ZERO else -1
        profit = closing * sign * instrument.contract_size * (price - held.average_price)
        move_in_house(turn, instrument.quote, truncate(profit), VENUE, BROKER)
        held.quantity -= closing * sign
        signed += closing * sign
    if signed:
        before, added = abs(held.quantity), abs(signed)
        mean = (held.average_price * before + price * added) / (before + added)
        held.average_price = round_half_up(mean, LEDGER_PLACES)
        held.quantity += signed
