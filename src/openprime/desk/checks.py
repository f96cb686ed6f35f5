"""The pre-trade checks, in the order in which their codes win (errors 4).

Reading the tables at the end is reading the rule: each function tests one thing and returns a
code, or None. Syntax was checked at the edge; what a check needs of the market came with the
envelope.
"""

from collections.abc import Callable

from openprime.desk.margin import refresh, totals
from openprime.desk.margin_checks import margin_code, sets_exposure
from openprime.desk.placing import Placing, draft
from openprime.desk.reduce_only import closing_side, covered_before
from openprime.desk.risk import ORDERS_ALLOWED, status_of
from openprime.errors import Refusal
from openprime.model.numbers import ONE
from openprime.model.vocabulary import (
    BUY,
    GTX,
    LIMIT,
    LONG,
    NET,
    NO_SIDE,
    PERP,
    SELL,
    SHORT,
    SPOT,
    Side,
)

Check = Callable[[Placing], int | None]


def duplicate_client_order_id(placing: Placing) -> int | None:
    client_order_id = placing.command.client_order_id
    if not client_order_id or client_order_id not in placing.portfolio.client_order_ids:
        return None
    until_ms = placing.portfolio.blocked_until_ms.get(client_order_id)
    return 401009 if until_ms is None or until_ms > placing.turn.now_ms else None


def symbol_supported(placing: Placing) -> int | None:
    instrument = placing.turn.reference.instruments.get(placing.command.sym)
    if instrument is None or not (instrument.live or placing.command.reduce_only):
        return 401011
    placing.set_instrument(instrument)
    placing.account = placing.portfolio.accounts[instrument.exchange]
    placing.exposure = placing.account.exposures.get(instrument.sym)
    return None


def position_side_fits(placing: Placing) -> int | None:
    if placing.instrument.business is not PERP or placing.closes_position:
        return None
    side = placing.command.position_side
    if placing.account.position_mode is NET:
        named = side is LONG or side is SHORT
        return 400000 if named and placing.command.reduce_only else None
    if side is None:
        return 400009
    return 400000 if side is NO_SIDE else None


def quantity_on_lot(placing: Placing) -> int | None:
    return 401013 if placing.quantity % placing.instrument.lot_size else None


def quantity_below_maximum(placing: Placing) -> int | None:
    instrument, quantity = placing.instrument, placing.quantity
    if placing.command.order_type is LIMIT:
        return 401025 if quantity > instrument.max_limit_size else None
    if instrument.max_market_in_quote:
        return 401027 if quantity * placing.best_opposite() > instrument.max_market_size else None
    return 401027 if quantity > instrument.max_market_size else None


def quantity_above_minimum(placing: Placing) -> int | None:
    if placing.command.quote_quantity or placing.quantity >= placing.instrument.min_size:
        return None
    market = placing.is_market and placing.instrument.business is not PERP
    return 401029 if market else 401014


def price_on_tick(placing: Placing) -> int | None:
    return 401015 if placing.command.limit_price % placing.instrument.tick_size else None


def price_above_minimum(placing: Placing) -> int | None:
    if placing.is_market:
        return None
    return 401016 if placing.command.limit_price < placing.instrument.min_price else None


def price_in_band(placing: Placing) -> int | None:
    if placing.is_market:
        return None
    return price_code(placing, placing.command.side)


def price_code(placing: Placing, side: Side) -> int | None:
    """401012 where a limit price is outside the protection band of its side."""
    instrument, price, mark = placing.instrument, placing.command.limit_price, placing.mark
    if instrument.max_price is not None and price > instrument.max_price:
        return 401012
    if not mark:
        return None
    if side is BUY:
        return 401012 if price > mark * (ONE + instrument.price_band) else None
    return 401012 if price < mark * (ONE - instrument.price_band) else None


def quote_in_bounds(placing: Placing) -> int | None:
    amount, instrument = placing.command.quote_quantity, placing.instrument
    if not amount:
        return None
    if amount < instrument.min_market_quote:
        return 401028
    if instrument.max_market_quote is not None and amount > instrument.max_market_quote:
        return 401026
    return None


def notional_above_minimum(placing: Placing) -> int | None:
    command, instrument = placing.command, placing.instrument
    if command.reduce_only or placing.closes_position:
        return None
    if command.quote_quantity:
        return 401017 if command.quote_quantity < instrument.min_notional else None
    price = command.limit_price
    if placing.is_market:
        price = placing.best_opposite() or placing.mark
    notional = command.quantity * price * instrument.contract_size
    return 401017 if notional < instrument.min_notional else None


def portfolio_may_trade(placing: Placing) -> int | None:
    return 401061 if placing.portfolio.trade_forbidden else None


def account_initialised(placing: Placing) -> int | None:
    return None if placing.account.initialised else 401046


def exposure_known(placing: Placing) -> int | None:
    """Never refuses: brings the account up to date and sees what the order would do to it."""
    refresh(placing.turn, placing.account)
    placing.sums = totals(placing.account)
    placing.order = draft(placing)
    sets_exposure(placing)
    return None


def risk_allows(placing: Placing) -> int | None:
    account = placing.account
    adding, reducing = ORDERS_ALLOWED[status_of(placing.sums, placing.turn.settings)]
    allowed = reducing if placing.reduces else adding
    if not allowed or account.trade_banned:
        return 401045
    return None


def account_unrestricted(placing: Placing) -> int | None:
    if placing.account.restricted:
        return 401053 if placing.reduces else 401045
    return None


def leverage_known(placing: Placing) -> int | None:
    if placing.instrument.business is not PERP:
        return None
    return 401037 if placing.leverage < 1 else None


def sold_coin_held(placing: Placing) -> int | None:
    spot_sale = placing.instrument.business is SPOT and placing.command.side is SELL
    if spot_sale and placing.wallet(placing.instrument.base) is None:
        return 401035
    return None


def reduce_only_has_position(placing: Placing) -> int | None:
    if not placing.command.reduce_only:
        return None
    return None if placing.account.positions.get(placing.instrument.sym) else 401048


def reduce_only_closes(placing: Placing) -> int | None:
    if not placing.command.reduce_only:
        return None
    position = placing.account.positions[placing.instrument.sym]
    return None if placing.command.side is closing_side(position.quantity) else 401047


def reduce_only_has_room(placing: Placing) -> int | None:
    if not placing.command.reduce_only or placing.exposure is None:
        return None
    quantity = placing.account.positions[placing.instrument.sym].quantity
    covered = covered_before(placing.turn, placing.exposure, quantity, placing.order)
    return 401059 if covered and covered >= abs(quantity) else None


def symbol_orders_below_maximum(placing: Placing) -> int | None:
    working = len(placing.exposure.orders) if placing.exposure else 0
    full = working >= placing.instrument.max_open_orders
    return 401044 if full and not placing.closes_position else None


def portfolio_orders_below_maximum(placing: Placing) -> int | None:
    full = placing.account.order_count >= placing.turn.settings.portfolio_max_orders
    return 401054 if full and not placing.closes_position else None


def margin_suffices(placing: Placing) -> int | None:
    return margin_code(placing)


def post_only_rests(placing: Placing) -> int | None:
    command = placing.command
    if command.time_in_force is not GTX or not placing.turn.settings.venue_answers_at_once:
        return None
    best = placing.best_opposite()
    if not best:
        return None
    crosses = command.limit_price >= best if command.side is BUY else command.limit_price <= best
    return 401052 if crosses else None


CHECKS: tuple[Check, ...] = (
    duplicate_client_order_id,
    symbol_supported,
    position_side_fits,
    quantity_on_lot,
    quantity_below_maximum,
    quantity_above_minimum,
    price_on_tick,
    price_above_minimum,
    price_in_band,
    quote_in_bounds,
    notional_above_minimum,
    portfolio_may_trade,
    account_initialised,
    exposure_known,
    risk_allows,
    account_unrestricted,
    leverage_known,
    sold_coin_held,
    reduce_only_has_position,
    reduce_only_closes,
    reduce_only_has_room,
    symbol_orders_below_maximum,
    portfolio_orders_below_maximum,
)

# What a client may have answered later, as the end of an order (resolutions 53): the broker's own
# margin check makes it FAIL, the venue's REJECT.
MARGIN_CHECKS: tuple[Check, ...] = (margin_suffices,)
VENUE_CHECKS: tuple[Check, ...] = (post_only_rests,)


def first_refusal(placing: Placing, checks: tuple[Check, ...]) -> Refusal | None:
    """Run the checks in their order; the first that fails refuses the order."""
    for check in checks:
        code = check(placing)
        if code is not None:
            return Refusal(code)
    return None
