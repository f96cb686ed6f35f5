"""Routes of fees and of what a broker adds to them."""

from openprime.api.edge.auth import KeyLevel
from openprime.api.endpoints.endpoint import Endpoint
from openprime.api.endpoints.rates import RULES, SUB_FEES, USUAL
from openprime.api.handlers import fees
from openprime.api.parameters import account as accounts
from openprime.api.parameters import broker
from openprime.api.parameters.table import NO_PARAMETERS
from openprime.model.vocabulary import Permission

_COLLECTION = "userId, portfolioId, exchangeType, businessType, transactionId, coin, amount"

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/api/v1/trading/userFeeRate",
        "The fee rates of the key's portfolio",
        fees.user_fees,
        NO_PARAMETERS,
        "array of fee rates",
        RULES,
    ),
    Endpoint(
        "GET",
        "/api/v1/broker/feeRate",
        "The fee rates of a broker's portfolios",
        fees.broker_fees,
        accounts.BROKER_FEES,
        "array of broker fee rates",
        USUAL,
        level=KeyLevel.BROKER,
        codes=(401010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/broker/sub/feeRate",
        "The fee rates of a sub-portfolio and of its MainPortfolio",
        fees.sub_fees,
        broker.SUB_FEES,
        "array of broker fee rates",
        SUB_FEES,
        level=KeyLevel.PORTFOLIO,
    ),
    Endpoint(
        "POST",
        "/api/v1/broker/subFeeRate",
        "Set what a broker adds to the fees of sub-portfolios",
        fees.set_sub_fee,
        broker.SUB_FEE,
        "{effDate}",
        USUAL,
        Permission.TRADE,
        KeyLevel.BROKER,
        codes=(401010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/broker/clearingStatement",
        "What a broker earned from its sub-portfolios, as money that came in",
        fees.clearing_statement,
        broker.COLLECTIONS,
        f"array of {{id, {_COLLECTION}, statementFlowType, createAt, updateAt}}",
        USUAL,
        level=KeyLevel.BROKER,
    ),
    Endpoint(
        "GET",
        "/api/v1/broker/collectionRecord",
        "What a broker earned from its sub-portfolios, by sub-portfolio",
        fees.collection_record,
        broker.COLLECTIONS,
        f"array of {{{_COLLECTION}, subPortfolioId, status, createAt, createdAt}}",
        USUAL,
        level=KeyLevel.BROKER,
    ),
)
