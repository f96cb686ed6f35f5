"""Checks of the books: each sees a sound desk, and the one thing that is wrong with another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openprime.desk import commands as c
from openprime.desk.margin import refresh
from openprime.desk.reduce_only import closing_side
from openprime.model.vocabulary import CANCEL_PENDING, Exchange
from openprime.simulation.checks import books
from openprime.simulation.witness import difference
from tests.desk.kit import BTC_PERP, BTC_SPOT, DeskKit
from tests.simulation.still import Still

D = Decimal


@pytest.fixture
def scene() -> Any:
    return Still()


def name(scene: Still) -> str:
    return f"{scene.kit.portfolio_id}:{Exchange.BINANCE}"


def test_money_out_of_nothing_is_found(scene: Any) -> None:
    assert books.money_sums_to_zero(scene) is None
    scene.kit.account().wallets["USDT"].cash += 1
    wanted = {"USDT": str(D("1"))}
    assert books.money_sums_to_zero(scene) == f"expected every coin to sum to 0, found {wanted}"


def test_a_wrong_count_of_orders_is_found(scene: Any) -> None:
    scene.resting_order()
    assert books.orders_are_counted(scene) is None
    scene.kit.account().order_count = 2
    assert books.orders_are_counted(scene) == f"{name(scene)} counts 2 orders, not 1"


def test_an_order_that_its_exposure_lacks_is_found(scene: Any) -> None:
    order = scene.resting_order()
    exposure = scene.kit.account().exposures[order.leg]
    exposure.orders.clear()
    found = books.orders_are_counted(scene)
    assert found == f"{name(scene)} {order.leg} has [], not [{order.order_id}]"


def test_an_order_without_any_exposure_is_found(scene: Any) -> None:
    order = scene.resting_order()
    del scene.kit.account().exposures[order.leg]
    found = books.orders_are_counted(scene)
    wanted = {order.leg: {order.order_id: False}}
    assert found == f"{name(scene)} has no exposure for the orders of {wanted}"


def test_a_wrong_count_of_reduce_only_orders_is_found(scene: Any) -> None:
    order = scene.resting_order()
    scene.kit.account().exposures[order.leg].reduce_only_count = 1
    found = books.orders_are_counted(scene)
    assert found == f"{name(scene)} {order.leg} counts 1 reduce-only"


def test_a_reserve_too_large_is_found(scene: Any) -> None:
    order = scene.kit.rest(BTC_SPOT, "BUY", 1, 50000)
    assert books.reserves_match_orders(scene) is None
    needed = order.frozen
    order.frozen += 1
    found = books.reserves_match_orders(scene)
    assert found == f"order {order.order_id} holds {needed + 1}, needs {needed}"


def test_a_reserve_without_an_order_is_found(scene: Any) -> None:
    scene.kit.account().wallets["USDT"].order_frozen = D(5)
    found = books.reserves_match_orders(scene)
    assert found == f"{name(scene)} holds back 5 USDT, orders 0"


def test_a_reserve_of_other_fees_is_right_where_an_operator_changed_them(scene: Any) -> None:
    order = scene.kit.rest(BTC_SPOT, "BUY", 1, 50000)
    wallet = scene.kit.account().wallets["USDT"]
    order.frozen -= 1
    wallet.order_frozen -= 1
    assert books.reserves_match_orders(scene) is not None
    scene.state.overrides["fees"] = {}
    assert books.reserves_match_orders(scene) is None


def test_reduce_only_orders_beyond_the_position_are_found(scene: Any) -> None:
    position = scene.kit.hold(BTC_PERP, 1, 60000)
    scene.resting_order("SELL", D("0.6"), price=61000, reduce_only=True)
    second = scene.resting_order("SELL", D("0.4"), price=62000, reduce_only=True)
    assert books.reduce_only_orders_have_room(scene) is None
    position.quantity = D("0.6")
    told = f"reduce-only order {second.order_id} has no room"
    found = books.reduce_only_orders_have_room(scene)
    assert found == f"{name(scene)} {second.leg} 0.6: {told}"
    second.action = CANCEL_PENDING
    assert books.reduce_only_orders_have_room(scene) is None


def test_a_reduce_only_order_without_a_position_is_found(scene: Any) -> None:
    scene.kit.hold(BTC_PERP, 1, 60000)
    order = scene.resting_order("SELL", 1, reduce_only=True)
    assert order.side is closing_side(D(1))
    scene.kit.account().positions.clear()
    told = f"reduce-only order {order.order_id} has no room"
    assert books.reduce_only_orders_have_room(scene) == f"{name(scene)} {order.leg} 0: {told}"


@pytest.mark.parametrize("held", [D(1), D(-1)])
def test_money_held_back_for_no_transfer_is_found(scene: Any, held: Decimal) -> None:
    assert books.transfers_match_reserves(scene) is None
    scene.kit.account().wallets["USDT"].transfer_frozen = held
    key = (scene.kit.portfolio_id, Exchange.BINANCE, "USDT")
    found = books.transfers_match_reserves(scene)
    assert found == f"{key} holds back {held}, on its way are 0"


def test_sums_that_were_not_kept_up_are_found(scene: Any) -> None:
    account = scene.kit.account()
    assert books.sums_equal_recomputation(scene) is None
    assert books.sums_equal_slow_model(scene) is None
    refresh(scene.desk.turn, account)
    kept, account.margin_value = account.margin_value, account.margin_value + 1
    slow = books.sums_equal_slow_model(scene)
    assert slow is not None
    assert f"{name(scene)} has " in slow
    assert f"'margin_value': '{kept + 1}" in slow
    found = books.sums_equal_recomputation(scene)
    assert found is not None
    assert f"{name(scene)} keeps " in found
    assert f"'margin_value': '{kept + 1}" in found


def test_desks_that_differ_are_told_by_the_names_of_their_parts() -> None:
    one, other = DeskKit(), DeskKit()
    assert difference(one.desk, other.desk) is None
    other.do(c.SetPrices({BTC_PERP: D(7)}, {}))
    found = difference(one.desk, other.desk)
    assert found is not None
    assert found.startswith("the books differ from those of a replay in ['")
    assert "'marks'" in found


def test_desks_that_differ_by_order_alone_are_told_apart() -> None:
    one, other = DeskKit(), DeskKit()
    for kit, coins in ((one, ("BTC", "ETH")), (other, ("ETH", "BTC"))):
        kit.desk.state.indexes.update(dict.fromkeys(coins, D(1)))
    found = difference(one.desk, other.desk)
    assert found == "the books differ from those of a replay in the order of their entries"
