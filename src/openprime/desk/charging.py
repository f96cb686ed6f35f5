"""What a fill of a liquidation's order costs beside its trading fee."""

from decimal import Decimal

from openprime.desk.fill import Fill
from openprime.desk.insurance import found_fund
from openprime.desk.ledger import INSURANCE
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
    """Count a fill of a stage's order, and charge what clearing a position costs: never more than
    what is left of the account's margin (risk-model 13.2).
    """
    event = account.liquidation
    stage = event.stage if event is not None else None
    if event is None or stage is None or stage.order_id != order.order_id:
        return
    stage.executed_quantity += fill.quantity
    stage.trading_fee += fill.fee - fill.rebate
    stage.closed_pnl += realised
    if not stage.executed_quantity - fill.quantity:
        stage.created_at_ms = turn.now_ms
    stage.updated_at_ms = turn.now_ms
    if position is None:
        return
    refresh(turn, account)
    left = positive_part(totals(account).valid)
    fee = min(round_half_up(fill.amount * instrument.liquidation_fee_rate), left)
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
    tell_again(turn, account, instrument, position)
