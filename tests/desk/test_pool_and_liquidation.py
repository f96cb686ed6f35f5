"""What the broker does to an account, in the books of the venue accounts."""

from decimal import Decimal as D

import pytest

from openprime.desk import commands as c
from openprime.desk.pool_books import move_money
from openprime.desk.pool_state import Pool, VenueAccount, VenueTerms
from openprime.desk.state import Order
from openprime.model.venue import Accepted
from openprime.model.vocabulary import AccountStatus, Business, Exchange
from tests.desk.kit import BTC_PERP, DeskKit
from tests.desk.test_ladder import example_g, marked

ETH_PERP = "BINANCE_PERP_ETH_USDT"


def route(kit: DeskKit, group: str | None) -> None:
    command = c.SetRoute("default", Exchange.BINANCE, Business.PERP, group)
    assert kit.do(command).refusal is None


def liquidated(kit: DeskKit) -> Order:
    """The order that liquidates the account, accepted."""
    marked(kit, "57762.8")
    (order,) = kit.desk.state.orders.values()
    kit.report(Accepted(order.order_id))
    return order


def pooled() -> tuple[DeskKit, Pool, VenueAccount]:
    """The desk of example G with its position in the books of the default account."""
    kit = example_g()
    kit.do(c.SetRouteTag(kit.portfolio_id, "default"))
    pool = kit.desk.state.pool
    assert pool is not None
    (stake,) = pool.stakes.values()
    return kit, pool, pool.accounts[stake.account_id]


def test_a_liquidation_order_stands_in_the_books_like_any_other() -> None:
    kit, pool, account = pooled()
    assert account.notional == 120_000
    order = liquidated(kit)
    assert pool.holds[order.order_id].account_id == account.account_id
    kit.fill(order, "57762.8", 2)
    assert (account.notional, account.open_orders) == (0, 0)
    assert (pool.holds, pool.stakes) == ({}, {})


def test_it_goes_out_even_where_no_account_would_take_it() -> None:
    kit, pool, account = pooled()
    route(kit, None)
    order = liquidated(kit)
    assert pool.holds == {}
    kit.fill(order, "57762.8", 1, done=False)
    assert account.notional == 60_000
    kit.fill(order, "57762.8", 1)
    assert (account.notional, pool.stakes) == (0, {})


def test_an_order_that_no_account_took_pins_none() -> None:
    kit, pool, account = pooled()
    route(kit, None)
    order = liquidated(kit)
    pool.stakes.clear()
    route(kit, account.group)
    kit.do(c.PinStatus(kit.portfolio_id, Exchange.BINANCE, AccountStatus.NORMAL))
    other = kit.do(c.AddVenueAccount(account.group)).reply
    account.terms = VenueTerms(enabled=False)
    kit.cash("USDT", 100_000)
    outcome = kit.place(BTC_PERP, "SELL", "0.01", 60000)
    assert outcome.refusal is None, outcome.refusal
    assert isinstance(outcome.reply, Order)
    assert order.order_id in kit.desk.state.orders
    assert pool.holds[outcome.reply.order_id].account_id == other


def test_positions_that_were_taken_over_leave_the_books() -> None:
    kit, pool, account = pooled()
    kit.mark(ETH_PERP, 2600)
    kit.hold(ETH_PERP, 1, 2600)
    marked(kit, "50000")
    kit.do(c.RunAgenda())
    assert kit.account().positions == {}
    assert kit.account().restricted
    assert account.notional == 0
    assert BTC_PERP not in "".join(pool.stakes)


def test_money_that_no_account_is_routed_to_moves_in_no_books() -> None:
    kit, pool, account = pooled()
    account.balances["USDT"] = D(10)
    for business in Business:
        kit.do(c.SetRoute("default", Exchange.BINANCE, business, None))
    portfolio = kit.desk.state.portfolios[kit.portfolio_id]
    move_money(kit.desk.turn, portfolio, Exchange.BINANCE, "USDT", D(5))
    assert account.balances["USDT"] == 10
    assert all(one.balances in ({}, {"USDT": D(10)}) for one in pool.accounts.values())


def test_routes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    kit, pool, account = pooled()
    monkeypatch.setattr("openprime.desk.pooling.ROWS_MAX", len(pool.routes))
    mine = c.SetRoute(str(kit.portfolio_id), Exchange.BINANCE, Business.PERP, account.group)
    before = kit.desk.snapshot()
    assert kit.code(kit.do(mine)) == 400000
    assert kit.desk.snapshot() == before
    route(kit, account.group)  # one that is there may be told again
