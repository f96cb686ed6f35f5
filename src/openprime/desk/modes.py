"""The position mode of an account: one position a symbol, or two legs (risk-model 8)."""

from openprime.desk.commands import SetPositionMode
from openprime.desk.turn import Turn, account_at
from openprime.errors import Refusal


def set_position_mode(turn: Turn, command: SetPositionMode) -> Refusal | None:
    """Switch an account between NET and BOTH; the mode that it has is always fine.

    Codes in their order (resolutions 78): 401046, 401043 while a PERP order works, 406012 while a
    position is open.
    """
    account = account_at(turn, turn.state.portfolios[command.portfolio_id], command.exchange)
    if not account.initialised:
        return Refusal(401046)
    if account.position_mode is command.mode:
        return None
    perps = [leg for leg, exposure in account.exposures.items() if exposure.is_perp]
    if any(account.exposures[leg].orders for leg in perps):
        return Refusal(401043)
    if account.positions:
        return Refusal(406012)
    account.position_mode = command.mode
    # Marks pass over the exposures of the mode that is not in force.
    account.stale_syms |= dict.fromkeys(perps)
    turn.touch_account(account)
    return None
