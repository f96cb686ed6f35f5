"""Calling in loans that are too much for their collateral (risk-model 9.5).

Where loans over collateral (LTV) reach `loan_ltv_liquidate` a liquidation begins, and it takes back
of the loans what brings LTV down to `loan_ltv_target`: the largest loan first, each out of what is
free of its own coin. For what is short of that other coins are sold (collateral.py). A fee on what
is taken back goes to the insurance fund, out of the account's own worth and never beyond it.

Loans are taken back in hundredths of a coin, as they are given, so that a client can pay the rest.
"""

from decimal import ROUND_CEILING, Decimal

from openprime.desk.insurance import found_fund, level_fund
from openprime.desk.ledger import INSURANCE, available, equity
from openprime.desk.liquidation_state import Liquidation
from openprime.desk.loan_worth import (
    LOAN_PLACES,
    collateral,
    loan_status,
    loan_to_value,
    loan_worth,
    loans_value,
)
from openprime.desk.loans import post_entry, take_back
from openprime.desk.margin import UNLISTED_DISCOUNT, refresh
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Wallet
from openprime.desk.turn import Turn
from openprime.model.numbers import ONE, ZERO, positive_part, round_half_up, truncate
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import AccountStatus, LoanKind

HUNDREDTH = ONE.scaleb(-LOAN_PLACES)


def loans_carried(account: Account, settings: DeskSettings) -> bool:
    """Whether nothing of a refreshed account's loans is to be taken back: they are below the level
    at which that begins or, once it began, at its target.
    """
    event = account.liquidation
    if event is None or not event.calls_loans:
        return loan_status(account, settings) is not AccountStatus.LIQUIDATING
    ltv = loan_to_value(loans_value(account), collateral(account))
    return ltv <= settings.loan_ltv_target


def call_in(turn: Turn, account: Account, event: Liquidation) -> bool:
    """Take back of a refreshed account's loans what is free of their own coins, as far as they are
    too much; returns whether anything was taken. The account is refreshed thereafter.
    """
    if loan_status(account, turn.settings) is AccountStatus.LIQUIDATING:
        event.calls_loans = True
    if not event.calls_loans:
        return False
    taken = False
    for wallet in _largest_first(account):
        rate = _fee_rate(turn, account)
        payable = truncate(free_cash(wallet) / (ONE + rate), LOAN_PLACES)
        relief = _relief(turn, wallet.coin, rate)
        amount = min(_to_take(turn, wallet, _excess(turn, account), relief), payable)
        if amount:
            _charge(turn, account, wallet.coin, amount, rate)
            refresh(turn, account)
            taken = True
    return taken


def called(turn: Turn, account: Account, event: Liquidation) -> dict[str, Decimal]:
    """By coin, what is needed of it to take back what a liquidation still takes of the loans, with
    the fee: where USDT has to come up for it.
    """
    needed: dict[str, Decimal] = {}
    if not event.calls_loans:
        return needed
    excess, rate = _excess(turn, account), _fee_rate(turn, account)
    relief = _relief(turn, VALUATION_COIN, rate)
    for wallet in _largest_first(account):
        amount = _to_take(turn, wallet, excess, relief)
        excess -= amount * (turn.index_price(wallet.coin) or ZERO) * relief
        if amount:
            needed[wallet.coin] = amount * (ONE + rate)
    return needed


def is_bankrupt(turn: Turn, account: Account, event: Liquidation) -> bool:
    """Whether loans that are taken back have used up all that a refreshed account owns."""
    lent = event.calls_loans and bool(account.loan_coins)
    return lent and loan_worth(turn, account).net_valid <= ZERO


def free_cash(wallet: Wallet) -> Decimal:
    """What a liquidation may use of a wallet: cash that covers an unrealised loss is not free."""
    return min(available(wallet), positive_part(equity(wallet)))


def _charge(turn: Turn, account: Account, coin: str, amount: Decimal, rate: Decimal) -> None:
    """Take back so much of a loan, and the fee on it, as far as the account's own worth goes."""
    price = turn.index_price(coin) or ZERO
    own = truncate(positive_part(loan_worth(turn, account).net_valid) / price)
    take_back(turn, account, coin, amount)
    fee = min(round_half_up(amount * rate), own)
    if fee:
        found_fund(turn)
        post_entry(turn, account, coin, LoanKind.LIQUIDATION_FEE, -fee, INSURANCE)
        level_fund(turn, coin)


def _fee_rate(turn: Turn, account: Account) -> Decimal:
    """What is charged on what is taken back: nothing, where nothing is the account's own."""
    own = loan_worth(turn, account).net_valid
    return turn.settings.loan_liquidation_fee_rate if own > ZERO else ZERO


def _largest_first(account: Account) -> list[Wallet]:
    wallets = [account.wallets[coin] for coin in account.loan_coins]
    return sorted(wallets, key=lambda wallet: (-wallet.loan_value, wallet.coin))


def _excess(turn: Turn, account: Account) -> Decimal:
    """By how much loans are above what the collateral carries at the target, in USDT."""
    carried = turn.settings.loan_ltv_target * collateral(account)
    return positive_part(loans_value(account) - carried)


def _relief(turn: Turn, payer: str, rate: Decimal) -> Decimal:
    """By how much a USDT of loan that is taken back lowers the excess: the loan goes, and so does
    the collateral that pays for it, coins of `payer`. At or below 0 nothing but all of it helps.
    """
    counted = turn.reference.discounts.get(payer, UNLISTED_DISCOUNT)
    return ONE - turn.settings.loan_ltv_target * counted * (ONE + rate)


def _to_take(turn: Turn, wallet: Wallet, excess: Decimal, relief: Decimal) -> Decimal:
    """How much of a wallet's loan is to be taken back for an excess to go."""
    price = turn.index_price(wallet.coin)
    if not price or excess <= ZERO:
        return ZERO
    if relief <= ZERO:
        return wallet.loan
    hundredths = (excess / relief / price / HUNDREDTH).to_integral_value(ROUND_CEILING)
    return min(wallet.loan, hundredths * HUNDREDTH)
