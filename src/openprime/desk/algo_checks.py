"""The checks of a new algo order: those of an order, less what is tested when it trades.

The table of the order checks stays the one truth about their order; here stands what an algo order
has in their place (resolutions 79).
"""

from collections.abc import Iterator, Mapping
from functools import partial

from openprime.desk import checks
from openprime.desk.access import business_offered
from openprime.desk.algo_book import name_taken
from openprime.desk.algo_room import algo_has_room
from openprime.desk.algo_state import Trigger
from openprime.desk.check_table import checks_of
from openprime.desk.checks import Check, first_refusal
from openprime.desk.commands import PlaceAlgoOrder, PlaceOrder
from openprime.desk.margin_checks import margin_suffices
from openprime.desk.placing import Placing
from openprime.desk.pool import venue_account_found
from openprime.desk.turn import Turn
from openprime.model.vocabulary import MARGIN, AlgoType, ConditionType, TriggerLeg

CLOSING = (ConditionType.ENTIRE_CLOSE_POSITION, ConditionType.PARTIAL_CLOSE_POSITION)

_WHEN_IT_TRADES: tuple[Check, ...] = (
    checks.price_above_minimum,
    checks.price_in_band,
    checks.notional_above_minimum,
    checks.sold_coin_held,
    checks.symbol_orders_below_maximum,
    checks.portfolio_orders_below_maximum,
    venue_account_found,
    margin_suffices,
)


_SIZES: tuple[Check, ...] = (
    checks.quantity_on_lot,
    checks.quantity_below_maximum,
    checks.quantity_above_minimum,
)


def first_code(turn: Turn, placing: Placing, command: PlaceAlgoOrder) -> int | None:
    """The first code against an algo order. `placing` is the order that it would set off."""
    if name_taken(turn, placing.portfolio, command.client_order_id):
        return 406010
    for check in _plan(turn, placing.command, command):
        code = check(placing)
        if code is not None:
            return code
    return algo_has_room(placing) or _margin(placing, command)


def _plan(turn: Turn, order: PlaceOrder, command: PlaceAlgoOrder) -> Iterator[Check]:
    waits = command.algo_type is AlgoType.TPSL
    for check, _ in checks_of(turn, order):
        if check in _WHEN_IT_TRADES or (waits and check is checks.reduce_only_has_room):
            continue
        if check is checks.reduce_only_has_position and command.condition in CLOSING:
            yield _position_to_close
            continue
        yield check
        if check is business_offered:
            yield _no_margin_business
        elif check is checks.price_on_tick:
            yield partial(_triggers_on_tick, command.triggers)


def _no_margin_business(placing: Placing) -> int | None:
    return 401067 if placing.instrument.business is MARGIN else None


def changed_code(
    placing: Placing, triggers: Mapping[TriggerLeg, Trigger], resized: bool
) -> int | None:
    """The first code against the quantity, if it is a new one, and the triggers of an algo order
    that waits.
    """
    sizes = _SIZES if resized else ()
    refusal = first_refusal(placing, (*sizes, partial(_triggers_on_tick, triggers)))
    return refusal.code if refusal else None


def _triggers_on_tick(triggers: Mapping[TriggerLeg, Trigger], placing: Placing) -> int | None:
    step = placing.rules.price_step
    prices = (p for t in triggers.values() for p in (t.price, t.order_price))
    return 401015 if any(price % step for price in prices) else None


def _position_to_close(placing: Placing) -> int | None:
    return None if placing.account.positions.get(placing.leg) else 401032


def _margin(placing: Placing, command: PlaceAlgoOrder) -> int | None:
    """A schedule must be affordable as a whole; what a trigger sets off is tested when it fires."""
    return None if command.algo_type is AlgoType.TPSL else margin_suffices(placing)
