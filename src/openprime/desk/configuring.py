"""The operator's parameters, put into force."""

from openprime.desk.commands import Configure
from openprime.desk.margin import forget_sums
from openprime.desk.turn import Turn


def configure(turn: Turn, command: Configure) -> None:
    """Go on under other parameters; every sum is made anew under them."""
    turn.state.settings = command.settings
    turn.configure(command.settings)
    for portfolio in turn.state.portfolios.values():
        for account in portfolio.accounts.values():
            for exposure in account.exposures.values():
                instrument = turn.reference.instruments[exposure.sym]
                exposure.leverage = turn.leverage(account, instrument)
    forget_sums(turn.state)
