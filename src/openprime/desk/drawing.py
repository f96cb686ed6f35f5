"""How far prices may move before an account's status can be another.

The status turns on V - theta * MM crossing 0. Each price can move that by no more than its weight
times its relative move: a position's weight is its value, an order's its notional, a coin's what
is owned or owed of it, each with what fees, maintenance rates and debts may add. So while every
price stays within the same part of itself, distance over the sum of weights, nothing happens.
Weights are bounds and not derivatives: a band may be too narrow, never too wide.
"""

from decimal import Decimal

from openprime.desk.ledger import equity, frozen
from openprime.desk.margin import CUT_MAX, UNLISTED_DISCOUNT, spot_amounts
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Exposure, Wallet
from openprime.desk.tiers import loan_tiers, position_tier
from openprime.desk.turn import Turn
from openprime.desk.worth import working_orders
from openprime.model.numbers import ONE, ZERO, positive_part
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import AccountStatus

# No band is wider, so that the tier of a position inside it is known to be no higher than this.
RADIUS_MAX = Decimal("0.1")

Interval = tuple[Decimal, Decimal]


def draw_bands(turn: Turn) -> None:
    """Give every loose account its band, but those whose status asks for a look at every tick, and
    those with loans, whose status follows from more than this.
    """
    bands = turn.bands
    for account in list(bands.loose.values()):
        if account.liquidation is not None or account.loan_coins:
            continue
        if account.status in (AccountStatus.NORMAL, AccountStatus.MARGIN_CALL):
            bands.draw(account, intervals(turn, account))


def intervals(turn: Turn, account: Account) -> dict[str, Interval]:
    """By price, between which values the status of a refreshed account stays as it is."""
    weights = _weights(turn, account)
    total = sum(weights.values(), ZERO)
    radius = RADIUS_MAX
    if total:
        radius = min(radius, _distance(account, turn.settings) / total)
    for leg_coin, moved in _settled(turn, account).items():
        radius = min(radius, _to_next_rate(turn, account, account.wallets[leg_coin], moved))
    radius = positive_part(radius)
    prices = {key: _price(turn, key) for key in weights}
    return {key: (p * (ONE - radius), p * (ONE + radius)) for key, p in prices.items()}


def _price(turn: Turn, key: str) -> Decimal:
    marks = turn.state.marks
    return marks[key] if key in marks else turn.state.indexes.get(key, ZERO)


def _distance(account: Account, settings: DeskSettings) -> Decimal:
    """How far V - theta * MM is from the thresholds around a NORMAL or MARGIN_CALL account."""
    valid = account.margin_value - account.perp_open_loss - account.spot_open_loss
    maintenance = account.perp_maintenance + account.debt_maintenance
    above = valid - settings.margin_call_uni_mmr * maintenance
    if account.status is AccountStatus.MARGIN_CALL:
        above = min(-above, valid - settings.cancel_open_uni_mmr * maintenance)
    return above - CUT_MAX


def _weights(turn: Turn, account: Account) -> dict[str, Decimal]:
    weights: dict[str, Decimal] = {}
    jumps = _spot_weights(turn, account, weights)
    for leg, exposure in account.exposures.items():
        if exposure.is_perp and (exposure.orders or leg in account.positions):
            weight = _leg_weight(turn, account, leg, exposure) * jumps
            weights[exposure.sym] = weights.get(exposure.sym, ZERO) + weight
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


def _leg_weight(turn: Turn, account: Account, leg: str, exposure: Exposure) -> Decimal:
    instrument = turn.reference.instruments[exposure.sym]
    rules = turn.rules_of[account.portfolio_id][exposure.sym]
    theta, highest = turn.settings.margin_call_uni_mmr, ONE + RADIUS_MAX
    weight = ZERO
    position = account.positions.get(leg)
    if position is not None:
        value, size = exposure.position_value, abs(position.quantity)
        tier = position_tier(turn, instrument, size, value * highest)
        rate = (tier.mm_rate if tier else ZERO) * turn.settings.maintenance_multiplier
        rate += _highest_rate(turn, account, instrument.quote)
        weight = value * (ONE + rules.fees.taker + theta * rate)
    waiting = sum((order.remaining for order in working_orders(turn, exposure)), ZERO)
    if waiting:
        fees = max(rules.opening_maker, rules.opening_taker, ZERO)
        weight += waiting * rules.contract_size * exposure.mark * (ONE + fees)
    return weight


def _highest_rate(turn: Turn, account: Account, coin: str) -> Decimal:
    tiers = loan_tiers(turn, account.exchange, coin)
    return max((tier.mm_rate for tier in tiers), default=ZERO)


def _settled(turn: Turn, account: Account) -> dict[str, Decimal]:
    """By settlement coin, the value of the account's positions: what its equity hangs on."""
    settled: dict[str, Decimal] = {}
    for leg, position in account.positions.items():
        coin = turn.reference.instruments[position.sym].quote
        value = account.exposures[leg].position_value
        settled[coin] = settled.get(coin, ZERO) + value
    return settled


def _to_next_rate(turn: Turn, account: Account, wallet: Wallet, moved: Decimal) -> Decimal:
    """How far prices may move before a debt comes to a tier with another rate, which is a jump."""
    debt = frozen(wallet) - equity(wallet)
    tiers = loan_tiers(turn, account.exchange, wallet.coin)
    price = turn.index_price(wallet.coin) or ZERO
    gaps = [abs(debt - tier.cap) * price for tier in tiers[:-1]]
    return min(gaps) / moved if gaps and moved else RADIUS_MAX
