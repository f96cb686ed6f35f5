"""Who owns what: the portfolios of a user."""

from openprime.desk.state import Portfolio, State


def portfolios_of(state: State, user_id: int) -> list[Portfolio]:
    """All portfolios of a user, closed ones too, the oldest first."""
    return [p for p in state.portfolios.values() if p.user_id == user_id]


def main_portfolio(state: State, user_id: int) -> Portfolio:
    """The MainPortfolio of a user."""
    return next(p for p in portfolios_of(state, user_id) if p.is_main)
