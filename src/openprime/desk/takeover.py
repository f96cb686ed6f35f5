"""Take-over: the house takes an account's positions, the fund makes its wallets good (13.2, 13.3).

Positions go at their bankruptcy price. Where the fund could not pay what the account then lacks,
they go at the price that leaves nothing lacking, and then profitable positions of the other side
must take them; so must they what the house may not hold. What nobody can take the house takes.
"""

from decimal import Decimal

import msgspec

from openprime.desk.bankruptcy import bankruptcy_prices
from openprime.desk.deleveraging import deleverage
from openprime.desk.inside import close_inside
from openprime.desk.insurance import found_fund, fund_balance, level_fund, move_in_house
from openprime.desk.ledger import BROKER, INSURANCE, VENUE, available
from openprime.desk.liquidation import end, next_stage, tell_reduced
from openprime.desk.liquidation_state import HousePosition, Liquidation, Stage
from openprime.desk.loans import change_loan
from openprime.desk.margin import refresh
from openprime.desk.state import Account, Position
from openprime.desk.statements import post_with_statement
from openprime.desk.turn import Turn, account_named
from openprime.desk.worth import mark_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import LEDGER_PLACES, ZERO, floor_to, round_half_up, truncate
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import LIQUIDATION, LoanKind, OrderOrigin, StatementType


class Lack(msgspec.Struct):
    """What an account's wallets lack once its positions are closed, in USDT: all of it, and the
    part that its own other coins do not cover.
    """

    whole: Decimal = ZERO
    uncovered: Decimal = ZERO


def run_liquidation(turn: Turn, event_id: int) -> None:
    """A liquidation's moment has come: go on with it."""
    key = turn.state.liquidations.get(event_id)
    if key is None:
        return
    account = account_named(turn.state, key)
    event = account.liquidation
    assert event is not None, "the account knows its liquidation"
    event.scheduled = False
    turn.moved[id(account)] = account
    if account.order_count:
        return  # it goes on when they are over
    if event.taking_over:
        take_over(turn, account, event)
    else:
        next_stage(turn, account, event)


def take_over(turn: Turn, account: Account, event: Liquidation) -> None:
    """Empty an account of positions and debts; it stays RESTRICTED (resolutions 105)."""
    found_fund(turn)
    refresh(turn, account)
    prices = bankruptcy_prices(turn, account)
    lack = _lack(turn, account, prices)
    if lack.uncovered > fund_balance(turn):
        _deleverage_all(turn, account, event, prices, lack.uncovered)
    for position in list(account.positions.values()):
        _give_to_house(turn, account, event, position, prices[position.leg])
    for coin in list(account.loan_coins):
        change_loan(turn, account, coin, LoanKind.REPAY, -account.wallets[coin].loan)
    _make_good(turn, account, event)
    account.restricted = True
    end(turn, account, event)


def _lack(turn: Turn, account: Account, prices: dict[str, Decimal]) -> Lack:
    cash = {coin: wallet.cash - wallet.loan for coin, wallet in account.wallets.items()}
    for leg, position in account.positions.items():
        instrument = turn.reference.instruments[position.sym]
        size = position.quantity * instrument.contract_size
        cash[instrument.quote] += size * (prices[leg] - position.average_price)
    lack, owned = Lack(), ZERO
    for coin, amount in cash.items():
        worth = amount * (turn.index_price(coin) or ZERO)
        if worth < ZERO:
            lack.whole -= worth
        else:
            owned += worth
    lack.uncovered = max(lack.whole - owned, ZERO)
    return lack


def _deleverage_all(
    turn: Turn, account: Account, event: Liquidation, prices: dict[str, Decimal], lacking: Decimal
) -> None:
    """Close all positions against the other side, at prices that make up for what is lacking:
    each bears the part that its value is of all.
    """
    values = {leg: account.exposures[leg].position_value for leg in account.positions}
    total = sum(values.values(), ZERO)
    for position in list(account.positions.values()):
        instrument = turn.reference.instruments[position.sym]
        size = position.quantity * instrument.contract_size
        if not total:
            return
        price = prices[position.leg] + lacking * values[position.leg] / total / size
        price = max(round_half_up(price, LEDGER_PLACES), instrument.tick_size)
        _close_against(turn, account, event, position, price, abs(position.quantity))


def _close_against(
    turn: Turn,
    account: Account,
    event: Liquidation,
    position: Position,
    price: Decimal,
    quantity: Decimal,
) -> None:
    """Close so much of a position, as far as the other side reaches."""
    other = position.quantity < ZERO
    closed = deleverage(turn, position.sym, quantity, price, long=other)
    if closed:
        _close(turn, account, event, position, price, closed)


def _close(
    turn: Turn,
    account: Account,
    event: Liquidation,
    position: Position,
    price: Decimal,
    quantity: Decimal,
) -> None:
    origin = OrderOrigin.SYSTEM_LIQ
    closed = close_inside(turn, account, position.leg, quantity, price, origin, LIQUIDATION)
    stage = Stage(
        closed.order.order_id,
        position.sym,
        quantity,
        turn.now_ms,
        turn.now_ms,
        leg=position.leg,
        position_id=position.position_id,
        executed_quantity=quantity,
        closed_pnl=closed.realised,
    )
    tell_reduced(turn, account, event, stage)


def _give_to_house(
    turn: Turn, account: Account, event: Liquidation, position: Position, price: Decimal
) -> None:
    """Let the house take a position, as far as it may hold it, and the other side the rest."""
    instrument = turn.reference.instruments[position.sym]
    price = max(round_half_up(price, LEDGER_PLACES), instrument.tick_size)
    beyond = _beyond_limit(turn, instrument, position)
    if beyond:
        _close_against(turn, account, event, position, price, beyond)
    quantity = position.quantity
    if quantity:
        _close(turn, account, event, position, price, abs(quantity))
        _hold_in_house(turn, instrument, quantity, price)


def _beyond_limit(turn: Turn, instrument: Instrument, position: Position) -> Decimal:
    """How much of a position would take the house above what it may hold of the symbol."""
    held = turn.state.house_positions.get(instrument.sym)
    unit = instrument.contract_size * mark_of(turn, instrument)
    if not unit:
        return ZERO
    together = abs(position.quantity + (held.quantity if held else ZERO))
    room = floor_to(turn.settings.house_max_notional / unit, instrument.lot_size)
    return min(max(together - room, ZERO), abs(position.quantity))


def _hold_in_house(turn: Turn, instrument: Instrument, signed: Decimal, price: Decimal) -> None:
    """Add to what the house holds of a symbol; what it held the other way round is set off."""
    held = turn.state.house_positions.setdefault(instrument.sym, HousePosition())
    if held.quantity * signed < ZERO:
        closing = min(abs(held.quantity), abs(signed))
        sign = 1 if held.quantity > ZERO else -1
        profit = closing * sign * instrument.contract_size * (price - held.average_price)
        move_in_house(turn, instrument.quote, truncate(profit), VENUE, BROKER)
        held.quantity -= closing * sign
        signed += closing * sign
    if signed:
        before, added = abs(held.quantity), abs(signed)
        mean = (held.average_price * before + price * added) / (before + added)
        held.average_price = round_half_up(mean, LEDGER_PLACES)
        held.quantity += signed


def _make_good(turn: Turn, account: Account, event: Liquidation) -> None:
    """Bring negative wallets to 0 out of the fund, and give it of the others no more than that."""
    paid = ZERO
    for coin, wallet in account.wallets.items():
        if wallet.cash < ZERO:
            paid -= wallet.cash * (turn.index_price(coin) or ZERO)
            _compensate(turn, account, event, coin, -wallet.cash)
    if not paid:
        return
    owned = [wallet for wallet in account.wallets.values() if wallet.cash > ZERO]
    owned.sort(key=lambda wallet: (wallet.coin != VALUATION_COIN, -wallet.margin_value))
    for wallet in owned:
        index = turn.index_price(wallet.coin)
        if not index or paid <= ZERO:
            continue
        taken = min(wallet.cash, truncate(paid / index))
        paid -= taken * index
        # Money on its way out is taken too: its transfer then fails.
        wallet.transfer_frozen -= max(taken - available(wallet), ZERO)
        _compensate(turn, account, event, wallet.coin, -taken)


def _compensate(
    turn: Turn, account: Account, event: Liquidation, coin: str, amount: Decimal
) -> None:
    if not amount:
        return
    post_with_statement(
        turn,
        account,
        coin,
        amount,
        INSURANCE,
        StatementType.LIQ_COMPENSATION,
        str(event.event_id),
    )
    level_fund(turn, coin)
