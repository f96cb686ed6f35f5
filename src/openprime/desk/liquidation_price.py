"""The mark price at which an account would be liquidated, other things equal (risk-model 4).

With V the valid margin without the open loss of orders (they are cancelled first), MM the
maintenance margin, both as functions of this symbol's mark, the price sought is where
V = theta * MM. While no leg of the symbol leaves its tier both are straight lines, so the tiers
are walked one by one from the present mark, and the first crossing is the answer. Both legs of a
BOTH account hang on the same mark, so they have one liquidation price.
"""

from decimal import Decimal

import msgspec

from openprime.desk.ledger import equity
from openprime.desk.legs import legs_of
from openprime.desk.margin import UNLISTED_DISCOUNT, totals
from openprime.desk.state import Account, Position
from openprime.desk.tiers import position_tier, sized_in_contracts
from openprime.desk.turn import Turn
from openprime.desk.worth import mark_of
from openprime.model.instrument import Instrument, PositionTier
from openprime.model.numbers import ONE, ZERO, truncate


class _Leg(msgspec.Struct):
    """One position of the symbol: base units, signed and unsigned, and the tier walked to."""

    signed: Decimal
    size: Decimal
    tiers: list[PositionTier]
    at: int

    @property
    def tier(self) -> PositionTier:
        return self.tiers[self.at]


def liquidation_price(turn: Turn, account: Account, position: Position) -> Decimal | None:
    """The price in USDT, cut at 18 decimals; None where no positive price liquidates."""
    instrument = turn.reference.instruments[position.sym]
    mark = mark_of(turn, instrument)
    if not mark:
        return None
    if equity(account.wallets[instrument.quote]) > ZERO:
        # Profit and loss count discounted for as long as the settlement coin's equity is positive.
        discount = turn.reference.discounts.get(instrument.quote, UNLISTED_DISCOUNT)
        price = _crossing(turn, account, instrument, mark, discount)
        if price is None or _equity_at(account, instrument, mark, price) > ZERO:
            return price
    return _crossing(turn, account, instrument, mark, ONE)


def _legs(turn: Turn, account: Account, instrument: Instrument) -> list[_Leg]:
    """The symbol's open positions, each at its present tier; one without tiers is left out."""
    legs = []
    for leg in legs_of(account, instrument.sym):
        position = account.positions.get(leg)
        if position is None:
            continue
        quantity, value = abs(position.quantity), account.exposures[leg].position_value
        tier = position_tier(turn, instrument, quantity, value)
        if tier is None:
            continue
        tiers = turn.rules[instrument.sym].tiers
        if sized_in_contracts(instrument):
            tiers = [tier]
        signed = position.quantity * instrument.contract_size
        legs.append(_Leg(signed, abs(signed), tiers, tiers.index(tier)))
    return legs


def _equity_at(account: Account, instrument: Instrument, mark: Decimal, price: Decimal) -> Decimal:
    positions = (account.positions.get(leg) for leg in legs_of(account, instrument.sym))
    held = sum((position.quantity for position in positions if position is not None), ZERO)
    moved = held * instrument.contract_size * (price - mark)
    return equity(account.wallets[instrument.quote]) + moved


def _crossing(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    mark: Decimal,
    discount: Decimal,
) -> Decimal | None:
    """Where V - theta * MM reaches 0, above 0; the way to it leads down where that grows with the
    mark.
    """
    legs = _legs(turn, account, instrument)
    sums, theta = totals(account), turn.settings.liquidating_uni_mmr
    multiplier = turn.settings.maintenance_multiplier
    fee = turn.rules_of[account.portfolio_id][instrument.sym].fees.taker
    valid = sums.margin_value - _positions_loss(turn, account)
    others = sums.maintenance
    for leg in legs_of(account, instrument.sym):
        if leg in account.positions:
            others -= account.exposures[leg].maintenance
    # V(P) = valid + moves*(P - M); MM(P) = others + sum of size*P*rate - amount over the legs
    moves = sum((discount * leg.signed - fee * leg.size for leg in legs), ZERO)
    down: bool | None = None
    while True:
        rates = sum((leg.size * leg.tier.mm_rate for leg in legs), ZERO) * multiplier
        amounts = ZERO
        if not sized_in_contracts(instrument):
            amounts = sum((leg.tier.maintenance_amount for leg in legs), ZERO) * multiplier
        slope = moves - theta * rates
        if slope:
            price = -(valid - mark * moves - theta * (others - amounts)) / slope
            if sized_in_contracts(instrument) or all(_inside(leg, price) for leg in legs):
                return truncate(price) if price > ZERO else None
        if down is None:
            down = slope > ZERO
        if not _next_tier(legs, down):
            return None


def _positions_loss(turn: Turn, account: Account) -> Decimal:
    """The closing fees that open loss reserves for the account's positions."""
    loss, rules = ZERO, turn.rules_of[account.portfolio_id]
    for exposure in account.exposures.values():
        if exposure.position_value:
            loss += exposure.position_value * rules[exposure.sym].fees.taker
    return loss


def _inside(leg: _Leg, price: Decimal) -> bool:
    """Whether the leg is in its tier at a price; the last tier has no upper end."""
    value = leg.size * price
    return leg.tier.floor <= value and (leg.tier is leg.tiers[-1] or value <= leg.tier.cap)


def _next_tier(legs: list[_Leg], down: bool) -> bool:
    """Move the leg that leaves its tier first on the way down or up; False where none can."""
    if down:
        movable = [leg for leg in legs if leg.at > 0]
        if not movable:
            return False
        max(movable, key=lambda leg: leg.tier.floor / leg.size).at -= 1
        return True
    movable = [leg for leg in legs if leg.at < len(leg.tiers) - 1]
    if not movable:
        return False
    min(movable, key=lambda leg: leg.tier.cap / leg.size).at += 1
    return True
