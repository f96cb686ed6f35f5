"""What a portfolio pays for its trades: the broker's rates, an operator's, and a markup.

The most particular rate counts: the portfolio's own, its user's, everybody's. A markup is put on
the rate of the user's MainPortfolio, unless the operator gave the sub-portfolio a rate of its own
(resolutions 147, 150, 206). Most portfolios have nothing of their own and share one book of rules.
"""

from decimal import Decimal

import msgspec

from openprime.desk.markups import Markup
from openprime.desk.owners import main_portfolio
from openprime.desk.state import Portfolio, State
from openprime.model.instrument import FeeRate
from openprime.model.reference import NO_FEES, Reference
from openprime.model.vocabulary import MARGIN, SPOT, Business, Exchange


class Added(msgspec.Struct, frozen=True):
    """The part of a fee that is markup, as fractions of the amount, and the portfolio that it is
    passed on to.
    """

    taker: Decimal
    maker: Decimal
    portfolio_id: int


class Rates(msgspec.Struct, frozen=True):
    """What is paid in a market, markup included, and the part of it that is markup."""

    fee: FeeRate
    markup: Added | None = None


def market_of(exchange: Exchange, business: Business) -> str:
    """The key of a market's fees."""
    return f"{exchange}_{business}"


def markup_of(portfolio: Portfolio, market: str) -> Markup | None:
    """The markup that is in force in a market; SPOT's counts for MARGIN."""
    exchange, business = market.split("_")
    return portfolio.markups.get(f"{exchange}_{SPOT}" if business == MARGIN else market)


def own_key(owner_id: int, market: str) -> str:
    """The key of a rate that the operator gave a user or a portfolio."""
    return f"{owner_id}:{market}"


def rates_of(state: State, reference: Reference, portfolio: Portfolio, market: str) -> Rates:
    """What a portfolio pays in a market."""
    own = reference.owner_fees.get(own_key(portfolio.portfolio_id, market))
    markup = markup_of(portfolio, market)
    if markup is None:
        return Rates(own or _usual(reference, portfolio, market))
    main = main_portfolio(state, portfolio.user_id)
    base = own or rates_of(state, reference, main, market).fee
    taker, maker = markup.taker.on(base.taker), markup.maker.on(base.maker)
    if not (taker or maker):
        return Rates(base)
    fee = FeeRate(base.taker + taker, base.maker + maker, base.level)
    return Rates(fee, Added(taker, maker, main.portfolio_id))


def _usual(reference: Reference, portfolio: Portfolio, market: str) -> FeeRate:
    """The rate of the portfolio's user, else everybody's."""
    return reference.owner_fees.get(own_key(portfolio.user_id, market)) or reference.fees.get(
        market, NO_FEES
    )


def has_own_rates(reference: Reference, portfolio: Portfolio) -> bool:
    """Whether anything but everybody's rates may count for a portfolio."""
    if portfolio.markups:
        return True
    owners = (f"{portfolio.portfolio_id}:", f"{portfolio.user_id}:")
    return any(key.startswith(owners) for key in reference.owner_fees)
