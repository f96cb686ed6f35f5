"""May coins be borrowed from RapidX, or paid back? The checks of resolutions 81, in their order."""

from collections.abc import Callable
from decimal import Decimal

from openprime.desk.commands import Borrow, Repay
from openprime.desk.ledger import available, equity
from openprime.desk.lending import pool_left
from openprime.desk.loan_worth import (
    LOAN_PLACES,
    loan_to_value,
    loan_worth,
    max_loan,
    quota_left,
)
from openprime.desk.margin import loan_margin, refresh, totals, wallet_value
from openprime.desk.risk import account_status
from openprime.desk.state import Account
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.numbers import ZERO, positive_part, truncate
from openprime.model.vocabulary import AccountStatus

NO_LOANS = (AccountStatus.LIQUIDATING, AccountStatus.TAKEOVER)


def borrow_refusal(turn: Turn, command: Borrow) -> Refusal | None:
    """Why coins cannot be lent. Codes in their order: 406014, 406015, 401009, 401046, 406021
    (401045 for an account that is restricted), 406017, 406019, 406016, 406020, 406018.
    """
    code = _request_code(turn, command)
    if code is None:
        account = turn.state.portfolios[command.portfolio_id].accounts[command.exchange]
        code = _status_code(turn, account) or _bound_code(turn, account, command)
    return None if code is None else Refusal(code)


def repay_refusal(turn: Turn, command: Repay) -> Refusal | None:
    """Why coins cannot be paid back. Codes in their order: 406014, 406015, 401009, 401046, 401035,
    406021 (401045 for an account that is restricted), 406022, 406023.
    """
    code = _request_code(turn, command)
    if code is None:
        account = turn.state.portfolios[command.portfolio_id].accounts[command.exchange]
        code = _holding_code(turn, account, command)
    return None if code is None else Refusal(code)


def _request_code(turn: Turn, command: Borrow | Repay) -> int | None:
    """What speaks against coin, amount, id and account as they are named."""
    portfolio = turn.state.portfolios[command.portfolio_id]
    account = portfolio.accounts.get(command.exchange)
    if account is None or command.coin not in turn.reference.loan_terms:
        return 406014
    amount = command.amount
    if amount is None or amount <= ZERO or amount != truncate(amount, LOAN_PLACES):
        return 406015
    if portfolio.loan_ids_blocked_until_ms.get(command.client_order_id, 0) > turn.now_ms:
        return 401009
    return None if account.initialised else 401046


def _status_code(turn: Turn, account: Account) -> int | None:
    refresh(turn, account)
    if account_status(account, totals(account), turn.settings) in NO_LOANS:
        return 406021
    return 401045 if account.restricted else None


def _holding_code(turn: Turn, account: Account, command: Repay) -> int | None:
    wallet = account.wallets.get(command.coin)
    if wallet is None:
        return 401035
    code = _status_code(turn, account)
    if code is not None:
        return code
    assert command.amount is not None, "406015 comes before"
    if command.amount > wallet.loan:
        return 406022
    return 406023 if command.amount > available(wallet) else None


class _Wanted:
    """A loan that is asked for, beside what a refreshed account has; in USDT but for `amount`."""

    def __init__(self, turn: Turn, account: Account, coin: str, amount: Decimal) -> None:
        self.turn, self.account, self.coin, self.amount = turn, account, coin, amount
        self.terms = turn.reference.loan_terms[coin]
        self.price = turn.index_price(coin) or ZERO
        self.value = amount * self.price
        self.worth = loan_worth(turn, account)

    def above_quota(self) -> bool:
        user_id = self.turn.state.portfolios[self.account.portfolio_id].user_id
        left = quota_left(self.turn, user_id, self.coin, self.terms, self.price)
        return self.value > left

    def above_pool(self) -> bool:
        return self.amount > pool_left(self.turn, self.account.exchange, self.coin)

    def without_margin(self) -> bool:
        """What is free without loans does not carry the margin of this one."""
        wallet = self.account.wallets.get(self.coin)
        before, margin_before = (wallet.loan_value, wallet.loan_margin) if wallet else (ZERO, ZERO)
        margin = loan_margin(self.turn, self.coin, before + self.value)
        return self.worth.net_available - (margin - margin_before) < ZERO

    def above_ltv(self) -> bool:
        wallet = self.account.wallets.get(self.coin)
        owned, counted = (equity(wallet), wallet.margin_value) if wallet else (ZERO, ZERO)
        counts = wallet_value(self.turn, self.coin, owned + self.amount)
        secured = self.worth.collateral + positive_part(counts) - positive_part(counted)
        ltv = loan_to_value(self.worth.value + self.value, secured)
        return ltv > self.turn.settings.loan_ltv_borrow

    def above_maximum(self) -> bool:
        return self.amount > max_loan(self.turn, self.account, self.coin)


BOUNDS: tuple[tuple[int, Callable[[_Wanted], bool]], ...] = (
    (406017, _Wanted.above_quota),
    (406019, _Wanted.above_pool),
    (406016, _Wanted.without_margin),
    (406020, _Wanted.above_ltv),
    (406018, _Wanted.above_maximum),
)


def _bound_code(turn: Turn, account: Account, command: Borrow) -> int | None:
    """The first bound that a loan to a refreshed account breaks."""
    assert command.amount is not None, "406015 comes before"
    wanted = _Wanted(turn, account, command.coin, command.amount)
    return next((code for code, breaks in BOUNDS if breaks(wanted)), None)
