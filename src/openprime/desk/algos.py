"""What clients ask of algo orders: place, replace, cancel (rest-trading 7, resolutions 79, 80)."""

from decimal import Decimal

from openprime.desk.algo_book import enter, find_algo, leave, tell
from openprime.desk.algo_checks import CLOSING, changed_code, first_code
from openprime.desk.algo_state import AlgoOrder, Trigger
from openprime.desk.commands import (
    CancelAlgoOrder,
    CancelAlgoOrders,
    PlaceAlgoOrder,
    PlaceOrder,
    ReplaceAlgoOrder,
)
from openprime.desk.legs import named_leg
from openprime.desk.placing import Placing
from openprime.desk.reduce_only import closing_side
from openprime.desk.slices import begin_schedule
from openprime.desk.state import Portfolio, Position
from openprime.desk.suborders import take_back
from openprime.desk.triggers import arm, disarm
from openprime.desk.turn import Turn, account_at
from openprime.errors import Refusal
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    GTC,
    LIMIT,
    MARKET,
    PERP,
    SELL,
    AlgoState,
    AlgoType,
    Side,
    TriggerLeg,
)


def place_algo(turn: Turn, command: PlaceAlgoOrder) -> AlgoOrder | Refusal:
    """Take an algo order, or say the first code that speaks against it."""
    portfolio = turn.state.portfolios[command.portfolio_id]
    position = _position(turn, portfolio, command)
    side = _side(command, position)
    placing = Placing(turn, _order(turn, command, side, position), portfolio)
    code = first_code(turn, placing, command)
    if code is not None:
        return Refusal(code)
    algo = AlgoOrder(
        algo_order_id=0,
        client_order_id=command.client_order_id,
        portfolio_id=command.portfolio_id,
        exchange=placing.instrument.exchange,
        sym=command.sym,
        algo_type=command.algo_type,
        provider=command.provider,
        condition=command.condition,
        side=side,
        position_side=placing.order.position_side,
        quantity=command.quantity,
        limit_price=command.limit_price,
        reduce_only=placing.command.reduce_only,
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
        triggers=dict(command.triggers),
    )
    enter(turn, algo)
    if command.algo_type is AlgoType.TPSL:
        arm(turn, algo)
    else:
        begin_schedule(turn, algo, command.start_ms, command.end_ms, command.interval_ms)
    return tell(turn, algo)


def _position(turn: Turn, portfolio: Portfolio, command: PlaceAlgoOrder) -> Position | None:
    """The position that the order would act on."""
    instrument = turn.reference.instruments.get(command.sym)
    if instrument is None or instrument.business is not PERP:
        return None
    account = account_at(turn, portfolio, instrument.exchange)
    return account.positions.get(named_leg(account, command.sym, command.position_side))


def _side(command: PlaceAlgoOrder, position: Position | None) -> Side:
    """The side asked for, or the one that closes the position."""
    if command.side is not None:
        return command.side
    return closing_side(position.quantity) if position else SELL


def _order(
    turn: Turn, command: PlaceAlgoOrder, side: Side, position: Position | None
) -> PlaceOrder:
    """What the algo order may set off, in the form that the checks of orders look at."""
    prices = [t.order_price for t in command.triggers.values() if t.order_price]
    price = command.limit_price or next(iter(prices), ZERO)
    return PlaceOrder(
        portfolio_id=command.portfolio_id,
        sym=command.sym,
        side=side,
        order_type=LIMIT if price else MARKET,
        time_in_force=GTC,
        quantity=command.quantity or _whole_position(turn, command, position),
        quote_quantity=ZERO,
        limit_price=price,
        reduce_only=command.reduce_only or command.condition in CLOSING,
        position_side=command.position_side,
    )


def _whole_position(turn: Turn, command: PlaceAlgoOrder, position: Position | None) -> Decimal:
    if position is not None:
        return abs(position.quantity)
    instrument = turn.reference.instruments.get(command.sym)
    return instrument.min_size if instrument else ZERO


def replace_algo(turn: Turn, command: ReplaceAlgoOrder) -> AlgoOrder | Refusal:
    """Change a TPSL that waits. Codes: 401018, 401117, 401019, 401013, 401025, 401027, 401014,
    401029, 401015.
    """
    portfolio = turn.state.portfolios[command.portfolio_id]
    algo = find_algo(turn, portfolio, command.algo_order_id, command.client_order_id)
    if isinstance(algo, Refusal):
        return algo
    if algo.algo_type is not AlgoType.TPSL or algo.state is not AlgoState.NEW:
        return Refusal(401019)
    triggers = {leg: command.triggers.get(leg, known) for leg, known in algo.triggers.items()}
    quantity = (command.quantity if algo.quantity else None) or algo.quantity
    placing = _as_placing(turn, portfolio, algo, quantity, triggers)
    code = changed_code(placing, triggers, resized=quantity != algo.quantity)
    if code is not None:
        return Refusal(code)
    disarm(turn, algo)
    algo.triggers, algo.quantity = triggers, quantity
    arm(turn, algo)
    return tell(turn, algo)


def _as_placing(
    turn: Turn,
    portfolio: Portfolio,
    algo: AlgoOrder,
    quantity: Decimal,
    triggers: dict[TriggerLeg, Trigger],
) -> Placing:
    """What a changed algo order may set off, in the form that the checks of orders look at."""
    asked = PlaceAlgoOrder(
        portfolio_id=algo.portfolio_id,
        sym=algo.sym,
        algo_type=algo.algo_type,
        provider=algo.provider,
        side=algo.side,
        quantity=quantity,
        triggers=triggers,
    )
    placing = Placing(turn, _order(turn, asked, _side(asked, None), None), portfolio)
    placing.set_instrument(turn.reference.instruments[algo.sym])
    return placing


def cancel_algo(turn: Turn, command: CancelAlgoOrder) -> AlgoOrder | Refusal:
    """End an algo order and what it has at the venue. Codes: 401018, 401117."""
    portfolio = turn.state.portfolios[command.portfolio_id]
    algo = find_algo(turn, portfolio, command.algo_order_id, command.client_order_id)
    return algo if isinstance(algo, Refusal) else end_by_client(turn, algo)


def cancel_algos(turn: Turn, command: CancelAlgoOrders) -> list[AlgoOrder]:
    """End the portfolio's TPSL orders that fit what is named; schedules are ended one by one."""
    portfolio = turn.state.portfolios[command.portfolio_id]
    algos = [turn.state.algos[algo_order_id] for algo_order_id in portfolio.algo_orders]
    return [end_by_client(turn, algo) for algo in algos if _meant(turn, algo, command)]


def _meant(turn: Turn, algo: AlgoOrder, command: CancelAlgoOrders) -> bool:
    asked = (
        (AlgoType.TPSL, algo.algo_type),
        (command.exchange, algo.exchange),
        (command.sym, algo.sym),
        (command.business, turn.reference.instruments[algo.sym].business),
        (command.algo_type, algo.algo_type),
        (command.condition, algo.condition),
    )
    return all(wanted is None or wanted == found for wanted, found in asked)


def end_by_client(turn: Turn, algo: AlgoOrder) -> AlgoOrder:
    """Cancel; what is at the venue is cancelled first, and the algo order ends with it."""
    if not algo.working:
        return leave(turn, algo, AlgoState.CANCELLED)
    disarm(turn, algo)
    algo.state = AlgoState.PENDING_CANCEL
    take_back(turn, algo)
    return tell(turn, algo)
