"""Portfolios: made, renamed, closed, and kept from trading (errors 4, resolutions 85, 130, 131).

A closed portfolio is as good as gone: its keys are refused, lists leave it out, and its name and
its place under the limit are free. Its positions and money stay until it is opened again.
"""

import re

from openprime.desk.algos import end_by_client
from openprime.desk.commands import (
    ClosePortfolio,
    CreatePortfolio,
    ForbidTrading,
    UpdatePortfolio,
)
from openprime.desk.keys import follow
from openprime.desk.orders import displace
from openprime.desk.owners import portfolios_of
from openprime.desk.state import Portfolio, State
from openprime.desk.turn import Turn, open_accounts
from openprime.errors import Refusal
from openprime.model.vocabulary import CANCEL_PENDING, DMA

MAIN_PORTFOLIO = "MainPortfolio"
NAME_LENGTH_MAX = 64

_newer_name = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9]{6,20}").fullmatch


def owned(state: State, user_id: int, portfolio_id: int) -> Portfolio | Refusal:
    """An open portfolio of a user. Codes: 402006 where nobody has it, 402003 where another has."""
    portfolio = state.portfolios.get(portfolio_id)
    if portfolio is None or portfolio.closed or portfolio.user_id not in state.users:
        return Refusal(402006)
    return portfolio if portfolio.user_id == user_id else Refusal(402003)


def create_portfolio(turn: Turn, command: CreatePortfolio) -> int | Refusal:
    """Make one more portfolio of a user; returns its id.

    Codes in their order: 401022 for an unknown user, 402000, 402004, 400000, 402001, 402007.
    """
    if command.user_id not in turn.state.users:
        return Refusal(401022)
    code = _name_code(turn, command.name)
    code = code or _place_code(turn, command.user_id, command.name)
    if code:
        return Refusal(code)
    return open_portfolio(turn, command.user_id, command.name, is_main=False)


def open_portfolio(turn: Turn, user_id: int, name: str, is_main: bool) -> int:
    """Make a portfolio whose name is known to be good; returns its id."""
    portfolio = Portfolio(
        portfolio_id=turn.new_id(),
        user_id=user_id,
        name=name,
        is_main=is_main,
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
    )
    for other in portfolios_of(turn.state, user_id):
        if other.is_main:
            portfolio.deposit_exchange = other.deposit_exchange
    turn.state.portfolios[portfolio.portfolio_id] = portfolio
    open_accounts(turn, portfolio)
    return portfolio.portfolio_id


def update_portfolio(turn: Turn, command: UpdatePortfolio) -> Refusal | None:
    """Give a portfolio another name; its own will do.

    Codes in their order: 402006, 402003, 402000, 402004, 400000, 402001.
    """
    portfolio = owned(turn.state, command.user_id, command.portfolio_id)
    if isinstance(portfolio, Refusal):
        return portfolio
    code = _name_code(turn, command.name)
    if not code and command.name != portfolio.name:
        code = _taken_code(turn.state, portfolio.user_id, command.name)
    if code:
        return Refusal(code)
    portfolio.name = command.name
    portfolio.updated_at_ms = turn.now_ms
    return None


def close_portfolio(turn: Turn, command: ClosePortfolio) -> Refusal | None:
    """Close a portfolio, whose orders are cancelled, or open it again.

    Codes: 402006 where it is unknown; 402001, 402007 where another took its name or its place.
    """
    portfolio = turn.state.portfolios.get(command.portfolio_id)
    if portfolio is None or portfolio.user_id not in turn.state.users:
        return Refusal(402006)
    if command.closed == portfolio.closed:
        return None
    if command.closed:
        _cancel_orders(turn, portfolio)
    elif not portfolio.is_main:
        code = _place_code(turn, portfolio.user_id, portfolio.name)
        if code:
            return Refusal(code)
    portfolio.closed = command.closed
    portfolio.updated_at_ms = turn.now_ms
    follow(turn, [portfolio])
    return None


def _cancel_orders(turn: Turn, portfolio: Portfolio) -> None:
    """End algo orders, and ask for the end of every order of a client that is not yet asked for."""
    for algo_order_id in list(portfolio.algo_orders):
        end_by_client(turn, turn.state.algos[algo_order_id])
    for account in portfolio.accounts.values():
        for exposure in account.exposures.values():
            for order_id in exposure.orders:
                order = turn.state.orders[order_id]
                if order.origin is DMA and order.action is not CANCEL_PENDING:
                    displace(turn, order, turn.text(100001), 100001)


def forbid_trading(turn: Turn, command: ForbidTrading) -> Refusal | None:
    """Refuse new orders of a portfolio with 401061, or take them again. Code: 402006."""
    portfolio = turn.state.portfolios.get(command.portfolio_id)
    if portfolio is None or portfolio.user_id not in turn.state.users:
        return Refusal(402006)
    portfolio.trade_forbidden = command.forbidden
    portfolio.updated_at_ms = turn.now_ms
    return None


def _name_code(turn: Turn, name: str) -> int:
    """What speaks against a name in itself, 0 where nothing does."""
    if not name.strip():
        return 402000
    if len(name) > NAME_LENGTH_MAX:
        return 402004
    return 400000 if turn.settings.newest_messages and not _newer_name(name) else 0


def _taken_code(state: State, user_id: int, name: str) -> int:
    """402001 where an open portfolio of the user has the name."""
    taken = any(p.name == name and not p.closed for p in portfolios_of(state, user_id))
    return 402001 if taken else 0


def _place_code(turn: Turn, user_id: int, name: str) -> int:
    """What speaks against one more open portfolio of this name, 0 where nothing does."""
    others = [p for p in portfolios_of(turn.state, user_id) if not (p.is_main or p.closed)]
    code = _taken_code(turn.state, user_id, name)
    return code or (402007 if len(others) >= turn.settings.portfolios_max else 0)
