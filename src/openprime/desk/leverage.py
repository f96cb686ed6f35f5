"""Leverage: of a PERP symbol, for positions, and of a coin, for debts (risk-model 8, errors 4)."""

from openprime.desk.access import market_offered
from openprime.desk.commands import SetCoinLeverage, SetLeverage
from openprime.desk.ledger import liability
from openprime.desk.legs import exposures_of, legs_of
from openprime.desk.margin import refresh, totals
from openprime.desk.pool import leverage_code
from openprime.desk.state import Account
from openprime.desk.tiers import debt_cap, max_coin_leverage, notional_cap
from openprime.desk.turn import Turn, account_at
from openprime.desk.worth import mark_of, working_orders, worst_notional, worth_of
from openprime.errors import Refusal
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, truncate
from openprime.model.reference import coin_key
from openprime.model.vocabulary import MARGIN, Exchange


def set_leverage(turn: Turn, command: SetLeverage) -> Refusal | None:
    """Set a symbol's leverage, in BOTH mode that of both legs.

    Codes in their order: 401011, 401041, 401046, 401034, 401043, 401036, 401066.
    """
    instrument = turn.reference.instruments.get(command.sym)
    if instrument is None or not instrument.live:
        return Refusal(401011)
    if not instrument.is_perp:
        return Refusal(401041)
    portfolio = turn.state.portfolios[command.portfolio_id]
    account = account_at(turn, portfolio, instrument.exchange)
    if not account.initialised:
        return Refusal(401046)
    if command.leverage > turn.rules[command.sym].max_leverage:
        return Refusal(401034)
    exposures = exposures_of(account, command.sym)
    changes = any(exposure.leverage != command.leverage for exposure in exposures)
    code = None
    if changes:
        refresh(turn, account)
        code = _change_code(turn, account, instrument, command.leverage)
    code = code or leverage_code(turn, portfolio, instrument.exchange)
    if code is not None:
        return Refusal(code)
    account.leverage[command.sym] = command.leverage
    if not changes:
        return None
    for exposure in exposures:
        exposure.leverage = command.leverage
    for leg in legs_of(account, command.sym):
        if leg in account.exposures:
            account.stale_syms[leg] = None
        if leg in account.positions:
            turn.touch_position(account, command.sym, leg)
    turn.touch_account(account)
    return None


def _change_code(turn: Turn, account: Account, instrument: Instrument, leverage: int) -> int | None:
    """What speaks against another leverage: a leg above its bracket, orders, margin."""
    cap = notional_cap(turn.rules[instrument.sym], leverage, mark_of(turn, instrument))
    added, working = ZERO, False
    for leg in legs_of(account, instrument.sym):
        exposure = account.exposures.get(leg)
        if exposure is None:
            continue
        orders = working_orders(turn, exposure)
        worth = worth_of(turn, account, instrument, leg, orders, leverage)
        position = account.positions.get(leg)
        value = worth.position_value
        signed = -value if position and position.quantity < ZERO else value
        if worst_notional(signed, worth.buy_notional, worth.sell_notional) > cap:
            return 401034
        added += worth.initial_margin - exposure.initial_margin
        working = working or bool(orders)
    if working and instrument.exchange in turn.settings.leverage_blocked_by_orders:
        return 401043
    return 401036 if added > ZERO and totals(account).available < added else None


def set_coin_leverage(turn: Turn, command: SetCoinLeverage) -> Refusal | None:
    """Set the leverage of debts in a coin, 1 being none (resolutions 77, 127).

    Codes in their order: 401035, 401067, 401046, 401034, 401043, 401036.
    """
    coin, leverage = command.coin, command.leverage
    portfolio = turn.state.portfolios[command.portfolio_id]
    account = portfolio.accounts.get(command.exchange)
    if account is not None and not _coin_known(turn, command.exchange, coin):
        return Refusal(401035)
    if account is not None and not market_offered(turn, portfolio, command.exchange, MARGIN):
        return Refusal(401067)
    if account is None or not account.initialised:
        return Refusal(401046)
    if leverage > max_coin_leverage(turn, command.exchange, coin):
        return Refusal(401034)
    if leverage != account.coin_leverage.get(coin, 1):
        code = _debt_code(turn, account, coin, leverage)
        if code is not None:
            return Refusal(code)
    account.coin_leverage[coin] = leverage
    if coin in account.wallets:
        turn.touch_wallet(account, coin)
    turn.touch_account(account)
    return None


def _coin_known(turn: Turn, exchange: Exchange, coin: str) -> bool:
    """Whether a coin is traded or lent at an exchange."""
    if coin_key(exchange, coin) in turn.reference.loan_tiers:
        return True
    instruments = turn.reference.instruments.values()
    return any(coin in (i.base, i.quote) for i in instruments if i.exchange is exchange)


def _debt_code(turn: Turn, account: Account, coin: str, leverage: int) -> int | None:
    """What speaks against another coin leverage: a debt above its tier, orders, margin."""
    refresh(turn, account)
    wallet = account.wallets.get(coin)
    debt = liability(wallet) if wallet else ZERO
    if debt and debt > debt_cap(turn, account.exchange, coin, leverage):
        return 401034
    for order_id in account.spot_orders:
        order = turn.state.orders[order_id]
        if order.frozen_coin == coin and turn.reference.instruments[order.sym].business is MARGIN:
            return 401043
    if wallet is None:
        return None
    price = turn.index_price(coin) or ZERO
    added = truncate(debt * price / leverage) - wallet.debt_margin
    return 401036 if added > ZERO and totals(account).available < added else None
