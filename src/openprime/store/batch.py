"""What the sequencer hands over to be kept, and what of it becomes rows of history."""

from collections.abc import Callable
from typing import Any

import msgspec

from openprime.desk.algo_state import AlgoOrder
from openprime.desk.commands import Envelope
from openprime.desk.events import (
    AlgoChanged,
    Audited,
    DepositChanged,
    Event,
    LoanEntry,
    LoanOrder,
    MarkupCollected,
    OrderChanged,
    PositionReduced,
    Statement,
    Trade,
    TransferChanged,
    WithdrawalChanged,
)
from openprime.desk.funds import Deposit, Transfer, Withdrawal
from openprime.desk.state import Order, PositionHistory


class Batch(msgspec.Struct):
    """Commands that are made durable together, in order, with all that their events say.

    `digest_before` and `digest` are the rolling digests before the first and after the last.
    """

    envelopes: list[Envelope]
    events: list[Event]
    digest_before: bytes
    digest: bytes

    @property
    def first_sequence(self) -> int:
        return self.envelopes[0].sequence

    @property
    def last_sequence(self) -> int:
        return self.envelopes[-1].sequence


class Finished(msgspec.Struct):
    """A batch's additions to history. Of what is told twice the last word counts."""

    orders: dict[int, Order] = {}
    trades: list[Trade] = []
    positions: dict[int, PositionHistory] = {}
    statements: list[Statement] = []
    audited: list[Audited] = []
    transfers: dict[int, Transfer] = {}
    deposits: dict[int, Deposit] = {}
    withdrawals: dict[int, Withdrawal] = {}
    markups: list[MarkupCollected] = []
    algos: dict[int, AlgoOrder] = {}
    loan_orders: list[LoanOrder] = []
    loan_entries: list[LoanEntry] = []


def _transfer(gathered: Finished, event: TransferChanged) -> None:
    gathered.transfers[event.transfer.transfer_id] = event.transfer


def _deposit(gathered: Finished, event: DepositChanged) -> None:
    gathered.deposits[event.deposit.deposit_id] = event.deposit


def _withdrawal(gathered: Finished, event: WithdrawalChanged) -> None:
    gathered.withdrawals[event.withdrawal.withdrawal_id] = event.withdrawal


def _algo(gathered: Finished, event: AlgoChanged) -> None:
    if event.finished:
        gathered.algos[event.algo.algo_order_id] = event.algo


# What orders do not give rise to: one look-up tells all other events from it.
_RARE: dict[type, Callable[[Finished, Any], None]] = {
    Audited: lambda gathered, event: gathered.audited.append(event),
    TransferChanged: _transfer,
    DepositChanged: _deposit,
    WithdrawalChanged: _withdrawal,
    AlgoChanged: _algo,
    MarkupCollected: lambda gathered, event: gathered.markups.append(event),
    LoanOrder: lambda gathered, event: gathered.loan_orders.append(event),
    LoanEntry: lambda gathered, event: gathered.loan_entries.append(event),
}


def finished(events: list[Event]) -> Finished | None:
    """Gather what goes into the history tables; None where nothing does."""
    gathered = Finished()
    found = False
    # It looks at every event there is, so it asks by type and not by match.
    for event in events:
        if type(event) is Trade:
            gathered.trades.append(event)
        elif type(event) is OrderChanged:
            if not event.finished:
                continue
            gathered.orders[event.order.order_id] = event.order
        elif type(event) is PositionReduced:
            gathered.positions[event.row.position_id] = event.row
        elif type(event) is Statement:
            gathered.statements.append(event)
        elif type(event) in _RARE:
            _RARE[type(event)](gathered, event)
        else:
            continue
        found = True
    return gathered if found else None
