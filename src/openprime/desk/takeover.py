"""Take-over: the house takes an account's positions, the fund makes its wallets good (13.2, 13.3).

Positions go at their bankruptcy price. Where the fund could not pay what the account then lacks,
they go at the price that leaves nothing lacking, and then profitable positions of the other side
must take them; so must they what the house may not hold. What nobody can take the house takes.
"""

from decimal import Decimal

from openprime.desk.bankruptcy import bankruptcy_prices
from openprime.desk.deleveraging import deleverage, forget_rankings, side_ranked
from openprime.desk.house_book import beyond_limit, hold_in_house
from openprime.desk.inside import close_inside
from openprime.desk.insurance import found_fund, fund_balance, level_fund
from openprime.desk.ledger import INSURANCE, available
from openprime.desk.liquidation import end, next_stage, tell_reduced, wait
from openprime.desk.liquidation_state import Liquidation, Stage
from openprime.desk.loans import take_back
from openprime.desk.margin import refresh
from openprime.desk.state import Account, Position
from openprime.desk.statements import post_with_statement
from openprime.desk.turn import Turn, account_named
from openprime.model.instrument import Instrument
from openprime.model.numbers import LEDGER_PLACES, ZERO, positive_part, round_half_up, truncate
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import LIQUIDATION, OrderOrigin, StatementType


def run_liquidation(turn: Turn, event_id: int) -> None:
    """A liquidation's moment has come: go on with it."""
    account = account_named(turn.state, turn.state.liquidations[event_id])
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
    lacking = _lacking(turn, account, prices)
    event.fund_short = event.fund_short or lacking > fund_balance(turn)
    if not _others_took(turn, account, event, prices, lacking):
        wait(turn, event, 0)
        return
    for position in list(account.positions.values()):
        _give_to_house(turn, account, event, position, prices[position.leg])
    for coin in list(account.loan_coins):
        take_back(turn, account, coin, account.wallets[coin].loan)
    _make_good(turn, account, event)
    account.restricted = True
    end(turn, account, event)
    if not turn.state.liquidations:
        forget_rankings(turn.state)


def _lacking(turn: Turn, account: Account, prices: dict[str, Decimal]) -> Decimal:
    """What an account's wallets lack once its positions are closed and its own other coins have
    paid, in USDT.
    """
    cash = {coin: wallet.cash - wallet.loan for coin, wallet in account.wallets.items()}
    for leg, position in account.positions.items():
        instrument = turn.reference.instruments[position.sym]
        size = position.quantity * instrument.contract_size
        cash[instrument.quote] += size * (prices[leg] - position.average_price)
    worth = sum((amount * (turn.index_price(coin) or ZERO) for coin, amount in cash.items()), ZERO)
    return positive_part(-worth)


def _others_took(
    turn: Turn, account: Account, event: Liquidation, prices: dict[str, Decimal], lacking: Decimal
) -> bool:
    """Close against the other side what the house may not hold; where the fund is short all of it,
    at prices that make up for what is lacking: each position bears the part that its value is of
    all. False where that has to go on in another command.
    """
    values = {leg: account.exposures[leg].position_value for leg in account.positions}
    total = sum(values.values(), ZERO)
    for position in list(account.positions.values()):
        instrument = turn.reference.instruments[position.sym]
        price, quantity = prices[position.leg], beyond_limit(turn, instrument, position)
        if event.fund_short and total:
            size = position.quantity * instrument.contract_size
            price += lacking * values[position.leg] / total / size
            quantity = abs(position.quantity)
        if not quantity:
            continue
        long = position.quantity < ZERO
        if not side_ranked(turn, position.sym, long):
            return False
        price = _tradable(instrument, price)
        closed, more = deleverage(turn, position.sym, quantity, price, long)
        if closed:
            _close(turn, account, event, position, price, closed)
        if more:
            return False
    return True


def _tradable(instrument: Instrument, price: Decimal) -> Decimal:
    return max(round_half_up(price, LEDGER_PLACES), instrument.tick_size)


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
    """Let the house take a position."""
    instrument = turn.reference.instruments[position.sym]
    price, quantity = _tradable(instrument, price), position.quantity
    _close(turn, account, event, position, price, abs(quantity))
    hold_in_house(turn, instrument, quantity, price)


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
