"""Whether the account can carry a new or changed order: one check, codes in their order.

PERP: 401070 (above every bracket) -> 401060 (above the leverage's bracket) -> 401058 (initial
margin) -> 401056 (open loss). SPOT and MARGIN: 401055 (available, borrowing counted) -> 401056.
Orders that add no exposure are free of margin checks (resolutions 114).
"""

from decimal import Decimal

from openprime.desk.ledger import available, liability
from openprime.desk.lending import pool_left
from openprime.desk.limits import notional_limit
from openprime.desk.margin import CUT_MAX, fee_value, spot_open_loss
from openprime.desk.placing import Placing
from openprime.desk.reserves import required_freeze
from openprime.desk.state import Order
from openprime.desk.tiers import borrow_limit, notional_cap, top_notional
from openprime.desk.worth import Worth, shifted_worth, working_orders, worst_notional, worth_of
from openprime.model.numbers import AMOUNT_PLACES, ZERO, positive_part, truncate
from openprime.model.vocabulary import (
    PERP,
    SELL,
    SPOT,
)


def sets_exposure(placing: Placing) -> None:
    """Decide whether the order adds exposure, and whether it counts as reducing (108, 114)."""
    if placing.instrument.business is not PERP:
        adds = _spot_adds(placing)
        placing.increases, placing.reduces = adds, not adds
        return
    if placing.command.reduce_only:
        placing.increases, placing.reduces = False, True
        return
    placing.increases = True
    placing.reduces = _closes_within_position(placing)


def _closes_within_position(placing: Placing) -> bool:
    """An opposite order that, with the closing orders at work, stays within the position."""
    position = placing.account.positions.get(placing.leg)
    if position is None:
        return False
    side = placing.command.side
    if (side is SELL) != (position.quantity > ZERO):
        return False
    working = ZERO
    if placing.exposure is not None and placing.exposure.orders:
        for order in working_orders(placing.turn, placing.exposure):
            if order.side is side and order.order_id != placing.order.order_id:
                working += order.remaining
    return working + placing.order.remaining <= abs(position.quantity)


def _spot_adds(placing: Placing) -> bool:
    order = placing.order
    fee_free = _discount_loss(placing, order)
    return fee_free > ZERO or shortfall_of(placing, order) > ZERO


def _discount_loss(placing: Placing, order: Order) -> Decimal:
    """The part of a spot order's open loss that is not its fee."""
    turn, instrument = placing.turn, placing.instrument
    loss = spot_open_loss(turn, placing.account, instrument, order)
    quote = order.quote_quantity or order.remaining * order.working_price
    # A market buy by amount pays its fee from inside the amount, so its quote part is smaller.
    return positive_part(loss - fee_value(turn, placing.account, instrument, quote))


def shortfall_of(placing: Placing, order: Order) -> Decimal:
    """What the order needs beyond what is available of the coin it spends."""
    needed = required_freeze(placing.turn, placing.instrument, order)
    wallet = placing.wallet(placing.order.frozen_coin)
    free = available(wallet) if wallet else ZERO
    return positive_part(needed - order.frozen - free)


def margin_suffices(placing: Placing) -> int | None:
    """The code of the first margin rule that the order breaks."""
    if placing.instrument.business is PERP:
        if placing.command.reduce_only:
            return None
        placing.worth = _perp_worth(placing)
        return perp_code(placing, placing.worth)
    return spot_code(placing)


def _perp_worth(placing: Placing) -> Worth:
    turn, account, instrument = placing.turn, placing.account, placing.instrument
    if placing.exposure is None:
        orders = [placing.order]
        return worth_of(turn, account, instrument, placing.leg, orders, placing.leverage)
    leg, exposure = placing.leg, placing.exposure
    return shifted_worth(turn, account, instrument, leg, exposure, placing.order, 1)


def perp_code(placing: Placing, after: Worth) -> int | None:
    """Test a symbol's worth after a change against what it was before."""
    exposure = placing.exposure
    margin_before = exposure.initial_margin if exposure else ZERO
    if after.initial_margin <= margin_before:
        placing.increases = False
        return None
    code = _notional_code(placing, after)
    if code is not None:
        return code
    account = placing.account
    margin, loss = sums_with(placing, after)
    loss_now = account.perp_open_loss + account.spot_open_loss
    room = account.margin_value - CUT_MAX - margin - account.debt_margin
    if room > loss_now and room > loss:
        return None  # whatever cutting the sums takes away
    before = placing.sums
    frozen = truncate(margin, AMOUNT_PLACES) + before.debt_margin
    if frozen > before.valid:
        return 401058
    return 401056 if before.margin_value - truncate(loss, AMOUNT_PLACES) < frozen else None


def sums_with(placing: Placing, after: Worth) -> tuple[Decimal, Decimal]:
    """The account's PERP margin and its open loss, uncut, with a symbol's worth as it would be."""
    account, exposure = placing.account, placing.exposure
    margin = account.perp_margin + after.initial_margin
    loss = account.perp_open_loss + account.spot_open_loss + after.open_loss
    if exposure is None:
        return margin, loss
    return margin - exposure.initial_margin, loss - exposure.open_loss


def worst_with(placing: Placing, after: Worth) -> Decimal:
    """The largest notional that the symbol can come to with a worth as it would be."""
    position = placing.account.positions.get(placing.leg)
    value = after.position_value
    signed = -value if position and position.quantity < ZERO else value
    return worst_notional(signed, after.buy_notional, after.sell_notional)


def _notional_code(placing: Placing, after: Worth) -> int | None:
    rules, mark = placing.rules, placing.mark
    worst = worst_with(placing, after)
    limit = notional_limit(placing.portfolio.limits, placing.turn.settings.portfolio_max_notional)
    if limit and worst > limit:
        return 401070
    if worst <= notional_cap(rules, placing.leverage, mark):
        return None
    return 401070 if worst > top_notional(rules, mark) else 401060


def spot_code(placing: Placing) -> int | None:
    turn, account, order = placing.turn, placing.account, placing.order
    shortfall = shortfall_of(placing, order)
    if shortfall > ZERO:
        if placing.instrument.business is SPOT:
            return 401055
        if shortfall > borrowable(placing):
            return 401055
    if not placing.increases:
        return None
    loss = spot_open_loss(turn, account, placing.instrument, order)
    loss -= account.spot_orders.get(order.order_id, ZERO)
    debt = debt_margin_change(placing, order)
    return 401056 if placing.sums.available - loss - debt < ZERO else None


def borrowable(placing: Placing) -> Decimal:
    """How many more coins a MARGIN order may borrow (risk-model 9.3, resolutions 89)."""
    turn, account = placing.turn, placing.account
    coin = placing.order.frozen_coin
    leverage = account.coin_leverage.get(coin, 1)
    wallet = placing.wallet(coin)
    owed = liability(wallet) if wallet else ZERO
    by_limit = borrow_limit(turn, account.exchange, coin, leverage) - owed
    price = turn.index_price(coin) or ZERO
    if not price:
        return ZERO
    by_margin = placing.sums.available * leverage / price
    drawn = wallet.borrowed if wallet else ZERO
    by_pool = pool_left(turn, account.exchange, coin) + drawn - owed
    return positive_part(min(by_limit, by_margin, by_pool))


def debt_margin_change(placing: Placing, order: Order) -> Decimal:
    """What the order's freeze adds to debt margin."""
    turn, account = placing.turn, placing.account
    coin = placing.order.frozen_coin
    wallet = placing.wallet(coin)
    needed = required_freeze(turn, placing.instrument, order) - order.frozen
    price = turn.index_price(coin) or ZERO
    leverage = account.coin_leverage.get(coin, 1)
    if wallet is None:
        return positive_part(needed) * price / leverage
    equity_free = wallet.cash + wallet.upnl - wallet.order_frozen - wallet.transfer_frozen
    before = positive_part(-equity_free)
    after = positive_part(needed - equity_free)
    return (after - before) * price / leverage


def replaced_worth(placing: Placing) -> Worth:
    """A PERP symbol's worth with the order as it would be after a change."""
    turn, account, instrument = placing.turn, placing.account, placing.instrument
    assert placing.exposure is not None, "a working order has an exposure"
    leverage = placing.exposure.leverage
    others = [
        o for o in working_orders(turn, placing.exposure) if o.order_id != placing.order.order_id
    ]
    orders = [*others, placing.order]
    return worth_of(turn, account, instrument, placing.leg, orders, leverage)
