"""The operator's parameters, put into force."""

from openprime.desk.commands import Configure
from openprime.desk.effective import SETTINGS
from openprime.desk.margin import forget_sums
from openprime.desk.settings import in_force
from openprime.desk.turn import Turn
from openprime.errors import Refusal


def configure(turn: Turn, command: Configure) -> Refusal | None:
    """Go on under other parameters. Code: 400000 where the operator's changes do not fit them."""
    try:
        in_force(command.settings, turn.state.overrides.get(SETTINGS, {}))
    except ValueError:
        return Refusal(400000)
    turn.state.settings = command.settings
    go_on(turn)
    return None


def go_on(turn: Turn) -> None:
    """Work under the state's settings and rules from here on; every sum is made anew under them."""
    turn.configure()
    for portfolio in turn.state.portfolios.values():
        for account in portfolio.accounts.values():
            for exposure in account.exposures.values():
                instrument = turn.reference.instruments[exposure.sym]
                # A symbol that lost its default goes on at the leverage that it had.
                exposure.leverage = turn.leverage(account, instrument) or exposure.leverage
    forget_sums(turn.state)
