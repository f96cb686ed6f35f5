"""The end of an hour: funding, where a symbol's interval ends, and then interest on what is owed.

It comes round while there are watched accounts (see watched.py); hours that passed while nothing
ran are closed one after the other, each at its own moment (risk-model 9.4, 10, 14).
"""

from decimal import Decimal

from openprime.desk.agenda import come_round, has_come
from openprime.desk.ledger import INTEREST, VENUE, liability
from openprime.desk.margin import refresh
from openprime.desk.state import Account, Position, TaskKind
from openprime.desk.statements import post_with_statement
from openprime.desk.tiers import hourly_rate
from openprime.desk.turn import Turn
from openprime.desk.watched import HOUR_MS, shortfall, watched_accounts
from openprime.desk.worth import profit_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, truncate
from openprime.model.vocabulary import PERP, StatementType


def close_hour(turn: Turn, subject: int) -> None:
    """Settle the funding of all positions that are open, then charge all that is owed."""
    has_come(turn, TaskKind.CLOSE_HOUR)
    accounts = watched_accounts(turn)
    if not accounts:
        return
    come_round(turn, TaskKind.CLOSE_HOUR, HOUR_MS)
    for account in accounts:
        if account.positions:
            _settle_funding(turn, account)
    for account in accounts:
        if _may_owe(turn, account):
            _charge_interest(turn, account)


def _settle_funding(turn: Turn, account: Account) -> None:
    """Pay or collect funding of the positions whose interval ends now: -Q * M * F, against the
    venue. Longs pay while the rate is above 0 (risk-model 10).
    """
    for position in account.positions.values():
        instrument = turn.reference.instruments[position.sym]
        rate = turn.state.funding_rates.get(position.sym, ZERO)
        if turn.now_ms % (instrument.funding_interval_hours * HOUR_MS) or not rate:
            continue
        amount = _funding_of(turn, instrument, position, rate)
        if not amount:
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


def _funding_of(turn: Turn, instrument: Instrument, position: Position, rate: Decimal) -> Decimal:
    mark = turn.state.marks.get(instrument.sym, ZERO)
    return truncate(-position.quantity * instrument.contract_size * mark * rate)


def _may_owe(turn: Turn, account: Account) -> bool:
    """Whether some wallet owes at the present marks: cheaper than bringing all sums up to date."""
    upnl: dict[str, Decimal] = {}
    for position in account.positions.values():
        instrument = turn.reference.instruments[position.sym]
        mark = turn.state.marks.get(position.sym, ZERO)
        profit = profit_of(instrument, position, mark)
        upnl[instrument.quote] = upnl.get(instrument.quote, ZERO) + profit
    return any(shortfall(wallet, upnl.get(coin, ZERO)) for coin, wallet in account.wallets.items())


def _charge_interest(turn: Turn, account: Account) -> None:
    """Take an hour's interest on what is owed in each coin, out of that coin: 18 decimals, cut."""
    refresh(turn, account)
    for coin, wallet in account.wallets.items():
        owed = liability(wallet)
        if not owed:
            continue
        rate = hourly_rate(turn, account.exchange, coin, owed)
        amount = truncate(owed * rate)
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
