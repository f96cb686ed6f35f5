"""Trades that no venue sees: legs set off, positions that the house or a counterparty takes.

They are told as an order that was filled at once, and its trade, so that what a client holds is
what its trades come to. They cost no fee.
"""

from decimal import Decimal

from openprime.desk import pool_books
from openprime.desk.fill import Fill
from openprime.desk.ledger import VENUE, post
from openprime.desk.legs import SIDES
from openprime.desk.orders import changed, displace
from openprime.desk.positions import fill_position
from openprime.desk.reduce_only import closing_side, make_room
from openprime.desk.reports import record_trade
from openprime.desk.state import Account, Order, leg_key
from openprime.desk.turn import Turn
from openprime.desk.worth import mark_of
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    FILLED,
    IOC,
    LIMIT,
    TAKER,
    ClosedType,
    OrderOrigin,
)


class Closed:
    """A part of a position that was closed inside: its order and what it realised."""

    __slots__ = ("order", "realised")

    def __init__(self, order: Order, realised: Decimal) -> None:
        self.order = order
        self.realised = realised


def close_inside(
    turn: Turn,
    account: Account,
    leg: str,
    quantity: Decimal,
    price: Decimal,
    origin: OrderOrigin,
    closed_as: ClosedType,
) -> Closed:
    """Close so much of a leg's position at a price."""
    position, exposure = account.positions[leg], account.exposures[leg]
    instrument = turn.reference.instruments[position.sym]
    amount = quantity * price * instrument.contract_size
    order_id = turn.new_id()
    order = Order(
        order_id,
        str(order_id),
        account.portfolio_id,
        account.exchange,
        position.sym,
        closing_side(position.quantity),
        LIMIT,
        IOC,
        quantity,
        ZERO,
        price,
        True,
        position.side,
        exposure.leverage,
        turn.now_ms,
        turn.now_ms,
        origin,
        FILLED,
        executed_quantity=quantity,
        executed_amount=amount,
        last_quantity=quantity,
        last_price=price,
        last_amount=amount,
        fee_coin=instrument.quote,
    )
    fill = Fill(price, quantity, amount, ZERO, ZERO, TAKER)
    realised = fill_position(turn, account, instrument, order, fill, closed_as)
    post(turn, account, instrument.quote, realised, VENUE)
    if turn.state.pool is not None:
        pool_books.settle(turn, account, instrument, order, fill)
    record_trade(turn, order, instrument, fill, realised)
    changed(turn, order, finished=True)
    make_room(turn, account, instrument, leg, displace)
    turn.touch_account(account)
    return Closed(order, realised)


def offset_legs(turn: Turn, account: Account) -> bool:
    """Set the LONG and the SHORT leg of each symbol off against each other, at the mark."""
    found = False
    for sym in dict.fromkeys(position.sym for position in account.positions.values()):
        legs = [leg_key(sym, side) for side in SIDES]
        held = [account.positions[leg] for leg in legs if leg in account.positions]
        mark = mark_of(turn, turn.reference.instruments[sym])
        if len(held) < len(SIDES) or not mark:
            continue
        found = True
        quantity = min(abs(position.quantity) for position in held)
        for leg in legs:
            close_inside(
                turn,
                account,
                leg,
                quantity,
                mark,
                OrderOrigin.SYSTEM_REDUCE,
                ClosedType.SYSTEM_COMPLETE_CLOSED,
            )
    return found
