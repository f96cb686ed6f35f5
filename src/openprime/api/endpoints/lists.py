"""Routes of what was: finished orders, executions, closed positions, statements."""

from openprime.api.edge.auth import KeyLevel
from openprime.api.endpoints.endpoint import LIST_CODES, Endpoint
from openprime.api.endpoints.rates import (
    EXECUTIONS,
    HISTORY,
    ORDERS,
    PORTFOLIO_STATS,
    STATEMENT,
    USUAL,
)
from openprime.api.handlers import history
from openprime.api.parameters import history as lists

# Its page prints the path without what all others begin with.
_PORTFOLIO_STATS_PATHS = (
    "/api/v1/trading/user/portfolio/tradingstats",
    "/v1/trading/user/portfolio/tradingstats",
)

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/api/v1/trading/orders",
        "Orders at work",
        history.open_orders,
        lists.OPEN_ORDERS,
        "page of orders",
        ORDERS,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/history/orders",
        "Finished orders of the last 7 days",
        history.finished_orders,
        lists.HISTORY_ORDERS,
        "page of orders",
        HISTORY,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/archive/history/orders",
        "Finished orders of the last 90 days",
        history.finished_orders,
        lists.ARCHIVE_ORDERS,
        "page of orders",
        HISTORY,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/history/position",
        "Positions reduced or closed in the last 90 days",
        history.closed_positions,
        lists.HISTORY_POSITIONS,
        "page of closed positions",
        HISTORY,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/executions",
        "The newest executions of the last 7 days",
        history.executions,
        lists.EXECUTIONS,
        "array of executions",
        EXECUTIONS,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/executions/pageable",
        "Executions of the last 7 days",
        history.executions_paged,
        lists.EXECUTIONS_PAGED,
        "page of executions",
        EXECUTIONS,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/archive/executions/pageable",
        "Executions of the last 90 days",
        history.executions_paged,
        lists.EXECUTIONS_ARCHIVED,
        "page of executions",
        EXECUTIONS,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/statement",
        "The account statement of the last 90 days",
        history.statements,
        lists.STATEMENTS,
        "page of statement rows",
        STATEMENT,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/user/tradingStats",
        "What the user traded, by whole days",
        history.trading_stats,
        lists.TRADING_STATS,
        "{begin, end, allSpot, allPerp,"
        " details: array of {exchange, businessType, executedAmount}}",
        USUAL,
        level=KeyLevel.PRIMARY,
    ),
    *(
        Endpoint(
            "GET",
            path,
            "What a portfolio traded, by symbol and whole days",
            history.portfolio_stats,
            lists.PORTFOLIO_STATS,
            "{okxSpotVolUsd, okxPerpVolUsd, binanceSpotVolUsd, binancePerpVolUsd, details: array of"
            " {exchange, businessType, sym, executedAmount, totalTradingFee, totalRpnl}}",
            PORTFOLIO_STATS,
            codes=LIST_CODES,
        )
        for path in _PORTFOLIO_STATS_PATHS
    ),
)
