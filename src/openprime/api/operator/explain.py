"""Why an order was refused, or an account, a position, an order is where it is: line by line."""

from openprime.api.handlers.account import accounts_of
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit
from openprime.api.parameters import readers
from openprime.api.services import Services
from openprime.api.wire import Row
from openprime.desk.desk import Desk
from openprime.desk.explaining import (
    Lines,
    explain_account,
    explain_finished_order,
    explain_order,
    explain_position,
)
from openprime.model.vocabulary import Exchange


class OrderAsked(Asked, frozen=True):
    """The id of an order, or that of a refusal as the log names it."""

    id: str


class AccountAsked(Asked, frozen=True):
    """A portfolio's accounts at every exchange, or at one."""

    id: int
    exchange: Exchange | None = None


class PositionAsked(Asked, frozen=True):
    id: int


async def explain_asked_order(services: Services, asked: OrderAsked) -> Row | Unfit:
    """A working order, one that was refused, or how a finished one ended."""
    refused = services.refusals.find(asked.id)
    if refused is not None:
        return {"lines": refused.lines}
    order_id = readers.number(asked.id)
    if order_id is None:
        return _unknown("an order or a refusal of late (R1, R2, ...)", asked.id)

    def render(desk: Desk) -> Lines | None:
        order = desk.state.orders.get(order_id)
        return None if order is None else explain_order(desk, order)

    lines = await services.read(render)
    if lines is None:
        ended = await services.store.read(services.history.order, None, order_id)
        if ended is None:
            return _unknown("an order or a refusal of late (R1, R2, ...)", asked.id)
        lines = explain_finished_order(ended)
    return {"lines": lines}


async def explain_asked_account(services: Services, asked: AccountAsked) -> Row | Unfit:
    """Every aggregate of a margin account and its status."""

    def render(desk: Desk) -> Lines | None:
        portfolio = desk.state.portfolios.get(asked.id)
        if portfolio is None:
            return None
        accounts = accounts_of(portfolio, asked.exchange)
        return [each for account in accounts for each in explain_account(desk, account)]

    lines = await services.read(render)
    return _unknown("a portfolio", str(asked.id)) if lines is None else {"lines": lines}


async def explain_asked_position(services: Services, asked: PositionAsked) -> Row | Unfit:
    """Every field of an open position."""

    def render(desk: Desk) -> Lines | None:
        for portfolio in desk.state.portfolios.values():
            for account in portfolio.accounts.values():
                for position in account.positions.values():
                    if position.position_id == asked.id:
                        return explain_position(desk, account, position)
        return None

    lines = await services.read(render)
    return _unknown("an open position", str(asked.id)) if lines is None else {"lines": lines}


async def refusals(services: Services, asked: Nothing) -> list[Row]:
    """The refused orders that can be explained, newest first."""
    return [
        {
            "id": refused.refusal_id,
            "time": refused.time_ms,
            "portfolioId": refused.portfolio_id,
            "sym": refused.sym,
            "code": refused.code,
        }
        for refused in services.refusals.latest()
    ]


def _unknown(what: str, found: str) -> Unfit:
    return Unfit(f"expected the id of {what}, found {found}")


_EXPLAIN = f"{PREFIX}explain"
_SHAPE = "{lines: [text]}"

ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "GET",
        f"{_EXPLAIN}/order",
        "Why an order was refused, or what a working one weighs",
        OrderAsked,
        explain_asked_order,
        _SHAPE,
    ),
    AdminRow(
        "GET",
        f"{_EXPLAIN}/account",
        "How the margin and status of accounts come about",
        AccountAsked,
        explain_asked_account,
        _SHAPE,
    ),
    AdminRow(
        "GET",
        f"{_EXPLAIN}/position",
        "How the fields of an open position come about",
        PositionAsked,
        explain_asked_position,
        _SHAPE,
    ),
    AdminRow(
        "GET",
        f"{_EXPLAIN}/refusals",
        "Orders refused of late, newest first",
        Nothing,
        refusals,
        "[{id, time, portfolioId, sym, code}]",
    ),
)
