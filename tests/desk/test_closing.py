"""Closing a position by its route: which code speaks first, and what is ordered."""

from openprime.desk import commands as c
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Order
from openprime.errors import message
from openprime.model.vocabulary import Exchange, OrderType, PositionSide
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit


def funded(settings: DeskSettings | None = None) -> DeskKit:
    kit = DeskKit(settings)
    kit.cash("USDT", 100_000)
    kit.mark(BTC_PERP, 60000)
    return kit


def refused(
    kit: DeskKit, code: int, text: str, sym: str = BTC_PERP, side: PositionSide | None = None
) -> None:
    before = kit.desk.snapshot()
    assert kit.code(kit.do(c.ClosePosition(kit.portfolio_id, sym, side))) == code
    assert message(code) == text
    assert kit.desk.snapshot() == before


def test_a_symbol_that_is_not_listed() -> None:
    refused(funded(), 401011, "The sym is not supported", "BINANCE_PERP_NONE_USDT")


def test_what_has_no_positions() -> None:
    refused(funded(), 401041, message(401041), BTC_SPOT)


def test_an_account_that_nothing_came_to() -> None:
    refused(DeskKit(funded=False), 401046, message(401046))


def test_a_leg_in_a_net_account() -> None:
    refused(funded(), 400000, message(400000), side=PositionSide.LONG)


def test_an_account_that_an_operator_restricted() -> None:
    kit = funded()
    kit.hold(BTC_PERP, 1, 60000)
    kit.do(c.RestrictAccount(kit.portfolio_id, Exchange.BINANCE, True))
    refused(kit, 401053, message(401053))


def test_all_of_the_position_is_ordered() -> None:
    kit = funded()
    kit.hold(BTC_PERP, "-1.5", 60000)
    outcome = kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, None))
    order = outcome.reply
    assert isinstance(order, Order)
    assert (order.side, str(order.quantity), order.reduce_only) == ("BUY", "1.5", True)
    assert order.order_type is OrderType.MARKET
    kit.fill(kit.desk.state.orders[order.order_id], 60000, "1.5")
    refused(kit, 401032, message(401032))


def test_under_the_newest_texts_what_was_closed_has_a_code_of_its_own() -> None:
    kit = funded(DeskSettings(newest_messages=True))
    refused(kit, 401032, message(401032))
    kit.trade(BTC_PERP, "BUY", 1, 60000)
    kit.trade(BTC_PERP, "SELL", 1, 60000)
    refused(kit, 401097, message(401097))
