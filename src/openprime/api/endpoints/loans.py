"""Routes of RapidX loans (rest-admin 10)."""

from openprime.api.endpoints.endpoint import Endpoint
from openprime.api.endpoints.rates import BULK, USUAL
from openprime.api.handlers import loans
from openprime.api.parameters.loans import MAX_LOAN, ORDERS, STATEMENT, loan_table
from openprime.api.parameters.table import NO_PARAMETERS
from openprime.model.vocabulary import Permission

PREFIX = "/api/v1/trading/rapidxLoan/loan"

_REQUEST_CODES = (406014, 406015, 401009, 401046)
_BORROW_CODES = (406021, 401045, 406017, 406019, 406016, 406020, 406018)

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        f"{PREFIX}/info",
        "What was borrowed, and what the accounts are worth without it",
        loans.info,
        NO_PARAMETERS,
        "{portfolioId: integer, accounts: array of loan accounts}",
        USUAL,
    ),
    Endpoint(
        "GET",
        f"{PREFIX}/config",
        "The coins that are lent, and on which terms",
        loans.config,
        NO_PARAMETERS,
        "array of {coin, loanLeverage: integer, maxLoanValue, loanMmr, loanInterestRate}",
        USUAL,
    ),
    Endpoint(
        "GET",
        f"{PREFIX}/maxLoan",
        "How much more can be borrowed",
        loans.max_loans,
        MAX_LOAN,
        "array of {exchange, coin, portfolioMaxLoanCoin}",
        USUAL,
    ),
    Endpoint(
        "POST",
        f"{PREFIX}/borrow",
        "Borrow a coin",
        loans.borrow,
        loan_table(),
        "{orderId, borrowed: number, loanBalance: number, availableBalance: number,"
        " timestamp: integer}",
        BULK,
        Permission.TRADE,
        codes=(*_REQUEST_CODES, *_BORROW_CODES),
    ),
    Endpoint(
        "POST",
        f"{PREFIX}/repay",
        "Pay back what was borrowed",
        loans.repay,
        loan_table(),
        "{orderId, repaid: number, interestPaid: number, loanBalance: number,"
        " availableBalance: number, timestamp: integer}",
        BULK,
        Permission.TRADE,
        codes=(*_REQUEST_CODES, 401035, 406021, 401045, 406022, 406023),
    ),
    Endpoint(
        "GET",
        f"{PREFIX}/orders",
        "What was borrowed and paid back",
        loans.orders,
        ORDERS,
        "short page of loan orders",
        USUAL,
    ),
    Endpoint(
        "GET",
        f"{PREFIX}/statement",
        "Every movement of loans, interest included",
        loans.statement,
        STATEMENT,
        "short page of {statementId, exchange, type, coin, delta, balance, timestamp: integer}",
        USUAL,
    ),
)
