"""Liquidation, one stage after the other (risk-model 13.1, resolutions 159, 160).

A liquidation waits until nothing of the account is at the venue; then it takes its next step: both
legs of a symbol are set off, loans that are too much are taken back, debts are covered out of other
coins, positions are reduced or closed. Each of the last two is an order at the venue, and the next
step comes when that is over. What the market does not take, and an account whose margin is used up,
is taken over (takeover.py).
"""

from decimal import Decimal

from openprime.desk.agenda import schedule
from openprime.desk.bankruptcy import Cut, bankruptcy_prices, best_cut
from openprime.desk.charging import charge_clearance
from openprime.desk.collateral import next_sale
from openprime.desk.events import LiquidationReduced, LiquidationStepped
from openprime.desk.inside import offset_legs
from openprime.desk.liquidation_state import Liquidation, Reduced, Stage, Step
from openprime.desk.loan_calls import call_in, is_bankrupt, loans_carried
from openprime.desk.margin import refresh, totals
from openprime.desk.reduce_only import closing_side
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Position, TaskKind, account_key
from openprime.desk.system_orders import place_for_system
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import NO_SIDE, AccountStatus, OrderOrigin

# After so long an account that nothing could be done for is tried again.
RETRY_MS = 1000


def begin(turn: Turn, account: Account, status: AccountStatus) -> None:
    """Start to liquidate an account, or to take it over."""
    event = Liquidation(turn.new_id(), turn.now_ms)
    event.taking_over = status is AccountStatus.TAKEOVER
    account.liquidation = event
    turn.state.liquidations[event.event_id] = account_key(account)
    tell_step(turn, account, event, Step.CANCEL)


def tell_step(turn: Turn, account: Account, event: Liquidation, step: Step) -> None:
    """Say what a liquidation does next."""
    status = AccountStatus.TAKEOVER if event.taking_over else AccountStatus.LIQUIDATING
    turn.events.append(
        LiquidationStepped(event.event_id, account.portfolio_id, account.exchange, step, status)
    )
    turn.touch_account(account)


def go_on(turn: Turn, account: Account) -> None:
    """Take the next step, unless something is still at the venue or waits for its moment."""
    event = account.liquidation
    assert event is not None, "a liquidation is under way"
    if event.stage is not None:
        if event.stage.order_id in turn.state.orders:
            return
        _close_stage(turn, account, event, event.stage)
    if account.order_count or event.scheduled:
        return
    if event.taking_over:
        wait(turn, event, turn.settings.takeover_delay_ms)
    else:
        next_stage(turn, account, event)


def wait(turn: Turn, event: Liquidation, delay_ms: int) -> None:
    """Go on in another command, once so much time has passed."""
    event.scheduled = True
    schedule(turn, turn.now_ms + delay_ms, TaskKind.LIQUIDATE, event.event_id)


def _close_stage(turn: Turn, account: Account, event: Liquidation, stage: Stage) -> None:
    """A stage's order is over: tell of it; of a position the market must have taken all of it."""
    event.stage = None
    filled = stage.executed_quantity >= stage.quantity
    if stage.coin:
        if not filled:
            event.unsold[stage.coin] = None
        return
    position = account.positions.get(stage.leg)
    if not filled and position is not None:
        instrument = turn.reference.instruments[stage.sym]
        charge_clearance(turn, account, instrument, position, event, stage)
    tell_reduced(turn, account, event, stage)
    if not filled:
        take_over_from(turn, account, event)


def tell_reduced(turn: Turn, account: Account, event: Liquidation, stage: Stage) -> None:
    """Say what an order of the liquidation closed."""
    side = stage.leg.partition(":")[2] or NO_SIDE
    turn.events.append(
        LiquidationReduced(
            account.portfolio_id,
            Reduced(
                event.event_id,
                account.portfolio_id,
                account.exchange,
                stage.sym,
                side,
                stage.position_id,
                stage.order_id,
                stage.executed_quantity,
                stage.closed_pnl,
                stage.liquidation_fee,
                stage.trading_fee,
                stage.created_at_ms,
                stage.updated_at_ms,
            ),
        )
    )


def take_over_from(turn: Turn, account: Account, event: Liquidation) -> None:
    """From here on the broker owns the account's positions and collateral."""
    event.taking_over = True
    tell_step(turn, account, event, Step.TAKEOVER)


def next_stage(turn: Turn, account: Account, event: Liquidation) -> None:
    """Do what helps the account most; nothing is at the venue."""
    if offset_legs(turn, account):
        tell_step(turn, account, event, Step.OFFSET)
    refresh(turn, account)
    if account.loan_coins and call_in(turn, account, event):
        tell_step(turn, account, event, Step.REPAY)
    sums = totals(account)
    if is_sound(account, turn.settings):
        end(turn, account, event)
    elif sums.valid <= turn.settings.takeover_uni_mmr * sums.maintenance:
        take_over_from(turn, account, event)
    elif _cover_debt(turn, account, event) or _cut_position(turn, account, event):
        return
    elif is_bankrupt(turn, account, event):
        take_over_from(turn, account, event)
    else:
        event.unsold = {}
        wait(turn, event, RETRY_MS)


def is_sound(account: Account, settings: DeskSettings) -> bool:
    """Whether nothing is left for a liquidation to do: uniMMR is at its target, and no loans are
    too much for their collateral.
    """
    if not _at_target(account, settings):
        return False
    return not account.loan_coins or loans_carried(account, settings)


def _at_target(account: Account, settings: DeskSettings) -> bool:
    sums, target = totals(account), settings.liquidation_target_uni_mmr
    return sums.valid >= target * sums.maintenance


def end(turn: Turn, account: Account, event: Liquidation) -> None:
    """The account stands by itself again."""
    tell_step(turn, account, event, Step.END)
    account.liquidation = None
    del turn.state.liquidations[event.event_id]


def _cover_debt(turn: Turn, account: Account, event: Liquidation) -> bool:
    """Sell a coin for what is owed, or buy back what is owed; False where nothing can be done."""
    sale = next_sale(turn, account, event)
    if sale is None:
        return False
    instrument = turn.reference.instruments[sale.sym]
    order = place_for_system(
        turn, account, instrument, sale.side, sale.quantity, sale.price, OrderOrigin.SYSTEM_LIQ
    )
    event.stage = Stage(
        order.order_id, sale.sym, sale.quantity, turn.now_ms, turn.now_ms, coin=sale.coin
    )
    tell_step(turn, account, event, Step.SELL_COLLATERAL)
    return True


def _cut_position(turn: Turn, account: Account, event: Liquidation) -> bool:
    """Close a position or a part of it, down to its bankruptcy price; False where there is none,
    or where loans alone ask for it while coins are left to be sold for them.
    """
    if not account.positions or (event.unsold and _at_target(account, turn.settings)):
        return False
    cut = best_cut(turn, account)
    position = account.positions[cut.leg]
    instrument = turn.reference.instruments[position.sym]
    whole = cut.quantity == abs(position.quantity)
    quantity = min(cut.quantity, instrument.max_limit_size)
    price = _limit(turn, account, cut, instrument, position)
    order = place_for_system(
        turn,
        account,
        instrument,
        closing_side(position.quantity),
        quantity,
        price,
        OrderOrigin.SYSTEM_LIQ if whole else OrderOrigin.SYSTEM_REDUCE,
        position.side,
    )
    event.stage = Stage(
        order.order_id,
        position.sym,
        quantity,
        turn.now_ms,
        turn.now_ms,
        leg=cut.leg,
        position_id=position.position_id,
    )
    tell_step(turn, account, event, Step.LIQUIDATE if whole else Step.REDUCE)
    return True


def _limit(
    turn: Turn, account: Account, cut: Cut, instrument: Instrument, position: Position
) -> Decimal:
    """The bankruptcy price on the tick that is no worse, at least one tick."""
    ticks = bankruptcy_prices(turn, account)[cut.leg] / instrument.tick_size
    whole = int(ticks)
    if position.quantity > ZERO and ticks > whole:
        whole += 1
    return instrument.price(max(whole, 1))
