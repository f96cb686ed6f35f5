"""Money from outside."""

from openprime.desk.commands import Credit
from openprime.desk.funds import Place
from openprime.desk.ledger import OUTSIDE
from openprime.desk.places import bring_in
from openprime.desk.turn import Turn
from openprime.errors import Refusal


def credit(turn: Turn, command: Credit) -> Refusal | None:
    """Bring money in from outside; the first credit initialises the account (resolutions 145).

    Code: 402006 where the portfolio is unknown.
    """
    portfolio = turn.state.portfolios.get(command.portfolio_id)
    if portfolio is None or portfolio.user_id not in turn.state.users:
        return Refusal(402006)
    if command.exchange not in portfolio.accounts:
        return Refusal(402006)
    place = Place(command.portfolio_id, command.exchange)
    bring_in(turn, place, command.coin, command.amount, OUTSIDE, turn.new_id())
    return None
