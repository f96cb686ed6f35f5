"""Every code that placing an order can raise at the desk, in the order in which they win."""

from decimal import Decimal

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Order
from openprime.errors import message
from openprime.model.reference import Reference
from openprime.model.venue import Accepted
from openprime.model.vocabulary import Exchange, OrderType, PositionSide, Side, TimeInForce
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit

D = Decimal


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 100_000)
    desk.index("BTC", 60000)
    desk.mark(BTC_PERP, 60000)
    for sym in (BTC_PERP, BTC_SPOT, BTC_MARGIN):
        desk.quote(sym, "59999.9", "60000.1")
    return desk


def refused(kit: DeskKit, code: int, text: str, *order: object, **more: object) -> None:
    """The order is refused with the code and text, and leaves everything as it was."""
    before = kit.desk.snapshot()
    outcome = kit.place(*order, **more)  # type: ignore[arg-type]
    assert outcome.refusal is not None, outcome.reply
    assert outcome.refusal.code == code
    assert message(code) == text
    assert outcome.events == []
    assert outcome.requests == []
    assert kit.desk.snapshot() == before


def test_duplicate_client_order_id(kit: DeskKit) -> None:
    kit.place(BTC_PERP, "BUY", "0.01", 59000, client_order_id="one")
    refused(
        kit, 401009, "ClientOrderId duplicate", BTC_PERP, "BUY", "0.01", 59000,
        client_order_id="one",
    )  # fmt: skip


def test_client_order_id_is_free_again_after_seven_days(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.01", 59000, client_order_id="one")  # type: ignore[arg-type]
    kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
    kit.confirm_cancel(order.order_id)
    kit.now_ms += 7 * 24 * 3_600_000 - 60_000
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", 59000, client_order_id="one")) == 401009
    kit.now_ms += 120_000
    assert kit.place(BTC_PERP, "BUY", "0.01", 59000, client_order_id="one").refusal is None


@pytest.mark.parametrize(
    ("code", "text", "sym", "side", "quantity", "price", "more"),
    [
        (401011, "The sym is not supported", "BINANCE_PERP_FAKE_USDT", "BUY", 1, 1, {}),
        (
            401013,
            "Order quantity precision should be less than the min quantity precision",
            BTC_PERP, "BUY", "0.0105", 60000, {},
        ),
        (
            401025,
            "Order quantity should be less than the max quantity",
            BTC_PERP, "BUY", 1001, 60000, {},
        ),
        (
            401027,
            "Order quantity should be less than the max market base size",
            BTC_PERP, "BUY", 121, 0, {"market": True},
        ),
        (
            401015,
            "Order price precision should be less than the min price precision",
            BTC_PERP, "BUY", "0.01", "60000.01", {},
        ),
        (401012, "Price is not valid", BTC_PERP, "BUY", "0.01", "69000.1", {}),
        (401012, "Price is not valid", BTC_PERP, "SELL", "0.01", "50999.9", {}),
        (401012, "Price is not valid", BTC_SPOT, "SELL", "0.01", "999999999999999999", {}),
        (
            401026,
            "Order amount should be less than the max market quote size",
            BTC_SPOT, "BUY", 0, 0, {"market": True, "quote_quantity": 10_000_001},
        ),
        (
            401028,
            "Order amount should be great than the min market quote size",
            BTC_SPOT, "BUY", 0, 0, {"market": True, "quote_quantity": "4.99"},
        ),
        (
            401017,
            "Order amount should be greater than the min notional",
            BTC_PERP, "BUY", "0.001", 60000, {},
        ),
        (401035, "Asset is not exists", BTC_SPOT, "SELL", "0.01", 60000, {}),
        (
            401048,
            "Can not place ReduceOnly order when position quantity is zero",
            BTC_PERP, "SELL", "0.01", 60000, {"reduce_only": True},
        ),
        (401055, "Insufficient available", BTC_SPOT, "BUY", 2, 60000, {}),
        (
            401052,
            "Due to the order could not be executed as maker, the GTX order will be rejected",
            BTC_PERP, "BUY", "0.01", "60000.1", {"tif": "GTX"},
        ),
        (401058, "Insufficient availableMargin", BTC_PERP, "BUY", 10, 60000, {}),
    ],
)  # fmt: skip
def test_code(
    kit: DeskKit,
    code: int,
    text: str,
    sym: str,
    side: str,
    quantity: object,
    price: object,
    more: dict[str, object],
) -> None:
    refused(kit, code, text, sym, side, quantity, price, **more)


def with_rule(sym: str, **rule: object) -> DeskKit:
    def change(rules: Reference) -> Reference:
        instrument = msgspec.structs.replace(rules.instruments[sym], **rule)
        return msgspec.structs.replace(rules, instruments=rules.instruments | {sym: instrument})

    kit = DeskKit(change=change)
    kit.cash("USDT", 100_000)
    kit.mark(BTC_PERP, 60000)
    kit.quote(BTC_PERP, "59999.9", "60000.1")
    return kit


def test_quantity_below_the_minimum() -> None:
    kit = with_rule(BTC_PERP, min_size=D("0.002"), min_notional=D(0))
    text = "Order quantity should be greater than the min quantity"
    refused(kit, 401014, text, BTC_PERP, "BUY", "0.001", 60000)


def test_market_quantity_below_the_minimum() -> None:
    kit = with_rule(BTC_SPOT, min_size=D("0.002"))
    text = "Order quantity should be great than the min market base size"
    refused(kit, 401029, text, BTC_SPOT, "SELL", "0.001", market=True)


def test_price_below_the_minimum() -> None:
    kit = with_rule(BTC_PERP, min_price=D(100), price_band=D(1))
    text = "Order price should be less than the min price"
    refused(kit, 401016, text, BTC_PERP, "BUY", 10, 50)


def test_prices_and_quantities_are_counted_in_64_bits() -> None:
    """Whatever an operator allows: the journal keeps no larger steps, not of a change either."""
    kit = with_rule(BTC_SPOT, lot_size=D("1e-18"), tick_size=D("0.01"), max_limit_size=D(10**9))
    kit.cash("BTC", 1000)
    kit.cash("USDT", 10**18)
    highest = D(2**63 - 1) / 100
    refused(kit, 401012, "Price is not valid", BTC_SPOT, "SELL", 1, highest + D("0.01"))
    text = "Order quantity should be less than the max quantity"
    refused(kit, 401025, text, BTC_SPOT, "SELL", 10, highest)
    order = kit.rest(BTC_SPOT, "SELL", 9, highest)
    changed = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", highest + D("0.01"), None)
    assert kit.code(kit.do(changed)) == 401012


def test_suspended_symbol() -> None:
    kit = with_rule(BTC_PERP, live=False)
    refused(kit, 401011, "The sym is not supported", BTC_PERP, "BUY", "0.01", 60000)


def test_forbidden_portfolio(kit: DeskKit) -> None:
    kit.desk.state.portfolios[kit.portfolio_id].trade_forbidden = True
    text = "Forbid order for this portfolioId"
    refused(kit, 401061, text, BTC_PERP, "BUY", "0.01", 60000)


def test_account_never_funded() -> None:
    kit = DeskKit(funded=False)
    kit.mark(BTC_PERP, 60000)
    text = "Your exchange account has not been initialized, please transfer to this portfolio."
    refused(kit, 401046, text, BTC_PERP, "BUY", "0.01", 60000)


def test_risk_control() -> None:
    kit = DeskKit()
    kit.cash("USDT", 7000)
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, 2, 60000)
    kit.mark(BTC_PERP, 56780)
    text = "The account is under risk control, and placing orders is prohibited"
    refused(kit, 401045, text, BTC_PERP, "BUY", "0.01", 56000)
    assert kit.place(BTC_PERP, "SELL", "0.01", 57000).refusal is None


def test_restricted_account(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, 1, 60000)
    kit.account().restricted = True
    closing = "Your exchange account status is restriction, unable to close position"
    refused(kit, 401053, closing, BTC_PERP, "SELL", "0.01", 60000)
    opening = "The account is under risk control, and placing orders is prohibited"
    refused(kit, 401045, opening, BTC_PERP, "BUY", "0.01", 60000)


def test_leverage_must_be_known() -> None:
    kit = with_rule(BTC_PERP, default_leverage=0)
    refused(kit, 401037, "Please set leverage first", BTC_PERP, "BUY", "0.01", 60000)


def test_reduce_only_on_the_side_of_the_position(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, 1, 60000)
    text = "ReduceOnly orders must be in the opposite direction of the position"
    refused(kit, 401047, text, BTC_PERP, "BUY", "0.01", 60000, reduce_only=True)


def test_reduce_only_without_room(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, 1, 60000)
    kit.rest(BTC_PERP, "SELL", 1, 60500, reduce_only=True)
    text = (
        "Because there is an order with a better price, "
        "the reduce only order cannot be placed at this price"
    )
    refused(kit, 401059, text, BTC_PERP, "SELL", 1, 61000, reduce_only=True)


def test_too_many_orders_of_a_symbol(kit: DeskKit) -> None:
    for _ in range(60):
        assert kit.place(BTC_PERP, "BUY", "0.002", 55000).refusal is None
    text = "The open order num exceeds the limit"
    refused(kit, 401044, text, BTC_PERP, "BUY", "0.002", 55000)


def test_too_many_orders_of_an_account() -> None:
    kit = DeskKit(DeskSettings(portfolio_max_orders=3))
    kit.cash("USDT", 100_000)
    kit.mark(BTC_PERP, 60000)
    for _ in range(3):
        assert kit.place(BTC_PERP, "BUY", "0.002", 55000).refusal is None
    text = "The open order num exceeds the limit"
    refused(kit, 401054, text, BTC_PERP, "BUY", "0.002", 55000)


def test_notional_above_the_leverage_s_bracket(kit: DeskKit) -> None:
    sym = "BINANCE_PERP_SOL_USDT"
    kit.mark(sym, 160)
    kit.cash("USDT", 1_000_000)
    kit.do(c.SetLeverage(kit.portfolio_id, sym, 20))
    text = (
        "Your open position exceeds the maxNotional limit, "
        "you can decrease your leverage to increase your maxNotional limit"
    )
    refused(kit, 401060, text, sym, "BUY", 50_001, 160)


def test_notional_above_every_bracket(kit: DeskKit) -> None:
    sym = "OKX_PERP_BTC_USDT"
    kit.mark(sym, 60000)
    kit.cash("USDT", 100_000_000, Exchange.OKX)
    text = "Your open position exceeds the maxNotional limit"
    refused(kit, 401070, text, sym, "BUY", "19000.01", 60000)


def test_open_loss_beyond_the_margin() -> None:
    kit = DeskKit()
    kit.cash("USDT", 100)
    kit.mark(BTC_PERP, 60000)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 10))
    text = "Your openLoss are too large, which will cause your availableMargin to insufficient"
    refused(kit, 401056, text, BTC_PERP, "BUY", "0.016", 60600)


def test_named_side_with_reduce_only_in_a_net_account(kit: DeskKit) -> None:
    outcome = kit.do(
        c.PlaceOrder(
            kit.portfolio_id, BTC_PERP, Side.SELL, OrderType.LIMIT, TimeInForce.GTC,
            D("0.01"), D(0), D(60000), "", True, PositionSide.LONG,
        )
    )  # fmt: skip
    assert kit.code(outcome) == 400000
    assert message(400000) == "Invalid Parameter, please check api doc"


def test_a_market_maximum_may_be_counted_in_quote_coin() -> None:
    kit = with_rule(BTC_PERP, max_market_in_quote=True, max_market_size=D(5000))
    text = "Order quantity should be less than the max market base size"
    refused(kit, 401027, text, BTC_PERP, "BUY", "0.084", market=True)
    assert kit.place(BTC_PERP, "BUY", "0.083", market=True).refusal is None


def test_a_post_only_order_has_nothing_to_meet_in_an_empty_book(kit: DeskKit) -> None:
    kit.quotes.clear()
    assert kit.place(BTC_PERP, "BUY", "0.01", "60000.1", tif="GTX").refusal is None


def test_a_venue_that_answers_later_says_itself_whether_an_order_may_rest() -> None:
    kit = DeskKit(DeskSettings(venue_answers_at_once=False))
    kit.cash("USDT", 100_000)
    kit.mark(BTC_PERP, 60000)
    kit.quote(BTC_PERP, "59999.9", "60000.1")
    outcome = kit.place(BTC_PERP, "BUY", "0.01", "60000.1", tif="GTX")
    assert outcome.refusal is None
    assert len(outcome.requests) == 1
    assert isinstance(outcome.reply, Order)
    kit.report(Accepted(outcome.reply.order_id))
    moved = c.ReplaceOrder(kit.portfolio_id, outcome.reply.order_id, "", D("60000.2"), None)
    assert kit.do(moved).refusal is None
