"""Setting the leverage of a PERP symbol (risk-model 8, errors 4)."""

from openprime.desk.commands import SetLeverage
from openprime.desk.margin import refresh, totals
from openprime.desk.tiers import notional_cap
from openprime.desk.turn import Turn
from openprime.desk.worth import mark_of, working_orders, worst_notional, worth_of
from openprime.errors import Refusal
from openprime.model.numbers import ZERO


def set_leverage(turn: Turn, command: SetLeverage) -> Refusal | None:
    """Codes in their order: 401011, 401041, 401046, 401034, 401043, 401036."""
    instrument = turn.reference.instruments.get(command.sym)
    if instrument is None or not instrument.live:
        return Refusal(401011)
    if not instrument.is_perp:
        return Refusal(401041)
    account = turn.state.portfolios[command.portfolio_id].accounts[instrument.exchange]
    if not account.initialised:
        return Refusal(401046)
    if command.leverage > turn.rules[command.sym].max_leverage:
        return Refusal(401034)
    exposure = account.exposures.get(command.sym)
    if exposure is None:
        account.leverage[command.sym] = command.leverage
        return None
    if command.leverage == exposure.leverage:
        account.leverage[command.sym] = command.leverage
        return None
    refresh(turn, account)
    orders = working_orders(turn, exposure)
    worth = worth_of(turn, account, instrument, orders, command.leverage)
    position = account.positions.get(command.sym)
    value = worth.position_value
    signed = -value if position and position.quantity < ZERO else value
    worst = worst_notional(signed, worth.buy_notional, worth.sell_notional)
    cap = notional_cap(turn.rules[command.sym], command.leverage, mark_of(turn, instrument))
    if worst > cap:
        return Refusal(401034)
    if orders and instrument.exchange in turn.settings.leverage_blocked_by_orders:
        return Refusal(401043)
    added = worth.initial_margin - exposure.initial_margin
    if added > ZERO and totals(account).available < added:
        return Refusal(401036)
    account.leverage[command.sym] = exposure.leverage = command.leverage
    account.stale_syms[command.sym] = None
    turn.touch_account(account)
    if position:
        turn.touch_position(account, command.sym, command.sym)
    return None
