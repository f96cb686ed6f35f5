"""Positions: how fills open, add to, reduce and turn them (risk-model 4).

A fill acts on the position of its order's leg. What an order buys or sells beyond a position turns
it in NET mode; in BOTH mode, where only a fill that overtook its order's clipping can do so, it
opens the other leg: the venue has traded it, and there it is worth what was traded.
"""

from decimal import Decimal

from openprime.desk.events import PositionReduced
from openprime.desk.exposures import exposure_of
from openprime.desk.fill import Fill
from openprime.desk.legs import opened_side
from openprime.desk.state import Account, Order, Position, PositionHistory, leg_key
from openprime.desk.turn import Turn
from openprime.desk.watched import watch
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
    fill: Fill,
    closed_as: ClosedType = COMPLETE_CLOSED,
) -> Decimal:
    """Let a fill act on the position of the order's leg; `closed_as` says what its end is told as.

    Returns the realised profit in the settlement coin, fees apart.
    """
    buys = order.side is BUY
    price, quantity, net_fee = fill.price, fill.quantity, fill.fee - fill.rebate
    leg = order.leg
    position = account.positions.get(leg)
    realised = ZERO
    fee_left = net_fee
    if position is not None and (position.quantity > ZERO) != buys:
        closing = min(quantity, abs(position.quantity))
        fee_part = truncate(net_fee * closing / quantity) if closing < quantity else net_fee
        fee_left = net_fee - fee_part
        realised = _reduce(turn, account, instrument, leg, price, closing, fee_part, closed_as)
        quantity -= closing
    if quantity:
        signed = quantity if buys else -quantity
        opened = leg if order.position_side is NO_SIDE else _opened_leg(turn, account, order)
        _add(turn, account, instrument, opened, price, signed, fee_left)
    turn.touch_position(account, instrument.sym, leg)
    account.stale_syms[leg] = None
    return realised


def _opened_leg(turn: Turn, account: Account, order: Order) -> str:
    """The leg that a fill of a BOTH account's order opens, by its side; noted where it is not the
    order's own."""
    leg = leg_key(order.sym, opened_side(order.side))
    if leg != order.leg:
        exposure_of(turn, account, turn.reference.instruments[order.sym], leg)
        turn.touch_position(account, order.sym, leg)
        account.stale_syms[leg] = None
    return leg


def _add(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    leg: str,
    price: Decimal,
    signed: Decimal,
    fee: Decimal,
) -> None:
    """Add to the position of a leg, made where there is none."""
    position = account.positions.get(leg)
    if position is None:
        net = leg == instrument.sym
        position = Position(
            turn.new_long_id(),
            account.portfolio_id,
            account.exchange,
            instrument.sym,
            NO_SIDE if net else LONG if signed > ZERO else SHORT,
            turn.now_ms,
            turn.now_ms,
        )
        account.positions[leg] = position
        watch(turn, account)
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
    leg: str,
    price: Decimal,
    closing: Decimal,
    fee: Decimal,
    closed_as: ClosedType,
) -> Decimal:
    """Close `closing` units; the history row is told, and at zero the position is gone."""
    position, exposure = account.positions[leg], account.exposures[leg]
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
        del account.positions[leg]
        exposure.had_position = True
    closed_type = closed_as if complete else PARTIAL_CLOSED
    side = LONG if sign > 0 else SHORT
    row = history_row(account, instrument, position, closed_type, side, exposure.leverage)
    turn.events.append(PositionReduced(row))
    return realised


def tell_again(turn: Turn, account: Account, instrument: Instrument, position: Position) -> None:
    """Tell the position's last reduction of this command once more, with what changed since."""
    at, row = [
        (at, event.row)
        for at, event in enumerate(turn.events)
        if isinstance(event, PositionReduced) and event.row.position_id == position.position_id
    ][-1]
    side, leverage = row.side, row.leverage
    fresh = history_row(account, instrument, position, row.closed_type, side, leverage)
    turn.events[at] = PositionReduced(fresh)


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
