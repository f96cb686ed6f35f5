"""What a client needs most when there is too much of everything: to have less at risk.

Cancels and closes do not stand in line. They only wait for what their own portfolio sent before
them and they were sent to undo: past that they would find nothing, and it would be placed after
them.
"""

from openprime.desk.commands import (
    CancelAlgoOrder,
    CancelAlgoOrders,
    CancelOrder,
    CancelOrders,
    ClosePosition,
    Command,
)

_OF_ONE = (CancelOrder, CancelAlgoOrder)
RELIEVING = (*_OF_ONE, CancelOrders, CancelAlgoOrders, ClosePosition)

Relieving = CancelOrder | CancelAlgoOrder | CancelOrders | CancelAlgoOrders | ClosePosition


def undoes(relieving: Relieving, waiting: Command) -> bool:
    """Whether a cancel or a close may have been sent to undo what still waits in line.

    One order that is called by its orderId does not wait: the id was told when it was placed.
    """
    if getattr(waiting, "portfolio_id", None) != relieving.portfolio_id:
        return False
    if not isinstance(relieving, _OF_ONE):
        return True
    name = relieving.client_order_id
    return bool(name) and getattr(waiting, "client_order_id", "") == name
