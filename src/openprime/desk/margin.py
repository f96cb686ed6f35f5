"""The margin of an account: its sums, kept up to date by difference (risk-model 5 and 6).

Every PERP symbol of an account has an Exposure (what it weighs: worth.py), every coin a Wallet;
each carries what it adds to the account's sums. When an order, a fill or a price changes one of
them, it is marked stale, and `refresh` replaces its old part of the sums by the new one. So the
cost of an order depends on the working orders of its own symbol, never on the account's others.

The sums stay exact, because all that is added is exact: only quotients (initial margin, debt
margin) are cut, to 18 decimals, before they are summed.
"""

from decimal import Decimal

import msgspec

from openprime.desk.ledger import equity
from openprime.desk.state import Account, Order, State, Wallet
from openprime.desk.tiers import debt_maintenance_rate
from openprime.desk.turn import Turn
from openprime.desk.worth import apply_worth, mark_of, working_orders, worth_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import AMOUNT_PLACES, ONE, ZERO, truncate
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import (
    BUY,
)

UNLISTED_DISCOUNT = Decimal("0.1")

# More than cutting four sums to 8 decimals can change what follows from them.
CUT_MAX = Decimal("0.00000005")


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


def refresh(turn: Turn, account: Account) -> None:
    """Bring the account's sums up to date with orders, fills and prices."""
    if account.prices_seen != turn.prices_told:
        _follow_prices(turn, account)
    if account.stale_syms:
        for leg in account.stale_syms:
            exposure = account.exposures[leg]
            instrument = turn.reference.instruments[exposure.sym]
            orders = working_orders(turn, exposure)
            worth = worth_of(turn, account, instrument, leg, orders, exposure.leverage)
            apply_worth(account, instrument, exposure, worth, mark_of(turn, instrument))
        account.stale_syms = {}
    if account.stale_coins:
        for coin in account.stale_coins:
            _refresh_wallet(turn, account, account.wallets[coin])
        account.stale_coins = {}
    if account.spot_orders_stale:
        _refresh_spot_orders(turn, account)


def _follow_prices(turn: Turn, account: Account) -> None:
    """Find what moved since the sums were made: a tick itself looks at nobody who merely holds."""
    marks = turn.state.marks
    for leg, exposure in account.exposures.items():
        if exposure.is_perp and exposure.mark is not marks.get(exposure.sym, ZERO):
            if exposure.orders or leg in account.positions or exposure.position_value:
                account.stale_syms[leg] = None
            elif leg not in account.stale_syms:
                exposure.mark = marks.get(exposure.sym, ZERO)
    for coin in account.wallets:
        if coin != VALUATION_COIN:
            account.stale_coins[coin] = None
    account.spot_orders_stale = bool(account.spot_orders)
    account.prices_seen = turn.prices_told


def wallet_value(turn: Turn, coin: str, amount: Decimal) -> Decimal:
    """What `amount` of a coin counts as margin: discounted if owned, in full if owed."""
    price = turn.index_price(coin) or ZERO
    if amount <= ZERO:
        return amount * price
    return amount * price * turn.reference.discounts.get(coin, UNLISTED_DISCOUNT)


def _refresh_wallet(turn: Turn, account: Account, wallet: Wallet) -> None:
    price = turn.index_price(wallet.coin) or ZERO
    owned = wallet.cash + wallet.upnl
    equity_value = margin_value = owned * price
    if owned > ZERO:
        margin_value *= turn.reference.discounts.get(wallet.coin, UNLISTED_DISCOUNT)
    debt = wallet.order_frozen + wallet.transfer_frozen - owned
    debt_margin = debt_maintenance = ZERO
    if debt > ZERO:
        leverage = account.coin_leverage.get(wallet.coin, 1)
        debt_margin = truncate(debt * price / leverage)
        rate = debt_maintenance_rate(turn, account.exchange, wallet.coin, debt)
        debt_maintenance = truncate(debt * price * rate)
    account.margin_value += margin_value - wallet.margin_value
    account.equity += equity_value - wallet.equity_value
    wallet.margin_value = margin_value
    wallet.equity_value = equity_value
    if debt_margin is not wallet.debt_margin:
        account.debt_margin += debt_margin - wallet.debt_margin
        account.debt_maintenance += debt_maintenance - wallet.debt_maintenance
        wallet.debt_margin = debt_margin
        wallet.debt_maintenance = debt_maintenance
    if wallet.loan or wallet.loan_value:
        _refresh_loan(turn, account, wallet, price)


def _refresh_loan(turn: Turn, account: Account, wallet: Wallet, price: Decimal) -> None:
    """What a RapidX loan weighs, beside what is owed otherwise (risk-model 6, 9.5)."""
    value = wallet.loan * price
    margin = loan_margin(turn, wallet.coin, value)
    terms = turn.reference.loan_terms.get(wallet.coin)
    maintenance = truncate(value * terms.maintenance_rate) if terms else ZERO
    account.debt_margin += margin - wallet.loan_margin
    account.debt_maintenance += maintenance - wallet.loan_maintenance
    wallet.loan_value = value
    wallet.loan_margin = margin
    wallet.loan_maintenance = maintenance


def loan_margin(turn: Turn, coin: str, value: Decimal) -> Decimal:
    """The margin that loans of so many USDT of a coin need."""
    terms = turn.reference.loan_terms.get(coin)
    return truncate(value / terms.leverage) if terms else value


def spot_amounts(turn: Turn, instrument: Instrument, order: Order) -> tuple[Decimal, Decimal]:
    """What a spot or margin order would still move: quantity of base, amount of quote, no fee."""
    if order.quote_quantity:
        spent = order.executed_amount + order.fee
        fees = turn.rules_of[order.portfolio_id][instrument.sym].fees
        left = (order.quote_quantity - spent) / (ONE + fees.taker)
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
    return truncate(max(loss, ZERO) + fee_value(turn, account, instrument, quote))


def fee_value(turn: Turn, account: Account, instrument: Instrument, quote: Decimal) -> Decimal:
    """What the taker fee on an amount of quote coin is worth in USDT."""
    fee = quote * turn.rules_of[account.portfolio_id][instrument.sym].fees.taker
    return fee * (turn.index_price(instrument.quote) or ZERO)


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
        margin_value,
        open_loss,
        perp_margin,
        debt_margin,
        valid,
        frozen,
        valid - frozen,
        truncate(maintenance, AMOUNT_PLACES),
    )


def forget_sums(state: State) -> None:
    """Drop everything that `refresh` can make again.

    The sums are a cache of what orders, positions, wallets and prices say. A snapshot leaves them
    out, so that two desks that did the same encode to the same bytes whoever read from them.
    """
    for portfolio in state.portfolios.values():
        for account in portfolio.accounts.values():
            forget_account(account)


def forget_account(account: Account) -> None:
    """Drop an account's sums, all of which `refresh` makes again."""
    for exposure in account.exposures.values():
        exposure.mark = exposure.position_value = exposure.upnl = ZERO
        exposure.buy_notional = exposure.sell_notional = ZERO
        exposure.initial_margin = exposure.maintenance = exposure.open_loss = ZERO
    for wallet in account.wallets.values():
        wallet.upnl = wallet.perp_margin = wallet.margin_value = wallet.equity_value = ZERO
        wallet.debt_margin = wallet.debt_maintenance = ZERO
        wallet.loan_value = wallet.loan_margin = wallet.loan_maintenance = ZERO
    account.perp_margin = account.perp_maintenance = account.perp_open_loss = ZERO
    account.position_value = account.margin_value = account.equity = ZERO
    account.debt_margin = account.debt_maintenance = account.spot_open_loss = ZERO
    account.stale_syms = {s: None for s, e in account.exposures.items() if e.is_perp}
    account.stale_coins = dict.fromkeys(account.wallets)
    account.spot_orders = dict.fromkeys(account.spot_orders, ZERO)
    account.spot_orders_stale = bool(account.spot_orders)
    account.prices_seen = 0
