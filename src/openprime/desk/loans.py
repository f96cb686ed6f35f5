"""RapidX loans: borrowed, paid back, and charged five minutes after every hour (risk-model 9.5).

Interest is taken from the wallet and never added to the loan, so that a repayment is principal
alone (resolutions 141). What speaks against a loan says loan_checks.py, what is taken back of it
against the client's will loan_calls.py.
"""

from decimal import Decimal

from openprime.desk.agenda import come_round, has_come
from openprime.desk.commands import Borrow, Repay
from openprime.desk.events import LoanEntry, LoanOrder
from openprime.desk.ledger import INTEREST, LENT, available, post, wallet_of
from openprime.desk.lending import note_debtor
from openprime.desk.loan_checks import borrow_refusal, repay_refusal
from openprime.desk.pool_books import move_money
from openprime.desk.rounds import next_accounts, start
from openprime.desk.state import Account, Portfolio, TaskKind, account_key
from openprime.desk.turn import Turn
from openprime.desk.watched import HOUR_MS
from openprime.errors import Refusal
from openprime.model.numbers import ZERO, truncate
from openprime.model.vocabulary import LoanKind

CHARGED_AFTER_MS = 5 * 60_000
HOURS_A_YEAR = 8760
INTEREST_PLACES = 6


def borrow(turn: Turn, command: Borrow) -> LoanOrder | Refusal:
    """Lend coins. Codes: those of `borrow_refusal`."""
    refusal = borrow_refusal(turn, command)
    if refusal is not None:
        return refusal
    account = turn.state.portfolios[command.portfolio_id].accounts[command.exchange]
    account.loan_coins[command.coin] = None
    turn.state.borrowers[account_key(account)] = None
    come_round(turn, TaskKind.CHARGE_LOANS, HOUR_MS, CHARGED_AFTER_MS)
    return _move(turn, account, command, LoanKind.BORROW)


def repay(turn: Turn, command: Repay) -> LoanOrder | Refusal:
    """Take coins back. Codes: those of `repay_refusal`."""
    refusal = repay_refusal(turn, command)
    if refusal is not None:
        return refusal
    account = turn.state.portfolios[command.portfolio_id].accounts[command.exchange]
    return _move(turn, account, command, LoanKind.REPAY)


# -- money


def _move(turn: Turn, account: Account, command: Borrow | Repay, kind: LoanKind) -> LoanOrder:
    """Move the coins and tell of it, as an order and as a row of the statement."""
    assert command.amount is not None, "406015 comes before"
    coin, amount, name = command.coin, command.amount, command.client_order_id
    if name:
        _block(turn, turn.state.portfolios[account.portfolio_id], name)
    _change(turn, account, coin, kind, amount if kind is LoanKind.BORROW else -amount)
    return _tell(turn, account, coin, kind, amount, name)


def take_back(turn: Turn, account: Account, coin: str, amount: Decimal) -> None:
    """Have so much of a loan paid back that nobody asked to pay back: told as a repayment is."""
    _change(turn, account, coin, LoanKind.REPAY, -amount)
    _tell(turn, account, coin, LoanKind.REPAY, amount)


def _tell(
    turn: Turn, account: Account, coin: str, kind: LoanKind, amount: Decimal, name: str = ""
) -> LoanOrder:
    """Tell of what was moved, as an order: under its id where the client gave it no name."""
    order_id, wallet = turn.new_id(), account.wallets[coin]
    order = LoanOrder(
        order_id,
        name or str(order_id),
        account.portfolio_id,
        account.exchange,
        kind,
        coin,
        amount,
        wallet.loan,
        available(wallet),
        turn.now_ms,
    )
    turn.events.append(order)
    return order


def _change(turn: Turn, account: Account, coin: str, kind: LoanKind, amount: Decimal) -> None:
    """Lend so much more to a wallet, which must be among the borrowers; below 0, take it back."""
    wallet = wallet_of(turn, account, coin)
    wallet.loan += amount
    note_debtor(turn, account, wallet)
    post_entry(turn, account, coin, kind, amount, LENT)
    portfolio = turn.state.portfolios[account.portfolio_id]
    move_money(turn, portfolio, account.exchange, coin, amount)
    if not wallet.loan:
        del account.loan_coins[coin]
        if not account.loan_coins:
            del turn.state.borrowers[account_key(account)]


def post_entry(
    turn: Turn, account: Account, coin: str, kind: LoanKind, amount: Decimal, house: str
) -> None:
    """Move money as `ledger.post` does, and tell of it in the statement of loans."""
    post(turn, account, coin, amount, house)
    turn.touch_account(account)
    entry = LoanEntry(
        turn.new_long_id(),
        account.portfolio_id,
        account.exchange,
        kind,
        coin,
        amount,
        account.wallets[coin].cash,
        turn.now_ms,
    )
    turn.events.append(entry)


def _block(turn: Turn, portfolio: Portfolio, name: str) -> None:
    """Keep a client's id taken for as long as those of finished orders (resolutions 34, 35)."""
    blocked = portfolio.loan_ids_blocked_until_ms
    blocked.pop(name, None)
    blocked[name] = turn.now_ms + turn.settings.client_order_id_blocked_ms
    while True:
        oldest = next(iter(blocked))
        surplus = len(blocked) > turn.settings.client_order_ids_kept_max
        if blocked[oldest] > turn.now_ms and not surplus:
            break
        del blocked[oldest]


# -- interest


def charge_loans(turn: Turn, subject: int) -> None:
    """Take an hour's interest on every loan of the next accounts of the round, out of its wallet:
    6 decimals, cut.
    """
    state = turn.state
    if TaskKind.CHARGE_LOANS not in state.rounds:
        has_come(turn, TaskKind.CHARGE_LOANS)
        start(turn, TaskKind.CHARGE_LOANS, state.borrowers)
        if state.borrowers:
            come_round(turn, TaskKind.CHARGE_LOANS, HOUR_MS, CHARGED_AFTER_MS)
    for account in next_accounts(turn, TaskKind.CHARGE_LOANS):
        for coin in account.loan_coins:
            terms = turn.reference.loan_terms.get(coin)
            yearly = account.wallets[coin].loan * terms.annual_rate if terms else ZERO
            amount = truncate(yearly / HOURS_A_YEAR, INTEREST_PLACES)
            if amount:
                post_entry(turn, account, coin, LoanKind.INTEREST, -amount, INTEREST)
