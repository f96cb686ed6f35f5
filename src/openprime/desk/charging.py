"""What an order of a liquidation costs beside its trading fee.

It is charged once the order is over: until then what is left of the margin may still be lost by
what the order has yet to close.
"""

from decimal import Decimal

from openprime.desk.fill import Fill
from openprime.desk.insurance import found_fund
from openprime.desk.ledger import INSURANCE
from openprime.desk.liquidation_state import Liquidation, Stage
from openprime.desk.margin import refresh, totals
from openprime.desk.positions import tell_again
from openprime.desk.state import Account, Order, Position
from openprime.desk.statements import post_with_statement
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import positive_part, round_half_up
from openprime.model.vocabulary import PERP, StatementType


def stage_filled(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    order: Order,
    position: Position | None,
    fill: Fill,
    realised: Decimal,
) -> None:
    """Count a fill of a stage's order; the last one pays for all."""
    event = account.liquidation
    assert event is not None, "the broker orders for liquidations alone"
    stage = event.stage
    assert stage is not None, "a stage lasts as long as its order"
    assert stage.order_id == order.order_id, "an account has one stage at a time"
    stage.executed_quantity += fill.quantity
    stage.executed_amount += fill.amount
    stage.trading_fee += fill.fee - fill.rebate
    stage.closed_pnl += realised
    if not stage.executed_quantity - fill.quantity:
        stage.created_at_ms = turn.now_ms
    stage.updated_at_ms = turn.now_ms
    if position is not None and stage.executed_quantity >= stage.quantity:
        charge_clearance(turn, account, instrument, position, event, stage)
        tell_again(turn, account, instrument, position)


def charge_clearance(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    position: Position,
    event: Liquidation,
    stage: Stage,
) -> None:
    """Charge what clearing a position cost: never more than what is left of the account's margin
    (risk-model 13.2).
    """
    refresh(turn, account)
    left = positive_part(totals(account).valid)
    fee = min(round_half_up(stage.executed_amount * instrument.liquidation_fee_rate), left)
    if not fee:
        return
    found_fund(turn)
    post_with_statement(
        turn,
        account,
        instrument.quote,
        -fee,
        INSURANCE,
        StatementType.LIQUIDATION_FEE,
        str(event.event_id),
        instrument.sym,
        PERP,
    )
    stage.liquidation_fee += fee
    position.liquidation_fee += fee
