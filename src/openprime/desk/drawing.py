"""How far prices may move before an account's status can be another.

The status turns on V - theta * MM crossing 0. Each price can move that by no more than its weight
times its relative move: a position's weight is its value, an order's its notional, a coin's what
is owned or owed of it, each with what fees, maintenance rates and debts may add. So while every
price stays within the same part of itself, distance over the sum of weights, nothing happens.
Weights are bounds and not derivatives: a band may be too narrow, never too wide.
"""

from decimal import Decimal

from openprime.desk.bands import Band
from openprime.desk.ledger import equity, frozen
from openprime.desk.margin import CUT_MAX, UNLISTED_DISCOUNT, spot_amounts
from openprime.desk.risk import SEVERITY
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Exposure, Wallet
from openprime.desk.tiers import loan_tiers, position_tier
from openprime.desk.turn import Turn
from openprime.desk.worth import working_orders
from openprime.model.numbers import ONE, ZERO, positive_part, truncate
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import AccountStatus

# No band is wider, so that the tier of a position inside it is known to be no higher than this.
RADIUS_MAX = Decimal("0.5")

# What a position can come to inside its band, in parts of what it is worth.
VALUE_MAX = ONE + RADIUS_MAX

# Bands are kept with prices of so many more places than those that are told.
RADIUS_PLACES = 6

# In these an account keeps the orders that it has; in those it is between orders that are being
# cancelled and a liquidation.
ORDERS_STAY = (AccountStatus.NORMAL, AccountStatus.MARGIN_CALL)
UNSETTLED = (AccountStatus.LIQUIDATING, AccountStatus.TAKEOVER)


def changes_with_every_price(account: Account) -> bool:
    """Whether an account is to be looked at whenever prices move: as long as it has orders that may
    have to be cancelled, and where loans, which have a ladder of their own, decide.
    """
    if account.liquidation is not None:
        return False
    if account.loan_coins or account.status in UNSETTLED:
        return True
    return bool(account.order_count) and account.status not in ORDERS_STAY


def band_of(turn: Turn, account: Account) -> Band:
    """By price, between which values the status of a refreshed account stays as it is. Where it is
    liquidated that goes on by itself, and no price changes what it is.
    """
    if account.liquidation is not None:
        return {}
    settled: dict[str, Decimal] = {}
    weights = _weights(turn, account, settled)
    if not weights:
        return {}
    total = sum(weights.values(), ZERO)
    radius = RADIUS_MAX
    if total:
        radius = min(radius, _distance(account, turn.settings) / total)
    for coin, moved in settled.items():
        radius = min(radius, _to_next_rate(turn, account, account.wallets[coin], moved))
    radius = truncate(positive_part(radius), RADIUS_PLACES)
    down, up = ONE - radius, ONE + radius
    marks, indexes = turn.state.marks, turn.state.indexes
    prices = {key: marks.get(key) or indexes.get(key, ZERO) for key in weights}
    return {key: (price * down, price * up) for key, price in prices.items()}


def _distance(account: Account, settings: DeskSettings) -> Decimal:
    """How far V - theta * MM is from the thresholds around an account's status."""
    valid = account.margin_value - account.perp_open_loss - account.spot_open_loss
    maintenance = account.perp_maintenance + account.debt_maintenance
    thresholds = (
        settings.margin_call_uni_mmr,
        settings.cancel_open_uni_mmr,
        settings.cancel_all_uni_mmr,
        settings.liquidating_uni_mmr,
    )
    rung = SEVERITY.index(account.status)
    above = valid - thresholds[rung] * maintenance
    if rung:
        above = min(above, thresholds[rung - 1] * maintenance - valid)
    return above - CUT_MAX


def _weights(turn: Turn, account: Account, settled: dict[str, Decimal]) -> dict[str, Decimal]:
    """By price, what an account hangs on it; by settlement coin, `settled` is made the value of the
    positions, on which the coin's equity hangs.
    """
    weights: dict[str, Decimal] = {}
    jumps = _spot_weights(turn, account, weights)
    for leg, exposure in account.exposures.items():
        if exposure.is_perp and (exposure.orders or leg in account.positions):
            sym, coin = exposure.sym, turn.reference.instruments[exposure.sym].quote
            weight = _leg_weight(turn, account, leg, exposure, coin) * jumps
            weights[sym] = weights.get(sym, ZERO) + weight
            settled[coin] = settled.get(coin, ZERO) + exposure.position_value
    theta = turn.settings.margin_call_uni_mmr
    for coin, wallet in account.wallets.items():
        if coin != VALUATION_COIN:
            price = turn.state.indexes.get(coin, ZERO)
            owned, rate = equity(wallet), _highest_rate(turn, account, coin)
            owes = positive_part(frozen(wallet) - owned) * theta * rate
            weight = (abs(owned) + owes) * price + theta * wallet.loan_maintenance
            if weight or owned:
                weights[coin] = weights.get(coin, ZERO) + weight
    return weights


def _spot_weights(turn: Turn, account: Account, weights: dict[str, Decimal]) -> Decimal:
    """Add what spot orders weigh; returns by how much they make positions weigh more.

    A fill's loss hangs on whether the coins that it moves are then owned or owed, which the profit
    of positions decides too: for each order that is at most what the discount takes.
    """
    jumps = ONE
    for order_id in account.spot_orders:
        order = turn.state.orders[order_id]
        instrument = turn.reference.instruments[order.sym]
        fee = turn.rules_of[order.portfolio_id][order.sym].fees.taker
        base, quote = spot_amounts(turn, instrument, order)
        for coin, amount in ((instrument.base, base), (instrument.quote, quote)):
            if coin != VALUATION_COIN:
                price = turn.state.indexes.get(coin, ZERO)
                weights[coin] = weights.get(coin, ZERO) + abs(amount) * price * (ONE + fee)
            jumps += ONE - turn.reference.discounts.get(coin, UNLISTED_DISCOUNT)
    return jumps


def _leg_weight(turn: Turn, account: Account, leg: str, exposure: Exposure, coin: str) -> Decimal:
    rules = turn.rules_of[account.portfolio_id][exposure.sym]
    weight = ZERO
    position = account.positions.get(leg)
    if position is not None:
        value, size = exposure.position_value, abs(position.quantity)
        instrument = turn.reference.instruments[exposure.sym]
        tier = position_tier(turn, instrument, size, value * VALUE_MAX)
        rate = (tier.mm_rate if tier else ZERO) * turn.settings.maintenance_multiplier
        rate += _highest_rate(turn, account, coin)
        weight = value * (ONE + rules.fees.taker + turn.settings.margin_call_uni_mmr * rate)
    if exposure.orders:
        waiting = sum((order.remaining for order in working_orders(turn, exposure)), ZERO)
        fees = max(rules.opening_maker, rules.opening_taker, ZERO)
        weight += waiting * rules.contract_size * exposure.mark * (ONE + fees)
    return weight


def _highest_rate(turn: Turn, account: Account, coin: str) -> Decimal:
    """The maintenance rate of a debt in a coin at its dearest tier."""
    key = account.exchange, coin
    rate = turn.debt_rates.get(key)
    if rate is None:
        tiers = loan_tiers(turn, account.exchange, coin)
        rate = max((tier.mm_rate for tier in tiers), default=ZERO)
        turn.debt_rates[key] = rate
    return rate


def _to_next_rate(turn: Turn, account: Account, wallet: Wallet, moved: Decimal) -> Decimal:
    """How far prices may move before a debt comes to a tier with another rate, which is a jump."""
    debt = frozen(wallet) - equity(wallet)
    nearest: Decimal | None = None
    for tier in loan_tiers(turn, account.exchange, wallet.coin)[:-1]:
        gap = abs(debt - tier.cap)
        if nearest is None or gap < nearest:
            nearest = gap
        if debt < tier.cap:
            break
    if nearest is None or not moved:
        return RADIUS_MAX
    return nearest * (turn.index_price(wallet.coin) or ZERO) / moved
