"""Routes of what can be borrowed and what it costs."""

from openprime.api.endpoints.endpoint import Endpoint
from openprime.api.endpoints.rates import POOL, RULES
from openprime.api.handlers import lending
from openprime.api.parameters import account as accounts
from openprime.api.parameters.assets import INTEREST

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/api/v1/trading/loan/pool",
        "What can still be borrowed",
        lending.pools,
        accounts.LOANS,
        "array of {exchangeType, coin, maxAviLoan}",
        POOL,
        codes=(401035,),
    ),
    Endpoint(
        "GET",
        "/api/v1/interest/user",
        "Hourly interest, answered without an envelope",
        lending.interest,
        INTEREST,
        "map of exchange to array of interest levels",
        RULES,
        enveloped=False,
    ),
    Endpoint(
        "GET",
        "/api/v1/interest/user_detail",
        "Hourly interest, by margin market",
        lending.interest_by_coin,
        INTEREST,
        "map of market to {exchangeType, coin, updateTime,"
        " levels: array of {level, hourInterestRate, loanLimit}}",
        RULES,
    ),
)
