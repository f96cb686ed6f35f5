"""Legs: what the positions of a PERP symbol are kept under in an account (risk-model 4, 5.2).

A NET account holds one position a symbol, under the symbol itself. A BOTH account holds a LONG and
a SHORT leg that live apart: each has its own orders, margin, bracket and reduce-only book, and an
order names its leg. A leg is opened by its own side (BUY LONG, SELL SHORT); the other side closes
it, and counts as reduce-only whether it says so or not (resolutions 116, 164).
"""

from openprime.desk.commands import PlaceOrder
from openprime.desk.state import Account, Exposure, Portfolio, leg_key
from openprime.desk.turn import Turn
from openprime.model.vocabulary import BUY, LONG, NET, NO_SIDE, SHORT, PositionSide, Side

SIDES = (LONG, SHORT)


def opened_side(side: Side) -> PositionSide:
    """The leg that orders of a side open."""
    return LONG if side is BUY else SHORT


def legs_of(account: Account, sym: str) -> tuple[str, ...]:
    """The keys of a PERP symbol's positions in the account's mode."""
    if account.position_mode is NET:
        return (sym,)
    return tuple(leg_key(sym, side) for side in SIDES)


def exposures_of(account: Account, sym: str) -> list[Exposure]:
    """Every exposure that the account ever had in a symbol, in whatever mode."""
    keys = (sym, *(leg_key(sym, side) for side in SIDES))
    return [account.exposures[key] for key in keys if key in account.exposures]


def named_leg(account: Account, sym: str, side: PositionSide | None) -> str:
    """The leg that a PERP order means by its positionSide, which NET accounts pass over."""
    if account.position_mode is NET:
        return sym
    return leg_key(sym, side or NO_SIDE)


def closes_leg(turn: Turn, portfolio: Portfolio, command: PlaceOrder) -> bool:
    """Whether an order stands on the closing side of a BOTH account's leg."""
    if command.position_side not in SIDES or command.position_side is opened_side(command.side):
        return False
    instrument = turn.reference.instruments.get(command.sym)
    if instrument is None or not instrument.is_perp:
        return False
    account = portfolio.accounts.get(instrument.exchange)
    return account is not None and account.position_mode is not NET
