"""Auto-deleveraging: profitable positions of the other side close one that nobody else can take.

The rank is by score: profit over cash, times maintenance over worth (risk-model 13.4). A side is
ranked by as many commands as it takes, then goes by that ranking for a while.
"""

from decimal import Decimal

from openprime.desk.inside import close_inside
from openprime.desk.legs import legs_of
from openprime.desk.liquidation_state import Ranking
from openprime.desk.margin import refresh, totals
from openprime.desk.orders import displace
from openprime.desk.relief import UNDER_RISK_CONTROL
from openprime.desk.state import Account, Position, State, leg_key
from openprime.desk.turn import Turn, account_named
from openprime.desk.work import work_left
from openprime.model.numbers import ONE, ZERO, positive_part
from openprime.model.vocabulary import CANCEL_PENDING, LONG, SHORT, ClosedType, OrderOrigin

ADL_LEVELS = 5

# So long a ranking counts: prices come about once a second.
RANKED_FOR_MS = 1000

# The rank that is shown is that among so many of a symbol's accounts, evenly chosen.
SHOWN_AMONG = 200


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


def adl_rank(turn: Turn, account: Account, position: Position) -> int:
    """The rank that is shown, 1 to 5: of equal parts of the side in profit, the last the sooner
    (resolutions 158).
    """
    own = adl_score(turn, account, position)
    if not own:
        return 1
    rank = rated = 1
    for other in _some_holders(turn.state, position.sym):
        for held in _of_side(other, position.sym, position.quantity > ZERO):
            score = adl_score(turn, other, held)
            if held is not position and score > ZERO:
                rated += 1
                rank += score <= own
    return -(-ADL_LEVELS * rank // rated)


def _some_holders(state: State, sym: str) -> list[Account]:
    keys = list(state.holders.get(sym, ()))
    step = -(-len(keys) // SHOWN_AMONG) or 1
    return [account_named(state, key) for key in keys[::step]]


def _of_side(account: Account, sym: str, long: bool) -> list[Position]:
    """The account's positions of one side of a symbol."""
    held = [account.positions.get(leg) for leg in legs_of(account, sym)]
    return [p for p in held if p is not None and (p.quantity > ZERO) == long]


def side_ranked(turn: Turn, sym: str, long: bool) -> bool:
    """Whether one side of a symbol is ranked; if it is not, that goes on as far as the command may
    work.
    """
    ranking = _ranking(turn, sym, long)
    while ranking.waiting and work_left(turn) > 0:
        key = ranking.waiting.pop()
        account = account_named(turn.state, key)
        turn.looks += 1
        for position in _of_side(account, sym, long):
            score = adl_score(turn, account, position)
            ranking.rows.append((score, -position.position_id, key, position.leg))
        if not ranking.waiting:
            ranking.rows.sort()
            ranking.ranked_at_ms = turn.now_ms
    return not ranking.waiting


def _ranking(turn: Turn, sym: str, long: bool) -> Ranking:
    """The ranking of a side that counts now, which may be a new one."""
    rankings, name = turn.state.rankings, leg_key(sym, LONG if long else SHORT)
    ranking = rankings.get(name)
    if ranking is not None and (
        ranking.waiting or turn.now_ms < ranking.ranked_at_ms + RANKED_FOR_MS
    ):
        return ranking
    waiting = list(reversed(turn.state.holders.get(sym, {})))
    ranking = rankings[name] = Ranking(waiting, ranked_at_ms=turn.now_ms)
    return ranking


def deleverage(
    turn: Turn, sym: str, quantity: Decimal, price: Decimal, long: bool
) -> tuple[Decimal, bool]:
    """Close up to `quantity` of the positions of one side, which is ranked, at a price: the highest
    score first, of equals the oldest position.

    Their owners' orders of the symbol are cancelled. Returns how much was closed, and whether
    another command can close more.
    """
    left, rows = quantity, _ranking(turn, sym, long).rows
    while rows and left:
        if work_left(turn) <= 0:
            return quantity - left, True
        _, age, key, leg = rows[-1]
        account = account_named(turn.state, key)
        position = account.positions.get(leg)
        if position is None or -age != position.position_id or account.liquidation is not None:
            rows.pop()
            continue
        _cancel_orders(turn, account, sym)
        part = min(left, abs(position.quantity))
        close_inside(
            turn,
            account,
            leg,
            part,
            price,
            OrderOrigin.SYSTEM_REDUCE,
            ClosedType.SYSTEM_COMPLETE_CLOSED,
        )
        left -= part
    return quantity - left, False


def forget_rankings(state: State) -> None:
    """Nobody is being taken over any more: who would have had to step in does not matter."""
    state.rankings = {}


def _cancel_orders(turn: Turn, account: Account, sym: str) -> None:
    for exposure in account.exposures.values():
        if exposure.sym == sym:
            for order_id in exposure.orders:
                order = turn.state.orders[order_id]
                if order.action is not CANCEL_PENDING:
                    displace(turn, order, turn.text(UNDER_RISK_CONTROL), UNDER_RISK_CONTROL)
