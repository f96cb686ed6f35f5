"""Which venue account an order goes to (errors 6.5).

As long as the operator has changed nothing there is no pool, and the whole of it costs an order
one look at None. At the first change the default is set up: an account of its own, without limits,
for every exchange and kind of business.
"""

from collections.abc import Iterable
from decimal import Decimal

from openprime.desk.placing import Placing
from openprime.desk.pool_state import Pool, VenueAccount, VenueTerms
from openprime.desk.reserves import required_freeze
from openprime.desk.state import Account, Order, Portfolio
from openprime.desk.turn import Turn
from openprime.desk.worth import unit_weight
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO, positive_part
from openprime.model.reference import LISTED_EXCHANGES, market_key
from openprime.model.vocabulary import PERP, SELL, Business, Exchange, VenueHealth

DEFAULT_TAG = "default"

# What stays untouched of an account's margin, for the venue's view may be ahead of ours.
MARGIN_BUFFER = Decimal("0.05")

NO_GROUP, NO_MATCH, NO_SHARE, NO_MARGIN, NO_ASSET = 401066, 401064, 401062, 401063, 401065


class Need:
    """What an order asks of a venue account."""

    __slots__ = ("amount", "closes", "coin", "is_margin", "notional")

    def __init__(
        self, coin: str, amount: Decimal, notional: Decimal, is_margin: bool, closes: bool = False
    ) -> None:
        self.coin = coin
        self.amount = amount
        self.notional = notional
        self.is_margin = is_margin
        self.closes = closes


def need_of(turn: Turn, account: Account, instrument: Instrument, order: Order) -> Need:
    """What an order needs now: the coin that it holds back, for a PERP the margin that the venue
    asks for the part that opens.
    """
    if instrument.business is not PERP:
        amount = required_freeze(turn, instrument, order)
        price = turn.index_price(order.frozen_coin) or ZERO
        return Need(order.frozen_coin, amount, amount * price, False)
    opens = ZERO if order.reduce_only else order.remaining
    position = account.positions.get(order.leg)
    if position is not None and (order.side is SELL) == (position.quantity > ZERO):
        opens = positive_part(opens - abs(position.quantity))
    mark = turn.state.marks.get(instrument.sym, ZERO)
    notional = unit_weight(turn, instrument, order, mark)[0] * positive_part(opens)
    return Need(instrument.quote, notional / (order.leverage or 1), notional, True)


def venue_account_found(placing: Placing) -> int | None:
    """Choose the venue account of a new order, or say why none can take it.

    Codes in their order: 401066, 401064, 401062, then 401065 (a coin) or 401063 (margin).
    """
    pool = placing.turn.state.pool
    if pool is None:
        return None
    instrument = placing.instrument
    members = members_of(pool, placing.portfolio, instrument.exchange, instrument.business)
    if not members:
        return NO_GROUP
    need = need_of(placing.turn, placing.account, instrument, placing.order)
    need.closes = need.is_margin and placing.reduces
    bound = bound_account(pool, placing)
    fit = [a for a in members if bound in (None, a.account_id) and _fits(a, placing, need)]
    if not fit:
        return NO_MATCH
    chosen = _richest(pool, fit, placing.portfolio.user_id, need)
    if isinstance(chosen, int):
        return chosen
    placing.venue_account = chosen
    return None


def members_of(
    pool: Pool, portfolio: Portfolio, exchange: Exchange, business: Business
) -> list[VenueAccount]:
    """The accounts that a portfolio's orders of a market are routed to; none without a group."""
    market = market_key(exchange, business)
    tag = pool.tags.get(portfolio.portfolio_id, DEFAULT_TAG)
    name = pool.routes.get(f"{portfolio.portfolio_id}:{market}") or pool.routes.get(
        f"{tag}:{market}"
    )
    group = pool.groups.get(name) if name else None
    if group is None or not group.enabled:
        return []
    return [account for account in pool.accounts.values() if account.group == group.name]


def bound_account(pool: Pool, placing: Placing) -> int | None:
    """The account that holds the portfolio's position or working orders of the symbol."""
    sym = placing.instrument.sym
    stake = pool.stakes.get(stake_key(placing.portfolio.portfolio_id, sym))
    if stake is not None:
        return stake.account_id
    for exposure in placing.account.exposures.values():
        if exposure.sym == sym:
            for order_id in exposure.orders:
                if order_id in pool.holds:
                    return pool.holds[order_id].account_id
    return None


def stake_key(portfolio_id: int, sym: str) -> str:
    return f"{portfolio_id}:{sym}"


def _fits(account: VenueAccount, placing: Placing, need: Need) -> bool:
    """Whether an account takes orders of this kind at all (step 2)."""
    terms, instrument = account.terms, placing.instrument
    if not _works(terms, need.closes):
        return False
    if terms.businesses and instrument.business not in terms.businesses:
        return False
    if instrument.sym in terms.syms_denied:
        return False
    if terms.syms_allowed and instrument.sym not in terms.syms_allowed:
        return False
    if instrument.business is PERP and not _takes_perp(terms, placing):
        return False
    if terms.max_open_orders and account.open_orders >= terms.max_open_orders:
        return False
    notional = account.notional + need.notional
    return not (terms.max_notional and need.notional and notional > terms.max_notional)


def _works(terms: VenueTerms, closes: bool) -> bool:
    """Whether an account is in use, and well enough; a degraded one still closes."""
    healthy = terms.health is VenueHealth.UP or (closes and terms.health is VenueHealth.DEGRADED)
    return terms.enabled and healthy


def _takes_perp(terms: VenueTerms, placing: Placing) -> bool:
    """Whether an account has the portfolio's position mode and can be set to the leverage."""
    if terms.position_mode not in (None, placing.account.position_mode):
        return False
    return not terms.max_leverage or placing.leverage <= terms.max_leverage


def _richest(
    pool: Pool, accounts: list[VenueAccount], user_id: int, need: Need
) -> VenueAccount | int:
    """The account with the most to spare of those that can pay, of equals the lowest id."""
    able = [a for a in accounts if need.closes or _share_suffices(pool, a, user_id, need)]
    if not able:
        if any(_pays(account, need) for account in accounts):
            return NO_SHARE
        return NO_MARGIN if need.is_margin else NO_ASSET
    paying = [a for a in able if (need.closes and need.is_margin) or _pays(a, need)]
    if not paying:
        return NO_MARGIN if need.is_margin else NO_ASSET
    return _first(paying, need)


def _first(accounts: Iterable[VenueAccount], need: Need) -> VenueAccount:
    def rank(account: VenueAccount) -> tuple[bool, Decimal, int]:
        left = spare(account, need.coin, need.is_margin)
        return (left is not None, -(left or ZERO), account.account_id)

    return min(accounts, key=rank)


def spare(account: VenueAccount, coin: str, is_margin: bool) -> Decimal | None:
    """What an account has left to give; None where it is not counted."""
    if not is_margin:
        return account.balances.get(coin)
    margin = account.margin_available
    return None if margin is None else margin * (ONE - MARGIN_BUFFER)


def _pays(account: VenueAccount, need: Need) -> bool:
    left = spare(account, need.coin, need.is_margin)
    return left is None or left >= need.amount


def _share_suffices(pool: Pool, account: VenueAccount, user_id: int, need: Need) -> bool:
    shares = pool.allocations.get(account.account_id, {}).get(need.coin)
    if not shares:
        return True
    share = shares.get(user_id)
    return share is not None and share.amount + share.credit >= need.amount


# -- other routes


def leverage_code(turn: Turn, portfolio: Portfolio, exchange: Exchange) -> int | None:
    """401066 where no venue account could be told of a PERP leverage."""
    pool = turn.state.pool
    if pool is None:
        return None
    return None if members_of(pool, portfolio, exchange, PERP) else NO_GROUP


def giving_accounts(pool: Pool, portfolio: Portfolio, exchange: Exchange) -> list[VenueAccount]:
    """Every account that money of a portfolio at an exchange may lie on, each once."""
    found = {
        account.account_id: account
        for business in Business
        for account in members_of(pool, portfolio, exchange, business)
    }
    return list(found.values())


def transfer_code(
    turn: Turn, portfolio: Portfolio, exchange: Exchange, coin: str, amount: Decimal
) -> int | None:
    """Why so much cannot leave the venue. Codes in their order: 401066 (nothing is traded there, or
    no group), 401062, 401065.
    """
    pool = turn.state.pool
    if pool is None:
        return None if exchange in LISTED_EXCHANGES else NO_GROUP
    accounts = giving_accounts(pool, portfolio, exchange)
    if not accounts:
        return NO_GROUP
    chosen = _giving(pool, portfolio, accounts, coin, amount)
    return chosen if isinstance(chosen, int) else None


def giving_account(
    pool: Pool, portfolio: Portfolio, exchange: Exchange, coin: str, amount: Decimal
) -> VenueAccount | None:
    """The account that a transfer moves at; the first one where none has enough."""
    accounts = giving_accounts(pool, portfolio, exchange)
    chosen = _giving(pool, portfolio, accounts, coin, amount)
    if isinstance(chosen, int):
        return min(accounts, key=lambda account: account.account_id, default=None)
    return chosen


def _giving(
    pool: Pool, portfolio: Portfolio, accounts: list[VenueAccount], coin: str, amount: Decimal
) -> VenueAccount | int:
    usable = [a for a in accounts if _works(a.terms, closes=False)]
    return _richest(pool, usable, portfolio.user_id, Need(coin, amount, ZERO, False))
