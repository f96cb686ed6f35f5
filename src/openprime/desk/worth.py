"""What one PERP symbol of an account weighs, and how that enters its sums (risk-model 5, 9.1).

In BOTH mode each leg weighs apart (resolutions 116). Orders that close a leg are reduce-only, so
only those that open it are left to count, and what a NET symbol's formulas make of one side alone
is just what a leg weighs.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from openprime.desk.state import Account, Exposure, Order, Position
from openprime.desk.tiers import maintenance_margin
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, positive_part, truncate
from openprime.model.vocabulary import (
    BUY,
    GTX,
    SELL,
)

# Above every order id.
AFTER_ALL_IDS = 10**16


class Worth(msgspec.Struct):
    """What one symbol or leg weighs, in its settlement coin (risk-model 5.2, 5.3, 9.1)."""

    position_value: Decimal
    upnl: Decimal
    buy_notional: Decimal
    sell_notional: Decimal
    initial_margin: Decimal
    maintenance: Decimal
    open_loss: Decimal


def profit_of(instrument: Instrument, position: Position, mark: Decimal) -> Decimal:
    """What a position would realise at a mark, in its settlement coin."""
    return position.quantity * instrument.contract_size * (mark - position.average_price)


def mark_of(turn: Turn, instrument: Instrument) -> Decimal:
    """The mark price; 0 while none is known."""
    return turn.state.marks.get(instrument.sym, ZERO)


def unit_weight(
    turn: Turn, instrument: Instrument, order: Order, mark: Decimal
) -> tuple[Decimal, Decimal]:
    """What one order unit of a PERP order weighs: its notional and, where it adds exposure, its
    open loss: fees to open and to close, and what a fill away from the mark loses at once.

    A sale below the mark counts at the mark (risk-model 5.1, 5.3).
    """
    price = order.working_price if order.amendment else order.limit_price or order.assumed_price
    rules = turn.rules_of[order.portfolio_id][instrument.sym]
    if order.side is BUY:
        assumed, loss = price, price - mark
    else:
        assumed, loss = (mark if mark > price else price), mark - price
    fees = rules.opening_maker if order.time_in_force is GTX else rules.opening_taker
    unit = assumed * fees
    if loss > ZERO and turn.settings.open_loss_counts_price:
        unit += loss
    contract = rules.contract_size
    return assumed * contract, unit * contract


def worth_of(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    leg: str,
    orders: Iterable[Order],
    leverage: int,
) -> Worth:
    """Everything that the position of a leg and the given working orders weigh."""
    mark = turn.state.marks.get(instrument.sym, ZERO)
    rules = turn.rules_of[account.portfolio_id][instrument.sym]
    position = account.positions.get(leg)
    quantity = size = value = upnl = ZERO
    if position is not None:
        quantity = position.quantity
        size = abs(quantity)
        value = size * rules.contract_size * mark
        upnl = profit_of(instrument, position, mark)
    buys = sells = open_loss = ZERO
    closing: list[Order] = []
    for order in orders:
        if order.reduce_only:
            continue
        notional, loss = unit_weight(turn, instrument, order, mark)
        remaining = order.remaining
        if order.side is BUY:
            buys += notional * remaining
        else:
            sells += notional * remaining
        if quantity and (order.side is SELL) == (quantity > ZERO):
            closing.append(order)
        else:
            open_loss += loss * remaining
    if closing:
        open_loss += _flipping_loss(turn, instrument, closing, mark, size)
    signed = value if quantity >= ZERO else -value
    open_loss += value * rules.fees.taker
    return Worth(
        value,
        upnl,
        buys,
        sells,
        truncate(worst_notional(signed, buys, sells) / leverage),
        maintenance_margin(turn, instrument, size, value),
        open_loss,
    )


def _flipping_loss(
    turn: Turn, instrument: Instrument, closing: list[Order], mark: Decimal, size: Decimal
) -> Decimal:
    """Open loss of closing-side orders: only what is left after they have closed the position."""
    loss = ZERO
    for order in sorted(closing, key=priority):
        closes = min(size, order.remaining)
        size -= closes
        if order.remaining > closes:
            loss += unit_weight(turn, instrument, order, mark)[1] * (order.remaining - closes)
    return loss


def priority(order: Order) -> tuple[int, Decimal, int]:
    """The order in which orders of one side fill: MARKET, then best price, then first come; one
    that has no id yet comes last.
    """
    arrival = order.order_id or AFTER_ALL_IDS
    if not order.limit_price:
        return (0, ZERO, arrival)
    price = order.working_price
    return (1, price if order.side is SELL else -price, arrival)


def worst_notional(position: Decimal, buys: Decimal, sells: Decimal) -> Decimal:
    """The largest notional that a NET symbol can come to (risk-model 5.2); signed position."""
    up, down = position + buys, sells - position
    if buys < ZERO or sells < ZERO:
        # A change to less than was meanwhile filled.
        return max(abs(up), abs(down), abs(position))
    return up if up >= down else down


def working_orders(turn: Turn, exposure: Exposure) -> list[Order]:
    orders = turn.state.orders
    return [orders[order_id] for order_id in exposure.orders]


def shifted_worth(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    leg: str,
    exposure: Exposure,
    order: Order,
    sign: int,
) -> Worth:
    """A leg's worth with one order more (`sign` 1) or less (-1), the exposure being fresh.

    Where several orders stand against the position all must be looked at again, since those with
    better prices close it first; otherwise the order's own part is simply added.
    """
    position = account.positions.get(leg)
    quantity = position.quantity if position else ZERO
    notional, loss = unit_weight(turn, instrument, order, exposure.mark)
    weighed = order.remaining if order.amendment else order.quantity - order.executed_quantity
    added = weighed if sign > 0 else -weighed
    buys, sells = exposure.buy_notional, exposure.sell_notional
    if order.side is BUY:
        buys += notional * added
        company = buys if sign < 0 else exposure.buy_notional
    else:
        sells += notional * added
        company = sells if sign < 0 else exposure.sell_notional
    if quantity and (order.side is SELL) == (quantity > ZERO):
        if company:
            orders = [o for o in working_orders(turn, exposure) if o.order_id != order.order_id]
            if sign > 0:
                orders.append(order)
            return worth_of(turn, account, instrument, leg, orders, exposure.leverage)
        flips = positive_part(weighed - abs(quantity))
        added = flips if sign > 0 else -flips
    value = exposure.position_value
    signed = value if quantity >= ZERO else -value
    return Worth(
        value,
        exposure.upnl,
        buys,
        sells,
        truncate(worst_notional(signed, buys, sells) / exposure.leverage),
        exposure.maintenance,
        exposure.open_loss + loss * added,
    )


def apply_worth(
    account: Account, instrument: Instrument, exposure: Exposure, worth: Worth, mark: Decimal
) -> None:
    """Put a symbol's new worth in the place of its old one in the account's sums.

    Most orders leave the position's part as it was, the very same numbers: those are passed over.
    """
    wallet = account.wallets[instrument.quote]
    change = worth.initial_margin - exposure.initial_margin
    if change:
        account.perp_margin += change
        wallet.perp_margin += change
        exposure.initial_margin = worth.initial_margin
    account.perp_open_loss += worth.open_loss - exposure.open_loss
    if worth.maintenance is not exposure.maintenance:
        account.perp_maintenance += worth.maintenance - exposure.maintenance
        exposure.maintenance = worth.maintenance
    if worth.position_value is not exposure.position_value:
        account.position_value += worth.position_value - exposure.position_value
        exposure.position_value = worth.position_value
    if worth.upnl is not exposure.upnl:
        wallet.upnl += worth.upnl - exposure.upnl
        account.stale_coins[instrument.quote] = None
        exposure.upnl = worth.upnl
    exposure.mark = mark
    exposure.buy_notional = worth.buy_notional
    exposure.sell_notional = worth.sell_notional
    exposure.open_loss = worth.open_loss
