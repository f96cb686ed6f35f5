"""Placing and ending orders, as far as the client and the desk decide.

What the venue decides arrives as reports (see reports.py). An order is in the state while it
works; its last event carries it out to history.
"""

import msgspec

from openprime.desk.check_table import checks_of
from openprime.desk.commands import PlaceOrder
from openprime.desk.events import OrderChanged
from openprime.desk.exposures import exposure_of
from openprime.desk.forcing import with_forced
from openprime.desk.ledger import available, set_freeze
from openprime.desk.legs import closes_leg
from openprime.desk.margin import spot_open_loss
from openprime.desk.placing import Placing
from openprime.desk.pool_books import give_back, retake, take
from openprime.desk.reduce_only import make_room
from openprime.desk.reserves import INSUFFICIENT, required_freeze
from openprime.desk.state import Account, Exposure, Order, copy_of
from openprime.desk.turn import Turn, account_of
from openprime.desk.worth import apply_worth, shifted_worth
from openprime.errors import Refusal
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO, positive_part
from openprime.model.venue import CancelOrder as VenueCancel
from openprime.model.venue import NewOrder
from openprime.model.vocabulary import (
    BUY,
    BY_SYSTEM,
    CANCEL_PENDING,
    CANCELLED,
    MARGIN,
    NO_ACTOR,
    PERP,
    Actor,
    OrderState,
)

PURGE_INTERVAL_MS = 60_000


def place(turn: Turn, command: PlaceOrder) -> Order | Refusal:
    """Test a client's order and take it, or say the first code that speaks against it."""
    portfolio = turn.state.portfolios[command.portfolio_id]
    if command.position_side is not None and closes_leg(turn, portfolio, command):
        command = msgspec.structs.replace(command, reduce_only=True)
    placing = Placing(turn, command, portfolio)
    forced = turn.forced
    checks = checks_of(turn, command)
    for check, ends_as in checks if forced is None else with_forced(checks, forced):
        code = check(placing)
        if code is not None:
            refusal = forced if forced is not None and forced.code == code else Refusal(code)
            if ends_as is None or command.synchronous:
                return refusal
            return refuse_later(placing, ends_as, refusal)
    told = accept(placing)
    if forced is not None and placing.order.action is not CANCEL_PENDING:
        displace(turn, placing.order, turn.text(forced.code, *forced.arguments), forced.code)
    return told


def refuse_later(placing: Placing, state: OrderState, refusal: Refusal) -> Order:
    """Make the order and end it at once, with the reason that a reply would have had."""
    turn, order = placing.turn, placing.order
    _name(placing)
    changed(turn, order)
    order.state = state
    order.reason = turn.text(refusal.code, *refusal.arguments)
    order.reason_code = refusal.code
    order.cancel_type = BY_SYSTEM
    _retire_client_order_id(turn, order)
    return changed(turn, order, finished=True)


def _name(placing: Placing) -> None:
    """Give the order its ids."""
    order, portfolio, turn = placing.order, placing.portfolio, placing.turn
    names = portfolio.client_order_ids
    order_id = turn.new_id()
    while (name := str(order_id)) in names:
        # A client may have named an earlier order so: no two orders answer to one id.
        order_id = turn.new_id()
    order.order_id = order_id
    if order.client_order_id:
        name = order.client_order_id
        portfolio.blocked_until_ms.pop(name, None)
    else:
        order.client_order_id = name
    names[name] = order_id


def accept(placing: Placing) -> Order:
    """Take the order into the state, reserve what it needs and ask the venue to work it.

    Returns the order as it was told.
    """
    turn, account, instrument, order = (
        placing.turn,
        placing.account,
        placing.instrument,
        placing.order,
    )
    _name(placing)
    exposure = placing.exposure or exposure_of(turn, account, instrument, placing.leg)
    turn.state.orders[order.order_id] = order
    _weigh_in(placing, exposure)
    exposure.orders[order.order_id] = None
    account.order_count += 1
    if order.reduce_only:
        exposure.reduce_only_count += 1
    if placing.venue_account is not None:
        take(placing)
    if order.attached is not None:
        turn.state.attached_orders[order.order_id] = 0
    told = changed(turn, order)
    if exposure.reduce_only_count:
        make_room(turn, account, instrument, placing.leg, displace)
        told = copy_of(order)  # it may have had to go at once
    order.venue_quantity = order.venue_quantity or order.quantity
    turn.requests.append(venue_order(turn, instrument, order))
    turn.touch_account(account)
    return told


def _weigh_in(placing: Placing, exposure: Exposure) -> None:
    """Add the order's weight to the account: margin for PERP, a reserve for the others."""
    turn, account, instrument, order = (
        placing.turn,
        placing.account,
        placing.instrument,
        placing.order,
    )
    if instrument.business is PERP:
        if placing.worth is not None:
            mark = placing.turn.state.marks.get(instrument.sym, ZERO)
            apply_worth(account, instrument, exposure, placing.worth, mark)
            account.stale_syms.pop(placing.leg, None)
        return
    loss = spot_open_loss(turn, account, instrument, order)
    needed = required_freeze(turn, instrument, order)
    wallet = account.wallets.get(order.frozen_coin)
    if instrument.business is MARGIN:
        free = available(wallet) if wallet else ZERO
        order.borrow_amount = positive_part(needed - free)
        order.borrow_coin = order.frozen_coin if order.borrow_amount else ""
    set_freeze(turn, account, order, needed)
    account.spot_orders[order.order_id] = loss
    account.spot_open_loss += loss


def venue_order(
    turn: Turn, instrument: Instrument, order: Order, resumed: bool = False
) -> NewOrder:
    """The venue's view of an order: what is left of it, in ticks and lots."""
    executed = order.executed_quantity
    left = order.venue_quantity - executed if executed else order.venue_quantity
    budget = None
    if order.quote_quantity:
        spendable = order.quote_quantity - order.executed_amount - order.fee
        fees = turn.rules_of[order.portfolio_id][instrument.sym].fees
        budget = spendable / (ONE + fees.taker)
    return NewOrder(
        order.order_id,
        order.sym,
        order.portfolio_id,
        order.side,
        order.order_type,
        order.time_in_force,
        _venue_price_ticks(turn, instrument, order),
        0 if budget is not None else int(left / instrument.lot_size),
        budget,
        resumed,
        int(executed / instrument.lot_size) if executed else 0,
    )


def _venue_price_ticks(turn: Turn, instrument: Instrument, order: Order) -> int:
    """The limit in ticks; for MARKET how far the order may walk (resolutions 69)."""
    if order.limit_price:
        return int(order.limit_price / instrument.tick_size)
    mark = turn.state.marks.get(order.sym) or turn.index_price(instrument.base)
    price = mark or order.assumed_price
    band = instrument.price_band if order.side is BUY else -instrument.price_band
    ticks = int(price * (ONE + band) / instrument.tick_size)
    return ticks if order.side is BUY else max(ticks, 1)


def changed(turn: Turn, order: Order, finished: bool = False) -> Order:
    """Tell of an order's change, as it stands now; returns the copy that was told."""
    told = copy_of(order)
    turn.events.append(OrderChanged(told, finished))
    return told


def finish(
    turn: Turn,
    order: Order,
    state: OrderState,
    reason: str = "",
    reason_code: int = 0,
    cancel_type: Actor = NO_ACTOR,
) -> None:
    """End an order: free what it holds, take it out of the state, tell of it for the last time."""
    account = account_of(turn.state, order)
    instrument = turn.reference.instruments[order.sym]
    leg = order.leg
    exposure = account.exposures[leg]
    if order.amendment is not None:
        order.amendment = None
        if instrument.business is PERP:
            account.stale_syms[leg] = None
    _weigh_out(turn, account, instrument, leg, exposure, order)
    if turn.state.pool is not None:
        give_back(turn, order)
    del exposure.orders[order.order_id]
    account.order_count -= 1
    if order.reduce_only:
        exposure.reduce_only_count -= 1
    del turn.state.orders[order.order_id]
    order.state = state
    order.updated_at_ms = turn.now_ms
    if order.seized and state is CANCELLED and not order.reason:
        reason, reason_code = turn.text(INSUFFICIENT), INSUFFICIENT
    if reason:
        order.reason, order.reason_code = reason, reason_code
    if cancel_type:
        order.cancel_type = cancel_type
    _retire_client_order_id(turn, order)
    changed(turn, order, finished=True)
    turn.touch_account(account)


def _weigh_out(
    turn: Turn,
    account: Account,
    instrument: Instrument,
    leg: str,
    exposure: Exposure,
    order: Order,
) -> None:
    if instrument.business is PERP:
        if order.reduce_only or not order.remaining or leg in account.stale_syms:
            return
        worth = shifted_worth(turn, account, instrument, leg, exposure, order, -1)
        apply_worth(account, instrument, exposure, worth, exposure.mark)
        return
    set_freeze(turn, account, order, ZERO)
    account.spot_open_loss -= account.spot_orders.pop(order.order_id, ZERO)


def _retire_client_order_id(turn: Turn, order: Order) -> None:
    """Block a client's own id for a while; one that the desk made was never in danger."""
    portfolio = turn.state.portfolios[order.portfolio_id]
    if order.client_order_id == str(order.order_id):
        del portfolio.client_order_ids[order.client_order_id]
        return
    until_ms = turn.now_ms + turn.settings.client_order_id_blocked_ms
    portfolio.blocked_until_ms[order.client_order_id] = until_ms


def purge_client_order_ids(turn: Turn) -> None:
    """Let go of client order ids whose time of blocking is over, and of the oldest ones where a
    portfolio has used more than are kept. Due again in a minute.
    """
    turn.state.next_purge_ms = turn.now_ms + PURGE_INTERVAL_MS
    for portfolio in turn.state.portfolios.values():
        if portfolio.blocked_until_ms:
            _purge(turn, portfolio.blocked_until_ms, portfolio.client_order_ids)
        if portfolio.algo_ids_blocked_until_ms:
            _purge(turn, portfolio.algo_ids_blocked_until_ms, portfolio.algo_client_ids)


def _purge(turn: Turn, blocked: dict[str, int], names: dict[str, int]) -> None:
    surplus = len(blocked) - turn.settings.client_order_ids_kept_max
    over: list[str] = []
    for client_order_id, until_ms in blocked.items():
        if until_ms > turn.now_ms and len(over) >= surplus:
            break
        over.append(client_order_id)
    for client_order_id in over:
        del blocked[client_order_id]
        del names[client_order_id]


def request_cancel(turn: Turn, order: Order) -> Order:
    """Ask the venue to cancel; the state follows when it confirms. Returns the order as told."""
    order.action = CANCEL_PENDING
    order.updated_at_ms = turn.now_ms
    turn.requests.append(VenueCancel(order.order_id, order.sym))
    return changed(turn, order)


def displace(turn: Turn, order: Order, reason: str, code: int) -> None:
    """Cancel an order for a reason of the desk's own."""
    order.reason, order.reason_code = reason, code
    order.cancel_type = BY_SYSTEM
    request_cancel(turn, order)


def reserve_again(turn: Turn, order: Order) -> None:
    """Bring an order's reserve and its account's sums in line with what is left of it."""
    account = account_of(turn.state, order)
    instrument = turn.reference.instruments[order.sym]
    if turn.state.pool is not None:
        retake(turn, order)
    if instrument.business is PERP:
        account.stale_syms[order.leg] = None
        return
    needed = required_freeze(turn, instrument, order)
    # What was seized of a reserve is not made good from what is free.
    set_freeze(turn, account, order, min(needed, order.frozen) if order.seized else needed)
    account.spot_orders_stale = True
