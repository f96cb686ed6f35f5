"""The table of the pre-trade checks: in which order their codes win (errors 4).

Reading the table is reading the rule. Beside each check stands for which kinds of order it can
speak at all, so that a kind's own checks are picked from the table once.
"""

from collections.abc import Callable
from typing import NamedTuple

from openprime.desk.access import business_offered, portfolio_may_trade, rules_known
from openprime.desk.algo_room import algo_has_room
from openprime.desk.checks import (
    Check,
    account_initialised,
    account_unrestricted,
    duplicate_client_order_id,
    exposure_known,
    leverage_known,
    notional_above_minimum,
    portfolio_orders_below_maximum,
    position_side_fits,
    post_only_rests,
    price_above_minimum,
    price_in_band,
    price_on_tick,
    quantity_above_minimum,
    quantity_below_maximum,
    quantity_on_lot,
    quote_in_bounds,
    reduce_only_closes,
    reduce_only_has_position,
    reduce_only_has_room,
    risk_allows,
    sold_coin_held,
    symbol_orders_below_maximum,
    symbol_supported,
)
from openprime.desk.commands import PlaceOrder
from openprime.desk.margin_checks import margin_suffices
from openprime.desk.pool import venue_account_found
from openprime.desk.turn import Turn
from openprime.model.vocabulary import (
    GTX,
    LIMIT,
    PERP,
    SPOT,
    Business,
    OrderState,
    OrderType,
    TimeInForce,
)


class Kind(NamedTuple):
    """What of an order decides which checks can speak; no business where the symbol is unknown."""

    business: Business | None
    order_type: OrderType
    time_in_force: TimeInForce
    reduce_only: bool
    unnamed: bool
    by_quantity: bool
    brings_algo: bool


def _every(kind: Kind) -> bool:
    return True


def _perp(kind: Kind) -> bool:
    return kind.business is PERP


def _spot(kind: Kind) -> bool:
    return kind.business is SPOT


def _limit(kind: Kind) -> bool:
    return kind.order_type is LIMIT


def _post_only(kind: Kind) -> bool:
    return kind.time_in_force is GTX


def _reduce_only(kind: Kind) -> bool:
    return kind.reduce_only


def _named(kind: Kind) -> bool:
    return not kind.unnamed


def _by_amount(kind: Kind) -> bool:
    return not kind.by_quantity


def _brings_algo(kind: Kind) -> bool:
    return kind.brings_algo


# Each check, the orders that it is for, and the state in which it ends an order whose client may
# be answered later (resolutions 53); None where it refuses any order at once.
CHECKS: tuple[tuple[Check, Callable[[Kind], bool], OrderState | None], ...] = (
    (duplicate_client_order_id, _named, None),
    (symbol_supported, _every, None),
    (business_offered, _every, None),
    (position_side_fits, _perp, None),
    (rules_known, _every, None),
    (quantity_on_lot, _every, None),
    (quantity_below_maximum, _every, None),
    (quantity_above_minimum, _every, None),
    (price_on_tick, _every, None),
    (price_above_minimum, _limit, None),
    (price_in_band, _limit, None),
    (quote_in_bounds, _by_amount, None),
    (notional_above_minimum, _every, None),
    (portfolio_may_trade, _every, None),
    (account_initialised, _every, None),
    (exposure_known, _every, None),
    (risk_allows, _every, None),
    (account_unrestricted, _every, None),
    (leverage_known, _perp, None),
    (sold_coin_held, _spot, None),
    (reduce_only_has_position, _reduce_only, None),
    (reduce_only_closes, _reduce_only, None),
    (reduce_only_has_room, _reduce_only, None),
    (symbol_orders_below_maximum, _every, None),
    (algo_has_room, _brings_algo, None),
    (portfolio_orders_below_maximum, _every, None),
    (margin_suffices, _every, OrderState.FAIL),
    (venue_account_found, _every, OrderState.FAIL),
    (post_only_rests, _post_only, OrderState.REJECT),
)

Plan = tuple[tuple[Check, OrderState | None], ...]
_plans: dict[tuple[object, ...], Plan] = {}


def checks_of(turn: Turn, command: PlaceOrder) -> Plan:
    """The checks that an order of this kind must pass, in the order of the table."""
    instrument = turn.reference.instruments.get(command.sym)
    kind = (
        instrument.business if instrument else None,
        command.order_type,
        command.time_in_force,
        command.reduce_only,
        not command.client_order_id,
        not command.quote_quantity,
        command.attached is not None,
    )
    plan = _plans.get(kind)
    if plan is None:
        known = Kind(*kind)
        plan = tuple((check, ends_as) for check, meant_for, ends_as in CHECKS if meant_for(known))
        _plans[kind] = plan
    return plan
