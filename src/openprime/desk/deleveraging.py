"""Auto-deleveraging: profitable positions of the other side close one that nobody else can take.

The rank is by score: profit over cash, times maintenance over worth (risk-model 13.4).
"""

from decimal import Decimal

from openprime.desk.inside import close_inside
from openprime.desk.legs import legs_of
from openprime.desk.margin import refresh, totals
from openprime.desk.orders import displace
from openprime.desk.relief import UNDER_RISK_CONTROL
from openprime.desk.state import Account, Position
from openprime.desk.turn import Turn, holders_of
from openprime.model.numbers import ONE, ZERO, positive_part
from openprime.model.vocabulary import CANCEL_PENDING, ClosedType, OrderOrigin

ADL_LEVELS = 5


def adl_score(turn: Turn, account: Account, position: Position) -> Decimal:
    """How early a position is deleveraged: profit ratio times margin ratio."""
    refresh(turn, account)
    instrument = turn.reference.instruments[position.sym]
    wallet = account.wallets[instrument.quote]
    exposure = account.exposures[position.leg]
    profit = positive_part(exposure.upnl) / max(ONE, wallet.cash)
    worth = wallet.cash + wallet.upnl
    if worth <= ZERO:
        return ZERO
    return profit * totals(account).maintenance / worth


def side_of(turn: Turn, sym: str, long: bool) -> list[tuple[Account, Position]]:
    """Everybody's positions of one side of a symbol."""
    found = []
    for account in holders_of(turn.state, sym):
        for leg in legs_of(account, sym):
            position = account.positions.get(leg)
            if position is not None and (position.quantity > ZERO) == long:
                found.append((account, position))
    return found


def adl_rank(turn: Turn, account: Account, position: Position) -> int:
    """The rank that is shown, 1 to 5: of equal parts of the side in profit, the last the sooner
    (resolutions 158).
    """
    own = adl_score(turn, account, position)
    if not own:
        return 1
    side = side_of(turn, position.sym, position.quantity > ZERO)
    scores = [adl_score(turn, *held) for held in side]
    rated = [score for score in scores if score > ZERO]
    rank = sum(1 for score in rated if score <= own)
    return -(-ADL_LEVELS * rank // len(rated))


def deleverage(turn: Turn, sym: str, quantity: Decimal, price: Decimal, long: bool) -> Decimal:
    """Close up to `quantity` of the positions of one side at a price, the highest score first.

    Their owners' orders of the symbol are cancelled. Returns how much was closed.
    """
    left = quantity
    for account, position in _ranked(turn, sym, long):
        if not left:
            break
        if account.positions.get(position.leg) is not position or account.liquidation is not None:
            continue
        _cancel_orders(turn, account, sym)
        part = min(left, abs(position.quantity))
        close_inside(
            turn,
            account,
            position.leg,
            part,
            price,
            OrderOrigin.SYSTEM_REDUCE,
            ClosedType.SYSTEM_COMPLETE_CLOSED,
        )
        left -= part
    return quantity - left


def _ranked(turn: Turn, sym: str, long: bool) -> list[tuple[Account, Position]]:
    """One side of a symbol, the highest score first, of equals the oldest position.

    A command ranks a side once, however many positions it has to be closed against.
    """
    key = (sym, long)
    if key not in turn.adl_ranks:
        rows = [
            (-adl_score(turn, account, position), position.position_id, account, position)
            for account, position in side_of(turn, sym, long)
        ]
        rows.sort(key=lambda row: row[:2])
        turn.adl_ranks[key] = [(account, position) for _, _, account, position in rows]
    return turn.adl_ranks[key]


def _cancel_orders(turn: Turn, account: Account, sym: str) -> None:
    for exposure in account.exposures.values():
        if exposure.sym == sym:
            for order_id in exposure.orders:
                order = turn.state.orders[order_id]
                if order.action is not CANCEL_PENDING:
                    displace(turn, order, turn.text(UNDER_RISK_CONTROL), UNDER_RISK_CONTROL)
