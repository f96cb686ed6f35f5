"""Cancelling orders to relieve an account, one after the other (risk-model 12).

The venue confirms later, so what each cancel brings is reckoned ahead: the order's weight is lifted
from the account's sums, and put back by the next refresh for as long as the venue still works it.
"""

from decimal import Decimal
from typing import NamedTuple

from openprime.desk.margin import fee_value, refresh, spot_amounts, totals
from openprime.desk.orders import displace
from openprime.desk.state import Account, Exposure, Order
from openprime.desk.turn import Turn
from openprime.desk.work import work_left
from openprime.desk.worth import apply_worth, priority, unit_weight, worth_of
from openprime.model.numbers import ZERO, truncate
from openprime.model.vocabulary import BUY, CANCEL_FAILED, CANCEL_PENDING

UNDER_RISK_CONTROL = 401045

# The order in which orders go: SPOT and MARGIN, then what opens a position, then what adds to one.
SPOT_LOSS, OPENING, ADDING, HARMLESS = range(4)


class Weighed(NamedTuple):
    """A working order, by what it adds; of one kind the largest loss first, then the oldest."""

    kind: int
    gain: Decimal
    order_id: int


class Lifted:
    """An account without some of its orders, as long as it is looked at so; `orders` are their ids.

    Those whose end is already asked for are the first.
    """

    def __init__(self, turn: Turn, account: Account) -> None:
        self.orders: dict[int, None] = {}
        self._turn = turn
        self._account = account
        for leg, exposure in account.exposures.items():
            orders = [turn.state.orders[order_id] for order_id in exposure.orders]
            self._lift(leg, exposure, [o for o in orders if o.action is CANCEL_PENDING])
        refresh(turn, account)

    def lift(self, order: Order) -> None:
        """Take one more order out of the sums."""
        self._lift(order.leg, self._account.exposures[order.leg], [order])
        refresh(self._turn, self._account)

    def _lift(self, leg: str, exposure: Exposure, orders: list[Order]) -> None:
        """Take orders of one leg out of the sums, all at once."""
        if not orders:
            return
        turn, account = self._turn, self._account
        self.orders.update((order.order_id, None) for order in orders)
        if exposure.is_perp:
            instrument = turn.reference.instruments[exposure.sym]
            left = [turn.state.orders[i] for i in exposure.orders if i not in self.orders]
            worth = worth_of(turn, account, instrument, leg, left, exposure.leverage)
            apply_worth(account, instrument, exposure, worth, exposure.mark)
            return
        for order in orders:
            account.wallets[order.frozen_coin].order_frozen -= order.frozen
            account.stale_coins[order.frozen_coin] = None
            del account.spot_orders[order.order_id]
        account.spot_orders_stale = True

    def put_back(self) -> None:
        """Let the orders weigh again."""
        turn, account = self._turn, self._account
        for order_id in self.orders:
            order = turn.state.orders[order_id]
            if turn.reference.instruments[order.sym].is_perp:
                account.stale_syms[order.leg] = None
            else:
                account.wallets[order.frozen_coin].order_frozen += order.frozen
                account.stale_coins[order.frozen_coin] = None
                account.spot_orders[order_id] = ZERO
                account.spot_orders_stale = True
        # In their old order, which says who came first.
        account.spot_orders = {i: account.spot_orders[i] for i in sorted(account.spot_orders)}
        refresh(turn, account)


def cancel_orders(turn: Turn, account: Account, lifted: Lifted, threshold: Decimal | None) -> bool:
    """Cancel what adds exposure until uniMMR is above a threshold; without one, every order. False
    where the command has done enough, and the next look at the account is to go on.
    """
    for weighed in _weighed_orders(turn, account, lifted):
        sums = totals(account)
        if threshold is not None:
            relieved = sums.valid > threshold * sums.maintenance
            if relieved or weighed.kind == HARMLESS:
                return True
        if work_left(turn) <= 0:
            return False
        order = turn.state.orders[weighed.order_id]
        if order.action is not CANCEL_FAILED:
            displace(turn, order, turn.text(UNDER_RISK_CONTROL), UNDER_RISK_CONTROL)
        lifted.lift(order)
    return True


def _weighed_orders(turn: Turn, account: Account, lifted: Lifted) -> list[Weighed]:
    """The account's other working orders in the order in which they are cancelled."""
    found: list[Weighed] = []
    for leg, exposure in account.exposures.items():
        orders = [turn.state.orders[i] for i in exposure.orders if i not in lifted.orders]
        if exposure.is_perp:
            found += _weigh_leg(turn, account, leg, orders)
        else:
            found += [_weigh_spot(turn, account, order) for order in orders]
    return sorted(found)


def _weigh_spot(turn: Turn, account: Account, order: Order) -> Weighed:
    """An order that loses by a discount, or borrows, adds exposure (resolutions 108)."""
    instrument = turn.reference.instruments[order.sym]
    loss = account.spot_orders[order.order_id]
    fee = fee_value(turn, account, instrument, spot_amounts(turn, instrument, order)[1])
    adds = loss > truncate(fee) or order.borrow_amount
    return Weighed(SPOT_LOSS if adds else HARMLESS, -loss, order.order_id)


def _weigh_leg(turn: Turn, account: Account, leg: str, orders: list[Order]) -> list[Weighed]:
    """What closes a position, best price first, is harmless as far as the position reaches."""
    position = account.positions.get(leg)
    quantity = position.quantity if position else ZERO
    size, found = abs(quantity), []
    for order in sorted(orders, key=priority):
        closes = bool(quantity) and (order.side is BUY) != (quantity > ZERO)
        kind = ADDING if quantity and not closes else OPENING
        if order.reduce_only or (closes and order.remaining <= size):
            kind = HARMLESS
        if closes:
            size = max(size - order.remaining, ZERO)
        instrument = turn.reference.instruments[order.sym]
        loss = unit_weight(turn, instrument, order, account.exposures[leg].mark)[1]
        found.append(Weighed(kind, -loss * order.remaining, order.order_id))
    return found
