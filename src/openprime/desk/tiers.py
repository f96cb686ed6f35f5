"""Tiers of position size and of debt (risk-model 9.1, 9.3; resolutions 116 to 118).

BINANCE counts position size in USDT notional and taxes it progressively; OKX counts contracts and
applies one rate to the whole position.
"""

from decimal import Decimal

from openprime.desk.rules import Rules
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument, LoanTier, PositionTier
from openprime.model.numbers import ZERO, truncate
from openprime.model.reference import coin_key
from openprime.model.vocabulary import (
    OKX,
    Exchange,
)


def sized_in_contracts(instrument: Instrument) -> bool:
    return instrument.exchange is OKX


def position_tier(
    turn: Turn, instrument: Instrument, quantity: Decimal, value: Decimal
) -> PositionTier | None:
    """The tier that a position of |quantity| order units and `value` USDT falls into."""
    rules = turn.rules[instrument.sym]
    size = quantity if rules.sized_in_contracts else value
    for tier in rules.tiers:
        if size <= tier.cap:
            return tier
    return rules.tiers[-1] if rules.tiers else None


def maintenance_margin(
    turn: Turn, instrument: Instrument, quantity: Decimal, value: Decimal
) -> Decimal:
    """The maintenance margin of one position leg, in USDT, cut at 18 decimals."""
    if not quantity:
        return ZERO
    tier = position_tier(turn, instrument, quantity, value)
    if tier is None:
        return ZERO
    margin = value * tier.mm_rate
    if not sized_in_contracts(instrument):
        margin -= tier.maintenance_amount
    return truncate(margin * turn.settings.maintenance_multiplier)


def notional_cap(rules: Rules, leverage: int, mark: Decimal) -> Decimal:
    """The largest notional, in USDT, that `leverage` allows; 0 where no tier allows it."""
    return _notional(rules, rules.size_cap(leverage), mark)


def top_notional(rules: Rules, mark: Decimal) -> Decimal:
    """The largest notional, in USDT, at any leverage."""
    return _notional(rules, rules.tiers[-1].cap, mark) if rules.tiers else ZERO


def _notional(rules: Rules, size: Decimal, mark: Decimal) -> Decimal:
    """What a tier size is worth in USDT."""
    return size * (rules.contract_size * mark) if rules.sized_in_contracts else size


def loan_tiers(turn: Turn, exchange: Exchange, coin: str) -> list[LoanTier]:
    return turn.reference.loan_tiers.get(coin_key(exchange, coin), [])


def debt_maintenance_rate(turn: Turn, exchange: Exchange, coin: str, debt: Decimal) -> Decimal:
    """The maintenance rate of a debt of so many coins; above the last tier, the last tier's."""
    rate = ZERO
    for tier in loan_tiers(turn, exchange, coin):
        rate = tier.mm_rate
        if debt < tier.cap:
            break
    return rate


def max_coin_leverage(turn: Turn, exchange: Exchange, coin: str) -> int:
    """The highest leverage of debts in a coin; 1, which is none, where the coin is not lent."""
    tiers = loan_tiers(turn, exchange, coin)
    return tiers[0].max_leverage if tiers else 1


def debt_cap(turn: Turn, exchange: Exchange, coin: str, leverage: int) -> Decimal:
    """The most of a coin that its tiers let be owed at a coin leverage."""
    tiers = loan_tiers(turn, exchange, coin)
    return max((t.cap for t in tiers if t.max_leverage >= leverage), default=ZERO)


def hourly_rate(turn: Turn, exchange: Exchange, coin: str, debt: Decimal) -> Decimal:
    """What a debt of so many coins costs an hour, all of it at one rate: that of the first level
    that reaches so far, above the last level the last one's (risk-model 9.4, resolutions 137).
    """
    rate = ZERO
    for level in turn.reference.interest_levels.get(coin_key(exchange, coin), ()):
        rate = level.hourly_rate
        if debt <= level.loan_limit:
            break
    return rate


def borrow_limit(turn: Turn, exchange: Exchange, coin: str, leverage: int) -> Decimal:
    """The most of a coin that may be owed at a coin leverage, by tiers and interest levels."""
    levels = turn.reference.interest_levels.get(coin_key(exchange, coin), [])
    by_level = max((level.loan_limit for level in levels), default=ZERO)
    return min(debt_cap(turn, exchange, coin, leverage), by_level)
