"""RapidX loans as rows on the wire (rest-admin 10).

What a loan or a repayment answers holds JSON numbers; everything else is texts.
"""

from decimal import Decimal

from openprime.api.wire import Row, amount, exact, page, ratio
from openprime.api.wire.accounts import asset_row
from openprime.api.wire.funds import number
from openprime.desk.desk import Desk
from openprime.desk.events import LoanEntry, LoanOrder
from openprime.desk.loan_worth import LOAN_PLACES, loan_worth, max_loan, net_equity
from openprime.desk.margin import refresh, wallet_value
from openprime.desk.state import Account, Wallet
from openprime.desk.views import account_view, asset_view
from openprime.model.instrument import LoanTerms
from openprime.model.numbers import ZERO, text, truncate
from openprime.model.vocabulary import LoanKind

FILLED = "filled"

# How answers and the statement name what happened.
DONE_NAMES = {LoanKind.BORROW: "borrowed", LoanKind.REPAY: "repaid"}


def terms_row(coin: str, terms: LoanTerms) -> Row:
    """What a coin is lent at."""
    return {
        "coin": coin,
        "loanLeverage": terms.leverage,
        "maxLoanValue": text(terms.max_value),
        "loanMmr": text(terms.maintenance_rate),
        "loanInterestRate": text(terms.annual_rate),
    }


def max_loan_row(desk: Desk, account: Account, coin: str) -> Row:
    """How much more of a coin an account may borrow; 0 before its first money came."""
    refresh(desk.turn, account)
    most = max_loan(desk.turn, account, coin) if account.initialised else ZERO
    return {"coin": coin, "portfolioMaxLoanCoin": text(most)}


def account_loans_row(desk: Desk, account: Account) -> Row:
    """An account's loans, with all coins that are lent and what it is worth without its loans."""
    status = account_view(desk, account).account_status
    worth = loan_worth(desk.turn, account)
    return {
        "exchange": account.exchange,
        "accountStatus": status,
        "ltv": ratio(worth.ltv),
        "netMarginValue": amount(worth.net_margin_value),
        "netValidMargin": amount(worth.net_valid),
        "netAvailableMargin": amount(worth.net_available),
        "loanMargin": amount(worth.margin),
        "loanMaintenanceMargin": amount(worth.maintenance),
        "coins": [
            _coin_row(desk, account, coin, terms)
            for coin, terms in desk.reference.loan_terms.items()
        ],
    }


def _coin_row(desk: Desk, account: Account, coin: str, terms: LoanTerms) -> Row:
    wallet = account.wallets.get(coin) or Wallet(coin, 0, 0)
    row = loan_fields(desk, wallet)
    return {
        "coin": coin,
        "loan": row.pop("loan"),
        "loanMmr": text(terms.maintenance_rate),
        "loanLeverage": terms.leverage,
        **row,
        **max_loan_row(desk, account, coin),
    }


def loan_fields(desk: Desk, wallet: Wallet) -> Row:
    """What is told of a wallet's loan, and of the wallet without it."""
    price = desk.turn.index_price(wallet.coin) or ZERO
    owned = net_equity(wallet)
    return {
        "loan": exact(wallet.loan),
        "loanValue": exact(wallet.loan * price),
        "netEquity": exact(owned),
        "netEquityValue": exact(owned * price),
        "netMarginValue": text(wallet_value(desk.turn, wallet.coin, owned)),
    }


def asset_push(desk: Desk, account: Account, coin: str) -> Row:
    """A wallet as the Assets channel tells it: while it has a loan, with what that is."""
    row = asset_row(asset_view(desk, account, coin))
    wallet = account.wallets[coin]
    return row | loan_fields(desk, wallet) if wallet.loan else row


def done_row(order: LoanOrder) -> Row:
    """What is answered to a loan or a repayment, which pays no interest."""
    repaid = {"interestPaid": number(ZERO)} if order.kind is LoanKind.REPAY else {}
    return {
        "orderId": str(order.order_id),
        DONE_NAMES[order.kind]: number(order.amount),
        **repaid,
        "loanBalance": number(order.loan),
        "availableBalance": number(order.available),
        "timestamp": order.time_ms,
    }


def order_row(order: LoanOrder) -> Row:
    """A loan or a repayment in the list of them."""
    return {
        "orderId": str(order.order_id),
        "clientOrderId": order.client_order_id,
        "exchange": order.exchange,
        "type": order.kind,
        "coin": order.coin,
        "amount": text(order.amount),
        "status": FILLED,
        "createTime": order.time_ms,
    }


def entry_row(entry: LoanEntry) -> Row:
    """A row of the statement; the balance is cut to two decimals (resolutions 141)."""
    return {
        "statementId": str(entry.statement_id),
        "exchange": entry.exchange,
        "type": f"loan_{entry.kind}",
        "coin": entry.coin,
        "delta": text(entry.delta),
        "balance": text(_cut(entry.balance)),
        "timestamp": entry.time_ms,
    }


def _cut(balance: Decimal) -> Decimal:
    return truncate(balance, LOAN_PLACES)


def loan_page(rows: list[Row], total: int, number_of: int, size: int) -> Row:
    """One page of a list of loans: it does not tell how many pages there are."""
    told = page(rows, total, number_of, size)
    del told["pageNum"]
    return told
