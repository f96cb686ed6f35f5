"""The position routes (rest-trading 2.1, 2.3, 2.4, 6.10)."""

import asyncio

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.handlers.orders import order_of
from openprime.api.parameters.account import Close, CloseMany, SymFilter
from openprime.api.services import Services
from openprime.api.wire import algos as algo_wire
from openprime.desk.commands import ClosePosition
from openprime.desk.desk import Desk
from openprime.desk.state import Account, Portfolio, Position
from openprime.desk.views import adl_ranks
from openprime.errors import Refusal
from openprime.model.vocabulary import PositionMode, PositionSide

Leg = tuple[str, PositionSide]


def open_positions(portfolio: Portfolio, asked: SymFilter) -> list[tuple[Account, Position]]:
    """The portfolio's positions that a filter lets through, with their accounts."""
    return [
        (account, position)
        for account in portfolio.accounts.values()
        if asked.exchange is None or account.exchange is asked.exchange
        for position in account.positions.values()
        if asked.sym is None or position.sym == asked.sym
    ]


async def positions(
    services: Services, caller: Caller, asked: SymFilter
) -> list[wire.Row] | Refusal:
    """GET position: the open ones."""

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        portfolio = caller.reach(desk.state, asked.portfolio_id, writes=False)
        if isinstance(portfolio, Refusal):
            return portfolio
        refusal = services.sym_refusal(asked.sym)
        if refusal is not None:
            return refusal
        return [
            algo_wire.open_position_row(desk, account, position)
            for account, position in open_positions(portfolio, asked)
        ]

    return await services.read(render)


async def close(services: Services, caller: Caller, asked: Close) -> wire.Row | Refusal:
    """DELETE position: a MARKET order for all of it."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    side = asked.position_side
    if side is PositionSide.NONE and _mode(services, portfolio, asked.sym) is PositionMode.NET:
        side = None
    outcome = await services.sequencer.submit(
        ClosePosition(portfolio.portfolio_id, asked.sym, side)
    )
    return outcome.refusal or {"orderId": str(order_of(outcome).order_id)}


def _mode(services: Services, portfolio: Portfolio, sym: str) -> PositionMode:
    """The position mode that a symbol's positions are held in."""
    instrument = services.reference.instruments.get(sym)
    account = portfolio.accounts.get(instrument.exchange) if instrument else None
    return account.position_mode if account else PositionMode.NET


async def close_many(
    services: Services, caller: Caller, asked: CloseMany
) -> list[wire.Row] | Refusal:
    """DELETE positions: each on its own; what fails says so in its row."""
    portfolio = caller.reach(services.desk.state, asked.portfolio_id, writes=True)
    if isinstance(portfolio, Refusal):
        return portfolio
    legs = _legs(services, portfolio, asked)
    return list(await asyncio.gather(*(_close_leg(services, portfolio, leg) for leg in legs)))


def _legs(services: Services, portfolio: Portfolio, asked: CloseMany) -> list[Leg]:
    """What to close: open legs, and named symbols without any, whose rows will say so."""
    opened = [
        (position.sym, position.side)
        for _, position in open_positions(portfolio, SymFilter(exchange=asked.exchange))
    ]
    if asked.close_all:
        return [leg for leg in opened if _chosen(leg, asked.position_side)]
    legs = []
    for sym in asked.syms:
        found = [leg for leg in opened if leg[0] == sym and _chosen(leg, asked.position_side)]
        legs += found or [(sym, _missing_side(services, portfolio, sym, asked))]
    return legs


def _chosen(leg: Leg, side: PositionSide | None) -> bool:
    """Whether a leg is meant; a NET position is, whatever side was named."""
    return side is None or PositionSide.NONE in (side, leg[1]) or leg[1] is side


def _missing_side(
    services: Services, portfolio: Portfolio, sym: str, asked: CloseMany
) -> PositionSide:
    if _mode(services, portfolio, sym) is PositionMode.NET or asked.position_side is None:
        return PositionSide.NONE
    return asked.position_side


async def _close_leg(services: Services, portfolio: Portfolio, leg: Leg) -> wire.Row:
    sym, side = leg
    named = None if side is PositionSide.NONE else side
    if named is None and _mode(services, portfolio, sym) is PositionMode.BOTH:
        named = PositionSide.LONG  # neither leg is open, as either will say
    outcome = await services.sequencer.submit(ClosePosition(portfolio.portfolio_id, sym, named))
    refusal = outcome.refusal
    return {
        "sym": sym,
        "orderId": "" if refusal else str(order_of(outcome).order_id),
        "positionSide": side,
        "success": "false" if refusal else "true",
        "errorMsg": services.texts.of(refusal) if refusal else "",
    }


async def ranks(services: Services, caller: Caller, asked: SymFilter) -> wire.Row | Refusal:
    """GET adl/rank: how soon each position would be deleveraged."""

    def render(desk: Desk) -> wire.Row | Refusal:
        portfolio = caller.reach(desk.state, asked.portfolio_id, writes=False)
        if isinstance(portfolio, Refusal):
            return portfolio
        refusal = services.sym_refusal(asked.sym)
        if refusal is not None:
            return refusal
        rows = [
            {
                "sym": rank.sym,
                "adlRank": str(rank.rank),
                "positionId": str(rank.position_id),
                "positionSide": rank.side,
            }
            for rank in adl_ranks(desk, portfolio, asked.sym)
        ]
        return {"adlRanks": rows}

    return await services.read(render)
