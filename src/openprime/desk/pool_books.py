"""The shadow books of venue accounts: what orders, positions and transfers take and give back."""

from decimal import Decimal

from openprime.desk.fill import Fill
from openprime.desk.placing import Placing
from openprime.desk.pool import DEFAULT_TAG, Need, giving_account, need_of, stake_key
from openprime.desk.pool_state import AccountGroup, Allocation, Hold, Pool, VenueAccount
from openprime.desk.state import Account, Order, Portfolio
from openprime.desk.turn import Turn, account_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, positive_part
from openprime.model.reference import LISTED_EXCHANGES, market_key
from openprime.model.vocabulary import BUY, PERP, Business, Exchange

_ASKED_FOR = "who has no pool has no books to keep"


def default_pool(turn: Turn) -> Pool:
    """A pool as it is where nobody changed any, with all the orders and positions there are."""
    pool = Pool()
    for exchange in LISTED_EXCHANGES:
        for business in Business:
            _add_default(pool, exchange, business)
    for order in turn.state.orders.values():
        account = account_of(turn.state, order)
        need = need_of(turn, account, turn.reference.instruments[order.sym], order)
        _open(turn, pool, order, _default_account(turn, pool, order.sym), need)
    for portfolio in turn.state.portfolios.values():
        for account in portfolio.accounts.values():
            for sym in {position.sym: None for position in account.positions.values()}:
                _set_stake(turn, pool, account, sym, _default_account(turn, pool, sym))
    return pool


def _add_default(pool: Pool, exchange: Exchange, business: Business) -> None:
    market = market_key(exchange, business)
    pool.groups[market] = AccountGroup(market, exchange, business)
    pool.routes[f"{DEFAULT_TAG}:{market}"] = market
    pool.last_account_id += 1
    account_id = pool.last_account_id
    pool.accounts[account_id] = VenueAccount(account_id, exchange, market)


def _default_account(turn: Turn, pool: Pool, sym: str) -> VenueAccount:
    instrument = turn.reference.instruments[sym]
    market = market_key(instrument.exchange, instrument.business)
    return next(account for account in pool.accounts.values() if account.group == market)


# -- orders


def take(placing: Placing) -> None:
    """Debit the chosen account for an accepted order."""
    pool, account = placing.turn.state.pool, placing.venue_account
    assert pool is not None, "an account was chosen from it"
    assert account is not None, "an account was chosen"
    turn, order = placing.turn, placing.order
    need = need_of(turn, placing.account, placing.instrument, order)
    _open(turn, pool, order, account, need)


def _open(turn: Turn, pool: Pool, order: Order, account: VenueAccount, need: Need) -> None:
    user_id = turn.state.portfolios[order.portfolio_id].user_id
    hold = Hold(account.account_id, user_id, need.coin, need.is_margin)
    pool.holds[order.order_id] = hold
    account.open_orders += 1
    _resize(pool, hold, need.amount, need.notional)


def retake(turn: Turn, order: Order) -> None:
    """Bring an order's hold in line with what is left of it. There is a pool, but it may hold
    nothing for the order: the broker's own go out in any case.
    """
    pool = turn.state.pool
    assert pool is not None, _ASKED_FOR
    hold = pool.holds.get(order.order_id)
    if hold is None:
        return
    instrument = turn.reference.instruments[order.sym]
    need = need_of(turn, account_of(turn.state, order), instrument, order)
    _resize(pool, hold, need.amount, need.notional)


def give_back(turn: Turn, order: Order) -> None:
    """Free what an order that has ended still holds. There is a pool."""
    pool = turn.state.pool
    assert pool is not None, _ASKED_FOR
    hold = pool.holds.pop(order.order_id, None)
    if hold is None:
        return
    account = pool.accounts[hold.account_id]
    account.open_orders -= 1
    _resize(pool, hold, ZERO, ZERO)


def settle(turn: Turn, account: Account, instrument: Instrument, order: Order, fill: Fill) -> None:
    """Book a fill: coins change hands at the venue, a position holds more of it or less. There is a
    pool.
    """
    pool = turn.state.pool
    assert pool is not None, _ASKED_FOR
    retake(turn, order)
    hold = pool.holds.get(order.order_id) or pool.stakes.get(
        stake_key(account.portfolio_id, instrument.sym)
    )
    if hold is None:
        return
    venue_account = pool.accounts[hold.account_id]
    if instrument.business is PERP:
        _set_stake(turn, pool, account, instrument.sym, venue_account)
        return
    charge = fill.rebate - fill.fee
    if order.side is BUY:
        base, quote = fill.quantity, charge - fill.amount
    else:
        base, quote = -fill.quantity, charge + fill.amount
    _move(pool, venue_account, hold.user_id, instrument.base, base)
    _move(pool, venue_account, hold.user_id, instrument.quote, quote)


def _set_stake(
    turn: Turn, pool: Pool, account: Account, sym: str, venue_account: VenueAccount
) -> None:
    """Make what the positions of a symbol hold of a venue account what they need now."""
    instrument = turn.reference.instruments[sym]
    entry = ZERO
    for position in account.positions.values():
        if position.sym == sym:
            size = abs(position.quantity) * instrument.contract_size
            entry += size * position.average_price
    key = stake_key(account.portfolio_id, sym)
    stake = pool.stakes.get(key)
    if stake is None:
        user_id = turn.state.portfolios[account.portfolio_id].user_id
        stake = Hold(venue_account.account_id, user_id, instrument.quote, True)
        pool.stakes[key] = stake
    _resize(pool, stake, entry / (turn.leverage(account, instrument) or 1), entry)
    if not entry:
        del pool.stakes[key]


# -- transfers


def move_money(
    turn: Turn, portfolio: Portfolio, exchange: Exchange, coin: str, amount: Decimal
) -> None:
    """Money came to a portfolio's account at an exchange, or left it (below 0)."""
    pool = turn.state.pool
    if pool is None:
        return
    account = giving_account(pool, portfolio, exchange, coin, -amount)
    if account is not None:
        _move(pool, account, portfolio.user_id, coin, amount)


# -- books


def _resize(pool: Pool, hold: Hold, amount: Decimal, notional: Decimal) -> None:
    """Change what a hold takes. What was never booked is not given back: it goes first."""
    account = pool.accounts[hold.account_id]
    share = _share(pool, account, hold.user_id, hold.coin)
    more = positive_part(amount - hold.amount)
    booked, shared = min(hold.booked, amount), min(hold.shared, amount)
    if hold.is_margin:
        if account.margin_available is not None:
            booked += more
            account.margin_available -= booked - hold.booked
    elif hold.coin in account.balances:
        booked += more
        account.balances[hold.coin] -= booked - hold.booked
    if share is not None:
        shared += more
        share.amount -= shared - hold.shared
    account.notional += notional - hold.notional
    hold.amount, hold.notional, hold.booked, hold.shared = amount, notional, booked, shared


def _move(pool: Pool, account: VenueAccount, user_id: int, coin: str, amount: Decimal) -> None:
    """Put so much of a coin into an account's books, and into the user's share of it."""
    if coin in account.balances:
        account.balances[coin] += amount
    share = _share(pool, account, user_id, coin)
    if share is not None:
        share.amount += amount


def _share(pool: Pool, account: VenueAccount, user_id: int, coin: str) -> Allocation | None:
    return pool.allocations.get(account.account_id, {}).get(coin, {}).get(user_id)
