"""The end of an hour: funding, where a symbol's interval ends, and then interest on what is owed.

It comes round while there are watched accounts (see watched.py), through all of them (rounds.py):
all are settled at the marks and rates of the moment. Hours that passed while nothing ran are closed
one after the other, each at its own moment (risk-model 9.4, 10, 14).
"""

from decimal import Decimal

from openprime.desk.agenda import has_come
from openprime.desk.ledger import INTEREST, VENUE, frozen
from openprime.desk.rounds import next_accounts, start
from openprime.desk.state import Account, Position, Round, TaskKind
from openprime.desk.statements import post_with_statement
from openprime.desk.tiers import hourly_rate
from openprime.desk.turn import Turn
from openprime.desk.watched import HOUR_MS, watch
from openprime.desk.worth import profit_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, truncate
from openprime.model.vocabulary import PERP, StatementType


def close_hour(turn: Turn, subject: int) -> None:
    """Settle the funding of the positions that are open, and charge what is then owed, of the next
    accounts of the round.
    """
    state = turn.state
    if TaskKind.CLOSE_HOUR not in state.rounds:
        has_come(turn, TaskKind.CLOSE_HOUR)
        begun = start(turn, TaskKind.CLOSE_HOUR, state.watched)
        begun.marks, begun.funding_rates = dict(state.marks), dict(state.funding_rates)
        state.watched = {}
    hour = state.rounds[TaskKind.CLOSE_HOUR]
    for account in next_accounts(turn, TaskKind.CLOSE_HOUR):
        if account.positions or _lacks_cash(account):
            watch(turn, account)
            _settle_funding(turn, hour, account)
            _charge_interest(turn, hour, account)


def _lacks_cash(account: Account) -> bool:
    return any(wallet.cash < frozen(wallet) for wallet in account.wallets.values())


def _settle_funding(turn: Turn, hour: Round, account: Account) -> None:
    """Pay or collect funding of the positions whose interval ends now: -Q * M * F, against the
    venue. Longs pay while the rate is above 0 (risk-model 10).
    """
    for position in account.positions.values():
        instrument = turn.reference.instruments[position.sym]
        rate = hour.funding_rates.get(position.sym, ZERO)
        if turn.now_ms % (instrument.funding_interval_hours * HOUR_MS) or not rate:
            continue
        amount = _funding_of(hour, instrument, position, rate)
        if not amount or position.created_at_ms > turn.now_ms:
            continue
        position.funding_fee += amount
        position.updated_at_ms = turn.now_ms
        post_with_statement(
            turn,
            account,
            instrument.quote,
            amount,
            VENUE,
            StatementType.FUNDING_FEE,
            str(turn.now_ms),
            position.sym,
            PERP,
        )
        turn.touch_position(account, position.sym, position.leg)
        turn.touch_account(account)


def _funding_of(hour: Round, instrument: Instrument, position: Position, rate: Decimal) -> Decimal:
    mark = hour.marks.get(instrument.sym, ZERO)
    return truncate(-position.quantity * instrument.contract_size * mark * rate)


def _charge_interest(turn: Turn, hour: Round, account: Account) -> None:
    """Take an hour's interest on what is owed in each coin, out of that coin: 18 decimals, cut."""
    upnl = _upnl(turn, hour, account)
    for coin, wallet in account.wallets.items():
        owed = frozen(wallet) - wallet.cash - upnl.get(coin, ZERO)
        if owed <= ZERO:
            continue
        amount = truncate(owed * hourly_rate(turn, account.exchange, coin, owed))
        if amount:
            post_with_statement(
                turn,
                account,
                coin,
                -amount,
                INTEREST,
                StatementType.DEDUCT_INTEREST,
                str(turn.now_ms),
            )
            turn.touch_account(account)


def _upnl(turn: Turn, hour: Round, account: Account) -> dict[str, Decimal]:
    """By settlement coin, what the account's positions earn at the marks of the hour's end."""
    upnl: dict[str, Decimal] = {}
    for position in account.positions.values():
        instrument = turn.reference.instruments[position.sym]
        mark = hour.marks.get(position.sym, ZERO)
        profit = profit_of(instrument, position, mark)
        upnl[instrument.quote] = upnl.get(instrument.quote, ZERO) + profit
    return upnl
