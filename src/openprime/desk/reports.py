"""What the venue says of orders: accepted, filled, ended, changed (rest-trading 1.10)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from openprime.desk.commands import VenueReports
from openprime.desk.events import Trade
from openprime.desk.ledger import FEES, VENUE, post
from openprime.desk.orders import changed, displace, finish, reserve_again
from openprime.desk.positions import fill_position
from openprime.desk.reduce_only import NO_ROOM, make_room, no_room_text
from openprime.desk.state import Account, Order
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
    FILLED,
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
    order.limit_price = order.amendment.price
    order.quantity = order.amendment.quantity
    order.amendment = None
    order.action = AMEND_COMPLETED
    order.amend_type = BY_USER
    order.updated_at_ms = turn.now_ms
    reserve_again(turn, order)
    changed(turn, order)
    _room_after(turn, order)


def _replace_refused(turn: Turn, order: Order, report: ReplaceRefused) -> None:
    if order.amendment is None:
        return
    order.venue_quantity = order.amendment.venue_quantity_before
    order.amendment = None
    order.action = AMEND_FAILED
    order.action_message = turn.text(report.code)
    order.updated_at_ms = turn.now_ms
    reserve_again(turn, order)
    changed(turn, order)
    _room_after(turn, order)


def _room_after(turn: Turn, order: Order) -> None:
    instrument = turn.reference.instruments[order.sym]
    make_room(turn, account_of(turn.state, order), instrument, displace)


def _filled(turn: Turn, order: Order, report: Filled) -> None:
    if report.trade_id <= order.last_trade_id:
        return  # told twice
    order.last_trade_id = report.trade_id
    instrument = turn.reference.instruments[order.sym]
    account = account_of(turn.state, order)
    price = instrument.price(report.price_ticks)
    quantity = instrument.quantity(report.quantity_lots)
    amount = quantity * price * instrument.contract_size
    fee, rebate = _charges(turn, account, instrument, order, amount, report.liquidity)
    _count(turn, order, instrument, price, quantity, amount, fee, rebate)
    if instrument.business is PERP:
        realised = fill_position(turn, account, instrument, order, price, quantity, fee - rebate)
        post(turn, account, instrument.quote, realised, VENUE)
        post(turn, account, instrument.quote, rebate - fee, FEES)
    else:
        realised = ZERO
        reserve_again(turn, order)
        _exchange(turn, account, instrument, order, quantity, amount, rebate - fee)
    _record_trade(
        turn, order, instrument, price, quantity, amount, fee, rebate, realised, report.liquidity
    )
    _settle_state(turn, account, instrument, order, report.done)
    turn.touch_account(account)
    if instrument.business is PERP and account.exposures[order.sym].reduce_only_count:
        make_room(turn, account, instrument, displace)


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
    rates = turn.rules[instrument.sym].fees
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


def _count(
    turn: Turn,
    order: Order,
    instrument: Instrument,
    price: Decimal,
    quantity: Decimal,
    amount: Decimal,
    fee: Decimal,
    rebate: Decimal,
) -> None:
    """Put a fill on the order."""
    order.executed_quantity += quantity
    order.executed_amount += amount
    order.last_quantity, order.last_price, order.last_amount = quantity, price, amount
    order.fee += fee
    order.fee_coin = instrument.quote
    if rebate:
        order.rebate += rebate
        order.rebate_coin = instrument.quote
    order.updated_at_ms = turn.now_ms


def _exchange(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    order: Order,
    quantity: Decimal,
    amount: Decimal,
    charge: Decimal,
) -> None:
    """The two legs of a spot or margin fill, and its fee (a negative charge)."""
    borrows = instrument.business is MARGIN
    if order.side is BUY:
        gained, paid = quantity, -amount
    else:
        gained, paid = -quantity, amount
    post(turn, account, instrument.base, gained, VENUE, borrows)
    post(turn, account, instrument.quote, paid, VENUE, borrows)
    post(turn, account, instrument.quote, charge, FEES, borrows)


def _record_trade(
    turn: Turn,
    order: Order,
    instrument: Instrument,
    price: Decimal,
    quantity: Decimal,
    amount: Decimal,
    fee: Decimal,
    rebate: Decimal,
    realised: Decimal,
    liquidity: Liquidity,
) -> None:
    turn.events.append(
        Trade(
            turn.new_long_id(),
            order.order_id,
            order.client_order_id,
            order.portfolio_id,
            turn.state.portfolios[order.portfolio_id].user_id,
            order.exchange,
            instrument.business,
            order.sym,
            order.side,
            quantity,
            price,
            amount,
            fee,
            instrument.quote,
            rebate,
            instrument.quote if rebate else "",
            realised,
            liquidity,
            turn.now_ms,
        )
    )


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
