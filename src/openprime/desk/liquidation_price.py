"""The mark price at which an account would be liquidated, other things equal (risk-model 4).

With V the valid margin without the open loss of orders (they are cancelled first), MM the
maintenance margin, both as functions of this symbol's mark, the price sought is where
V = theta * MM. Inside one tier both are straight lines, so the tiers are walked one by one from
the present mark, and the first crossing is the answer.
"""

from decimal import Decimal

from openprime.desk.ledger import equity
from openprime.desk.margin import UNLISTED_DISCOUNT, totals
from openprime.desk.state import Account, Position
from openprime.desk.tiers import position_tier, sized_in_contracts
from openprime.desk.turn import Turn
from openprime.desk.worth import mark_of
from openprime.model.instrument import Instrument, PositionTier
from openprime.model.numbers import ONE, ZERO, truncate

MAX_TIERS_WALKED = 32


def liquidation_price(turn: Turn, account: Account, position: Position) -> Decimal | None:
    """The price in USDT, cut at 18 decimals; None where no positive price liquidates."""
    instrument = turn.reference.instruments[position.sym]
    mark = mark_of(turn, instrument)
    if not mark:
        return None
    for discount in _discounts(turn, account, instrument):
        price = _crossing(turn, account, instrument, position, mark, discount)
        if price is None or price <= ZERO:
            return None
        if _equity_at(account, instrument, position, mark, price) > ZERO or discount == ONE:
            return truncate(price)
    return None


def _discounts(turn: Turn, account: Account, instrument: Instrument) -> tuple[Decimal, ...]:
    """A profit or loss counts discounted while the settlement coin's equity stays positive."""
    listed = turn.reference.discounts.get(instrument.quote, UNLISTED_DISCOUNT)
    if equity(account.wallets[instrument.quote]) > ZERO:
        return (listed, ONE)
    return (ONE,)


def _equity_at(
    account: Account, instrument: Instrument, position: Position, mark: Decimal, price: Decimal
) -> Decimal:
    moved = position.quantity * instrument.contract_size * (price - mark)
    return equity(account.wallets[instrument.quote]) + moved


def _crossing(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    position: Position,
    mark: Decimal,
    discount: Decimal,
) -> Decimal | None:
    sums = totals(account)
    exposure = account.exposures[position.sym]
    theta = turn.settings.liquidating_uni_mmr
    fee = turn.rules[instrument.sym].fees.taker
    size = abs(position.quantity) * instrument.contract_size
    sign = 1 if position.quantity > ZERO else -1
    position_loss = exposure.position_value * fee
    valid = sums.margin_value - position_loss - _other_positions_loss(turn, account, position)
    others = sums.maintenance - exposure.maintenance
    tier = position_tier(turn, instrument, abs(position.quantity), exposure.position_value)
    if tier is None:
        return None
    for candidate in _tiers_from(turn, instrument, tier, sign):
        rate = candidate.mm_rate * turn.settings.maintenance_multiplier
        amount = _maintenance_amount(turn, instrument, candidate)
        # V(P) = valid + size*(d*sign - fee)*(P - M); MM(P) = others + size*P*rate - amount
        slope = size * (discount * sign - fee - theta * rate)
        if not slope:
            continue
        fixed = valid - size * mark * (discount * sign - fee) - theta * (others - amount)
        price = -fixed / slope
        if sized_in_contracts(instrument) or _inside(candidate, size * price):
            return price
    return None


def _other_positions_loss(turn: Turn, account: Account, position: Position) -> Decimal:
    """The closing fees that open loss reserves for the account's other positions."""
    loss = ZERO
    for sym, exposure in account.exposures.items():
        if sym != position.sym and exposure.position_value:
            instrument = turn.reference.instruments[sym]
            loss += exposure.position_value * turn.rules[instrument.sym].fees.taker
    return loss


def _maintenance_amount(turn: Turn, instrument: Instrument, tier: PositionTier) -> Decimal:
    if sized_in_contracts(instrument):
        return ZERO
    return tier.maintenance_amount * turn.settings.maintenance_multiplier


def _tiers_from(
    turn: Turn, instrument: Instrument, tier: PositionTier, sign: int
) -> list[PositionTier]:
    """The tiers that a falling (long) or rising (short) price leads through, present one first."""
    if sized_in_contracts(instrument):
        return [tier]
    tiers = turn.reference.position_tiers[instrument.sym]
    at = tiers.index(tier)
    walked = tiers[at::-1] if sign > 0 else tiers[at:]
    return walked[:MAX_TIERS_WALKED]


def _inside(tier: PositionTier, value: Decimal) -> bool:
    return tier.floor <= value <= tier.cap
