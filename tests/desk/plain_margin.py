"""What the PERP symbols of an account weigh, by the page's formulas and from scratch.

Slow and plain on purpose: it reads orders, positions and prices, and shares no line with the desk.
"""

from decimal import Decimal, localcontext

from openprime.desk.desk import Desk
from openprime.desk.state import Account, Order
from openprime.model.vocabulary import Exchange, PositionMode, PositionSide, Side, TimeInForce

D = Decimal
Sums = dict[str, Decimal]


def plain_sums(desk: Desk, account: Account) -> Sums:
    """Margin, maintenance, open loss, value and profit of all PERP symbols (risk-model 4, 5, 9)."""
    sums = dict.fromkeys(("margin", "maintenance", "open_loss", "value", "upnl"), D(0))
    sides = [PositionSide.NONE]
    if account.position_mode is PositionMode.BOTH:
        sides = [PositionSide.LONG, PositionSide.SHORT]
    with localcontext() as context:
        context.prec = 60
        for sym, instrument in desk.reference.instruments.items():
            if instrument.is_perp and instrument.exchange is account.exchange:
                for side in sides:
                    _add_leg(sums, desk, account, sym, side)
    return sums


def _add_leg(sums: Sums, desk: Desk, account: Account, sym: str, side: PositionSide) -> None:
    instrument = desk.reference.instruments[sym]
    fees = desk.reference.fees[f"{instrument.exchange}_{instrument.business}"]
    mark, contract = desk.state.marks.get(sym, D(0)), instrument.contract_size
    held = [p for p in account.positions.values() if p.sym == sym and p.side is side]
    quantity = held[0].quantity if held else D(0)
    value = abs(quantity) * contract * mark
    opening = {Side.BUY: D(0), Side.SELL: D(0)}
    loss = value * fees.taker
    room = abs(quantity)
    for order in sorted(_orders(desk, account, sym, side), key=_rank):
        price, left = _price(order), order.remaining
        counted = max(price, mark) if order.side is Side.SELL else price
        opening[order.side] += counted * left * contract
        if quantity and (order.side is Side.SELL) == (quantity > 0):
            closes = min(room, left)
            room, left = room - closes, left - closes
        sign = 1 if order.side is Side.BUY else -1
        maker = order.time_in_force is TimeInForce.GTX
        fee = (fees.maker if maker else fees.taker) + fees.taker
        loss += left * contract * (counted * fee + max(sign * (price - mark), D(0)))
    signed = value if quantity > 0 else -value
    if side is PositionSide.NONE:
        worst = max(abs(signed + opening[Side.BUY]), abs(signed - opening[Side.SELL]), abs(signed))
    else:
        worst = value + opening[Side.BUY if side is PositionSide.LONG else Side.SELL]
    sums["margin"] += _cut(worst / _leverage(desk, account, sym))
    sums["maintenance"] += _cut(_maintenance(desk, sym, abs(quantity), value))
    sums["open_loss"] += loss
    sums["value"] += value
    if held:
        sums["upnl"] += quantity * contract * (mark - held[0].average_price)


def _orders(desk: Desk, account: Account, sym: str, side: PositionSide) -> list[Order]:
    """The leg's orders that may add to it: reduce-only ones need no margin."""
    return [
        order
        for order in desk.state.orders.values()
        if order.portfolio_id == account.portfolio_id
        and (order.sym, order.position_side) == (sym, side)
        and not order.reduce_only
    ]


def _price(order: Order) -> Decimal:
    if order.amendment:
        return order.amendment.price
    return order.limit_price or order.assumed_price


def _rank(order: Order) -> tuple[bool, Decimal, int]:
    sign = 1 if order.side is Side.SELL else -1
    return (bool(order.limit_price), sign * _price(order), order.order_id)


def _leverage(desk: Desk, account: Account, sym: str) -> int:
    chosen = account.leverage.get(sym, desk.reference.instruments[sym].default_leverage)
    tier = desk.reference.position_tiers[sym][0]
    return min(chosen, tier.max_leverage, desk.state.settings.broker_max_leverage)


def _maintenance(desk: Desk, sym: str, quantity: Decimal, value: Decimal) -> Decimal:
    in_contracts = desk.reference.instruments[sym].exchange is Exchange.OKX
    size = quantity if in_contracts else value
    if not size:
        return D(0)
    tiers = desk.reference.position_tiers[sym]
    tier = next((t for t in tiers if size <= t.cap), tiers[-1])
    return value * tier.mm_rate - (D(0) if in_contracts else tier.maintenance_amount)


def _cut(amount: Decimal) -> Decimal:
    return amount.quantize(D("1e-18"), rounding="ROUND_DOWN")
