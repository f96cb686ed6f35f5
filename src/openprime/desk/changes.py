"""What a client asks of an order at work: replace it, cancel it, cancel all (errors 4)."""

from decimal import Decimal

from openprime.desk.access import rules_known
from openprime.desk.checks import (
    first_refusal,
    notional_above_minimum,
    price_above_minimum,
    price_in_band,
    price_on_tick,
    quantity_above_minimum,
    quantity_below_maximum,
    quantity_on_lot,
    risk_allows,
)
from openprime.desk.commands import CancelOrder, CancelOrders, PlaceOrder, ReplaceOrder
from openprime.desk.margin import refresh
from openprime.desk.margin_checks import perp_code, replaced_worth, sets_exposure, spot_code
from openprime.desk.orders import changed, displace, request_cancel, reserve_again
from openprime.desk.placing import Placing
from openprime.desk.reduce_only import closing_side, covered_before, make_room
from openprime.desk.reserves import INSUFFICIENT
from openprime.desk.state import Amendment, Order, Portfolio, copy_of
from openprime.desk.turn import Turn, account_of
from openprime.errors import Refusal
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, steps
from openprime.model.venue import ReplaceOrder as VenueReplace
from openprime.model.vocabulary import (
    AMEND_PENDING,
    BUY,
    CANCEL_PENDING,
    DMA,
    GTX,
    MARKET,
    NEW,
    PERP,
)

REPLACE_CHECKS = (
    rules_known,
    quantity_on_lot,
    quantity_below_maximum,
    quantity_above_minimum,
    price_on_tick,
    price_above_minimum,
    price_in_band,
    notional_above_minimum,
)


def find_order(
    turn: Turn, portfolio: Portfolio, order_id: int | None, client_order_id: str
) -> Order | Refusal:
    """The portfolio's working order of either id; both must agree (errors 401008, 401018)."""
    if client_order_id:
        named = portfolio.client_order_ids.get(client_order_id)
        if named is None or (order_id is not None and order_id != named):
            return Refusal(401018)
        order_id = named
        if order_id not in turn.state.orders:
            return Refusal(401117)
    order = turn.state.orders.get(order_id) if order_id is not None else None
    if order is None or order.portfolio_id != portfolio.portfolio_id:
        return Refusal(401018)
    return order


def may_change(order: Order) -> bool:
    """Whether a client may cancel or change an order now (resolutions 2)."""
    pending = order.action in (CANCEL_PENDING, AMEND_PENDING)
    return order.origin is DMA and order.state is not NEW and not pending


def cancel(turn: Turn, command: CancelOrder) -> Order | Refusal:
    """Ask for the end of one order. Codes: 401018, 401117, 401019."""
    portfolio = turn.state.portfolios[command.portfolio_id]
    order = find_order(turn, portfolio, command.order_id, command.client_order_id)
    if isinstance(order, Refusal):
        return order
    if not may_change(order):
        return Refusal(401019)
    return request_cancel(turn, order)


def cancel_all(turn: Turn, command: CancelOrders) -> None:
    """Ask for the end of the portfolio's own orders; what cannot be cancelled is passed over."""
    portfolio = turn.state.portfolios[command.portfolio_id]
    for account in portfolio.accounts.values():
        if command.exchange is not None and account.exchange is not command.exchange:
            continue
        for exposure in account.exposures.values():
            if command.sym is not None and exposure.sym != command.sym:
                continue
            for order_id in exposure.orders:
                order = turn.state.orders[order_id]
                if order.origin is DMA and order.action not in (
                    CANCEL_PENDING,
                    AMEND_PENDING,
                ):
                    request_cancel(turn, order)


def replace(turn: Turn, command: ReplaceOrder) -> Order | Refusal:
    """Change price or total quantity. A refused change leaves the order as it was.

    Codes in their order: 401018, 401117, 401019, 401005, those of price and quantity, 401045,
    401059, 401057 (what it held back was seized), those of margin, 401052.
    """
    portfolio = turn.state.portfolios[command.portfolio_id]
    order = find_order(turn, portfolio, command.order_id, command.client_order_id)
    if isinstance(order, Refusal):
        return order
    if not may_change(order) or order.order_type is MARKET:
        return Refusal(401019)
    price = order.limit_price if command.price is None else command.price
    quantity = order.quantity if command.quantity is None else command.quantity
    if quantity <= order.executed_quantity:
        return Refusal(401005)
    placing = _as_placing(turn, portfolio, order, price, quantity)
    refusal = first_refusal(placing, REPLACE_CHECKS)
    if refusal is not None:
        return refusal
    refresh(turn, placing.account)
    order.amendment = Amendment(price, quantity, order.venue_quantity)
    refusal = _account_refusal(placing) or _amended_refusal(placing)
    if refusal is not None:
        order.amendment = None
        return refusal
    _send(placing)
    return copy_of(order)


def _as_placing(
    turn: Turn, portfolio: Portfolio, order: Order, price: Decimal, quantity: Decimal
) -> Placing:
    """The changed order in the form that the checks of new orders look at."""
    command = PlaceOrder(
        portfolio_id=order.portfolio_id,
        sym=order.sym,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        quantity=quantity,
        quote_quantity=ZERO,
        limit_price=price,
        reduce_only=order.reduce_only,
        position_side=order.position_side,
    )
    placing = Placing(turn, command, portfolio)
    placing.set_instrument(turn.reference.instruments[order.sym])
    placing.set_account(account_of(turn.state, order), order.leg)
    placing.order = order
    return placing


def _account_refusal(placing: Placing) -> Refusal | None:
    sets_exposure(placing)
    code = risk_allows(placing)
    if code is None and placing.account.restricted and not placing.reduces:
        code = 401045
    return None if code is None else Refusal(code)


def _amended_refusal(placing: Placing) -> Refusal | None:
    """Test the order with its amendment in place: room, margin, post-only."""
    turn, order = placing.turn, placing.order
    assert placing.exposure is not None, "a working order has an exposure"
    if order.reduce_only:
        position = placing.account.positions.get(placing.leg)
        quantity = position.quantity if position else ZERO
        if not position or order.side is not closing_side(quantity):
            return Refusal(401048)
        covered = covered_before(turn, placing.exposure, quantity, order)
        if covered and covered >= abs(quantity):
            return Refusal(401059)
    elif placing.instrument.business is PERP:
        code = perp_code(placing, replaced_worth(placing))
        if code is not None:
            return Refusal(code)
    else:
        code = INSUFFICIENT if order.seized else spot_code(placing)
        if code is not None:
            return Refusal(code)
    return _post_only_refusal(placing)


def _post_only_refusal(placing: Placing) -> Refusal | None:
    order = placing.order
    best = placing.best_opposite()
    at_once = placing.turn.settings.venue_answers_at_once
    if order.time_in_force is not GTX or not best or not at_once:
        return None
    price = order.working_price
    crosses = price >= best if order.side is BUY else price <= best
    return Refusal(401052) if crosses else None


def _send(placing: Placing) -> None:
    """Reserve for the change and tell the venue, a reduce-only order's part that has room."""
    turn, instrument, order = placing.turn, placing.instrument, placing.order
    assert order.amendment is not None, "the change is set"
    order.action = AMEND_PENDING
    order.updated_at_ms = turn.now_ms
    reserve_again(turn, order)
    changed(turn, order)
    order.venue_quantity = order.executed_quantity + min(order.remaining, _room(placing))
    turn.requests.append(venue_change(instrument, order))
    turn.touch_account(placing.account)
    make_room(turn, placing.account, instrument, placing.leg, displace)


def venue_change(instrument: Instrument, order: Order) -> VenueReplace:
    """The venue's view of a change under way: price and total, in ticks and lots."""
    price = order.amendment.price if order.amendment else order.limit_price
    return VenueReplace(
        order.order_id,
        order.sym,
        steps(price, instrument.tick_size) or 0,
        steps(order.venue_quantity, instrument.lot_size) or 0,
    )


def _room(placing: Placing) -> Decimal:
    """How much of the changed order may trade: all of it, or what it can still close."""
    order, exposure = placing.order, placing.exposure
    if not order.reduce_only or exposure is None:
        return order.remaining
    quantity = placing.account.positions[placing.leg].quantity
    return abs(quantity) - covered_before(placing.turn, exposure, quantity, order)
