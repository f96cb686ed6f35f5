"""The pool of venue accounts: which one an order goes to, and what it leaves there (errors 6.5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.outcome import Outcome
from openprime.desk.pool import transfer_code
from openprime.desk.pool_books import move_money
from openprime.desk.pool_state import Pool, VenueAccount, VenueTerms
from openprime.desk.state import Order, State
from openprime.errors import message
from openprime.model.venue import Cancelled, Rejected
from openprime.model.vocabulary import (
    Business,
    Exchange,
    OrderState,
    OrderType,
    PositionMode,
    Side,
    TimeInForce,
    UserKind,
    VenueHealth,
)
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit, reference

D = Decimal
BINANCE, OKX = Exchange.BINANCE, Exchange.OKX
PERP_GROUP, SPOT_GROUP = "BINANCE:PERP", "BINANCE:SPOT"
ETH_PERP = "BINANCE_PERP_ETH_USDT"
BASE = (BTC_PERP, "BUY", "0.1", 60000)

TEXTS = {
    401062: "Insufficient exchange account amount for user",
    401063: "Exchange account available not enough",
    401064: "Select account failed, no account matching the criteria",
    401065: "Exchange account insufficient amount",
    401066: "Can not find exchange account group",
}


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 100_000)
    desk.cash("BTC", 5)
    desk.index("BTC", 60000)
    desk.index("USDT", 1)
    desk.mark(BTC_PERP, 60000)
    desk.mark(ETH_PERP, 2600)
    for sym in (BTC_PERP, BTC_SPOT):
        desk.quote(sym, "59999.9", "60000.1")
    return desk


def pool(kit: DeskKit) -> Pool:
    assert kit.desk.state.pool is not None
    return kit.desk.state.pool


def do(kit: DeskKit, command: c.Command) -> Any:
    outcome = kit.do(command)
    assert outcome.refusal is None, (command, outcome.refusal)
    return outcome.reply


def account_of(kit: DeskKit, group: str = PERP_GROUP) -> VenueAccount:
    """The first account of a group, the default pool being set up."""
    if kit.desk.state.pool is None:
        do(kit, c.SetRouteTag(kit.portfolio_id, "default"))
    return next(a for a in pool(kit).accounts.values() if a.group == group)


def change(kit: DeskKit, account: VenueAccount, **terms: Any) -> None:
    changed = msgspec.structs.replace(account.terms, **terms)
    do(kit, c.ChangeVenueAccount(account.account_id, changed))


def margin(kit: DeskKit, account: VenueAccount, amount: object) -> None:
    told = None if amount is None else D(str(amount))
    do(kit, c.ChangeVenueAccount(account.account_id, tells_margin=True, margin_available=told))


def balance(kit: DeskKit, account: VenueAccount, coin: str, amount: object) -> None:
    told = None if amount is None else D(str(amount))
    do(kit, c.ChangeVenueAccount(account.account_id, balances={coin: told}))


def allocate(kit: DeskKit, account: VenueAccount, coin: str, amount: object, **more: Any) -> None:
    told = None if amount is None else D(str(amount))
    user_id = kit.desk.state.portfolios[kit.portfolio_id].user_id
    do(kit, c.Allocate(user_id, account.account_id, coin, told, **more))


def refused(kit: DeskKit, code: int, *order: Any, **more: Any) -> None:
    before = kit.desk.snapshot()
    outcome = kit.place(*(order or BASE), **more)
    assert kit.code(outcome) == code, outcome
    assert message(code) == TEXTS[code]
    assert kit.desk.snapshot() == before


def held_at(kit: DeskKit, outcome: Outcome) -> int:
    """The venue account that an accepted order went to."""
    assert isinstance(outcome.reply, Order), outcome
    return pool(kit).holds[outcome.reply.order_id].account_id


# -- the default


def test_there_is_no_pool_until_the_operator_makes_one(kit: DeskKit) -> None:
    kit.rest(*BASE)
    assert kit.desk.state.pool is None


def test_the_default_takes_every_order(kit: DeskKit) -> None:
    account = account_of(kit)
    assert len(pool(kit).accounts) == len(pool(kit).groups) == len(pool(kit).routes) == 6
    assert held_at(kit, kit.place(*BASE)) == account.account_id
    assert held_at(kit, kit.place(BTC_SPOT, "SELL", 1, 60500)) != account.account_id


def test_orders_and_positions_that_stand_belong_to_the_default(kit: DeskKit) -> None:
    kit.trade(*BASE)
    kit.rest(BTC_SPOT, "SELL", 1, 60500)
    account = account_of(kit)
    assert account.notional == 6000
    assert account_of(kit, SPOT_GROUP).open_orders == 1
    other = do(kit, c.AddVenueAccount(PERP_GROUP))
    change(kit, account, health=VenueHealth.DOWN)
    assert other in pool(kit).accounts
    refused(kit, 401064)


def test_a_refused_change_leaves_no_pool_behind(kit: DeskKit) -> None:
    before = kit.desk.snapshot()
    unknown = (
        c.ChangeVenueAccount(99),
        c.AddVenueAccount("nowhere"),
        c.SetRoute("default", OKX, Business.PERP, "nowhere"),
        c.SetRoute("default", OKX, Business.PERP, PERP_GROUP),
        c.SetRouteTag(1, "x"),
        c.SetAccountGroup(PERP_GROUP, OKX, Business.PERP),
        c.SetAccountGroup("", OKX, Business.PERP),
        c.Allocate(1, 1, "USDT", D(1)),
    )
    for command in unknown:
        assert kit.code(kit.do(command)) == 400000, command
    assert kit.desk.snapshot() == before


# -- step 1: the group


@pytest.mark.parametrize("how", ["no route", "disabled", "empty"])
def test_without_a_group_there_is_no_account(kit: DeskKit, how: str) -> None:
    account_of(kit)
    if how == "no route":
        do(kit, c.SetRoute("default", BINANCE, Business.PERP, None))
    elif how == "disabled":
        do(kit, c.SetAccountGroup(PERP_GROUP, BINANCE, Business.PERP, enabled=False))
    else:
        do(kit, c.SetAccountGroup("other", BINANCE, Business.PERP))
        do(kit, c.SetRoute("default", BINANCE, Business.PERP, "other"))
    refused(kit, 401066)
    leverage = c.SetLeverage(kit.portfolio_id, BTC_PERP, 3)
    assert kit.code(kit.do(leverage)) == 401066
    assert kit.place(BTC_SPOT, "SELL", 1, 60500).refusal is None


def test_a_portfolio_has_its_own_route_or_that_of_its_tag(kit: DeskKit) -> None:
    account_of(kit)
    numbers = {}
    for name in ("own", "tagged"):
        do(kit, c.SetAccountGroup(name, BINANCE, Business.PERP))
        numbers[name] = do(kit, c.AddVenueAccount(name))
    do(kit, c.SetRoute("vip", BINANCE, Business.PERP, "tagged"))
    do(kit, c.SetRouteTag(kit.portfolio_id, "vip"))
    assert held_at(kit, kit.place(*BASE)) == numbers["tagged"]
    do(kit, c.SetRoute(str(kit.portfolio_id), BINANCE, Business.PERP, "own"))
    assert held_at(kit, kit.place(ETH_PERP, "BUY", 1, 2600)) == numbers["own"]


# -- step 2: the filters


@pytest.mark.parametrize(
    "terms",
    [
        {"enabled": False},
        {"health": VenueHealth.DOWN},
        {"health": VenueHealth.DEGRADED},
        {"health": VenueHealth.RESTRICTED},
        {"businesses": [Business.SPOT]},
        {"position_mode": PositionMode.BOTH},
        {"syms_allowed": [ETH_PERP]},
        {"syms_denied": [BTC_PERP]},
        {"max_leverage": 4},
        {"max_notional": D(5999)},
    ],
)
def test_an_account_that_does_not_match(kit: DeskKit, terms: dict[str, Any]) -> None:
    change(kit, account_of(kit), **terms)
    refused(kit, 401064)


def test_an_account_has_order_slots(kit: DeskKit) -> None:
    account = account_of(kit)
    change(kit, account, max_open_orders=1)
    order = kit.rest(*BASE)
    refused(kit, 401064)
    kit.report(Cancelled(order.order_id, requested=False))
    assert account.open_orders == 0
    assert kit.place(*BASE).refusal is None


def test_notional_counts_orders_and_positions(kit: DeskKit) -> None:
    account = account_of(kit)
    change(kit, account, max_notional=D(12000))
    kit.trade(*BASE)
    assert account.notional == 6000
    order = kit.rest(*BASE)
    assert account.notional == 12000
    refused(kit, 401064, BTC_PERP, "BUY", "0.01", 60000)
    # What closes needs none of it.
    assert kit.place(BTC_PERP, "SELL", "0.1", 61000, reduce_only=True).refusal is None
    kit.report(Cancelled(order.order_id, requested=False))
    assert account.notional == 6000


def test_a_position_pins_its_account(kit: DeskKit) -> None:
    first = account_of(kit)
    kit.trade(*BASE)
    second = do(kit, c.AddVenueAccount(PERP_GROUP))
    margin(kit, first, 1000)
    # The second is unlimited, and would be the first choice for another symbol.
    assert held_at(kit, kit.place(ETH_PERP, "BUY", 1, 2600)) == second
    assert held_at(kit, kit.place(BTC_PERP, "BUY", "0.01", 60000)) == first.account_id
    change(kit, first, health=VenueHealth.DEGRADED)
    refused(kit, 401064)
    closing = kit.place(BTC_PERP, "SELL", "0.01", 61000, reduce_only=True)
    assert held_at(kit, closing) == first.account_id


def test_a_working_order_pins_its_account(kit: DeskKit) -> None:
    first = account_of(kit)
    order = kit.rest(*BASE)
    second = do(kit, c.AddVenueAccount(PERP_GROUP))
    change(kit, first, health=VenueHealth.DOWN)
    refused(kit, 401064)
    kit.report(Cancelled(order.order_id, requested=False))
    assert held_at(kit, kit.place(*BASE)) == second


def test_closing_a_position_needs_an_account_too(kit: DeskKit) -> None:
    kit.trade(*BASE)
    account = account_of(kit)
    close = c.ClosePosition(kit.portfolio_id, BTC_PERP, None)
    change(kit, account, health=VenueHealth.DOWN)
    assert kit.code(kit.do(close)) == 401064
    do(kit, c.SetRoute("default", BINANCE, Business.PERP, None))
    assert kit.code(kit.do(close)) == 401066
    do(kit, c.SetRoute("default", BINANCE, Business.PERP, PERP_GROUP))
    change(kit, account, health=VenueHealth.DEGRADED)
    margin(kit, account, 0)
    allocate(kit, account, "USDT", 0)
    assert kit.do(close).refusal is None


# -- steps 3 to 6: shares, coins, margin, headroom


def test_a_user_has_only_its_share(kit: DeskKit) -> None:
    account = account_of(kit, SPOT_GROUP)
    allocate(kit, account, "USDT", 10)
    buy = (BTC_SPOT, "BUY", "0.01", 59000)
    refused(kit, 401062, *buy)
    allocate(kit, account, "USDT", 10, credit=D(600))
    kit.rest(*buy)
    share = pool(kit).allocations[account.account_id]["USDT"]
    assert next(iter(share.values())).amount == 10 - D("590.59")
    refused(kit, 401062, *buy)
    allocate(kit, account, "USDT", None)
    assert kit.place(*buy).refusal is None


def test_where_others_have_shares_who_has_none_has_nothing(kit: DeskKit) -> None:
    account = account_of(kit)
    other = do(kit, c.CreateUser(UserKind.NORMAL))
    do(kit, c.Allocate(other, account.account_id, "USDT", D(1000)))
    refused(kit, 401062)
    # Of other coins nobody has shares.
    assert kit.place(BTC_SPOT, "SELL", 1, 60500).refusal is None


def test_a_share_is_no_word_where_the_account_itself_could_not_pay(kit: DeskKit) -> None:
    account = account_of(kit)
    allocate(kit, account, "USDT", 10)
    margin(kit, account, 1)
    refused(kit, 401063)
    spot = account_of(kit, SPOT_GROUP)
    allocate(kit, spot, "BTC", 0)
    balance(kit, spot, "BTC", 0)
    refused(kit, 401065, BTC_SPOT, "SELL", 1, 60500)


def test_a_coin_must_be_at_the_venue(kit: DeskKit) -> None:
    account = account_of(kit, SPOT_GROUP)
    balance(kit, account, "BTC", 0)
    refused(kit, 401065, BTC_SPOT, "SELL", 5, 60500)
    assert kit.place(BTC_SPOT, "BUY", "0.01", 59000).refusal is None
    balance(kit, account, "BTC", None)
    assert kit.place(BTC_SPOT, "SELL", 5, 60500).refusal is None


def test_margin_must_be_at_the_venue_with_something_to_spare(kit: DeskKit) -> None:
    account = account_of(kit)
    margin(kit, account, 1)
    refused(kit, 401063)
    # 6000 at 5x asks for 1200, which is 95 % of 1263.16.
    margin(kit, account, "1263.15")
    refused(kit, 401063)
    margin(kit, account, "1263.16")
    assert kit.place(*BASE).refusal is None
    assert account.margin_available == D("63.16")


def test_the_part_that_closes_asks_for_no_margin(kit: DeskKit) -> None:
    account = account_of(kit)
    kit.trade(*BASE)
    margin(kit, account, 700)
    refused(kit, 401063, BTC_PERP, "SELL", "0.2", 60000)
    assert kit.place(BTC_PERP, "SELL", "0.15", 60000).refusal is None
    assert account.margin_available == 100
    assert kit.place(BTC_PERP, "SELL", "0.1", 59990, reduce_only=True).refusal is None
    assert account.margin_available == 100


def test_the_most_to_spare_is_taken_then_the_lowest_id(kit: DeskKit) -> None:
    first = account_of(kit)
    second = pool(kit).accounts[do(kit, c.AddVenueAccount(PERP_GROUP))]
    margin(kit, first, 5000)
    margin(kit, second, 9000)
    assert held_at(kit, kit.place(*BASE)) == second.account_id
    margin(kit, first, 9000)
    margin(kit, second, 9000)
    assert held_at(kit, kit.place(ETH_PERP, "BUY", 1, 2600)) == first.account_id


# -- the shadow books


def test_what_an_order_took_comes_back_when_it_ends(kit: DeskKit) -> None:
    account = account_of(kit)
    margin(kit, account, 10_000)
    allocate(kit, account, "USDT", 10_000)
    rejected = kit.place(*BASE).reply
    assert isinstance(rejected, Order)
    assert account.margin_available == 8800
    kit.report(Rejected(rejected.order_id, 400010))
    assert account.margin_available == 10_000
    order = kit.rest(*BASE)
    share = next(iter(pool(kit).allocations[account.account_id]["USDT"].values()))
    assert share.amount == 8800
    kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
    assert account.margin_available == 8800
    kit.confirm_cancel(order.order_id)
    assert (account.margin_available, share.amount) == (10_000, 10_000)
    assert (account.open_orders, account.notional) == (0, 0)
    assert pool(kit).holds == {}


def test_a_position_holds_margin_until_it_is_closed(kit: DeskKit) -> None:
    account = account_of(kit)
    margin(kit, account, 10_000)
    order = kit.rest(*BASE)
    kit.fill(order, 60000, "0.04", done=False)
    assert account.margin_available == 8800
    assert len(pool(kit).stakes) == 1
    kit.fill(order, 60000, "0.06")
    assert account.margin_available == 8800
    kit.trade(BTC_PERP, "SELL", "0.1", 60000)
    assert account.margin_available == 10_000
    assert pool(kit).stakes == {}


def test_coins_change_hands_at_the_venue(kit: DeskKit) -> None:
    account = account_of(kit, SPOT_GROUP)
    balance(kit, account, "USDT", 1000)
    balance(kit, account, "BTC", 1)
    order = kit.rest(BTC_SPOT, "BUY", "0.01", 59000)
    assert account.balances["USDT"] == 1000 - D("590.59")
    kit.fill(order, 58000, "0.01")
    assert account.balances == {"USDT": 1000 - D("580.58"), "BTC": D("1.01")}
    order = kit.rest(BTC_SPOT, "SELL", 1, 60500)
    assert account.balances["BTC"] == D("0.01")
    kit.fill(order, 60500, 1, maker=True)
    assert account.balances == {"USDT": 1000 - D("580.58") + D("60439.5"), "BTC": D("0.01")}


def test_a_changed_order_takes_what_it_needs_then(kit: DeskKit) -> None:
    account = account_of(kit)
    margin(kit, account, 10_000)
    order = kit.rest(*BASE)
    change_it = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", None, D("0.2"))
    assert kit.do(change_it).refusal is None
    assert account.margin_available == 7600


def test_what_was_not_counted_is_not_given_back(kit: DeskKit) -> None:
    account = account_of(kit)
    order = kit.rest(*BASE)
    margin(kit, account, 500)
    kit.report(Cancelled(order.order_id, requested=False))
    assert account.margin_available == 500


# -- late refusals, transfers, replay


@pytest.mark.parametrize("code", [401066, 401064, 401062, 401063])
def test_a_client_that_does_not_wait_gets_a_failed_order(kit: DeskKit, code: int) -> None:
    account = account_of(kit)
    if code == 401066:
        do(kit, c.SetRoute("default", BINANCE, Business.PERP, None))
    elif code == 401064:
        change(kit, account, enabled=False)
    elif code == 401062:
        allocate(kit, account, "USDT", 1)
    else:
        margin(kit, account, 1)
    outcome = kit.do(
        c.PlaceOrder(
            portfolio_id=kit.portfolio_id,
            sym=BTC_PERP,
            side=Side.BUY,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=D("0.1"),
            quote_quantity=D(0),
            limit_price=D(60000),
            synchronous=False,
        )
    )
    told = outcome.reply
    assert isinstance(told, Order)
    assert (told.state, told.reason_code) == (OrderState.FAIL, code)
    assert told.reason == TEXTS[code]
    assert pool(kit).holds == {}


def test_transfers_out(kit: DeskKit) -> None:
    turn, portfolio = kit.desk.turn, kit.desk.state.portfolios[kit.portfolio_id]

    def code(exchange: Exchange = BINANCE, coin: str = "BTC", amount: int = 2) -> int | None:
        return transfer_code(turn, portfolio, exchange, coin, D(amount))

    assert code() is None
    assert code(Exchange.EDX) == 401066
    accounts = [a for a in pool_accounts(kit) if a.exchange is BINANCE]
    for account in accounts:
        balance(kit, account, "BTC", 1)
    assert code() == 401065
    balance(kit, accounts[0], "BTC", 10)
    assert code() is None
    for account in accounts:
        allocate(kit, account, "BTC", 1)
    assert code() == 401062
    assert code(amount=1) is None
    assert code(Exchange.EDX) == 401066
    for business in Business:
        do(kit, c.SetRoute("default", BINANCE, business, None))
    assert code() == 401066


def test_transfers_move_the_venues_balance(kit: DeskKit) -> None:
    account = account_of(kit, SPOT_GROUP)
    for other in pool_accounts(kit):
        if other.exchange is BINANCE:
            balance(kit, other, "BTC", 0)
    balance(kit, account, "BTC", 3)
    portfolio = kit.desk.state.portfolios[kit.portfolio_id]
    move_money(kit.desk.turn, portfolio, BINANCE, "BTC", D(-2))
    assert account.balances["BTC"] == 1
    move_money(kit.desk.turn, portfolio, BINANCE, "BTC", D(5))
    assert account.balances["BTC"] == 6


def pool_accounts(kit: DeskKit) -> list[VenueAccount]:
    account_of(kit)
    return list(pool(kit).accounts.values())


def test_a_replay_gives_the_same_pool(kit: DeskKit) -> None:
    account = account_of(kit)
    margin(kit, account, 5000)
    do(kit, c.AddVenueAccount(PERP_GROUP, VenueTerms(max_open_orders=1)))
    kit.rest(*BASE)
    kit.trade(ETH_PERP, "BUY", 1, 2600)
    state = msgspec.msgpack.decode(kit.desk.snapshot(), type=State)
    assert Desk(reference(), state=state).snapshot() == kit.desk.snapshot()
    assert state.pool == pool(kit)
