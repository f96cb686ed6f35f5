"""The operator changes the rules: what clients are held to, and what orders answer then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.limits import TradeLimits
from openprime.desk.overrides import overridden
from openprime.desk.settings import DeskSettings
from openprime.desk.state import State
from openprime.errors import message
from openprime.model.vocabulary import Exchange
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit, reference

D = Decimal
NEW_SPOT = "BINANCE_SPOT_NEW_USDT"
NEW_PERP = "OKX_PERP_NEW_USDT"
EDX = "EDX_SPOT_BTC_USDT"


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 1_000_000)
    desk.index("BTC", 60000)
    desk.mark(BTC_PERP, 60000)
    for sym in (BTC_PERP, BTC_SPOT, BTC_MARGIN):
        desk.quote(sym, "59999.9", "60000.1")
    return desk


def change(kit: DeskKit, sym: str, **fields: Any) -> None:
    outcome = kit.do(c.Override("instruments", sym, fields))
    assert outcome.refusal is None, fields


def refused(kit: DeskKit, code: int, text: str, *order: Any, **more: Any) -> None:
    """The order is refused with the code and its whole text, and changes nothing."""
    before = kit.desk.snapshot()
    outcome = kit.place(*order, **more)
    assert kit.code(outcome) == code, outcome
    assert message(code) == text
    assert kit.desk.snapshot() == before


@pytest.mark.parametrize(
    ("fields", "code", "order"),
    [
        ({"tickSize": "0.5"}, 401015, ("BUY", "0.01", "59000.3")),
        ({"lotSize": "0.002", "minSize": "0.002"}, 401013, ("BUY", "0.003", 59000)),
        ({"minSize": "0.1"}, 401014, ("BUY", "0.05", 59000)),
        ({"maxLimitSize": "2"}, 401025, ("BUY", 3, 59000)),
        ({"minPrice": "59000"}, 401016, ("BUY", "0.01", 58999)),
        ({"maxPrice": "61000"}, 401012, ("BUY", "0.01", 61001)),
        ({"priceBand": "0.01"}, 401012, ("BUY", "0.01", 60601)),
        ({"minNotional": "1000"}, 401017, ("BUY", "0.01", 59000)),
        ({"maxNumOrders": "0"}, 401044, ("BUY", "0.01", 59000)),
        ({"defaultLeverage": "0"}, 401037, ("BUY", "0.01", 59000)),
        ({"state": "suspend"}, 401011, ("BUY", "0.01", 59000)),
        ({"rules": "none"}, 401031, ("BUY", "0.01", 59000)),
    ],
)
def test_every_field_of_a_symbol_can_be_changed_and_given_back(
    kit: DeskKit, fields: dict[str, str], code: int, order: tuple[Any, ...]
) -> None:
    change(kit, BTC_PERP, **fields)
    assert kit.code(kit.place(BTC_PERP, *order)) == code
    before = dict.fromkeys(fields)
    change(kit, BTC_PERP, **before)
    base = reference().instruments[BTC_PERP]
    assert kit.desk.reference.instruments[BTC_PERP] == base
    kit.do(c.Override("instruments", BTC_PERP))
    assert kit.desk.state.overrides == {"instruments": {}}


def test_sym_info_tells_what_was_changed(kit: DeskKit) -> None:
    change(kit, BTC_PERP, tickSize="0.5", minPrice="10", contractSize="2")
    instrument = kit.desk.reference.instruments[BTC_PERP]
    assert instrument.wire_texts["tickSize"] == "0.5"
    assert "minPrice" not in instrument.wire_texts
    assert instrument.tick_size == D("0.1"), "the book goes on counting in the venue's ticks"
    assert instrument.contract_size == 2


def test_an_order_reaches_the_venue_in_the_venues_own_steps(kit: DeskKit) -> None:
    change(kit, BTC_PERP, tickSize="0.5", lotSize="0.002")
    outcome = kit.place(BTC_PERP, "BUY", "0.01", "59000.5")
    (request,) = outcome.requests
    assert (request.price_ticks, request.quantity_lots) == (590005, 10)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("table", "key", "document", "line"),
    [
        (
            "instruments", BTC_PERP, {"tickSize": "0.15"},
            "tickSize: expected a whole multiple of 0.1, the step of the venue's book, found 0.15",
        ),
        (
            "instruments", BTC_PERP, {"minSize": "-1"},
            r"minSize: expected \d{1,18}(\.\d{1,18})?, found '-1'",
        ),
        (
            "instruments", BTC_PERP, {"state": "gone"},
            "state: expected one of live, suspend, delisted, found 'gone'",
        ),
        (
            "instruments", BTC_PERP, {"colour": "red"},
            "expected a field of a symbol's rules, found 'colour'",
        ),
        (
            "instruments", BTC_PERP, "live",
            f"{BTC_PERP}: expected the fields of a symbol, found 'live'",
        ),
        (
            "instruments", BTC_PERP, {"lotSize": "0"},
            "lotSize: expected a step above 0, found 0",
        ),
        (
            "instruments", BTC_PERP, {"contractSize": "0"},
            "contractSize: expected a size above 0, found 0",
        ),
        (
            "instruments", BTC_PERP, {"bookTick": "0.01"},
            "expected the steps of a book to be left as they are, found others",
        ),
        (
            "instruments", "BTCUSDT", {},
            "expected EXCHANGE_BUSINESS_BASE_QUOTE, found 'BTCUSDT'",
        ),
        (
            "instruments", "OKX_MARGIN_NEW_USDT", {"tickSize": "1", "lotSize": "1"},
            "OKX_MARGIN_NEW_USDT: expected OKX_SPOT_NEW_USDT to be listed, found no such",
        ),
        (
            "instruments", NEW_SPOT, None,
            f"expected a venue's symbol to give its rules back, found '{NEW_SPOT}'",
        ),
        ("markets", "BINANCE:SWAP", True, "expected EXCHANGE:BUSINESS: boolean, found"),
        ("colours", "red", {}, "table: expected one of instruments, markets"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_one_line(
    kit: DeskKit, table: str, key: str, document: Any, line: str
) -> None:
    command = c.Override(table, key, document)
    before = kit.desk.snapshot()
    with pytest.raises(ValueError) as found:
        overridden(kit.desk.turn, command)
    assert str(found.value).startswith(line)
    assert kit.code(kit.do(command)) == 400000
    assert kit.desk.snapshot() == before


def test_overrides_are_bounded(kit: DeskKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openprime.desk.overrides.OVERRIDES_MAX", 1)
    change(kit, BTC_PERP, state="suspend")
    with pytest.raises(ValueError, match="expected at most 1 overrides, found one more"):
        overridden(kit.desk.turn, c.Override("instruments", BTC_SPOT, {"state": "suspend"}))
    assert kit.code(kit.do(c.Override("instruments", BTC_SPOT, {"state": "suspend"}))) == 400000
    change(kit, BTC_PERP, minSize="0.1")  # one that is there may be changed


def test_a_suspended_symbol_takes_closing_orders(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, "0.1", 60000)
    change(kit, BTC_PERP, state="suspend")
    text = "The sym is not supported"
    refused(kit, 401011, text, BTC_PERP, "BUY", "0.01", 59000)
    refused(kit, 401011, text, BTC_PERP, "SELL", "0.2", 61000)
    assert kit.place(BTC_PERP, "SELL", "0.05", 61000).refusal is None
    assert kit.place(BTC_PERP, "SELL", "0.05", 61000, reduce_only=True).refusal is None
    change(kit, BTC_PERP, state="live")
    assert kit.place(BTC_PERP, "BUY", "0.01", 59000).refusal is None


def test_a_suspended_symbol_is_closed_by_the_route_too(kit: DeskKit) -> None:
    kit.hold(BTC_PERP, "0.1", 60000)
    change(kit, BTC_PERP, state="suspend")
    assert kit.do(c.ClosePosition(kit.portfolio_id, BTC_PERP, None)).refusal is None


def test_a_listed_symbol_without_rules(kit: DeskKit) -> None:
    change(kit, NEW_SPOT)
    text = "The precision info is Not Found"
    refused(kit, 401031, text, NEW_SPOT, "BUY", 1, 1)
    change(kit, NEW_SPOT, tickSize="0.01", lotSize="0.1")
    kit.index("NEW", 1)
    assert kit.place(NEW_SPOT, "BUY", "10.1", "1.01").refusal is None
    instrument = kit.desk.reference.instruments[NEW_SPOT]
    assert instrument.has_rules
    assert instrument.min_size == D("0.1")
    assert (instrument.price_places, instrument.quantity_places) == (2, 1)


def test_the_book_of_a_listed_symbol_keeps_its_first_steps(kit: DeskKit) -> None:
    change(kit, NEW_SPOT, tickSize="0.01", lotSize="0.1")
    change(kit, NEW_SPOT, tickSize="0.05")
    assert kit.desk.reference.instruments[NEW_SPOT].tick_size == D("0.01")
    finer = c.Override("instruments", NEW_SPOT, {"tickSize": "0.001"})
    assert kit.code(kit.do(finer)) == 400000


def test_a_listed_perpetual_can_be_traded(kit: DeskKit) -> None:
    kit.cash("USDT", 10_000, Exchange.OKX)
    change(kit, NEW_PERP, tickSize="0.01", lotSize="1", contractSize="10")
    kit.mark(NEW_PERP, 5)
    kit.trade(NEW_PERP, "BUY", 4, 5)
    position = kit.account(Exchange.OKX).positions[NEW_PERP]
    assert position.quantity == 4
    assert kit.do(c.SetLeverage(kit.portfolio_id, NEW_PERP, 20)).refusal is None
    assert kit.code(kit.do(c.SetLeverage(kit.portfolio_id, NEW_PERP, 21))) == 401034


def test_a_kind_of_business_is_switched_off(kit: DeskKit) -> None:
    kit.do(c.Override("markets", "BINANCE:MARGIN", False))
    refused(kit, 401067, "Unsupported businessType", BTC_MARGIN, "BUY", "0.01", 59000)
    leverage = c.SetCoinLeverage(kit.portfolio_id, Exchange.BINANCE, "BTC", 2)
    assert kit.code(kit.do(leverage)) == 401067
    assert kit.place(BTC_SPOT, "BUY", "0.01", 59000).refusal is None
    kit.do(c.Override("markets", "BINANCE:MARGIN", True))
    assert kit.place(BTC_MARGIN, "BUY", "0.01", 59000).refusal is None


def test_edx_lists_spot_and_does_not_offer_it(kit: DeskKit) -> None:
    change(kit, EDX, tickSize="0.1", lotSize="0.001")
    refused(kit, 401067, "Unsupported businessType", EDX, "BUY", "0.01", 59000)
    kit.do(c.Override("markets", "EDX:SPOT", True))
    text = "Your exchange account has not been initialized, please transfer to this portfolio."
    refused(kit, 401046, text, EDX, "BUY", "0.01", 59000)


def test_edx_perpetuals_wait_for_an_account(kit: DeskKit) -> None:
    change(kit, "EDX_PERP_BTC_USDT", tickSize="0.1", lotSize="0.001")
    leverage = c.SetLeverage(kit.portfolio_id, "EDX_PERP_BTC_USDT", 2)
    assert kit.code(kit.do(leverage)) == 401046
    closing = c.ClosePosition(kit.portfolio_id, "EDX_PERP_BTC_USDT", None)
    assert kit.code(kit.do(closing)) == 401046


def test_the_position_side_is_looked_at_between_business_and_rules(kit: DeskKit) -> None:
    """The order of checks: 401011, 401067, 401031, then the codes of quantity and price."""
    unfit = (BTC_PERP, "BUY", "0.0105", "59000.03")
    change(kit, BTC_PERP, rules="none")
    assert kit.code(kit.place(*unfit)) == 401031
    kit.do(c.Override("markets", "BINANCE:PERP", False))
    assert kit.code(kit.place(*unfit)) == 401067
    change(kit, BTC_PERP, state="suspend")
    assert kit.code(kit.place(*unfit)) == 401011


def test_a_portfolio_is_held_to_limits(kit: DeskKit) -> None:
    def limit(**limits: Any) -> None:
        kit.do(c.LimitPortfolio(kit.portfolio_id, TradeLimits(**limits)))

    forbidden = "Forbid order for this portfolioId"
    limit(tradable=False)
    refused(kit, 401061, forbidden, BTC_PERP, "BUY", "0.01", 59000)
    limit(exchanges=[Exchange.OKX])
    refused(kit, 401061, forbidden, BTC_PERP, "BUY", "0.01", 59000)
    limit(syms=[BTC_SPOT])
    refused(kit, 401061, forbidden, BTC_PERP, "BUY", "0.01", 59000)
    assert kit.place(BTC_SPOT, "BUY", "0.01", 59000).refusal is None
    limit(markets_off=["BINANCE:PERP"])
    refused(kit, 401067, "Unsupported businessType", BTC_PERP, "BUY", "0.01", 59000)
    limit(max_notional=D(1000))
    too_much = "Your open position exceeds the maxNotional limit"
    refused(kit, 401070, too_much, BTC_PERP, "BUY", "0.02", 60000)
    assert kit.place(BTC_PERP, "BUY", "0.016", 60000).refusal is None
    kit.do(c.LimitPortfolio(kit.portfolio_id))
    assert kit.place(BTC_PERP, "BUY", "0.02", 60000).refusal is None
    assert kit.code(kit.do(c.LimitPortfolio(1))) == 402006


def test_every_portfolio_has_the_cap_of_the_settings(kit: DeskKit) -> None:
    kit.do(c.Configure(DeskSettings(portfolio_max_notional=D(1000))))
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.02", 60000)) == 401070


def test_a_replaced_order_needs_rules(kit: DeskKit) -> None:
    order = kit.rest(BTC_PERP, "BUY", "0.01", 59000)
    change(kit, BTC_PERP, rules="none")
    change_price = c.ReplaceOrder(kit.portfolio_id, order.order_id, "", D(59100), None)
    assert kit.code(kit.do(change_price)) == 401031
    assert kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, "")).refusal is None


def test_working_orders_outlive_a_lost_default_leverage(kit: DeskKit) -> None:
    kit.rest(BTC_PERP, "BUY", "0.01", 59000)
    change(kit, BTC_PERP, defaultLeverage="0")
    text = "Please set leverage first"
    refused(kit, 401037, text, BTC_PERP, "BUY", "0.01", 59000)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 3))
    assert kit.place(BTC_PERP, "BUY", "0.01", 59000).refusal is None


def test_overrides_are_in_force_again_after_a_restart(kit: DeskKit) -> None:
    change(kit, BTC_PERP, minSize="0.1")
    change(kit, NEW_PERP, tickSize="0.01", lotSize="1")
    state = msgspec.msgpack.decode(kit.desk.snapshot(), type=State)
    again = Desk(reference(), state=state)
    assert again.reference == kit.desk.reference
    assert again.snapshot() == kit.desk.snapshot()


def test_a_replay_gives_the_same_rules(kit: DeskKit) -> None:
    change(kit, BTC_PERP, tickSize="0.5", minSize="0.1")
    change(kit, BTC_PERP, tickSize=None, lotSize="0.01")
    again = Desk(reference())
    for envelope in msgspec.msgpack.decode(
        msgspec.msgpack.encode(kit.journal), type=list[c.Envelope]
    ):
        assert again.apply(envelope).refusal is None
    assert again.state.overrides == kit.desk.state.overrides
    assert again.reference == kit.desk.reference
