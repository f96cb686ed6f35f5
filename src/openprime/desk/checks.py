"""The pre-trade checks: each function tests one thing and returns a code, or None.

They run in the order of check_table.py, and only on orders that they are for. Syntax was checked
at the edge; what a check needs of the market came with the envelope.
"""

from collections.abc import Callable

from openprime.desk.legs import exposures_of, named_leg
from openprime.desk.margin import refresh
from openprime.desk.margin_checks import sets_exposure
from openprime.desk.placing import Placing, draft
from openprime.desk.reduce_only import closing_side, covered_before
from openprime.desk.risk import ORDERS_ALLOWED, account_status, surely_normal
from openprime.desk.turn import account_at
from openprime.errors import Refusal
from openprime.model.vocabulary import (
    BUY,
    LIMIT,
    LONG,
    MARKET,
    NET,
    NO_SIDE,
    PERP,
    SELL,
    SHORT,
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
    if instrument is None:
        return 401011
    placing.set_instrument(instrument)
    account = account_at(placing.turn, placing.portfolio, instrument.exchange)
    leg = instrument.sym
    if instrument.business is PERP and account.position_mode is not NET:
        leg = named_leg(account, leg, placing.command.position_side)
    placing.set_account(account, leg)
    return None if instrument.live or _may_close(placing) else 401011


def _may_close(placing: Placing) -> bool:
    """Whether an order could close a position: those a symbol takes that is suspended."""
    position = placing.account.positions.get(placing.leg)
    if placing.command.reduce_only or position is None:
        return placing.command.reduce_only
    closes = placing.command.side is closing_side(position.quantity)
    return closes and placing.command.quantity <= abs(position.quantity)


def position_side_fits(placing: Placing) -> int | None:
    side = placing.command.position_side
    if placing.account.position_mode is NET:
        named = side is LONG or side is SHORT
        return 400000 if named and placing.command.reduce_only else None
    if side is None:
        return 400009
    return 400000 if side is NO_SIDE else None


def quantity_on_lot(placing: Placing) -> int | None:
    return 401013 if placing.command.quantity % placing.rules.quantity_step else None


def quantity_below_maximum(placing: Placing) -> int | None:
    instrument, quantity = placing.instrument, placing.command.quantity
    if placing.command.order_type is LIMIT:
        return 401025 if quantity > placing.rules.largest_limit else None
    if instrument.max_market_in_quote:
        return 401027 if quantity * placing.best_opposite() > instrument.max_market_size else None
    return 401027 if quantity > instrument.max_market_size else None


def quantity_above_minimum(placing: Placing) -> int | None:
    command = placing.command
    if command.quantity >= placing.instrument.min_size or command.quote_quantity:
        return None
    market = command.order_type is MARKET and placing.instrument.business is not PERP
    return 401029 if market else 401014


def price_on_tick(placing: Placing) -> int | None:
    return 401015 if placing.command.limit_price % placing.rules.price_step else None


def price_above_minimum(placing: Placing) -> int | None:
    return 401016 if placing.command.limit_price < placing.instrument.min_price else None


def price_in_band(placing: Placing) -> int | None:
    price, mark, rules = placing.command.limit_price, placing.mark, placing.rules
    if price > rules.highest_price:
        return 401012
    if not mark:
        return None
    if placing.command.side is BUY:
        return 401012 if price > mark * rules.highest_buy else None
    return 401012 if price < mark * rules.lowest_sell else None


def quote_in_bounds(placing: Placing) -> int | None:
    amount, instrument = placing.command.quote_quantity, placing.instrument
    if amount < instrument.min_market_quote:
        return 401028
    if instrument.max_market_quote is not None and amount > instrument.max_market_quote:
        return 401026
    return None


def notional_above_minimum(placing: Placing) -> int | None:
    command, instrument = placing.command, placing.instrument
    if command.reduce_only:
        return None
    if command.quote_quantity:
        return 401017 if command.quote_quantity < instrument.min_notional else None
    price = command.limit_price
    if command.order_type is MARKET:
        price = placing.best_opposite() or placing.mark
    notional = command.quantity * price * instrument.contract_size
    return 401017 if notional < instrument.min_notional else None


def account_initialised(placing: Placing) -> int | None:
    return None if placing.account.initialised else 401046


def exposure_known(placing: Placing) -> int | None:
    """Never refuses: brings the account up to date and sees what the order would do to it."""
    refresh(placing.turn, placing.account)
    placing.order = draft(placing)
    sets_exposure(placing)
    return None


def risk_allows(placing: Placing) -> int | None:
    account, settings = placing.account, placing.turn.settings
    if account.trade_banned:
        return 401045
    if surely_normal(account, settings):
        return None
    adding, reducing = ORDERS_ALLOWED[account_status(account, placing.sums, settings)]
    return None if (reducing if placing.reduces else adding) else 401045


def account_unrestricted(placing: Placing) -> int | None:
    if placing.account.restricted:
        return 401053 if placing.reduces else 401045
    return None


def leverage_known(placing: Placing) -> int | None:
    instrument = placing.instrument
    if instrument.default_leverage or instrument.sym in placing.account.leverage:
        return None
    return 401037


def sold_coin_held(placing: Placing) -> int | None:
    sold = placing.command.side is SELL
    return 401035 if sold and placing.wallet(placing.instrument.base) is None else None


def reduce_only_has_position(placing: Placing) -> int | None:
    return None if placing.account.positions.get(placing.leg) else 401048


def reduce_only_closes(placing: Placing) -> int | None:
    position = placing.account.positions[placing.leg]
    return None if placing.command.side is closing_side(position.quantity) else 401047


def reduce_only_has_room(placing: Placing) -> int | None:
    assert placing.exposure is not None, "a position has an exposure"
    quantity = placing.account.positions[placing.leg].quantity
    covered = covered_before(placing.turn, placing.exposure, quantity, placing.order)
    return 401059 if covered and covered >= abs(quantity) else None


def symbol_orders_below_maximum(placing: Placing) -> int | None:
    """Both legs of a symbol together count against its maximum."""
    working = len(placing.exposure.orders) if placing.exposure else 0
    if placing.order.position_side is not NO_SIDE:
        exposures = exposures_of(placing.account, placing.instrument.sym)
        working = sum(len(exposure.orders) for exposure in exposures)
    return 401044 if working >= placing.instrument.max_open_orders else None


def portfolio_orders_below_maximum(placing: Placing) -> int | None:
    full = placing.account.order_count >= placing.turn.settings.portfolio_max_orders
    return 401054 if full else None


def post_only_rests(placing: Placing) -> int | None:
    command = placing.command
    if not placing.turn.settings.venue_answers_at_once:
        return None
    best = placing.best_opposite()
    if not best:
        return None
    crosses = command.limit_price >= best if command.side is BUY else command.limit_price <= best
    return 401052 if crosses else None


def first_refusal(placing: Placing, checks: tuple[Check, ...]) -> Refusal | None:
    """Run the checks in their order; the first that fails refuses the order."""
    for check in checks:
        code = check(placing)
        if code is not None:
            return Refusal(code)
    return None
