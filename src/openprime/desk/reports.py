"""What the venue says of orders: accepted, filled, ended, changed (rest-trading 1.10)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from openprime.desk.changes import venue_change
from openprime.desk.charging import stage_filled
from openprime.desk.commands import VenueReports
from openprime.desk.events import Trade
from openprime.desk.fill import Fill
from openprime.desk.ledger import FEES, VENUE, post
from openprime.desk.orders import changed, displace, finish, reserve_again
from openprime.desk.pool_books import settle
from openprime.desk.positions import fill_position
from openprime.desk.reduce_only import NO_ROOM, make_room, no_room_text
from openprime.desk.reserves import INSUFFICIENT, change_outrun
from openprime.desk.state import Account, Order
from openprime.desk.sub_fees import pass_on_markup
from openprime.desk.turn import Turn, account_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, positive_part, round_half_up
from openprime.model.venue import (
    Accepted,
    Cancelled,
    CancelRefused,
    Filled,
    Rejected,
    Replaced,
    ReplaceRefused,
)
from openprime.model.vocabulary import (
    AMEND_COMPLETED,
    AMEND_FAILED,
    BUY,
    BY_SYSTEM,
    BY_USER,
    CANCEL_COMPLETE,
    CANCEL_FAILED,
    CANCEL_PENDING,
    CANCELLED,
    COMPLETE_CLOSED,
    DMA,
    FILLED,
    LIQUIDATION,
    MAKER,
    MARGIN,
    NEW,
    NO_ACTOR,
    OPEN,
    PARTIALLY_FILLED,
    PERP,
    REJECT,
    SPOT,
    Liquidity,
)


def take_reports(turn: Turn, command: VenueReports) -> None:
    """Act on each report in turn; one of an order that has ended is old news and passed over."""
    orders = turn.state.orders
    for report in command.reports:
        order = orders.get(report.order_id)
        if order is not None:
            HANDLERS[type(report)](turn, order, report)


def _accepted(turn: Turn, order: Order, report: Accepted) -> None:
    if order.state is NEW:
        order.state = OPEN
        order.updated_at_ms = turn.now_ms
        changed(turn, order)


def _rejected(turn: Turn, order: Order, report: Rejected) -> None:
    reason = turn.text(report.code)
    finish(turn, order, REJECT, reason, report.code, cancel_type=BY_SYSTEM)


def _cancelled(turn: Turn, order: Order, report: Cancelled) -> None:
    if order.action is CANCEL_PENDING:
        order.action = CANCEL_COMPLETE
    by_client = report.requested and order.cancel_type is NO_ACTOR
    actor = BY_USER if by_client else BY_SYSTEM
    finish(turn, order, CANCELLED, "" if order.reason else report.reason, 0, actor)


def _cancel_refused(turn: Turn, order: Order, report: CancelRefused) -> None:
    order.action = CANCEL_FAILED
    order.action_message = turn.text(report.code)
    order.updated_at_ms = turn.now_ms
    changed(turn, order)


def _replaced(turn: Turn, order: Order, report: Replaced) -> None:
    if order.amendment is None:
        return  # the venue confirms a clipped reduce-only order
    if order.seized:
        _undo_change(turn, order)
        return
    _take_change(turn, order)
    reserve_again(turn, order)
    changed(turn, order)
    _room_after(turn, order)


def _take_change(turn: Turn, order: Order) -> None:
    """The venue made the change under way: the order is as the client wanted it."""
    assert order.amendment is not None, "a change is under way"
    order.limit_price = order.amendment.price
    order.quantity = order.amendment.quantity
    order.amendment = None
    order.action = AMEND_COMPLETED
    order.amend_type = BY_USER
    order.updated_at_ms = turn.now_ms


def _outgrow(turn: Turn, order: Order) -> None:
    """More was filled than the order has: that can only be of a changed one. Either the change's
    confirmation was lost, or its reserve was seized and the venue has not yet taken it back.
    """
    if order.amendment is not None:
        _take_change(turn, order)
    elif order.seized and not order.quote_quantity:
        order.quantity = order.executed_quantity


def _replace_refused(turn: Turn, order: Order, report: ReplaceRefused) -> None:
    if order.amendment is None:
        return
    _give_up_change(turn, order, report.code)
    reserve_again(turn, order)
    changed(turn, order)
    _room_after(turn, order)


def _give_up_change(turn: Turn, order: Order, code: int) -> None:
    """Let the order be as it was before the change under way, for the reason of a code."""
    assert order.amendment is not None, "a change is under way"
    order.venue_quantity = order.amendment.venue_quantity_before
    order.amendment = None
    order.action = AMEND_FAILED
    order.action_message = turn.text(code)
    order.updated_at_ms = turn.now_ms


def _undo_change(turn: Turn, order: Order) -> None:
    """The venue made a change whose reserve was seized meanwhile: it is to take it back."""
    _give_up_change(turn, order, INSUFFICIENT)
    turn.requests.append(venue_change(turn.reference.instruments[order.sym], order))
    changed(turn, order)


def _room_after(turn: Turn, order: Order) -> None:
    instrument = turn.reference.instruments[order.sym]
    make_room(turn, account_of(turn.state, order), instrument, order.leg, displace)


def _filled(turn: Turn, order: Order, report: Filled) -> None:
    if report.trade_id <= order.last_trade_id:
        return  # told twice
    order.last_trade_id = report.trade_id
    instrument = turn.reference.instruments[order.sym]
    account = account_of(turn.state, order)
    fill = _fill_of(turn, account, instrument, order, report)
    _count(turn, order, instrument, fill)
    if order.executed_quantity > order.quantity:
        _outgrow(turn, order)
    realised, held = ZERO, account.positions.get(order.leg)
    if instrument.business is PERP:
        closed_as = COMPLETE_CLOSED if order.origin is DMA else LIQUIDATION
        realised = fill_position(turn, account, instrument, order, fill, closed_as)
        post(turn, account, instrument.quote, realised, VENUE)
        post(turn, account, instrument.quote, fill.rebate - fill.fee, FEES)
    else:
        if change_outrun(turn, instrument, order, fill, order.frozen):
            _give_up_change(turn, order, INSUFFICIENT)
            if not report.done:
                turn.requests.append(venue_change(instrument, order))
        reserve_again(turn, order)
        _exchange(turn, account, instrument, order, fill)
    if order.origin is not DMA:
        stage_filled(turn, account, instrument, order, held, fill, realised)
    if turn.state.pool is not None:
        settle(turn, account, instrument, order, fill)
    trade = record_trade(turn, order, instrument, fill, realised)
    rules = turn.rules_of[order.portfolio_id][order.sym]
    if rules.markup is not None and order.origin is DMA:
        pass_on_markup(turn, trade, rules.fees, rules.markup)
    _settle_state(turn, account, instrument, order, report.done)
    turn.touch_account(account)
    if instrument.business is PERP and account.exposures[order.leg].reduce_only_count:
        make_room(turn, account, instrument, order.leg, displace)


def _fill_of(
    turn: Turn, account: Account, instrument: Instrument, order: Order, report: Filled
) -> Fill:
    """The fill that the venue tells of, with what the client is charged for it."""
    price = instrument.price(report.price_ticks)
    quantity = instrument.quantity(report.quantity_lots)
    amount = quantity * price * instrument.contract_size
    fee, rebate = _charges(turn, account, instrument, order, amount, report.liquidity)
    return Fill(price, quantity, amount, fee, rebate, report.liquidity)


def _charges(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    order: Order,
    amount: Decimal,
    liquidity: Liquidity,
) -> tuple[Decimal, Decimal]:
    """Fee and rebate of a fill in quote coin, rounded half up to 8 decimals (risk-model 10).

    A SPOT buy never pays more than its wallet holds: what rounding added beyond it is waived.
    """
    rates = turn.rules_of[order.portfolio_id][instrument.sym].fees
    rate = rates.maker if liquidity is MAKER else rates.taker
    charge = round_half_up(amount * rate)
    if charge < ZERO:
        return ZERO, -charge
    if instrument.business is SPOT and order.side is BUY:
        charge = min(charge, positive_part(account.wallets[instrument.quote].cash - amount))
        if order.quote_quantity:
            left = order.quote_quantity - order.executed_amount - order.fee - amount
            charge = min(charge, positive_part(left))
    return charge, ZERO


def _count(turn: Turn, order: Order, instrument: Instrument, fill: Fill) -> None:
    """Put a fill on the order."""
    order.executed_quantity += fill.quantity
    order.executed_amount += fill.amount
    order.last_quantity, order.last_price = fill.quantity, fill.price
    order.last_amount = fill.amount
    order.fee += fill.fee
    order.fee_coin = instrument.quote
    if fill.rebate:
        order.rebate += fill.rebate
        order.rebate_coin = instrument.quote
    order.updated_at_ms = turn.now_ms


def _exchange(
    turn: Turn, account: Account, instrument: Instrument, order: Order, fill: Fill
) -> None:
    """The two sides of a spot or margin fill, and its fee."""
    borrows = instrument.business is MARGIN
    if order.side is BUY:
        gained, paid = fill.quantity, -fill.amount
    else:
        gained, paid = -fill.quantity, fill.amount
    post(turn, account, instrument.base, gained, VENUE, borrows)
    post(turn, account, instrument.quote, paid, VENUE, borrows)
    post(turn, account, instrument.quote, fill.rebate - fill.fee, FEES, borrows)


def record_trade(
    turn: Turn, order: Order, instrument: Instrument, fill: Fill, realised: Decimal
) -> Trade:
    """Tell of a fill as booked."""
    trade = Trade(
        turn.new_long_id(),
        order.order_id,
        order.client_order_id,
        order.portfolio_id,
        turn.state.portfolios[order.portfolio_id].user_id,
        order.exchange,
        instrument.business,
        order.sym,
        order.side,
        fill.quantity,
        fill.price,
        fill.amount,
        fill.fee,
        instrument.quote,
        fill.rebate,
        instrument.quote if fill.rebate else "",
        realised,
        fill.liquidity,
        turn.now_ms,
        order.algo_order_id,
    )
    turn.events.append(trade)
    return trade


def _settle_state(
    turn: Turn, account: Account, instrument: Instrument, order: Order, done: bool
) -> None:
    """The order's state after a fill; one that the venue is done with has ended."""
    if not done:
        order.state = PARTIALLY_FILLED
        changed(turn, order)
        return
    wanted = order.quantity
    if order.amendment is not None:
        wanted = min(wanted, order.amendment.quantity)
    if order.quote_quantity or order.executed_quantity >= wanted:
        finish(turn, order, FILLED)
    else:
        # Only a clipped reduce-only order is done before it is full: it closed all there was.
        reason = no_room_text(turn, instrument, order)
        finish(turn, order, CANCELLED, reason, NO_ROOM, BY_SYSTEM)


HANDLERS: dict[type, Callable[[Turn, Order, Any], None]] = {
    Accepted: _accepted,
    Rejected: _rejected,
    Filled: _filled,
    Cancelled: _cancelled,
    CancelRefused: _cancel_refused,
    Replaced: _replaced,
    ReplaceRefused: _replace_refused,
}
