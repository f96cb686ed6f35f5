"""The orders that algo orders set off: ordinary orders that know their parent.

They pass the same checks as a client's own. One that is refused is told of as FAIL, with the
reason that a reply would have had (resolutions 79).
"""

from typing import Any

import msgspec

from openprime.desk.algo_state import AlgoOrder, SubOrder
from openprime.desk.check_table import checks_of
from openprime.desk.commands import PlaceOrder
from openprime.desk.legs import closes_leg, named_leg
from openprime.desk.orders import accept, refuse_later, request_cancel
from openprime.desk.placing import Placing, draft
from openprime.desk.turn import Turn, account_at
from openprime.errors import Refusal
from openprime.model.vocabulary import CANCEL_PENDING, FAIL


def place_sub_order(turn: Turn, algo: AlgoOrder, **asked: Any) -> None:
    """Place an order for an algo order: `asked` are the fields of PlaceOrder that it decides."""
    command = PlaceOrder(
        portfolio_id=algo.portfolio_id,
        sym=algo.sym,
        position_side=algo.position_side,
        **asked,
    )
    portfolio = turn.state.portfolios[algo.portfolio_id]
    if closes_leg(turn, portfolio, command):
        command = msgspec.structs.replace(command, reduce_only=True)
    placing = Placing(turn, command, portfolio)
    code = next(filter(None, (check(placing) for check, _ in checks_of(turn, command))), None)
    _complete(placing)
    placing.order.algo_order_id = algo.algo_order_id
    if code is None:
        told = accept(placing)
        algo.working[told.order_id] = SubOrder(told.quantity)
    else:
        told = refuse_later(placing, FAIL, Refusal(code))
    algo.sub_order_ids.append(told.order_id)


def take_back(turn: Turn, algo: AlgoOrder) -> None:
    """Ask for the end of an algo's orders. One that ended in this very command is counted out when
    its events are followed.
    """
    for order_id in algo.working:
        order = turn.state.orders.get(order_id)
        if order is not None and order.action is not CANCEL_PENDING:
            request_cancel(turn, order)


def _complete(placing: Placing) -> None:
    """Draft the order where a check refused it before it came to that."""
    if hasattr(placing, "order"):
        return
    turn, command = placing.turn, placing.command
    instrument = turn.reference.instruments[command.sym]
    placing.set_instrument(instrument)
    account = account_at(turn, placing.portfolio, instrument.exchange)
    placing.set_account(account, named_leg(account, command.sym, command.position_side))
    placing.order = draft(placing)
