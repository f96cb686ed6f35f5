"""Portfolios: names, numbers, closing (errors 4 and 5.4, resolutions 85, 130)."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk.algo_state import Trigger
from openprime.desk.events import KeyChanged, OrderChanged
from openprime.desk.settings import DeskSettings
from openprime.errors import message
from openprime.model.vocabulary import (
    AlgoType,
    ConditionType,
    Exchange,
    Side,
    TriggerLeg,
    UserKind,
    WatchedPrice,
)
from tests.desk.kit import BTC_PERP, DeskKit

NEWEST = DeskSettings(newest_messages=True)


def owner(kit: DeskKit) -> int:
    return kit.desk.state.portfolios[kit.portfolio_id].user_id


def create(kit: DeskKit, name: str) -> int | None:
    return kit.code(kit.do(c.CreatePortfolio(owner(kit), name)))


def made(kit: DeskKit, name: str) -> int:
    reply = kit.do(c.CreatePortfolio(owner(kit), name)).reply
    assert isinstance(reply, int)
    return reply


def rename(kit: DeskKit, portfolio_id: int, name: str, user_id: int | None = None) -> int | None:
    asker = owner(kit) if user_id is None else user_id
    return kit.code(kit.do(c.UpdatePortfolio(asker, portfolio_id, name)))


SEED_NAMES = [
    ("", 402000),
    ("  ", 402000),
    ("\t\n", 402000),
    ("n" * 65, 402004),
    (" " * 65, 402000),
    ("n" * 64, None),
    ("a", None),
    ("123456", None),
    ("é#", None),
    ("MainPortfolio", 402001),
    ("mainportfolio", None),
]


@pytest.mark.parametrize(("name", "code"), SEED_NAMES)
def test_names(name: str, code: int | None) -> None:
    kit = DeskKit()
    assert create(kit, name) == code
    other = made(kit, "Another")
    if code is not None:
        assert rename(kit, other, name) == code


NEWEST_NAMES = [
    ("Alpha1", None),
    ("a" * 20, None),
    ("a" * 21, 400000),
    ("Alpha", 400000),
    ("123456", 400000),
    ("1234567a", None),
    ("Alpha 1", 400000),
    ("Alpha-1", 400000),
    ("Älpha1", 400000),
    ("Alpha1\n", 400000),
    ("", 402000),
    ("n" * 65, 402004),
]


@pytest.mark.parametrize(("name", "code"), NEWEST_NAMES)
def test_names_in_the_newer_profile(name: str, code: int | None) -> None:
    kit = DeskKit(NEWEST)
    assert create(kit, name) == code
    other = made(kit, "Another1")
    if code is not None:
        assert rename(kit, other, name) == code


def test_a_name_is_unique_for_its_user_alone() -> None:
    kit = DeskKit()
    made(kit, "Alpha01")
    assert create(kit, "Alpha01") == 402001
    assert create(kit, "alpha01") is None
    other = kit.do(c.CreateUser(UserKind.NORMAL)).reply
    assert isinstance(other, int)
    assert kit.code(kit.do(c.CreatePortfolio(other, "Alpha01"))) is None


def test_a_name_comes_before_the_number() -> None:
    kit = DeskKit(DeskSettings(portfolios_max=2))
    made(kit, "Alpha01")
    made(kit, "Alpha02")
    assert create(kit, "Alpha02") == 402001
    assert create(kit, "Alpha03") == 402007


def test_fifty_beside_the_main_portfolio() -> None:
    kit = DeskKit()
    for number in range(50):
        assert create(kit, f"Alpha{number}") is None
    assert create(kit, "Alpha50") == 402007


def test_rename() -> None:
    kit = DeskKit()
    alpha = made(kit, "Alpha01")
    made(kit, "Beta01")
    assert rename(kit, alpha, "Alpha01") is None
    assert rename(kit, alpha, "Beta01") == 402001
    assert rename(kit, alpha, "Gamma01") is None
    portfolio = kit.desk.state.portfolios[alpha]
    assert (portfolio.name, portfolio.updated_at_ms) == ("Gamma01", kit.now_ms)
    assert rename(kit, kit.portfolio_id, "Other") is None, "the main portfolio may be renamed too"


def test_whose_portfolio_comes_before_its_name() -> None:
    kit = DeskKit()
    stranger = kit.do(c.CreateUser(UserKind.NORMAL)).reply
    assert isinstance(stranger, int)
    assert rename(kit, 1111111111111111, "") == 402006
    assert rename(kit, kit.portfolio_id, "", stranger) == 402003
    kit.do(c.ClosePortfolio(kit.portfolio_id, True))
    assert rename(kit, kit.portfolio_id, "", stranger) == 402006, "closed is as good as absent"


def test_closing_cancels_orders_tells_keys_and_keeps_the_money() -> None:
    kit = DeskKit()
    kit.cash("USDT", 10_000)
    kit.mark(BTC_PERP, 60000)
    order = kit.rest(BTC_PERP, "BUY", "0.01", "59000")
    kit.do(c.CreateKey(kit.portfolio_id, "key", b"", "k", []))
    outcome = kit.do(c.ClosePortfolio(kit.portfolio_id, True))
    assert [event for event in outcome.events if isinstance(event, KeyChanged)]
    (told,) = [event.order for event in outcome.events if isinstance(event, OrderChanged)]
    assert (told.reason, told.reason_code) == (message(100001), 100001)
    assert [request.order_id for request in outcome.requests] == [order.order_id]
    kit.confirm_cancel(order.order_id)
    assert kit.account().order_count == 0
    assert kit.account().wallets["USDT"].cash == Decimal(10_000)
    assert kit.do(c.ClosePortfolio(kit.portfolio_id, True)).events == []
    kit.do(c.ClosePortfolio(kit.portfolio_id, False))
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", "59000")) is None


def test_a_closed_portfolio_frees_its_name_and_its_place() -> None:
    kit = DeskKit(DeskSettings(portfolios_max=1))
    alpha = made(kit, "Alpha01")
    kit.do(c.ClosePortfolio(alpha, True))
    second = made(kit, "Alpha01")
    assert kit.code(kit.do(c.ClosePortfolio(alpha, False))) == 402001
    rename(kit, second, "Beta01")
    assert kit.code(kit.do(c.ClosePortfolio(alpha, False))) == 402007
    kit.do(c.ClosePortfolio(second, True))
    assert kit.code(kit.do(c.ClosePortfolio(alpha, False))) is None
    assert kit.code(kit.do(c.ClosePortfolio(1, True))) == 402006


def test_forbidden_trading() -> None:
    kit = DeskKit()
    kit.cash("USDT", 10_000)
    kit.mark(BTC_PERP, 60000)
    kit.do(c.ForbidTrading(kit.portfolio_id, True))
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", "59000")) == 401061
    kit.do(c.ForbidTrading(kit.portfolio_id, False))
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", "59000")) is None
    assert kit.code(kit.do(c.ForbidTrading(1, True))) == 402006


def test_a_replay_says_the_same() -> None:
    kit = DeskKit()
    alpha = made(kit, "Alpha01")
    kit.do(c.Credit(alpha, Exchange.BINANCE, "USDT", Decimal(5)))
    kit.do(c.CreateKey(alpha, "key", b"s", "k", [], ["10.0.0.0/8"]))
    kit.do(c.UpdateKey("key", "new", None, []))
    kit.do(c.ClosePortfolio(alpha, True))
    again = DeskKit(funded=False)
    again.desk = type(kit.desk)(kit.desk.reference, DeskSettings())
    for envelope in kit.journal:
        copied = msgspec.msgpack.decode(msgspec.msgpack.encode(envelope), type=c.Envelope)
        again.desk.apply(copied)
    assert again.desk.state.portfolios[alpha].closed
    assert again.desk.state.keys == kit.desk.state.keys


def test_closing_ends_algo_orders_too() -> None:
    kit = DeskKit()
    kit.cash("USDT", 10_000)
    kit.mark(BTC_PERP, 60000)
    algo = c.PlaceAlgoOrder(
        portfolio_id=kit.portfolio_id,
        sym=BTC_PERP,
        algo_type=AlgoType.TPSL,
        provider="ABEX",
        side=Side.BUY,
        quantity=Decimal("0.01"),
        condition=ConditionType.CONDITIONAL,
        triggers={
            TriggerLeg.CONDITIONAL: Trigger(Decimal(61000), WatchedPrice.MARK_PRICE, Decimal(0))
        },
    )
    assert kit.code(kit.do(algo)) is None
    assert kit.code(kit.do(c.DeleteUser(owner(kit)))) == 401043
    kit.do(c.ClosePortfolio(kit.portfolio_id, True))
    assert kit.desk.state.algos == {}
    kit.mark(BTC_PERP, 62000)
    assert kit.desk.state.orders == {}
