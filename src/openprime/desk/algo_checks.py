"""The checks of a new algo order: those of an order, less what is tested when it trades.

The table of the order checks stays the one truth about their order; here stands what an algo order
has in their place (resolutions 79).
"""

from collections.abc import Iterator
from functools import partial

from openprime.desk import checks
from openprime.desk.access import business_offered
from openprime.desk.algo_book import name_taken
from openprime.desk.check_table import checks_of
from openprime.desk.checks import Check
from openprime.desk.commands import PlaceAlgoOrder, PlaceOrder
from openprime.desk.margin_checks import margin_suffices
from openprime.desk.placing import Placing
from openprime.desk.pool import venue_account_found
from openprime.desk.turn import Turn
from openprime.model.vocabulary import MARGIN, AlgoType, ConditionType

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


def first_code(turn: Turn, placing: Placing, command: PlaceAlgoOrder) -> int | None:
    """The first code against an algo order. `placing` is the order that it would set off."""
    if name_taken(turn, placing.portfolio, command.client_order_id):
        return 406010
    for check in _plan(turn, placing.command, command):
        code = check(placing)
        if code is not None:
            return code
    return _too_many(placing) or _margin(placing, command)


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
            yield partial(_triggers_on_tick, command)


def _no_margin_business(placing: Placing) -> int | None:
    return 401067 if placing.instrument.business is MARGIN else None


def _triggers_on_tick(command: PlaceAlgoOrder, placing: Placing) -> int | None:
    tick = placing.instrument.tick_size
    prices = (p for t in command.triggers.values() for p in (t.price, t.order_price))
    return 401015 if any(price % tick for price in prices) else None


def _position_to_close(placing: Placing) -> int | None:
    return None if placing.account.positions.get(placing.leg) else 401032


def _too_many(placing: Placing) -> int | None:
    """Algo orders that wait count against the same maxima as orders, but apart from them."""
    turn, instrument = placing.turn, placing.instrument
    waiting = [turn.state.algos[one] for one in placing.portfolio.algo_orders]
    if sum(algo.sym == instrument.sym for algo in waiting) >= instrument.max_open_orders:
        return 401044
    here = sum(algo.exchange is instrument.exchange for algo in waiting)
    return 401054 if here >= turn.settings.portfolio_max_orders else None


def _margin(placing: Placing, command: PlaceAlgoOrder) -> int | None:
    """A schedule must be affordable as a whole; what a trigger sets off is tested when it fires."""
    return None if command.algo_type is AlgoType.TPSL else margin_suffices(placing)
