"""The parameters of lists: filters, time ranges and pages (errors 4, resolutions 32 to 46, 84).

All lists share one chain of lines; what differs is how far back they reach and which filters
they know.
"""

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.orders import (
    EXCHANGE,
    ORDER_ID_LENGTH,
    ORDER_ID_VALUE,
    PORTFOLIO_ID,
    SYM,
)
from openprime.api.parameters.table import Field, Line, Raw, Rule, Table, Values
from openprime.model.vocabulary import Business, Exchange, StatementType

DAY_MS = 86_400_000
SLACK_MS = 60_000
FUTURE_SLACK_MS = 5_000
RECENT_DAYS = 7
ARCHIVE_DAYS = 90
PAGE_SIZE_DEFAULT = 1000
PAGE_SIZE_MAX = 1000
PAGE_MAX = 10_000
STATS_SYMS_MAX = 5


class ListQuery(msgspec.Struct, frozen=True):
    """What a list is asked for; fields that a route does not know keep their defaults.

    `symbol` is the older, venue-neutral name of a pair, such as BTC_USDT.
    """

    portfolio_id: int | None = None
    order_id: int | None = None
    symbol: str | None = None
    business: Business | None = None
    exchange: Exchange | None = None
    statement_type: StatementType | None = None
    begin_ms: int = 0
    end_ms: int = 0
    executed_only: bool = False
    limit: int = PAGE_SIZE_DEFAULT
    page: int = 1
    page_size: int = PAGE_SIZE_DEFAULT
    sym: str | None = None
    coin: str | None = None


BUSINESS = Field("business", ("businessType", "business"), readers.one_of(Business), 401069)
BEGIN = Field("begin_ms", ("begin", "startTime"), readers.moment, 401039)
END = Field("end_ms", ("end", "endTime"), readers.moment, 401040)
COIN = Field("coin", ("coin",), readers.text)
LIMIT = Field("limit", ("limit",), readers.whole, 400007)
EXECUTED_ONLY = Field("executed_only", ("filterExecuted",), readers.boolean, 400000)
STATEMENT_TYPE = Field("statement_type", ("statementType",), readers.one_of(StatementType), 401050)


def _limit_in_bounds(raw: Raw, values: Values, now_ms: int) -> int | None:
    return 400007 if values.get("limit", 1) > PAGE_SIZE_MAX else None


def _page_size_in_bounds(raw: Raw, values: Values, now_ms: int) -> int | None:
    return 400002 if values.get("page_size", 1) > PAGE_SIZE_MAX else None


def _page_in_bounds(raw: Raw, values: Values, now_ms: int) -> int | None:
    return 400003 if values.get("page", 1) > PAGE_MAX else None


PAGES = (
    Field("page", ("page", "pageNum"), readers.whole, 400000),
    Field("page_size", ("pageSize",), readers.whole, 400000),
    Rule(_page_size_in_bounds, (400002,)),
    Rule(_page_in_bounds, (400003,)),
)
LIMITS = (LIMIT, Rule(_limit_in_bounds, (400007,)))


def _symbol_with_business(raw: Raw, values: Values, now_ms: int) -> int | None:
    alone = raw.get("symbol") and not (raw.get("businessType") or raw.get("business"))
    return 401030 if alone else None


SYMBOL = (
    Rule(_symbol_with_business, (401030,)),
    Field("symbol", ("symbol",), readers.text),
)


def _ordered(raw: Raw, values: Values, now_ms: int) -> int | None:
    if "begin_ms" in values and "end_ms" in values:
        return 400004 if values["begin_ms"] >= values["end_ms"] else None
    return None


def _begun(raw: Raw, values: Values, now_ms: int) -> int | None:
    return 400005 if values.get("begin_ms", 0) > now_ms + FUTURE_SLACK_MS else None


def _within(days: int) -> Line:
    """400001 where the range begins before the list's reach or is longer than it."""

    def test(raw: Raw, values: Values, now_ms: int) -> int | None:
        begin_ms = values.get("begin_ms")
        if begin_ms is None:
            return None
        reach_ms = days * DAY_MS + SLACK_MS
        too_old = begin_ms < now_ms - reach_ms
        too_long = values.get("end_ms", now_ms) - begin_ms > reach_ms
        return 400001 if too_old or too_long else None

    return test


def _completed(days: int, default_days: int | None) -> Line:
    """Sets the missing ends of a range; without `default_days` it has no beginning of its own."""

    def fill(raw: Raw, values: Values, now_ms: int) -> int | None:
        if "begin_ms" not in values:
            if default_days is None:
                values["begin_ms"] = 0
            elif "end_ms" in values:
                oldest_ms = now_ms - days * DAY_MS
                values["begin_ms"] = max(values["end_ms"] - days * DAY_MS, oldest_ms)
            else:
                values["begin_ms"] = now_ms - default_days * DAY_MS
        # The present moment belongs to the range, and what happens while we look may show.
        values.setdefault("end_ms", now_ms + FUTURE_SLACK_MS)
        return None

    return fill


def time_range(days: int, default_days: int | None) -> tuple[Field | Rule, ...]:
    """The lines of a time range that reaches `days` back, `default_days` where none is given."""
    return (
        BEGIN,
        END,
        Rule(_ordered, (400004,)),
        Rule(_begun, (400005,)),
        Rule(_within(days), (400001,)),
        Rule(_completed(days, default_days)),
    )


def open_range() -> tuple[Field | Rule, ...]:
    """The lines of a time range that may reach back as far as there is anything."""
    return (
        BEGIN,
        END,
        Rule(_ordered, (400004,)),
        Rule(_begun, (400005,)),
        Rule(_completed(ARCHIVE_DAYS, None)),
    )


def _orders(days: int, default_days: int | None, *more: Field) -> Table[ListQuery]:
    return Table(
        ListQuery,
        PORTFOLIO_ID,
        *SYMBOL,
        BUSINESS,
        EXCHANGE,
        *time_range(days, default_days),
        *more,
        *PAGES,
        SYM,
    )


def _executions(days: int, *pages: Field | Rule) -> Table[ListQuery]:
    return Table(
        ListQuery,
        PORTFOLIO_ID,
        ORDER_ID_VALUE,
        ORDER_ID_LENGTH,
        *SYMBOL,
        BUSINESS,
        EXCHANGE,
        *time_range(days, days),
        *pages,
        SYM,
    )


OPEN_ORDERS = _orders(RECENT_DAYS, None)
HISTORY_ORDERS = _orders(RECENT_DAYS, RECENT_DAYS, EXECUTED_ONLY)
ARCHIVE_ORDERS = _orders(ARCHIVE_DAYS, ARCHIVE_DAYS, EXECUTED_ONLY)
EXECUTIONS = _executions(RECENT_DAYS, *LIMITS)
EXECUTIONS_PAGED = _executions(RECENT_DAYS, *PAGES)
EXECUTIONS_ARCHIVED = _executions(ARCHIVE_DAYS, *PAGES)
HISTORY_POSITIONS = Table(
    ListQuery,
    PORTFOLIO_ID,
    EXCHANGE,
    *time_range(ARCHIVE_DAYS, ARCHIVE_DAYS),
    *PAGES,
    SYM,
)
STATEMENTS = Table(
    ListQuery,
    PORTFOLIO_ID,
    EXCHANGE,
    STATEMENT_TYPE,
    *time_range(ARCHIVE_DAYS, RECENT_DAYS),
    *PAGES,
    COIN,
    SYM,
)
ASSETS = Table(ListQuery, PORTFOLIO_ID, EXCHANGE, *PAGES)


class TradingStats(msgspec.Struct, frozen=True):
    begin_ms: int
    end_ms: int
    exchange: Exchange | None = None
    business: Business | None = None


class PortfolioStats(msgspec.Struct, frozen=True):
    """`syms` override the filters by exchange and business."""

    begin_ms: int
    end_ms: int
    portfolio_id: int | None = None
    exchange: Exchange | None = None
    business: Business | None = None
    syms: tuple[str, ...] = ()


def _few_syms(raw: Raw, values: Values, now_ms: int) -> int | None:
    return 400000 if len(values.get("syms", ())) > STATS_SYMS_MAX else None


PORTFOLIO_STATS = Table(
    PortfolioStats,
    PORTFOLIO_ID,
    BUSINESS,
    EXCHANGE,
    Field("begin_ms", ("begin", "startTime"), readers.day_moment, 401039),
    Field("end_ms", ("end", "endTime"), readers.day_moment, 401040),
    Rule(_ordered, (400004,)),
    Rule(_begun, (400005,)),
    Rule(_within(ARCHIVE_DAYS), (400001,)),
    Rule(_completed(ARCHIVE_DAYS, ARCHIVE_DAYS)),
    Field("syms", ("symList",), readers.names, is_list=True),
    Rule(_few_syms, (400000,)),
)

TRADING_STATS = Table(
    TradingStats,
    Rule(
        lambda raw, values, now_ms: (
            None
            if (raw.get("begin") or raw.get("startTime")) and (raw.get("end") or raw.get("endTime"))
            else 400009
        ),
        (400009,),
    ),
    BUSINESS,
    EXCHANGE,
    Field("begin_ms", ("begin", "startTime"), readers.day_moment, 401039),
    Field("end_ms", ("end", "endTime"), readers.day_moment, 401040),
    Rule(_ordered, (400004,)),
    Rule(_begun, (400005,)),
    Rule(_within(ARCHIVE_DAYS), (400001,)),
)
