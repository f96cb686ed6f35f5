"""What an account in liquidation sells for its debts, and buys back of them (risk-model 13.1).

Debts in other coins are bought back out of free USDT; where that is short, the coin that counts
most as margin is sold for it. Both are SPOT orders at the index and the slip beyond it.
"""

from decimal import ROUND_CEILING, Decimal

import msgspec

from openprime.desk.ledger import available, liability
from openprime.desk.liquidation_state import Liquidation
from openprime.desk.loan_calls import called, free_cash
from openprime.desk.state import Account
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO, floor_to, positive_part
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import BUY, SELL, Side


class Sale(msgspec.Struct, frozen=True):
    """A spot order that is to be sent: so much of a coin, bought or sold, at a limit."""

    sym: str
    coin: str
    side: Side
    quantity: Decimal
    price: Decimal


def next_sale(turn: Turn, account: Account, event: Liquidation) -> Sale | None:
    """The next order that covers debts, with loans that are taken back; None where there are none,
    or nothing covers them. Coins that found no buyer or seller are passed over.
    """
    owed = _owed(turn, account, event)
    if not owed:
        return None
    markets = {
        coin: market
        for coin in account.wallets
        if coin not in event.unsold and (market := _market(turn, account, coin)) is not None
    }
    wallet = account.wallets.get(VALUATION_COIN)
    free = free_cash(wallet) if wallet else ZERO
    foreign = [coin for coin in owed if coin in markets]
    foreign.sort(key=lambda coin: -owed[coin] * (turn.index_price(coin) or ZERO))
    for coin in foreign:
        sale = _buy_back(turn, account, markets[coin], owed[coin], free)
        if sale is not None:
            return sale
    wanted = sum((owing * (turn.index_price(coin) or ZERO) for coin, owing in owed.items()), ZERO)
    if wanted <= free:
        return None
    owned = [coin for coin in markets if coin not in owed]
    owned.sort(key=lambda coin: -account.wallets[coin].margin_value)
    for coin in owned:
        sale = _sell(turn, account, markets[coin], wanted - free)
        if sale is not None:
            return sale
    return None


def _owed(turn: Turn, account: Account, event: Liquidation) -> dict[str, Decimal]:
    """By coin, what is owed of it, with what is to be taken back of its loan. For the latter other
    coins have to come up as far as its own does not; free USDT is counted apart.
    """
    owed, loans = {}, called(turn, account, event)
    for coin, wallet in account.wallets.items():
        loan = loans.get(coin, ZERO)
        if coin != VALUATION_COIN:
            loan = positive_part(loan - free_cash(wallet))
        if owing := liability(wallet) + loan:
            owed[coin] = owing
    return owed


def _market(turn: Turn, account: Account, coin: str) -> Instrument | None:
    """Where a coin trades against USDT, with a price to go by."""
    market = turn.reference.instruments.get(f"{account.exchange}_SPOT_{coin}_{VALUATION_COIN}")
    return market if market is not None and market.live and turn.index_price(coin) else None


def _buy_back(
    turn: Turn, account: Account, market: Instrument, owed: Decimal, free: Decimal
) -> Sale | None:
    index = turn.index_price(market.base) or ZERO
    price = floor_to(index * (ONE + turn.settings.liquidation_slip), market.tick_size)
    if not price:
        return None
    taker = turn.rules_of[account.portfolio_id][market.sym].fees.taker
    affordable = floor_to(free / (price * (ONE + taker)), market.lot_size)
    quantity = min(_up_to_lot(owed, market), affordable, market.max_limit_size)
    if quantity < market.min_size:
        return None
    return Sale(market.sym, market.base, BUY, quantity, price)


def _sell(turn: Turn, account: Account, market: Instrument, wanted: Decimal) -> Sale | None:
    index = turn.index_price(market.base) or ZERO
    price = index * (ONE - turn.settings.liquidation_slip)
    ticks = (price / market.tick_size).to_integral_value(ROUND_CEILING)
    taker = turn.rules_of[account.portfolio_id][market.sym].fees.taker
    held = floor_to(available(account.wallets[market.base]), market.lot_size)
    needed = max(_up_to_lot(wanted / (price * (ONE - taker)), market), market.min_size)
    quantity = min(needed, held, market.max_limit_size)
    if quantity < market.min_size:
        return None
    return Sale(market.sym, market.base, SELL, quantity, ticks * market.tick_size)


def _up_to_lot(quantity: Decimal, market: Instrument) -> Decimal:
    lots = (quantity / market.lot_size).to_integral_value(ROUND_CEILING)
    return lots * market.lot_size
