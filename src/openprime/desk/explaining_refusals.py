"""Why an order was refused, as arithmetic: told from the state that it was checked against.

The order goes through the very same checks once more, up to the one that refused it; what they
found on the way is what is told.
"""

from collections.abc import Callable

import msgspec

from openprime.desk import refused_by_margin as margin
from openprime.desk import refused_by_rules as rules
from openprime.desk.check_table import checks_of
from openprime.desk.commands import PlaceOrder
from openprime.desk.explaining import Lines
from openprime.desk.legs import closes_leg
from openprime.desk.placing import Placing
from openprime.desk.turn import Turn
from openprime.errors import message
from openprime.model.numbers import text

Explain = Callable[[Placing], Lines]
DUPLICATE = 401009

# Codes whose texts leave something to say.
EXPLAINED: dict[int, Explain] = {
    DUPLICATE: rules.duplicate_lines,
    401013: rules.off_lot_lines,
    **dict.fromkeys((401014, 401025, 401027, 401029), rules.size_lines),
    **dict.fromkeys((401012, 401016), rules.price_lines),
    401015: rules.off_tick_lines,
    **dict.fromkeys((401026, 401028), rules.quote_size_lines),
    401017: rules.notional_lines,
    **dict.fromkeys((401045, 401053), rules.status_lines),
    **dict.fromkeys((401047, 401048), rules.position_lines),
    401059: rules.coverage_lines,
    **dict.fromkeys((401044, 401054), rules.order_count_lines),
    **dict.fromkeys((401060, 401070), margin.cap_lines),
    **dict.fromkeys((401056, 401058), margin.margin_lines),
    401055: margin.funds_lines,
    401052: rules.crossing_lines,
}


def explain_refusal(turn: Turn, command: PlaceOrder, code: int) -> Lines:
    """The order that was asked for, and the arithmetic of the check that refused it.

    To be called before anything else is done: the turn still has the order's moment and quote.
    """
    amount = text(command.quantity) if command.quantity else f"{text(command.quote_quantity)} worth"
    price = f" at {text(command.limit_price)}" if command.limit_price else ""
    lines = [
        f"{command.order_type} {command.side} {amount} of {command.sym}{price} for portfolio "
        f"{command.portfolio_id}: {code} {message(code)}"
    ]
    placing = _refused(turn, command, code)
    if placing is None:
        return [*lines, "no check of the desk says so: an operator's fault asked for it"]
    explain = EXPLAINED.get(code)
    return lines + (explain(placing) if explain else [])


def _refused(turn: Turn, command: PlaceOrder, code: int) -> Placing | None:
    """The order as the check saw it that refuses it with this code."""
    portfolio = turn.state.portfolios[command.portfolio_id]
    if command.position_side is not None and closes_leg(turn, portfolio, command):
        command = msgspec.structs.replace(command, reduce_only=True)
    if code != DUPLICATE:
        # An order that was made and ended at once has used its name up by now.
        command = msgspec.structs.replace(command, client_order_id="")
    placing = Placing(turn, command, portfolio)
    for check, _ in checks_of(turn, command):
        found = check(placing)
        if found is not None:
            return placing if found == code else None
    return None
