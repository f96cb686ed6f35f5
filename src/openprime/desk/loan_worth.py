"""What RapidX loans weigh in an account, and how much more may be borrowed (risk-model 9.5).

A loan's coins are the account's own collateral like any others. What it is worth without them is
net: the wallet's equity less the loan. The loan-to-value ratio sets all loans against all
collateral; it has a ladder of its own beside that of uniMMR.
"""

from decimal import Decimal

import msgspec

from openprime.desk.ledger import equity
from openprime.desk.lending import pool_left
from openprime.desk.margin import Totals, totals, wallet_value
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Wallet
from openprime.desk.turn import Turn, account_named
from openprime.model.instrument import LoanTerms
from openprime.model.numbers import AMOUNT_PLACES, ZERO, positive_part, truncate
from openprime.model.vocabulary import AccountStatus

# Loans without any collateral.
NO_COLLATERAL_LTV = Decimal(9999)

# Loans are borrowed and paid back in hundredths of a coin.
LOAN_PLACES = 2


class LoanWorth(msgspec.Struct, frozen=True):
    """An account's loans and what it is worth without them, in USDT."""

    value: Decimal
    margin: Decimal
    maintenance: Decimal
    collateral: Decimal
    net_margin_value: Decimal
    net_valid: Decimal
    net_available: Decimal

    @property
    def ltv(self) -> Decimal:
        return loan_to_value(self.value, self.collateral)


def loan_to_value(value: Decimal, collateral: Decimal) -> Decimal:
    """Loans over collateral; 0 where there is no loan."""
    if not value:
        return ZERO
    return value / collateral if collateral > ZERO else NO_COLLATERAL_LTV


def collateral(account: Account) -> Decimal:
    """What the coins that a refreshed account owns count as margin, in USDT."""
    return sum((positive_part(w.margin_value) for w in account.wallets.values()), ZERO)


def loans_value(account: Account) -> Decimal:
    """What the loans of a refreshed account are worth, in USDT."""
    return sum((account.wallets[coin].loan_value for coin in account.loan_coins), ZERO)


def net_equity(wallet: Wallet) -> Decimal:
    """What a wallet holds that is not lent to it, in its coin."""
    return equity(wallet) - wallet.loan


def loan_worth(turn: Turn, account: Account) -> LoanWorth:
    """The loans of a refreshed account."""
    wallets = [account.wallets[coin] for coin in account.loan_coins]
    lent = ZERO
    for wallet in wallets:
        lent += wallet.margin_value - wallet_value(turn, wallet.coin, net_equity(wallet))
    sums: Totals = totals(account)
    net_margin_value = truncate(account.margin_value - lent, AMOUNT_PLACES)
    net_valid = net_margin_value - sums.open_loss
    return LoanWorth(
        value=loans_value(account),
        margin=sum((wallet.loan_margin for wallet in wallets), ZERO),
        maintenance=sum((wallet.loan_maintenance for wallet in wallets), ZERO),
        collateral=collateral(account),
        net_margin_value=net_margin_value,
        net_valid=net_valid,
        net_available=net_valid - sums.frozen,
    )


def loan_status(account: Account, settings: DeskSettings) -> AccountStatus:
    """What the loans of a refreshed account alone make of its status."""
    ltv = loan_to_value(loans_value(account), collateral(account))
    if ltv >= settings.loan_ltv_liquidate:
        return AccountStatus.LIQUIDATING
    return AccountStatus.MARGIN_CALL if ltv >= settings.loan_ltv_call else AccountStatus.NORMAL


def quota_left(turn: Turn, user_id: int, coin: str, terms: LoanTerms, price: Decimal) -> Decimal:
    """What a user may still borrow of a coin over all portfolios, in USDT."""
    state = turn.state
    used = ZERO
    for key in state.borrowers:
        account = account_named(state, key)
        if coin in account.loan_coins and state.portfolios[account.portfolio_id].user_id == user_id:
            used += account.wallets[coin].loan * price
    return positive_part(terms.max_value - used)


def max_loan(turn: Turn, account: Account, coin: str) -> Decimal:
    """The most that a refreshed account may borrow more of a coin: bounded by the user's quota, the
    pool, and (leverage - 1) times what the account is worth without loans. 0 without a price.
    """
    terms, price = turn.reference.loan_terms[coin], turn.index_price(coin)
    if not price:
        return ZERO
    user_id = turn.state.portfolios[account.portfolio_id].user_id
    by_quota = quota_left(turn, user_id, coin, terms, price) / price
    by_pool = pool_left(turn, account.exchange, coin)
    by_worth = own_bound(loan_worth(turn, account), terms) / price
    return truncate(min(by_quota, by_pool, by_worth), LOAN_PLACES)


def own_bound(worth: LoanWorth, terms: LoanTerms) -> Decimal:
    """What an account's own worth lets it borrow more, in USDT. The margin of the loans that it has
    is not counted twice: the loans themselves are.
    """
    free = positive_part(worth.net_available + worth.margin)
    return positive_part((terms.leverage - 1) * free - worth.value)
