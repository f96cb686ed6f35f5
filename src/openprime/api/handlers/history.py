"""The list routes: orders, executions, positions, statements, statistics (rest-trading 1, 4, 5).

What is over is read from the store, once all that was visible at the call is in it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.parameters.history import DAY_MS, ListQuery, PortfolioStats, TradingStats
from openprime.api.services import Services
from openprime.api.wire.accounts import statement_row
from openprime.api.wire.orders import execution_row
from openprime.api.wire.positions import position_history_row
from openprime.desk.desk import Desk
from openprime.desk.state import Order, Portfolio
from openprime.errors import Refusal
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import Business, Exchange
from openprime.store.history import Filter, Page, Traded

R = TypeVar("R", bound=object)
Question = Callable[[Filter, int, int], Page[R]]

STATS_EXCHANGES = (Exchange.OKX, Exchange.BINANCE)


def _scope(
    desk: Desk, caller: Caller, asked: ListQuery
) -> tuple[Portfolio, tuple[str, ...]] | Refusal:
    """Whose rows of which symbols; () where no symbol narrows. Codes: 401010, 401011."""
    portfolio = caller.reach(desk.state, asked.portfolio_id, writes=False)
    if isinstance(portfolio, Refusal):
        return portfolio
    if asked.sym is not None:
        named = [asked.sym]
    elif asked.symbol is not None:
        exchanges = list(Exchange) if asked.exchange is None else [asked.exchange]
        named = [f"{exchange}_{asked.business}_{asked.symbol}" for exchange in exchanges]
    else:
        return portfolio, ()
    syms = tuple(name for name in named if name in desk.reference.instruments)
    return (portfolio, syms) if syms else Refusal(401011)


async def _scope_kept(
    services: Services, caller: Caller, asked: ListQuery
) -> tuple[Portfolio, Filter] | Refusal:
    """Whose rows, and which, once all that was visible at the call is in the store."""
    scope = await services.read(lambda desk: _scope(desk, caller, asked))
    if isinstance(scope, Refusal):
        return scope
    portfolio, syms = scope
    return portfolio, _filter(asked, portfolio, syms)


def _filter(asked: ListQuery, portfolio: Portfolio, syms: tuple[str, ...]) -> Filter:
    return Filter(
        portfolio_id=portfolio.portfolio_id,
        begin_ms=asked.begin_ms,
        end_ms=asked.end_ms,
        exchange=asked.exchange,
        business=asked.business,
        syms=syms,
        order_id=asked.order_id,
        executed_only=asked.executed_only,
        coin=asked.coin,
        statement_type=asked.statement_type,
    )


async def _list(
    services: Services,
    caller: Caller,
    asked: ListQuery,
    question: Question[R],
    row: Callable[[Any, Portfolio], wire.Row],
) -> wire.Row | Refusal:
    """One page of a list of the store."""
    scope = await _scope_kept(services, caller, asked)
    if isinstance(scope, Refusal):
        return scope
    portfolio, filter = scope
    found = await services.store.read(question, filter, asked.page, asked.page_size)
    shown = [row(found_row, portfolio) for found_row in found.rows]
    return wire.page(shown, found.total, asked.page, asked.page_size)


async def open_orders(services: Services, caller: Caller, asked: ListQuery) -> wire.Row | Refusal:
    """GET orders: those at work."""

    def render(desk: Desk) -> wire.Row | Refusal:
        scope = _scope(desk, caller, asked)
        if isinstance(scope, Refusal):
            return scope
        portfolio, syms = scope
        found = _working(desk, portfolio, asked, syms)
        first = (asked.page - 1) * asked.page_size
        rows = [services.order_row(order) for order in found[first : first + asked.page_size]]
        return wire.page(rows, len(found), asked.page, asked.page_size)

    return await services.read(render)


def _working(
    desk: Desk, portfolio: Portfolio, asked: ListQuery, syms: tuple[str, ...]
) -> list[Order]:
    """The working orders that the filters let through, newest first."""
    orders = [
        desk.state.orders[order_id]
        for account in portfolio.accounts.values()
        if asked.exchange in (None, account.exchange)
        for exposure in account.exposures.values()
        if (not syms or exposure.sym in syms)
        and (asked.business is None or wire.business_of(exposure.sym) == asked.business)
        for order_id in exposure.orders
    ]
    chosen = [o for o in orders if asked.begin_ms <= o.created_at_ms <= asked.end_ms]
    return sorted(chosen, key=lambda o: (o.created_at_ms, o.order_id), reverse=True)


async def finished_orders(
    services: Services, caller: Caller, asked: ListQuery
) -> wire.Row | Refusal:
    """GET history/orders and archive/history/orders."""
    return await _list(
        services,
        caller,
        asked,
        services.history.orders,
        lambda order, portfolio: services.order_row(order),
    )


async def executions(
    services: Services, caller: Caller, asked: ListQuery
) -> list[wire.Row] | Refusal:
    """GET executions: the newest, at most `limit`."""
    scope = await _scope_kept(services, caller, asked)
    if isinstance(scope, Refusal):
        return scope
    _, filter = scope
    trades = await services.store.read(services.history.executions, filter, asked.limit)
    return [execution_row(trade) for trade in trades]


async def executions_paged(
    services: Services, caller: Caller, asked: ListQuery
) -> wire.Row | Refusal:
    """GET executions/pageable and archive/executions/pageable."""
    return await _list(
        services,
        caller,
        asked,
        services.history.executions_page,
        lambda trade, portfolio: execution_row(trade),
    )


async def closed_positions(
    services: Services, caller: Caller, asked: ListQuery
) -> wire.Row | Refusal:
    """GET history/position."""
    return await _list(
        services,
        caller,
        asked,
        services.history.positions,
        lambda row, portfolio: position_history_row(row, portfolio.name),
    )


async def statements(services: Services, caller: Caller, asked: ListQuery) -> wire.Row | Refusal:
    """GET statement."""
    numeric_ids = services.settings.numeric_statement_ids
    return await _list(
        services,
        caller,
        asked,
        services.history.statements,
        lambda row, portfolio: statement_row(row, numeric_ids),
    )


async def portfolio_stats(
    services: Services, caller: Caller, asked: PortfolioStats
) -> wire.Row | Refusal:
    """GET user/portfolio/tradingstats: what one portfolio traded, by symbol, over whole UTC days.

    Symbols that are named leave no room for other filters. All quote coins are dollars.
    """
    portfolio = await services.read(
        lambda desk: caller.reach(desk.state, asked.portfolio_id, writes=False)
    )
    if isinstance(portfolio, Refusal):
        return portfolio
    refusal = next(filter(None, map(services.sym_refusal, asked.syms)), None)
    if refusal is not None:
        return refusal
    days = asked.begin_ms // DAY_MS, asked.end_ms // DAY_MS
    traded = await services.store.read(services.history.traded, portfolio.user_id, *days)
    rows = [
        row
        for row in traded
        if row.portfolio_id == portfolio.portfolio_id and _is_asked_for(row, asked)
    ]
    volumes = {
        f"{exchange.lower()}{business.capitalize()}VolUsd": wire.amount(
            sum(
                (
                    row.amount
                    for row in rows
                    if row.exchange is exchange and _stats_business(row.business) is business
                ),
                ZERO,
            )
        )
        for exchange in STATS_EXCHANGES
        for business in (Business.SPOT, Business.PERP)
    }
    return {**volumes, "details": [_stats_row(row) for row in rows]}


def _is_asked_for(row: Traded, asked: PortfolioStats) -> bool:
    if asked.syms:
        return row.sym in asked.syms
    wanted = _stats_business(asked.business) if asked.business else None
    return asked.exchange in (None, row.exchange) and wanted in (
        None,
        _stats_business(row.business),
    )


def _stats_row(row: Traded) -> wire.Row:
    return {
        "exchange": row.exchange,
        "businessType": row.business,
        "sym": row.sym,
        "executedAmount": wire.amount(row.amount),
        "totalTradingFee": wire.amount(row.fee),
        "totalRpnl": wire.amount(row.realised_pnl),
    }


async def trading_stats(services: Services, caller: Caller, asked: TradingStats) -> wire.Row:
    """GET user/tradingStats: what all portfolios of the user traded, by whole UTC days."""
    await services.sequencer.settled()
    first_day, last_day = asked.begin_ms // DAY_MS, asked.end_ms // DAY_MS
    traded = await services.store.read(
        services.history.traded, caller.user.user_id, first_day, last_day
    )
    wanted = _stats_business(asked.business) if asked.business else None
    sums: dict[tuple[Exchange, Business], Decimal] = {}
    for row in traded:
        key = (row.exchange, _stats_business(row.business))
        if asked.exchange in (None, key[0]) and wanted in (None, key[1]):
            sums[key] = sums.get(key, ZERO) + row.amount
    return {
        "begin": _day(first_day),
        "end": _day(last_day),
        "allSpot": wire.amount(_total(sums, Business.SPOT)),
        "allPerp": wire.amount(_total(sums, Business.PERP)),
        "details": [
            {"exchange": key[0], "businessType": key[1], "executedAmount": wire.amount(value)}
            for key, value in sums.items()
        ],
    }


def _stats_business(business: Business) -> Business:
    """MARGIN counts as SPOT (resolutions 46)."""
    return Business.PERP if business is Business.PERP else Business.SPOT


def _total(sums: dict[tuple[Exchange, Business], Decimal], business: Business) -> Decimal:
    return sum((value for key, value in sums.items() if key[1] is business), ZERO)


def _day(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y%m%d")
