"""The endpoint table: one row a route, and everything that is to be known about it.

Dispatch, permissions, limits, OpenAPI, the coverage page and the actions of the private socket
are all made from it. No route has a parameter in its path, so finding one is a single look-up.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from openprime.api import account, history, order_parameters, orders, positions, reference_routes
from openprime.api import account_parameters as accounts
from openprime.api import history_parameters as lists
from openprime.api.auth import Caller, KeyLevel
from openprime.api.decoding import Value
from openprime.api.envelope import PLATFORM, RAPIDX
from openprime.api.parameters import NO_PARAMETERS, Table
from openprime.api.services import Services
from openprime.errors import Refusal
from openprime.model.vocabulary import Permission

Handler = Callable[[Services, Any, Any], Awaitable[Any]]


class Limit(msgspec.Struct, frozen=True):
    """At most so many calls in so many seconds, of one key or address."""

    calls: int
    seconds: int

    @property
    def text(self) -> str:
        """As tables print it: calls/seconds."""
        return f"{self.calls}/{self.seconds}"


class Limits(msgspec.Struct, frozen=True):
    """A route's limit in each profile (resolutions T5)."""

    production: Limit
    contest: Limit


class Endpoint(msgspec.Struct, frozen=True):
    """One route. `permission` None: it answers unsigned requests; where such a route
    `may_be_signed`, a request with any of the three headers is checked in full (resolutions 16).

    `table` reads the parameters for the handler; `codes` are those that can arise behind them.
    `shape` says what `data` holds, for people and for OpenAPI.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    table: Table[Any]
    shape: str
    limits: Limits
    permission: Permission | None = Permission.READ
    level: KeyLevel = KeyLevel.ANY
    success: int = RAPIDX
    codes: tuple[int, ...] = ()
    may_be_signed: bool = False

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    async def answer(
        self, services: Services, caller: Caller | None, parameters: Mapping[str, Value]
    ) -> Any:
        """The data of a reply, or a Refusal; the caller is known and allowed."""
        asked = self.table.read(parameters, services.clock_ms())
        if isinstance(asked, Refusal):
            return asked
        return await self.handler(services, caller, asked)


def limits(production: str, contest: str) -> Limits:
    """Limits from texts such as 1200/60: calls in seconds."""
    both = [Limit(*map(int, text.split("/"))) for text in (production, contest)]
    return Limits(*both)


PLACING = limits("1200/60", "1/5")
REPLACING = limits("300/60", "1/5")
ORDERS = limits("1200/60", "240/60")
BULK = limits("50/10", "10/10")
CLOSING_MANY = limits("3/10", "1/10")
HISTORY = limits("30/10", "6/10")
POSITION = limits("300/60", "60/60")
LEVERAGE = limits("30/1", "6/1")
PERP_LEVERAGE = limits("20/1", "6/1")
ACCOUNT = limits("2/1", "1/3")
USUAL = limits("20/1", "4/1")
EXECUTIONS = limits("5/10", "1/10")
STATEMENT = limits("100/60", "20/60")
MARKET = limits("15/10", "3/10")
RULES = limits("3/10", "1/20")
RANKS = limits("10/60", "2/60")

_TRADE = Permission.TRADE
_SIZES = (401013, 401025, 401027, 401014, 401029, 401015, 401016, 401012, 401017)
_PLACE_CODES = (
    *(401010, 401009, 401011, *_SIZES, 401028, 401026),
    *(401061, 401046, 401045, 401053, 401037, 401035, 401048, 401047, 401059, 401044, 401054),
    *(401055, 401070, 401060, 401058, 401056, 401052),
)
_REPLACE_CODES = (
    *(401010, 401018, 401019, 401117, *_SIZES, 401045, 401048, 401059),
    *(401055, 401070, 401060, 401058, 401056, 401052),
)
_CLOSE_CODES = (401010, 401011, 401041, 401046, 401053, 401045, 401032, 401038)
_LEVERAGE_CODES = (401010, 401011, 401041, 401046, 401034, 401043, 401036)
_LIST_CODES = (401010, 401011)

_ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "POST",
        "/api/v1/trading/order",
        "Place an order",
        orders.place,
        order_parameters.place_table(),
        "{orderId, clientOrderId}",
        PLACING,
        _TRADE,
        codes=_PLACE_CODES,
    ),
    Endpoint(
        "PUT",
        "/api/v1/trading/order",
        "Change price or total quantity of an order",
        orders.replace,
        order_parameters.REPLACE,
        "{orderId, orderState}",
        REPLACING,
        _TRADE,
        codes=_REPLACE_CODES,
    ),
    Endpoint(
        "DELETE",
        "/api/v1/trading/order",
        "Cancel an order",
        orders.cancel,
        order_parameters.ORDER_NAME,
        "{orderId, clientOrderId, orderState, action, actionMsg}",
        ORDERS,
        _TRADE,
        codes=(401010, 401018, 401019, 401117),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/order",
        "One order",
        orders.query,
        order_parameters.ORDER_NAME,
        "order",
        ORDERS,
        codes=(401010, 401018),
    ),
    Endpoint(
        "DELETE",
        "/api/v1/trading/cancelAll",
        "Cancel all orders, or those of an exchange or symbol",
        orders.cancel_all,
        order_parameters.CANCEL_ALL,
        "{}",
        BULK,
        _TRADE,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/orders",
        "Orders at work",
        history.open_orders,
        lists.OPEN_ORDERS,
        "page of orders",
        ORDERS,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/history/orders",
        "Finished orders of the last 7 days",
        history.finished_orders,
        lists.HISTORY_ORDERS,
        "page of orders",
        HISTORY,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/archive/history/orders",
        "Finished orders of the last 90 days",
        history.finished_orders,
        lists.ARCHIVE_ORDERS,
        "page of orders",
        HISTORY,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/position",
        "Open positions",
        positions.positions,
        accounts.POSITIONS,
        "array of positions",
        POSITION,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "DELETE",
        "/api/v1/trading/position",
        "Close a position",
        positions.close,
        accounts.CLOSE,
        "{orderId}",
        BULK,
        _TRADE,
        codes=_CLOSE_CODES,
    ),
    Endpoint(
        "DELETE",
        "/api/v1/trading/positions",
        "Close several positions",
        positions.close_many,
        accounts.CLOSE_MANY,
        "array of {sym, orderId, positionSide, success, errorMsg}",
        CLOSING_MANY,
        _TRADE,
        codes=_CLOSE_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/history/position",
        "Positions reduced or closed in the last 90 days",
        history.closed_positions,
        lists.HISTORY_POSITIONS,
        "page of closed positions",
        HISTORY,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "POST",
        "/api/v1/trading/position/leverage",
        "Set the leverage of a PERP symbol",
        positions.set_leverage,
        accounts.LEVERAGE,
        "{}",
        LEVERAGE,
        _TRADE,
        codes=_LEVERAGE_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/perp/leverage",
        "The leverage of PERP symbols",
        positions.leverages,
        accounts.POSITIONS,
        "array of {sym, leverage}",
        PERP_LEVERAGE,
        codes=(*_LIST_CODES, 401041),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/account",
        "The margin accounts, one an exchange",
        account.overview,
        accounts.ACCOUNTS,
        "array of accounts",
        ACCOUNT,
        codes=(401010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/portfolio/assets",
        "The wallets of a portfolio",
        account.assets,
        lists.ASSETS,
        "page of wallets",
        USUAL,
        codes=(401010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/user/asset",
        "The wallets of all portfolios of the user",
        account.assets_of_user,
        NO_PARAMETERS,
        "map of portfolioId to wallets",
        USUAL,
        level=KeyLevel.PRIMARY,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/executions",
        "The newest executions of the last 7 days",
        history.executions,
        lists.EXECUTIONS,
        "array of executions",
        EXECUTIONS,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/executions/pageable",
        "Executions of the last 7 days",
        history.executions_paged,
        lists.EXECUTIONS_PAGED,
        "page of executions",
        EXECUTIONS,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/archive/executions/pageable",
        "Executions of the last 90 days",
        history.executions_paged,
        lists.EXECUTIONS_ARCHIVED,
        "page of executions",
        EXECUTIONS,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/statement",
        "The account statement of the last 90 days",
        history.statements,
        lists.STATEMENTS,
        "page of statement rows",
        STATEMENT,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/user/tradingStats",
        "What the user traded, by whole days",
        history.trading_stats,
        lists.TRADING_STATS,
        "{begin, end, allSpot, allPerp, details}",
        USUAL,
        level=KeyLevel.PRIMARY,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/sym/info",
        "The rules of the symbols",
        reference_routes.symbols,
        accounts.SYMS,
        "map of symbol to rules",
        MARKET,
        codes=(401011,),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/positionBracket",
        "The brackets of position size",
        reference_routes.brackets,
        accounts.SYMS,
        "map of symbol to brackets",
        RULES,
        codes=(401011,),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/broker/positionBracket",
        "The brackets of position size, under the broker's path",
        reference_routes.brackets,
        accounts.SYMS,
        "map of symbol to brackets",
        RULES,
        codes=(401011,),
    ),
    Endpoint(
        "GET",
        "/api/v1/market/fundingRate",
        "The running funding rate of a PERP symbol",
        reference_routes.funding_rate,
        accounts.SYM_NEEDED,
        "array of {sym, fundingRate, fundingTime, nextFundingTime}",
        MARKET,
        None,
        codes=(401011, 401041),
        may_be_signed=True,
    ),
    Endpoint(
        "GET",
        "/api/v1/market/markPrice",
        "Mark prices",
        reference_routes.mark_prices,
        accounts.SYMS,
        "array of {publicChannelTypeEnum, sym, markPrice, time}",
        MARKET,
        None,
        codes=(401011,),
        may_be_signed=True,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/userFeeRate",
        "The user's fee rates",
        reference_routes.user_fees,
        NO_PARAMETERS,
        "array of fee rates",
        RULES,
    ),
    Endpoint(
        "GET",
        "/api/v1/broker/feeRate",
        "The fee rates of a broker's portfolios",
        reference_routes.broker_fees,
        accounts.BROKER_FEES,
        "array of fee rates",
        USUAL,
        level=KeyLevel.BROKER,
        codes=(401010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/coin/discount",
        "The discounts of coins as collateral",
        reference_routes.discounts,
        accounts.COINS,
        "array of {coin, discount}",
        RULES,
        codes=(401035,),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/coin/discount_detail",
        "The discounts of coins as collateral, by coin",
        reference_routes.discounts_by_coin,
        accounts.COINS,
        "map of coin to {coin, discount}",
        RULES,
        codes=(401035,),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/loan/info",
        "The tiers of debt, one row a tier",
        reference_routes.loan_tiers,
        accounts.LOANS,
        "array of {exchangeType, coin, tier, minSize, maxSize, mmRate, maxLeverage}",
        RULES,
        codes=(401035,),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/loan/info_detail",
        "The tiers of debt, by margin market",
        reference_routes.loan_tiers_by_coin,
        accounts.LOANS,
        "map of market to {exchangeType, coin, tiers}",
        RULES,
        codes=(401035,),
    ),
    Endpoint(
        "GET",
        "/api/v1/adl/rank",
        "How soon positions would be deleveraged",
        positions.ranks,
        accounts.RANKS,
        "{adlRanks: array of {sym, adlRank, positionId, positionSide}}",
        RANKS,
        codes=_LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/tradeAccount/list",
        "The accounts that transfers can name",
        account.trade_accounts,
        NO_PARAMETERS,
        "array of accounts",
        USUAL,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
    ),
    Endpoint(
        "GET",
        "/api/v1/system/status",
        "Maintenance that runs",
        reference_routes.system_status,
        NO_PARAMETERS,
        "array of notices, empty while all is well",
        USUAL,
        success=PLATFORM,
    ),
)

ENDPOINTS: dict[tuple[str, str], Endpoint] = {(row.method, row.path): row for row in _ROWS}


def endpoints(strict_client_order_ids: bool = False) -> dict[tuple[str, str], Endpoint]:
    """The table under a profile."""
    if not strict_client_order_ids:
        return ENDPOINTS
    key = ("POST", "/api/v1/trading/order")
    table = order_parameters.place_table(strict_client_order_ids=True)
    return {**ENDPOINTS, key: msgspec.structs.replace(ENDPOINTS[key], table=table)}
