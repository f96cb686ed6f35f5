"""Why things are where they are, line by line: the numbers are those of checks and views."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk.explaining import (
    explain_account,
    explain_finished_order,
    explain_order,
    explain_position,
)
from openprime.desk.explaining_refusals import explain_refusal
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Order
from openprime.errors import message
from openprime.model.reference import Reference
from openprime.model.venue import Cancelled
from openprime.model.vocabulary import (
    AccountStatus,
    Exchange,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
)
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit, with_discount

OKX_PERP = "OKX_PERP_BTC_USDT"
BINANCE = Exchange.BINANCE


def funded(
    settings: DeskSettings | None = None,
    change: Callable[[Reference], Reference] = lambda rules: rules,
    cash: object = 100_000,
) -> DeskKit:
    kit = DeskKit(settings or DeskSettings(broker_max_leverage=0), change)
    kit.cash("USDT", cash)
    kit.index("BTC", 60000)
    kit.mark(BTC_PERP, 60000)
    for sym in (BTC_PERP, BTC_SPOT, BTC_MARGIN):
        kit.quote(sym, "59999.9", "60000.1")
    return kit


def with_rule(sym: str, **rule: object) -> Callable[[Reference], Reference]:
    def change(rules: Reference) -> Reference:
        instrument = msgspec.structs.replace(rules.instruments[sym], **rule)
        return msgspec.structs.replace(rules, instruments=rules.instruments | {sym: instrument})

    return change


def asked(kit: DeskKit, sym: str, side: str, quantity: object, price: object, **more: Any) -> Any:
    """A command to place an order; a price of 0 makes it a MARKET order."""
    fields: dict[str, Any] = {
        "portfolio_id": kit.portfolio_id,
        "sym": sym,
        "side": Side(side),
        "order_type": OrderType.LIMIT if price else OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "quantity": D(str(quantity)),
        "quote_quantity": D(0),
        "limit_price": D(str(price)),
    }
    return c.PlaceOrder(**(fields | more))


def why(kit: DeskKit, code: int, *order: Any, **more: Any) -> list[str]:
    """What is told of an order that the desk refuses with a code, after its first line."""
    command = asked(kit, *order, **more)
    outcome = kit.do(command)
    assert kit.code(outcome) == code
    first, *lines = explain_refusal(kit.desk.turn, command, code)
    assert first.endswith(f"for portfolio {kit.portfolio_id}: {code} {message(code)}")
    return lines


# -- accounts


def test_an_account_that_nothing_came_to() -> None:
    kit = DeskKit(funded=False)
    assert explain_account(kit.desk, kit.account()) == [
        f"account of portfolio {kit.portfolio_id} at BINANCE",
        "nothing has come to it yet",
    ]


def test_an_account_with_a_position_and_what_it_owes() -> None:
    kit = funded(cash=10_000)
    kit.cash("BTC", "-0.1")
    kit.hold(BTC_PERP, 1, 59000)
    lines = explain_account(kit.desk, kit.account())
    assert "USDT equity = cash 10000 + upnl 1000 = 11000" in lines
    assert "BTC equity = cash -0.1 + upnl 0 = -0.1" in lines
    assert "BTC marginValue = equity -0.1 * index 60000 = -6000" in lines
    assert "BTC owed = frozen 0 - equity -0.1 = 0.1" in lines
    assert "BTC debtMargin = owed * 60000 / 1 = 6000" in lines
    (debt,) = [line for line in lines if line.startswith("BTC debt maintenance")]
    assert debt.startswith("BTC debt maintenance = owed * index * tier rate = ")
    worst = "worst of position 60000, buys 0, sells 0, / 5"
    assert f"{BTC_PERP} initial margin = {worst} = 12000" in lines
    assert f"{BTC_PERP} maintenance = 240" in lines
    assert "perpMargin = 12000" in lines
    assert "debtMargin = 6000" in lines
    assert "frozenMargin = perpMargin 12000 + debtMargin 6000 = 18000" in lines
    assert lines[-1].startswith("accountStatus NORMAL: uniMMR ")
    assert lines[-1].endswith(
        "against MARGIN_CALL 1.5, CANCEL_OPEN 1.2, CANCEL_ALL 1.1, LIQUIDATING 1.05, TAKEOVER 1"
    )


def test_an_account_with_a_loan() -> None:
    kit = funded()
    wallet = kit.account().wallets["USDT"]
    wallet.loan = D(1000)
    kit.account().loan_coins["USDT"] = None
    kit.account().stale_coins["USDT"] = None
    lines = explain_account(kit.desk, kit.account())
    assert "USDT loan value = loan 1000 * index 1 = 1000" in lines
    (margin,) = [line for line in lines if line.startswith("USDT loan margin")]
    assert margin.startswith("USDT loan margin = loan value / loan leverage = ")


def test_an_account_that_asks_for_nothing() -> None:
    kit = funded()
    kit.rest(BTC_SPOT, "BUY", "0.1", 60000)
    lines = explain_account(kit.desk, kit.account())
    assert lines[-1] == "accountStatus NORMAL: nothing needs maintenance"
    assert "perpMargin = 0" in lines
    assert [line for line in lines if "worst of position" in line] == []


def test_a_status_that_an_operator_holds() -> None:
    kit = funded()
    kit.do(c.PinStatus(kit.portfolio_id, BINANCE, AccountStatus.CANCEL_ALL))
    assert explain_account(kit.desk, kit.account())[-1] == (
        "accountStatus CANCEL_ALL: an operator holds it there"
    )


# -- positions


def test_a_position_in_a_taxed_tier_under_a_multiplier() -> None:
    settings = DeskSettings(broker_max_leverage=0, maintenance_multiplier=D(2))
    kit = funded(settings)
    position = kit.hold(BTC_PERP, -10, 61000)
    kit.cash("USDT", 50_000)
    lines = explain_position(kit.desk, kit.account(), position)
    assert lines[:5] == [
        f"position {position.position_id}: -10 {BTC_PERP} NONE of portfolio {kit.portfolio_id} "
        "at BINANCE",
        "positionValue = |10| * 1 * mark 60000 = 600000",
        "positionMargin = positionValue / leverage 5 = 120000",
        "unrealizedPNL = -10 * 1 * (mark 60000 - avgPrice 61000) = 10000",
        "positionMM = (positionValue * 0.005 (tier 2) - 300) * 2 = 5400",
    ]
    assert lines[5].startswith("liqPrice = mark at which uniMMR is 1.05 = 6")


def test_a_position_that_no_price_liquidates_and_one_without_tiers() -> None:
    def without_tiers(rules: Reference) -> Reference:
        return msgspec.structs.replace(rules, position_tiers={})

    kit = funded(change=without_tiers)
    lines = explain_position(kit.desk, kit.account(), kit.hold(BTC_PERP, 1, 60000))
    assert lines[-2:] == [
        "unrealizedPNL = 1 * 1 * (mark 60000 - avgPrice 60000) = 0",
        "liqPrice: none, no mark takes uniMMR to 1.05",
    ]


def test_a_position_counted_in_contracts() -> None:
    kit = funded()
    kit.mark(OKX_PERP, 60000)
    kit.cash("USDT", 100_000, Exchange.OKX)
    account = kit.account(Exchange.OKX)
    kit.account = lambda exchange=Exchange.OKX: account  # type: ignore[method-assign, misc]
    lines = explain_position(kit.desk, account, kit.hold(OKX_PERP, 100, 60000))
    assert lines[1] == "positionValue = |100| * 0.01 * mark 60000 = 60000"
    assert lines[4] == "positionMM = positionValue * 0.004 (tier 1) - 0 = 240"


# -- orders


def test_a_perp_order_and_what_the_symbol_comes_to() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", 1, 60000)
    lines = explain_order(kit.desk, order)
    assert lines[0] == f"order {order.order_id}: BUY 1 of 1 {BTC_PERP} at 60000, OPEN"
    assert "notional = 1 * 60000 = 60000" in lines
    (loss,) = [line for line in lines if line.startswith("open loss where it opens")]
    assert loss == (
        "open loss where it opens = 1 * 42 (fees to open and close, distance from the mark) = 42"
    )
    assert f"{BTC_PERP} open loss = fee to close the position + what orders (1) may lose = 42" in (
        lines
    )


def test_a_reduce_only_order() -> None:
    kit = funded()
    kit.hold(BTC_PERP, 1, 60000)
    order = kit.rest(BTC_PERP, "SELL", 1, 61000, reduce_only=True)
    assert explain_order(kit.desk, order)[1:] == ["reduce-only: needs no margin"]


def test_a_spot_order_and_one_that_borrows() -> None:
    kit = funded(cash=10_000)
    spot = explain_order(kit.desk, kit.rest(BTC_SPOT, "BUY", "0.1", 60000))
    assert spot[1].startswith("frozen = 6")
    assert spot[1].endswith(" USDT")
    assert spot[2].startswith("open loss = discount lost by a full fill + fee = ")
    assert len(spot) == 3
    borrowing = explain_order(kit.desk, kit.rest(BTC_MARGIN, "BUY", "0.1", 60000))
    assert borrowing[2].startswith("of it borrowed = 2")
    assert borrowing[2].endswith(" USDT")


def test_how_an_order_ended() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", 1, 60000)
    kit.report(Cancelled(order.order_id, requested=False))
    assert explain_finished_order(order) == [
        f"order {order.order_id}: BUY 0 of 1 {BTC_PERP} filled, CANCELLED"
    ]
    failed = kit.do(asked(kit, BTC_PERP, "BUY", 100, 60000, synchronous=False)).reply
    assert isinstance(failed, Order)
    (line,) = explain_finished_order(failed)
    assert line.endswith(f"filled, FAIL: 401058 {message(401058)}")


# -- refusals


def test_a_name_that_is_taken() -> None:
    kit = funded()
    order = kit.rest(BTC_PERP, "BUY", "0.01", 60000, client_order_id="mine")
    assert why(kit, 401009, BTC_PERP, "BUY", "0.01", 60000, client_order_id="mine") == [
        f"clientOrderId mine is of order {order.order_id}"
    ]


@pytest.mark.parametrize(
    ("code", "order", "lines"),
    [
        (401013, ("BUY", "0.0105", 60000), ["orderQty 0.0105 is 0.0005 above a multiple of 0.001"]),
        (
            401015, ("BUY", "0.01", "60000.05"),
            ["limitPrice 60000.05 is 0.05 above a multiple of 0.1"],
        ),
        (401025, ("BUY", 1001, 60000), ["orderQty 1001 against 0.001 to 1000"]),
        (401027, ("BUY", 121, 0), ["orderQty 121 against 0.001 to 120"]),
        (
            401012, ("BUY", 1, 69001),
            [
                "limitPrice 69001, ever from 0.1 to 922337203685477580.7",
                "highest price = mark 60000 * 1.15 = 69000",
            ],
        ),
        (
            401012, ("SELL", 1, 50999),
            [
                "limitPrice 50999, ever from 0.1 to 922337203685477580.7",
                "lowest price = mark 60000 * 0.85 = 51000",
            ],
        ),
        (401017, ("BUY", "0.001", 60000), ["notional = 0.001 * 60000 * 1 = 60", "at least 100"]),
    ],
)  # fmt: skip
def test_what_a_symbol_s_rules_say(code: int, order: tuple[Any, ...], lines: list[str]) -> None:
    assert why(funded(), code, BTC_PERP, *order) == lines


def test_a_maximum_counted_in_quote_coin() -> None:
    kit = funded(
        change=with_rule(BTC_PERP, max_market_in_quote=True, max_market_size=D(5000)),
    )
    assert why(kit, 401027, BTC_PERP, "BUY", "0.084", 0) == [
        "orderQty 0.084 against 0.001 to 5000 (worth, at the best price 60000.1)"
    ]


@pytest.mark.parametrize(("highest", "told"), [(None, "any amount"), (D(100), "100")])
def test_an_amount_below_the_least(highest: D | None, told: str) -> None:
    rule = with_rule(BTC_SPOT, min_market_quote=D(7), max_market_quote=highest)
    lines = why(funded(change=rule), 401028, BTC_SPOT, "BUY", 0, 0, quote_quantity=D(6))
    assert lines == [f"quoteOrderQty 6 against 7 to {told}"]


def test_an_amount_that_is_worth_too_little() -> None:
    rule = with_rule(BTC_SPOT, min_market_quote=D(1), min_notional=D(10))
    assert why(funded(change=rule), 401017, BTC_SPOT, "BUY", 0, 0, quote_quantity=D(6))[0] == (
        "notional = 0 * 60000.1 * 1 = 6"
    )


def test_accounts_that_may_not_trade() -> None:
    kit = funded()
    kit.do(c.BanTrading(kit.portfolio_id, BINANCE, True))
    order = (BTC_PERP, "BUY", "0.01", 60000)
    assert why(kit, 401045, *order) == ["an operator banned the account from trading"]
    kit.do(c.BanTrading(kit.portfolio_id, BINANCE, False))
    kit.do(c.RestrictAccount(kit.portfolio_id, BINANCE, True))
    assert why(kit, 401045, *order) == [
        "the account is RESTRICTED: an operator or a take-over left it so"
    ]
    kit.do(c.RestrictAccount(kit.portfolio_id, BINANCE, False))
    kit.hold(BTC_PERP, 1, 60000)
    kit.do(c.PinStatus(kit.portfolio_id, BINANCE, AccountStatus.CANCEL_OPEN))
    assert why(kit, 401045, *order) == [
        "validMargin = marginValue 99990 - openLossMargin 21 = 99969",
        "accountStatus CANCEL_OPEN: an operator holds it there",
        "the order adds exposure",
    ]
    kit.do(c.PinStatus(kit.portfolio_id, BINANCE, AccountStatus.TAKEOVER))
    assert why(kit, 401045, BTC_PERP, "SELL", "0.5", 60000)[-1] == "the order reduces"


def test_positions_and_what_closes_them_already() -> None:
    kit = funded()
    only = {"reduce_only": True}
    assert why(kit, 401048, BTC_PERP, "SELL", 1, 60000, **only) == [f"position in {BTC_PERP}: none"]
    kit.hold(BTC_PERP, 1, 60000)
    assert why(kit, 401047, BTC_PERP, "BUY", 1, 60000, **only) == [f"position in {BTC_PERP}: 1"]
    kit.rest(BTC_PERP, "SELL", 1, 60500)
    assert why(kit, 401059, BTC_PERP, "SELL", 1, 61000, **only) == [
        "position 1; closing orders that rank before this one cover 1"
    ]


def test_an_order_that_closes_a_leg_is_told_of_as_reduce_only() -> None:
    kit = funded()
    kit.switch("BOTH")
    long = {"position_side": PositionSide.LONG}
    assert why(kit, 401048, BTC_PERP, "SELL", 1, 60000, **long) == [
        f"position in {BTC_PERP}:LONG: none"
    ]


def test_too_many_orders() -> None:
    kit = funded(DeskSettings(portfolio_max_orders=1))
    kit.rest(BTC_PERP, "BUY", "0.01", 60000)
    (line,) = why(kit, 401054, BTC_PERP, "BUY", "0.01", 60000)
    assert line.startswith("1 orders at work in the account, at most 1; at most ")


def test_an_order_that_would_take() -> None:
    post_only = {"time_in_force": TimeInForce.GTX}
    assert why(funded(), 401052, BTC_PERP, "BUY", "0.01", "60000.1", **post_only) == [
        "limitPrice 60000.1 meets the best opposite price 60000.1"
    ]


def test_margin_that_does_not_suffice() -> None:
    assert why(funded(), 401058, BTC_PERP, "BUY", 10, 60000) == [
        f"initial margin of {BTC_PERP} with the order = largest notional 600000 / leverage 5 = "
        "120000",
        "frozenMargin with the order = perpMargin 120000 + debtMargin 0 = 120000",
        "validMargin before = marginValue 99990 - openLossMargin 0 = 99990",
        "validMargin with the order = marginValue 99990 - openLossMargin 420 = 99570",
        "availableMargin with the order = 99570 - 120000 = -20430",
    ]


def test_a_cap_of_the_brackets_and_of_the_portfolio() -> None:
    kit = funded(cash=10**9)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 100))
    lines = why(kit, 401060, BTC_PERP, "BUY", 20, 60000)
    assert lines[0] == (
        "largest notional with the order = position 0, buys 1200000, sells 0 = 1200000"
    )
    assert lines[1] == "cap at leverage 100 = 800000"
    assert lines[2] == "cap at any leverage = 1800000000"
    assert len(lines) == 3
    capped = funded(DeskSettings(broker_max_leverage=0, portfolio_max_notional=D(100_000)))
    assert why(capped, 401070, BTC_PERP, "BUY", 2, 60000)[3] == "cap of the portfolio = 100000"


def test_a_sale_of_coins_that_are_short() -> None:
    assert why(funded(), 401055, BTC_SPOT, "BUY", 2, 60000) == [
        "USDT short = needs 120120 - available 100000 = 20120"
    ]
    lines = why(funded(cash=10), 401055, BTC_MARGIN, "BUY", 200, 60000)
    assert lines[0].startswith("USDT short = needs 12012000 - available 10 = ")
    assert lines[1].startswith("USDT that may be borrowed = ")


def test_a_spot_order_that_the_margin_does_not_carry() -> None:
    kit = funded(cash=10_000, change=lambda rules: with_discount(rules, "BTC", "0.5"))
    kit.hold(BTC_PERP, "0.7", 60000)
    lines = why(kit, 401056, BTC_SPOT, "BUY", "0.1", 60000)
    loss, debt, left = lines
    assert loss == "open loss of the order = discount lost by a full fill + fee = 3005.4"
    assert debt == "debtMargin of what it borrows = 0"
    assert left.endswith(" - 3005.4 - 0 = -1421.1")


def test_what_no_check_says_was_a_fault_s_doing() -> None:
    kit = funded()
    command = asked(kit, BTC_PERP, "BUY", "0.01", 60000)
    by_fault = "no check of the desk says so: an operator's fault asked for it"
    assert explain_refusal(kit.desk.turn, command, 401058)[1:] == [by_fault]
    # Another check speaks first: that one would have refused it.
    command = asked(kit, BTC_PERP, "BUY", "0.0105", 60000)
    assert explain_refusal(kit.desk.turn, command, 401058)[1:] == [by_fault]


def test_a_code_whose_text_says_all() -> None:
    assert why(funded(), 401011, "BINANCE_PERP_NONE_USDT", "BUY", 1, 1) == []
