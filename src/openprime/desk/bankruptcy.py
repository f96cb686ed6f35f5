"""Prices and sizes of a liquidation (risk-model 13.1, 13.2), of a refreshed account."""

from decimal import ROUND_CEILING, Decimal

import msgspec

from openprime.desk.ledger import equity
from openprime.desk.loan_worth import loans_value
from openprime.desk.margin import UNLISTED_DISCOUNT, totals
from openprime.desk.state import Account, Position
from openprime.desk.tiers import position_tier
from openprime.desk.turn import Turn
from openprime.desk.worth import mark_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO, positive_part


class Cut(msgspec.Struct, frozen=True):
    """How much of a leg is to be closed, in order units, and how well that repairs the account:
    what it frees beyond what it costs, in USDT of the whole position.
    """

    leg: str
    quantity: Decimal
    repair: Decimal
    maintenance: Decimal


def bankruptcy_prices(turn: Turn, account: Account) -> dict[str, Decimal]:
    """By leg, the price at which the account's margin is used up: what is left of it, without what
    is lent to it, is shared by maintenance. It may be at or below 0.
    """
    left = positive_part(totals(account).valid - loans_value(account))
    maintenance = sum((account.exposures[leg].maintenance for leg in account.positions), ZERO)
    prices = {}
    for leg, position in account.positions.items():
        part = account.exposures[leg].maintenance / maintenance if maintenance else ONE
        prices[leg] = _price(turn, account, position, left * part)
    return prices


def _price(turn: Turn, account: Account, position: Position, margin: Decimal) -> Decimal:
    """Where closing a position loses so much of its account's margin."""
    instrument = turn.reference.instruments[position.sym]
    mark = mark_of(turn, instrument)
    signed = position.quantity * instrument.contract_size
    return mark - margin / discount_at(turn, account, instrument, margin) / signed


def discount_at(turn: Turn, account: Account, instrument: Instrument, loss: Decimal) -> Decimal:
    """What a loss in the settlement coin counts as: discounted while its equity stays positive."""
    discount = turn.reference.discounts.get(instrument.quote, UNLISTED_DISCOUNT)
    kept = equity(account.wallets[instrument.quote]) - loss / discount
    return discount if kept > ZERO else ONE


def cut_of(turn: Turn, account: Account, leg: str) -> Cut:
    """How much of a leg to close to come back to the target, as far as its tier reaches.

    A part that costs no less than it frees cannot help: then all of it goes; and so it does where
    uniMMR is at the target and loans ask for it.
    """
    position, exposure = account.positions[leg], account.exposures[leg]
    instrument = turn.reference.instruments[position.sym]
    size, value = abs(position.quantity), exposure.position_value
    sums, target = totals(account), turn.settings.liquidation_target_uni_mmr
    tier = position_tier(turn, instrument, size, value)
    rate = (tier.mm_rate if tier else ZERO) * turn.settings.maintenance_multiplier
    taker = turn.rules_of[account.portfolio_id][position.sym].fees.taker
    discount = discount_at(turn, account, instrument, ZERO)
    cost = discount * (instrument.liquidation_fee_rate + taker) - taker
    gain, short = target * rate - cost, target * sums.maintenance - sums.valid
    quantity = size
    if gain > ZERO and short > ZERO and value:
        wanted = short / gain / value * size
        if tier is not None and tier.floor:
            above = size - tier.floor
            if not turn.rules[position.sym].sized_in_contracts:
                above = (value - tier.floor) / value * size
            wanted = min(wanted, above)
        lots = (wanted / instrument.lot_size).to_integral_value(ROUND_CEILING)
        quantity = min(lots * instrument.lot_size, size)
    return Cut(leg, quantity, gain * value, exposure.maintenance)


def best_cut(turn: Turn, account: Account) -> Cut:
    """The leg whose closing repairs best; where none does, the one that needs the most margin."""
    cuts = [cut_of(turn, account, leg) for leg in account.positions]
    best = max(cuts, key=lambda cut: cut.repair)
    return best if best.repair > ZERO else max(cuts, key=lambda cut: cut.maintenance)
