"""The routes of RapidX loans: terms, what may be borrowed, borrowing, history (rest-admin 10)."""

from collections.abc import Callable
from typing import Any

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.parameters.loans import Loan, LoanQuery, MaxLoan
from openprime.api.parameters.table import NoParameters
from openprime.api.services import Services
from openprime.api.wire import loans as loan_wire
from openprime.desk.commands import Borrow, Repay
from openprime.desk.desk import Desk
from openprime.desk.events import LoanOrder
from openprime.errors import Refusal
from openprime.store.history import Page
from openprime.store.loan_history import LoanFilter, loan_orders_page, loan_statement_page


async def info(services: Services, caller: Caller, asked: NoParameters) -> wire.Row | Refusal:
    """GET info: the loans of each of the portfolio's accounts."""

    def render(desk: Desk) -> wire.Row | Refusal:
        portfolio = caller.own(desk.state)
        if isinstance(portfolio, Refusal):
            return portfolio
        accounts = portfolio.accounts.values()
        rows = [loan_wire.account_loans_row(desk, account) for account in accounts]
        return {"portfolioId": portfolio.portfolio_id, "accounts": rows}

    return await services.read(render)


async def config(services: Services, caller: Caller, asked: NoParameters) -> list[wire.Row]:
    """GET config: the coins that are lent."""
    terms = services.reference.loan_terms
    return [loan_wire.terms_row(coin, its_terms) for coin, its_terms in terms.items()]


async def max_loans(services: Services, caller: Caller, asked: MaxLoan) -> list[wire.Row] | Refusal:
    """GET maxLoan: by exchange and coin."""

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        portfolio = caller.own(desk.state)
        if isinstance(portfolio, Refusal):
            return portfolio
        return [
            {"exchange": account.exchange, **loan_wire.max_loan_row(desk, account, coin)}
            for account in portfolio.accounts.values()
            if asked.exchange in (None, account.exchange)
            for coin in desk.reference.loan_terms
        ]

    return await services.read(render)


async def borrow(services: Services, caller: Caller, asked: Loan) -> wire.Row | Refusal:
    """POST borrow."""
    return await _done(services, Borrow(*_terms(caller, asked)))


async def repay(services: Services, caller: Caller, asked: Loan) -> wire.Row | Refusal:
    """POST repay."""
    return await _done(services, Repay(*_terms(caller, asked)))


def _terms(caller: Caller, asked: Loan) -> tuple[Any, ...]:
    portfolio_id = caller.portfolio.portfolio_id
    return portfolio_id, asked.exchange, asked.coin, asked.amount, asked.client_order_id


async def _done(services: Services, command: Borrow | Repay) -> wire.Row | Refusal:
    outcome = await services.sequencer.submit(command)
    if outcome.refusal is not None:
        return outcome.refusal
    assert isinstance(outcome.reply, LoanOrder), "what a loan command answers"
    return loan_wire.done_row(outcome.reply)


async def orders(services: Services, caller: Caller, asked: LoanQuery) -> wire.Row:
    """GET orders: what was borrowed and paid back."""
    return await _page(services, caller, asked, loan_orders_page, loan_wire.order_row)


async def statement(services: Services, caller: Caller, asked: LoanQuery) -> wire.Row:
    """GET statement: every movement, interest included."""
    return await _page(services, caller, asked, loan_statement_page, loan_wire.entry_row)


async def _page(
    services: Services,
    caller: Caller,
    asked: LoanQuery,
    question: Callable[..., Page[Any]],
    row: Callable[[Any], wire.Row],
) -> wire.Row:
    filter = LoanFilter(
        portfolio_id=caller.portfolio.portfolio_id,
        begin_ms=asked.begin_ms,
        end_ms=asked.end_ms,
        kind=asked.kind,
        coin=asked.coin,
        order_id=asked.order_id,
        client_order_id=asked.client_order_id,
    )
    await services.sequencer.settled()
    found = await services.store.read(question, services.store, filter, asked.page, asked.page_size)
    rows = list(map(row, found.rows))
    return loan_wire.loan_page(rows, found.total, asked.page, asked.page_size)
