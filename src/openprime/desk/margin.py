"""The margin of an account: its sums, kept up to date by difference (risk-model 5 and 6).

Every PERP symbol of an account has an Exposure, every coin a Wallet; each carries what it adds to
the account's sums. When an order, a fill or a price changes one of them, it is marked stale, and
`refresh` replaces its old part of the sums by the new one. So the cost of an order depends on the
working orders of its own symbol, never on the account's other symbols.

The sums stay exact, because all that is added is exact: only quotients (initial margin, debt
margin) are cut, to 18 decimals, before they are summed.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from openprime.desk.ledger import equity, liability
from openprime.desk.state import Account, Exposure, Order, State, Wallet
from openprime.desk.tiers import debt_maintenance_rate, maintenance_margin
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import AMOUNT_PLACES, ONE, ZERO, truncate
from openprime.model.vocabulary import (
    BUY,
    GTX,
    SELL,
)

UNLISTED_DISCOUNT = Decimal("0.1")


class Worth(msgspec.Struct):
    """What one symbol weighs, in its settlement coin (risk-model 5.2, 5.3, 9.1)."""

    position_value: Decimal
    upnl: Decimal
    buy_notional: Decimal
    sell_notional: Decimal
    initial_margin: Decimal
    maintenance: Decimal
    open_loss: Decimal


class Totals(msgspec.Struct):
    """The account aggregates that rules test, in USDT (risk-model 6)."""

    margin_value: Decimal
    open_loss: Decimal
    perp_margin: Decimal
    debt_margin: Decimal
    valid: Decimal
    frozen: Decimal
    available: Decimal
    maintenance: Decimal


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
    price = order.working_price
    fees = turn.fee_rate(instrument)
    if order.side is BUY:
        assumed, loss = price, price - mark
    else:
        assumed, loss = (mark if mark > price else price), mark - price
    opening = fees.maker if order.time_in_force is GTX else fees.taker
    unit = assumed * (opening + fees.taker)
    if loss > ZERO and turn.settings.open_loss_counts_price:
        unit += loss
    contract = instrument.contract_size
    return assumed * contract, unit * contract


def worth_of(
    turn: Turn, account: Account, instrument: Instrument, orders: Iterable[Order], leverage: int
) -> Worth:
    """Everything that a symbol's position and the given working orders weigh."""
    mark = mark_of(turn, instrument)
    position = account.positions.get(instrument.sym)
    quantity = position.quantity if position else ZERO
    size = abs(quantity)
    contract = instrument.contract_size
    value = size * contract * mark
    upnl = quantity * contract * (mark - position.average_price) if position else ZERO
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
    open_loss += value * turn.fee_rate(instrument).taker
    return Worth(
        position_value=value,
        upnl=upnl,
        buy_notional=buys,
        sell_notional=sells,
        initial_margin=truncate(worst_notional(signed, buys, sells) / leverage),
        maintenance=maintenance_margin(turn, instrument, size, value),
        open_loss=open_loss,
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
    """The order in which orders of one side fill: MARKET, then best price, then first come."""
    if not order.limit_price:
        return (0, ZERO, order.order_id)
    price = order.working_price
    return (1, price if order.side is SELL else -price, order.order_id)


def worst_notional(position: Decimal, buys: Decimal, sells: Decimal) -> Decimal:
    """The largest notional that a NET symbol can come to (risk-model 5.2); signed position."""
    up = position + buys
    down = position - sells
    return max(up if up >= ZERO else -up, down if down >= ZERO else -down, abs(position))


def working_orders(turn: Turn, exposure: Exposure) -> list[Order]:
    orders = turn.state.orders
    return [orders[order_id] for order_id in exposure.orders]


def shifted_worth(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    exposure: Exposure,
    order: Order,
    sign: int,
) -> Worth:
    """A symbol's worth with one order more (`sign` 1) or less (-1), the exposure being fresh.

    Where the order stands against the position all orders must be looked at again, since those
    with better prices close it first; otherwise its own part is simply added.
    """
    position = account.positions.get(instrument.sym)
    quantity = position.quantity if position else ZERO
    if quantity and (order.side is SELL) == (quantity > ZERO):
        orders = [o for o in working_orders(turn, exposure) if o.order_id != order.order_id]
        if sign > 0:
            orders.append(order)
        return worth_of(turn, account, instrument, orders, exposure.leverage)
    notional, loss = unit_weight(turn, instrument, order, exposure.mark)
    added = order.remaining if sign > 0 else -order.remaining
    buys, sells = exposure.buy_notional, exposure.sell_notional
    if order.side is BUY:
        buys += notional * added
    else:
        sells += notional * added
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
    wallet = account.wallets.get(instrument.quote)
    change = worth.initial_margin - exposure.initial_margin
    if change:
        account.perp_margin += change
        if wallet:
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
        if wallet:
            wallet.upnl += worth.upnl - exposure.upnl
            account.stale_coins[instrument.quote] = None
        exposure.upnl = worth.upnl
    exposure.mark = mark
    exposure.buy_notional = worth.buy_notional
    exposure.sell_notional = worth.sell_notional
    exposure.open_loss = worth.open_loss


def refresh(turn: Turn, account: Account) -> None:
    """Bring the account's sums up to date with orders, fills and prices."""
    if account.stale_syms:
        for sym in account.stale_syms:
            instrument = turn.reference.instruments[sym]
            exposure = account.exposures[sym]
            worth = worth_of(
                turn,
                account,
                instrument,
                working_orders(turn, exposure),
                exposure.leverage,
            )
            apply_worth(account, instrument, exposure, worth, mark_of(turn, instrument))
        account.stale_syms = {}
    if account.stale_coins:
        for coin in account.stale_coins:
            _refresh_wallet(turn, account, account.wallets[coin])
        account.stale_coins = {}
    if account.spot_orders_stale:
        _refresh_spot_orders(turn, account)


def wallet_value(turn: Turn, coin: str, amount: Decimal) -> Decimal:
    """What `amount` of a coin counts as margin: discounted if owned, in full if owed."""
    price = turn.index_price(coin) or ZERO
    if amount <= ZERO:
        return amount * price
    return amount * price * turn.reference.discounts.get(coin, UNLISTED_DISCOUNT)


def _refresh_wallet(turn: Turn, account: Account, wallet: Wallet) -> None:
    price = turn.index_price(wallet.coin) or ZERO
    owned = equity(wallet)
    margin_value = wallet_value(turn, wallet.coin, owned)
    equity_value = owned * price
    debt = liability(wallet)
    debt_margin = debt_maintenance = ZERO
    if debt:
        leverage = account.coin_leverage.get(wallet.coin, 1)
        debt_margin = truncate(debt * price / leverage)
        rate = debt_maintenance_rate(turn, account.exchange, wallet.coin, debt)
        debt_maintenance = truncate(debt * price * rate)
    account.margin_value += margin_value - wallet.margin_value
    account.equity += equity_value - wallet.equity_value
    account.debt_margin += debt_margin - wallet.debt_margin
    account.debt_maintenance += debt_maintenance - wallet.debt_maintenance
    wallet.margin_value = margin_value
    wallet.equity_value = equity_value
    wallet.debt_margin = debt_margin
    wallet.debt_maintenance = debt_maintenance


def spot_amounts(turn: Turn, instrument: Instrument, order: Order) -> tuple[Decimal, Decimal]:
    """What a spot or margin order would still move: quantity of base, amount of quote, no fee."""
    if order.quote_quantity:
        spent = order.executed_amount + order.fee
        left = (order.quote_quantity - spent) / (ONE + turn.fee_rate(instrument).taker)
        price = order.assumed_price
        return (left / price if price else ZERO, left)
    quantity = order.remaining
    return quantity, quantity * order.working_price


def spot_open_loss(turn: Turn, account: Account, instrument: Instrument, order: Order) -> Decimal:
    """The margin value that a full fill of the order would cost, and its fee (risk-model 5.3)."""
    base, quote = spot_amounts(turn, instrument, order)
    if order.side is BUY:
        quote_change, base_change = -quote, base
    else:
        quote_change, base_change = quote, -base
    loss = ZERO
    for coin, change in ((instrument.quote, quote_change), (instrument.base, base_change)):
        wallet = account.wallets.get(coin)
        owned = equity(wallet) if wallet else ZERO
        loss += wallet_value(turn, coin, owned) - wallet_value(turn, coin, owned + change)
    fee = quote * turn.fee_rate(instrument).taker * (turn.index_price(instrument.quote) or ZERO)
    return truncate(max(loss, ZERO) + fee)


def _refresh_spot_orders(turn: Turn, account: Account) -> None:
    total = ZERO
    for order_id in account.spot_orders:
        order = turn.state.orders[order_id]
        loss = spot_open_loss(turn, account, turn.reference.instruments[order.sym], order)
        account.spot_orders[order_id] = loss
        total += loss
    account.spot_open_loss = total
    account.spot_orders_stale = False


def totals(account: Account) -> Totals:
    """The aggregates of a refreshed account.

    The sums are cut to the 8 decimals that are printed, and everything else follows from them, so
    that what a client adds up is what the broker decides by (resolutions 135).
    """
    margin_value = truncate(account.margin_value, AMOUNT_PLACES)
    open_loss = truncate(account.perp_open_loss + account.spot_open_loss, AMOUNT_PLACES)
    perp_margin = truncate(account.perp_margin, AMOUNT_PLACES)
    debt_margin = truncate(account.debt_margin, AMOUNT_PLACES)
    maintenance = account.perp_maintenance + account.debt_maintenance
    valid = margin_value - open_loss
    frozen = perp_margin + debt_margin
    return Totals(
        margin_value=margin_value,
        open_loss=open_loss,
        perp_margin=perp_margin,
        debt_margin=debt_margin,
        valid=valid,
        frozen=frozen,
        available=valid - frozen,
        maintenance=truncate(maintenance, AMOUNT_PLACES),
    )


def forget_sums(state: State) -> None:
    """Drop everything that `refresh` can make again.

    The sums are a cache of what orders, positions, wallets and prices say. A snapshot leaves them
    out, so that two desks that did the same encode to the same bytes whoever read from them.
    """
    for portfolio in state.portfolios.values():
        for account in portfolio.accounts.values():
            _forget_account(account)


def _forget_account(account: Account) -> None:
    for exposure in account.exposures.values():
        exposure.mark = exposure.position_value = exposure.upnl = ZERO
        exposure.buy_notional = exposure.sell_notional = ZERO
        exposure.initial_margin = exposure.maintenance = exposure.open_loss = ZERO
    for wallet in account.wallets.values():
        wallet.upnl = wallet.perp_margin = wallet.margin_value = wallet.equity_value = ZERO
        wallet.debt_margin = wallet.debt_maintenance = ZERO
    account.perp_margin = account.perp_maintenance = account.perp_open_loss = ZERO
    account.position_value = account.margin_value = account.equity = ZERO
    account.debt_margin = account.debt_maintenance = account.spot_open_loss = ZERO
    account.stale_syms = {s: None for s, e in account.exposures.items() if e.is_perp}
    account.stale_coins = dict.fromkeys(account.wallets)
    account.spot_orders = dict.fromkeys(account.spot_orders, ZERO)
    account.spot_orders_stale = bool(account.spot_orders)
