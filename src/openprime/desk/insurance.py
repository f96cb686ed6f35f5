"""The insurance fund: it takes liquidation fees and makes good what accounts lack.

It keeps USDT alone; other coins are bought and sold at the index (resolutions 157). What it cannot
pay the broker pays out of its own.
"""

from decimal import Decimal

from openprime.desk.ledger import BROKER, INSURANCE, OUTSIDE, VENUE
from openprime.desk.turn import Turn
from openprime.model.numbers import ZERO, truncate
from openprime.model.reference import VALUATION_COIN


def move_in_house(turn: Turn, coin: str, amount: Decimal, giver: str, taker: str) -> None:
    """Move money between two house accounts."""
    house = turn.state.house
    for name, change in ((giver, -amount), (taker, amount)):
        balances = house.setdefault(name, {})
        balances[coin] = balances.get(coin, ZERO) + change


def found_fund(turn: Turn) -> None:
    """Pay in what the fund begins with, when it is first needed."""
    if INSURANCE not in turn.state.house:
        initial = turn.settings.insurance_fund_initial
        move_in_house(turn, VALUATION_COIN, initial, OUTSIDE, INSURANCE)


def fund_balance(turn: Turn) -> Decimal:
    """What the fund holds, in USDT; before it is first needed, what it will begin with."""
    fund = turn.state.house.get(INSURANCE)
    if fund is None:
        return turn.settings.insurance_fund_initial
    return fund.get(VALUATION_COIN, ZERO)


def level_fund(turn: Turn, coin: str) -> None:
    """Bring what the fund holds or owes of a coin back to USDT, and let the broker pay what it
    lacks of that.
    """
    fund = turn.state.house[INSURANCE]
    held = fund.get(coin, ZERO)
    if coin != VALUATION_COIN and held:
        move_in_house(turn, coin, held, INSURANCE, VENUE)
        worth = truncate(held * (turn.index_price(coin) or ZERO))
        move_in_house(turn, VALUATION_COIN, worth, VENUE, INSURANCE)
    lacking = -fund.get(VALUATION_COIN, ZERO)
    if lacking > ZERO:
        move_in_house(turn, VALUATION_COIN, lacking, BROKER, INSURANCE)
