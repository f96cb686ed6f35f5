"""The risk ladder: states, cancels, notices (risk-model 12, resolutions 104 to 108)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openprime.desk import commands as c
from openprime.desk import relief, views, work
from openprime.desk.desk import Desk
from openprime.desk.events import MarginCalled, OrderChanged
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.desk.worth import Worth, worth_of
from openprime.model.vocabulary import AccountStatus, OrderAction
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit, reference

D = Decimal
CANCELLING = OrderAction.CANCEL_PENDING

# Example G: the marks at which uniMMR comes to its thresholds, seen from above.
LADDER = [
    ("57868", AccountStatus.NORMAL),
    ("57867.4", AccountStatus.MARGIN_CALL),
    ("57797.6", AccountStatus.CANCEL_OPEN),
    ("57774.4", AccountStatus.CANCEL_ALL),
    ("57762.8", AccountStatus.LIQUIDATING),
    ("57751.2", AccountStatus.TAKEOVER),
]


def example_g(quantity: object = 2, settings: DeskSettings | None = None) -> DeskKit:
    kit = DeskKit(settings or DeskSettings(broker_max_leverage=0))
    kit.cash("USDT", 5000)
    kit.mark(BTC_PERP, 60000)
    kit.quote(BTC_PERP, 59999, 60001)
    kit.hold(BTC_PERP, quantity, 60000)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 50))
    return kit


def marked(kit: DeskKit, price: object) -> Outcome:
    return kit.do(c.SetPrices({BTC_PERP: D(str(price))}, {}))


def notices(outcome: Outcome) -> list[AccountStatus]:
    return [event.status for event in outcome.events if isinstance(event, MarginCalled)]


def status(kit: DeskKit) -> AccountStatus:
    return views.account_view(kit.desk, kit.account()).account_status


def test_a_falling_price_walks_the_ladder_with_a_notice_at_every_rung() -> None:
    kit = example_g()
    for price, expected in LADDER[:5]:
        outcome = marked(kit, price)
        assert status(kit) is expected is kit.account().status
        assert notices(outcome) == [expected][: expected is not AccountStatus.NORMAL]


@pytest.mark.parametrize(("price", "expected"), LADDER)
def test_a_jump_goes_straight_to_its_rung(price: str, expected: AccountStatus) -> None:
    kit = example_g()
    outcome = marked(kit, price)
    assert status(kit) is expected
    assert notices(outcome) == [expected][: expected is not AccountStatus.NORMAL]


def test_a_status_gives_notice_once_a_minute() -> None:
    kit = example_g()
    assert notices(marked(kit, "57860")) == [AccountStatus.MARGIN_CALL]
    assert notices(marked(kit, "57900")) == []
    assert notices(marked(kit, "57860")) == []
    marked(kit, "57900")
    kit.now_ms += 60_000
    assert notices(marked(kit, "57860")) == [AccountStatus.MARGIN_CALL]


def test_a_pinned_status_is_shown_but_the_ladder_goes_by_the_margin() -> None:
    kit = example_g()
    account = kit.account()
    kit.do(c.PinStatus(kit.portfolio_id, account.exchange, AccountStatus.NORMAL))
    outcome = marked(kit, "57762.8")
    assert status(kit) is AccountStatus.NORMAL
    assert notices(outcome) == [AccountStatus.LIQUIDATING]
    assert account.liquidation is not None


def test_cancel_open_takes_what_adds_exposure_until_the_account_stands_above_it() -> None:
    kit = example_g()
    dear = kit.rest(BTC_PERP, "BUY", "0.01", 60500)
    cheap = kit.rest(BTC_PERP, "BUY", "0.002", 50000)
    closing = kit.rest(BTC_PERP, "SELL", 1, 61000)
    marked(kit, "57810")  # NORMAL without the orders' open loss, about 27 USDT
    assert status(kit) is AccountStatus.CANCEL_OPEN
    assert dear.action is CANCELLING
    assert dear.reason == kit.desk.turn.text(401045)
    assert cheap.action is closing.action is not CANCELLING
    kit.confirm_cancel(dear.order_id)
    assert status(kit) is AccountStatus.MARGIN_CALL


def test_the_order_of_cancels_is_that_of_the_rule() -> None:
    kit = example_g()
    eth = "BINANCE_PERP_ETH_USDT"
    kit.index("BTC", 60000)
    kit.mark(eth, 2600)
    kit.quote(eth, 2599, 2601)
    adding = kit.rest(BTC_PERP, "BUY", "0.002", 60001)
    opening = kit.rest(eth, "BUY", "0.01", 2601)
    kit.quote(BTC_SPOT, 59999, 60001)
    little = kit.rest(BTC_SPOT, "BUY", "0.0005", 60001)
    much = kit.rest(BTC_SPOT, "BUY", "0.001", 60001)
    events = marked(kit, "57790").events
    told = [e.order.order_id for e in events if isinstance(e, OrderChanged)]
    assert told == [o.order_id for o in (much, little, opening, adding)]


def test_cancel_all_takes_closing_orders_and_algo_orders_too() -> None:
    kit = example_g()
    closing = kit.rest(BTC_PERP, "SELL", 1, 61000, reduce_only=True)
    marked(kit, "57790")
    assert status(kit) is AccountStatus.CANCEL_OPEN
    assert closing.action is not CANCELLING
    marked(kit, "57770")
    assert status(kit) is AccountStatus.CANCEL_ALL
    assert closing.action is CANCELLING


def test_orders_alone_liquidate_nobody() -> None:
    kit = example_g()
    order = kit.rest(BTC_PERP, "BUY", "0.1", 62000)
    marked(kit, "57900")  # 410 of open loss take uniMMR below 1.05
    assert status(kit) is AccountStatus.TAKEOVER
    assert kit.account().liquidation is None
    assert order.action is CANCELLING
    kit.confirm_cancel(order.order_id)
    assert status(kit) is AccountStatus.NORMAL


def test_an_empty_account_is_normal() -> None:
    kit = DeskKit()
    marked(kit, 60000)
    assert status(kit) is AccountStatus.NORMAL


def test_a_replay_ends_where_the_desk_did() -> None:
    kit = DeskKit(funded=False)
    kit.do(c.Credit(kit.portfolio_id, "BINANCE", "USDT", D(5000)))  # type: ignore[arg-type]
    kit.mark(BTC_PERP, 60000)
    kit.quote(BTC_PERP, 59999, 60001)
    kit.do(c.SetLeverage(kit.portfolio_id, BTC_PERP, 20))
    kit.trade(BTC_PERP, "BUY", "1.5", 60000)
    for price in ("58000", "57000", "56900", "56850"):
        kit.mark(BTC_PERP, price)
    replayed = Desk(reference())
    for envelope in kit.journal:
        replayed.apply(envelope)
    assert replayed.snapshot() == kit.desk.snapshot()


def test_many_orders_are_cancelled_by_several_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = example_g()
    orders = [kit.rest(BTC_PERP, "BUY", "0.002", 55000) for _ in range(30)]
    monkeypatch.setattr(work, "WORK_MAX", 30)
    outcome = marked(kit, "57745")
    cancelled = [order for order in orders if order.action is CANCELLING]
    assert len(outcome.events) < 20
    assert 0 < len(cancelled) < 15
    account = kit.account()
    assert account.liquidation is None  # not before it is known what the orders come to
    looks = 0
    while account.liquidation is None:
        marked(kit, f"57744.{looks}")
        looks += 1
    assert looks == 2
    assert all(order.action is CANCELLING for order in orders)


def test_what_is_being_cancelled_is_reckoned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = example_g()
    for _ in range(30):
        kit.rest(BTC_PERP, "BUY", "0.002", 55000)
    marked(kit, "57770")
    reckoned: list[int] = []

    def counting(*arguments: Any) -> Worth:
        reckoned.append(1)
        return worth_of(*arguments)

    monkeypatch.setattr(relief, "worth_of", counting)
    assert marked(kit, "57771").events == []
    assert len(reckoned) == 1
