"""Positions: how fills open, add to, reduce and turn them (risk-model 4)."""

from decimal import Decimal

from openprime.desk.events import PositionReduced
from openprime.desk.state import Account, Order, Position, PositionHistory
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import LEDGER_PLACES, ZERO, round_half_up, truncate
from openprime.model.vocabulary import (
    BUY,
    COMPLETE_CLOSED,
    LONG,
    NO_SIDE,
    PARTIAL_CLOSED,
    SHORT,
    ClosedType,
    PositionSide,
)


def fill_position(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    order: Order,
    price: Decimal,
    quantity: Decimal,
    net_fee: Decimal,
) -> Decimal:
    """Let a fill of `quantity` units at `price` act on the symbol's NET position.

    `net_fee` is fee less rebate. Returns the realised profit in the settlement coin, fees apart.
    """
    buys = order.side is BUY
    position = account.positions.get(instrument.sym)
    realised = ZERO
    fee_left = net_fee
    if position is not None and (position.quantity > ZERO) != buys:
        closing = min(quantity, abs(position.quantity))
        fee_part = truncate(net_fee * closing / quantity) if closing < quantity else net_fee
        fee_left = net_fee - fee_part
        realised = _reduce(turn, account, instrument, position, price, closing, fee_part)
        quantity -= closing
        position = account.positions.get(instrument.sym)
    if quantity:
        signed = quantity if buys else -quantity
        _add(turn, account, instrument, position, price, signed, fee_left)
    turn.touch_position(account, instrument.sym, instrument.sym)
    account.stale_syms[instrument.sym] = None
    return realised


def _add(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    position: Position | None,
    price: Decimal,
    signed: Decimal,
    fee: Decimal,
) -> None:
    if position is None:
        position = Position(
            turn.new_long_id(),
            account.portfolio_id,
            account.exchange,
            instrument.sym,
            NO_SIDE,
            turn.now_ms,
            turn.now_ms,
        )
        account.positions[instrument.sym] = position
    before, added = abs(position.quantity), abs(signed)
    if before:
        mean = (position.average_price * before + price * added) / (before + added)
        position.average_price = round_half_up(mean, LEDGER_PLACES)
    else:
        position.average_price = price
    position.quantity += signed
    position.fee += fee
    position.max_quantity = max(position.max_quantity, before + added)
    position.updated_at_ms = turn.now_ms


def _reduce(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    position: Position,
    price: Decimal,
    closing: Decimal,
    fee: Decimal,
) -> Decimal:
    """Close `closing` units; the history row is told, and at zero the position is gone."""
    sign = 1 if position.quantity > ZERO else -1
    contract = instrument.contract_size
    realised = truncate(closing * contract * (price - position.average_price) * sign)
    position.quantity -= closing * sign
    position.fee += fee
    position.closed_quantity += closing
    position.closed_entry_amount += closing * position.average_price
    position.closed_exit_amount += closing * price
    position.closed_pnl += realised
    position.updated_at_ms = turn.now_ms
    complete = not position.quantity
    if complete:
        del account.positions[instrument.sym]
        account.exposures[instrument.sym].had_position = True
    closed_type = COMPLETE_CLOSED if complete else PARTIAL_CLOSED
    leverage = account.exposures[instrument.sym].leverage
    side = LONG if sign > 0 else SHORT
    row = history_row(account, instrument, position, closed_type, side, leverage)
    turn.events.append(PositionReduced(row))
    return realised


def history_row(
    account: Account,
    instrument: Instrument,
    position: Position,
    closed_type: ClosedType,
    side: PositionSide,
    leverage: int,
) -> PositionHistory:
    """What is told of a reduced position; closedPnlRatio is on the entry margin of what closed."""
    entry = position.closed_entry_amount * instrument.contract_size
    ratio = position.closed_pnl * leverage / entry if entry else ZERO
    closed = position.closed_quantity
    return PositionHistory(
        position.position_id,
        position.portfolio_id,
        position.exchange,
        position.sym,
        closed_type,
        position.closed_pnl,
        ratio,
        round_half_up(position.closed_exit_amount / closed, LEDGER_PLACES),
        round_half_up(position.closed_entry_amount / closed, LEDGER_PLACES),
        position.max_quantity,
        closed,
        position.liquidation_fee,
        position.funding_fee,
        position.fee,
        leverage,
        side,
        account.position_mode,
        position.created_at_ms,
        position.updated_at_ms,
    )
