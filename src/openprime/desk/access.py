"""Checks of what a venue and a portfolio are offered, and the operator's limits on portfolios."""

from openprime.desk.commands import LimitPortfolio
from openprime.desk.placing import Placing
from openprime.desk.state import Portfolio
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.reference import market_key
from openprime.model.vocabulary import Business, Exchange


def business_offered(placing: Placing) -> int | None:
    """401067 where the kind of business is off, for the venue or the portfolio (resolutions 95)."""
    if placing.rules.offered and placing.portfolio.limits is None:
        return None
    instrument = placing.instrument
    offered = market_offered(
        placing.turn, placing.portfolio, instrument.exchange, instrument.business
    )
    return None if offered else 401067


def market_offered(
    turn: Turn, portfolio: Portfolio, exchange: Exchange, business: Business
) -> bool:
    """Whether a kind of business is on, for the venue and for the portfolio."""
    key, limits = market_key(exchange, business), portfolio.limits
    return key not in turn.reference.markets_off and not (limits and key in limits.markets_off)


def rules_known(placing: Placing) -> int | None:
    """401031 for a symbol that is listed without rules."""
    return None if placing.instrument.has_rules else 401031


def portfolio_may_trade(placing: Placing) -> int | None:
    """401061 for a portfolio that may not trade at all, or not this."""
    if placing.portfolio.trade_forbidden:
        return 401061
    limits = placing.portfolio.limits
    return 401061 if limits is not None and not limits.allows(placing.instrument) else None


def limit_portfolio(turn: Turn, command: LimitPortfolio) -> Refusal | None:
    """Hold a portfolio to other limits, or to none. Code: 402006 where it is unknown."""
    portfolio = turn.state.portfolios.get(command.portfolio_id)
    if portfolio is None:
        return Refusal(402006)
    portfolio.limits = command.limits
    return None
