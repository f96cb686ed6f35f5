"""What each state of an account forbids: the table of resolutions 104, and the order caps."""

from __future__ import annotations

from decimal import Decimal

import pytest

from openprime.desk import commands as c
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.errors import message
from openprime.model.vocabulary import AccountStatus, Exchange
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit

D = Decimal
OK = None
UNDER_CONTROL = "The account is under risk control, and placing orders is prohibited"
RESTRICTED = "Your exchange account status is restriction, unable to close position"
ETH_PERP = "BINANCE_PERP_ETH_USDT"

# State: codes of an increasing order, a reducing one, DELETE position, cancel.
TABLE: dict[str, tuple[int | None, int | None, int | None, int | None]] = {
    "NORMAL": (OK, OK, OK, OK),
    "MARGIN_CALL": (OK, OK, OK, OK),
    "CANCEL_OPEN": (401045, OK, OK, OK),
    "CANCEL_ALL": (401045, 401045, OK, OK),
    "LIQUIDATING": (401045, 401045, OK, OK),
    "TAKEOVER": (401045, 401045, 401045, OK),
    "BANNED": (401045, 401045, OK, OK),
    "RESTRICTED": (401045, 401053, 401053, OK),
    "RESTRICTED and TAKEOVER": (401045, 401045, 401045, OK),
}


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 100_000)
    desk.index("BTC", 60000)
    desk.index("USDT", 1)
    desk.mark(BTC_PERP, 60000)
    desk.mark(ETH_PERP, 2600)
    for sym in (BTC_PERP, BTC_SPOT):
        desk.quote(sym, "59999.9", "60000.1")
    desk.hold(BTC_PERP, "0.1", 60000)
    return desk


def bring(kit: DeskKit, state: str) -> None:
    portfolio, exchange = kit.portfolio_id, Exchange.BINANCE
    for name in state.split(" and "):
        if name == "BANNED":
            kit.do(c.BanTrading(portfolio, exchange, True))
        elif name == "RESTRICTED":
            kit.do(c.RestrictAccount(portfolio, exchange, True))
        else:
            kit.do(c.PinStatus(portfolio, exchange, AccountStatus(name)))


def answers(kit: DeskKit, outcome: Outcome, code: int | None) -> None:
    assert kit.code(outcome) == code
    assert message(401045) == UNDER_CONTROL
    assert message(401053) == RESTRICTED


@pytest.mark.parametrize("state", TABLE)
def test_increasing_orders(kit: DeskKit, state: str) -> None:
    bring(kit, state)
    answers(kit, kit.place(BTC_PERP, "BUY", "0.01", 59000), TABLE[state][0])
    answers(kit, kit.place(ETH_PERP, "SELL", 1, 2600), TABLE[state][0])


@pytest.mark.parametrize("state", TABLE)
def test_reducing_orders(kit: DeskKit, state: str) -> None:
    bring(kit, state)
    answers(kit, kit.place(BTC_PERP, "SELL", "0.01", 61000, reduce_only=True), TABLE[state][1])
    answers(kit, kit.place(BTC_PERP, "SELL", "0.01", 61000), TABLE[state][1])


@pytest.mark.parametrize("state", TABLE)
def test_closing_the_position(kit: DeskKit, state: str) -> None:
    bring(kit, state)
    answers(kit, kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, None)), TABLE[state][2])


@pytest.mark.parametrize("state", TABLE)
def test_cancelling(kit: DeskKit, state: str) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.01", 59000)
    bring(kit, state)
    answers(kit, kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, "")), TABLE[state][3])


@pytest.mark.parametrize("state", TABLE)
def test_replacing_an_increasing_order(kit: DeskKit, state: str) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.01", 59000)
    bring(kit, state)
    replace = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", None, D("0.02"))
    answers(kit, kit.do(replace), TABLE[state][0])


def test_a_restricted_account_is_freed(kit: DeskKit) -> None:
    bring(kit, "RESTRICTED")
    kit.do(c.RestrictAccount(kit.portfolio_id, Exchange.BINANCE, False))
    assert kit.place(BTC_PERP, "BUY", "0.01", 59000).refusal is None
    unknown = c.RestrictAccount(1, Exchange.BINANCE, True)
    assert kit.code(kit.do(unknown)) == 402006


def test_the_caps_stand_one_behind_the_other(kit: DeskKit) -> None:
    """Working orders of a symbol (401044), then of the whole account (401054)."""
    assert message(401044) == message(401054) == "The open order num exceeds the limit"
    kit.do(c.Configure(DeskSettings(portfolio_max_orders=3)))
    kit.do(c.Override("instruments", BTC_PERP, {"maxNumOrders": "2"}))
    for price in (59000, 59001):
        kit.rest(BTC_PERP, "BUY", "0.01", price)
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", 59002)) == 401044
    # Whatever its kind (resolutions 87).
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", market=True)) == 401044
    order = kit.rest(ETH_PERP, "BUY", 1, 2600)
    assert kit.code(kit.place(ETH_PERP, "BUY", 1, 2600)) == 401054
    # Both are full: the symbol's comes first.
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", 59002)) == 401044
    # A pending cancel still counts, a close order never does.
    kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
    assert kit.code(kit.place(ETH_PERP, "BUY", 1, 2600)) == 401054
    assert kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, None)).refusal is None
