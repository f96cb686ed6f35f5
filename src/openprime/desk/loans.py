"""RapidX loans: borrowed, paid back, and charged five minutes after every hour (risk-model 9.5).

Interest is taken from the wallet and never added to the loan, so that a repayment is principal
alone (resolutions 141). What speaks against a loan says loan_checks.py.
"""

from decimal import Decimal

from openprime.desk.agenda import come_round, has_come
from openprime.desk.commands import Borrow, Repay
from openprime.desk.events import LoanEntry, LoanOrder
from openprime.desk.ledger import INTEREST, LENT, available, post, wallet_of
from openprime.desk.lending import note_debtor
from openprime.desk.loan_checks import borrow_refusal, repay_refusal
from openprime.desk.loan_worth import loan_status
from openprime.desk.margin import refresh
from openprime.desk.pool_books import move_money
from openprime.desk.state import Account, Portfolio, TaskKind
from openprime.desk.turn import Turn, account_key
from openprime.desk.watched import HOUR_MS, sorted_accounts
from openprime.errors import Refusal
from openprime.model.numbers import ZERO, truncate
from openprime.model.vocabulary import AccountStatus, LoanKind

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
    coin, amount = command.coin, command.amount
    change_loan(turn, account, coin, kind, amount if kind is LoanKind.BORROW else -amount)
    order_id = turn.new_id()
    name = command.client_order_id
    if name:
        _block(turn, turn.state.portfolios[account.portfolio_id], name)
    wallet = account.wallets[coin]
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


def change_loan(turn: Turn, account: Account, coin: str, kind: LoanKind, amount: Decimal) -> None:
    """Lend so much more to a wallet, which must be among the borrowers; below 0, take it back."""
    wallet = wallet_of(turn, account, coin)
    wallet.loan += amount
    note_debtor(turn, account, wallet)
    _post(turn, account, coin, kind, amount, LENT)
    portfolio = turn.state.portfolios[account.portfolio_id]
    move_money(turn, portfolio, account.exchange, coin, amount)
    if not wallet.loan:
        del account.loan_coins[coin]
        if not account.loan_coins:
            del turn.state.borrowers[account_key(account)]


def call_in(turn: Turn, account: Account) -> None:
    """Where a refreshed account's loans are too much for its collateral, take back what can be,
    each from the free cash of its own coin (risk-model 9.5).
    """
    if loan_status(account, turn.settings) is not AccountStatus.LIQUIDATING:
        return
    for coin in list(account.loan_coins):
        wallet = account.wallets[coin]
        amount = min(wallet.loan, available(wallet))
        if amount:
            change_loan(turn, account, coin, LoanKind.REPAY, -amount)
    refresh(turn, account)


def _post(
    turn: Turn, account: Account, coin: str, kind: LoanKind, amount: Decimal, house: str
) -> None:
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
    """Take an hour's interest on every loan out of its wallet: 6 decimals, cut."""
    has_come(turn, TaskKind.CHARGE_LOANS)
    if not turn.state.borrowers:
        return
    come_round(turn, TaskKind.CHARGE_LOANS, HOUR_MS, CHARGED_AFTER_MS)
    for account in sorted_accounts(turn.state, turn.state.borrowers):
        for coin in account.loan_coins:
            terms = turn.reference.loan_terms.get(coin)
            yearly = account.wallets[coin].loan * terms.annual_rate if terms else ZERO
            amount = truncate(yearly / HOURS_A_YEAR, INTEREST_PLACES)
            if amount:
                _post(turn, account, coin, LoanKind.INTEREST, -amount, INTEREST)
