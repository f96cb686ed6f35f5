"""Checks of names, answers, pages and pushes: each sees what is sound, and the one thing that is
not.
"""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from openprime.model.vocabulary import OrderOrigin, OrderState
from openprime.simulation.checks import answers, names, pages, pictures
from openprime.simulation.privacy import foreign
from openprime.simulation.promises import Promise
from tests.desk.kit import BTC_PERP
from tests.simulation.still import Still, good

D = Decimal
ORDER = "/api/v1/trading/order"
WORKING = "/api/v1/trading/orders"
POSITIONS = "/api/v1/trading/position"
ASSETS = "/api/v1/trading/portfolio/assets"
ALGO = "/api/v1/algo/order"
ALGOS = "/api/v1/algo/openOrders"
UNKNOWN = {"code": 401018, "data": None}
KEY_GONE = {"code": 100002, "data": None}


@pytest.fixture
def scene() -> Any:
    return Still()


def finish(scene: Any, executed: object = 0, **changes: Any) -> Any:
    """An order as history keeps it, of which so much was filled, by one trade, here and there."""
    order = msgspec.structs.replace(scene.resting_order(), state=OrderState.CANCELLED)
    del scene.state.orders[order.order_id]
    quantity = D(str(executed))
    order.executed_quantity = quantity
    order = msgspec.structs.replace(order, **changes)
    scene.history.setdefault("orders", []).append(order)
    trade = SimpleNamespace(order_id=order.order_id, quantity=quantity)
    scene.history.setdefault("executions", []).append(trade)
    lot = scene.desk.reference.instruments[BTC_PERP].lot_size
    scene.lines[order.order_id] = {1: int(quantity / lot)}
    return order


def promise(scene: Any, name: str, *made: str, **more: Any) -> Promise:
    portfolio_id = scene.kit.portfolio_id
    params = {"sym": BTC_PERP, "side": "BUY"}
    known = Promise("order", portfolio_id, name, params, made=list(made), **more)
    scene.promises.by_name["order", portfolio_id, name] = known
    return known


def key(scene: Any, name: str) -> tuple[str, int, str]:
    return ("order", scene.kit.portfolio_id, name)


# -- fills


def test_an_order_that_says_more_than_its_fills_is_found(scene: Any) -> None:
    order = finish(scene, "0.5")
    assert names.fills_make_up_orders(scene) is None
    order.executed_quantity = D("0.6")
    found = names.fills_make_up_orders(scene)
    assert found == f"order {order.order_id} says 0.6, its fills 0.5"


def test_an_order_that_was_filled_beyond_its_quantity_is_found(scene: Any) -> None:
    order = finish(scene, 2)
    found = names.fills_make_up_orders(scene)
    assert found == f"order {order.order_id} of 1 was filled with 2"


def test_a_fill_that_the_venue_never_made_is_found(scene: Any) -> None:
    order = finish(scene, "0.5")
    inside = finish(scene, 1, origin=OrderOrigin.SYSTEM_LIQ)
    scene.lines.pop(inside.order_id)
    assert names.fills_are_the_venues(scene) is None
    scene.lines[order.order_id] = {}
    found = names.fills_are_the_venues(scene)
    assert found is not None
    assert found.startswith(f"order {order.order_id} has 0.5, at the venue 0")


def test_a_fill_that_the_venue_forgot_is_found(scene: Any) -> None:
    order = scene.resting_order()
    assert names.venue_knows_the_fills(scene) is None
    scene.resting[order.order_id] = 0
    assert names.venue_knows_the_fills(scene) is None
    order.executed_quantity = D(1)
    found = names.venue_knows_the_fills(scene)
    assert found is not None
    assert found.startswith(f"order {order.order_id} has 1, the venue says 0")


# -- names


def test_a_name_that_acted_twice_is_found(scene: Any) -> None:
    first = finish(scene, client_order_id="mine")
    promise(scene, "mine", str(first.order_id))
    assert names.names_act_once(scene) is None
    second = finish(scene, client_order_id="mine")
    ids = [str(first.order_id), str(second.order_id)]
    assert names.names_act_once(scene) == f"{key(scene, 'mine')} made {ids}"


def test_what_was_acknowledged_and_is_gone_is_found(scene: Any) -> None:
    order = finish(scene, client_order_id="mine")
    known = promise(scene, "mine", str(order.order_id))
    assert names.acknowledged_is_there(scene) is None
    known.made.append("7")
    found = names.acknowledged_is_there(scene)
    assert found == (f"{key(scene, 'mine')}: ['7'] was acknowledged, there is ['{order.order_id}']")


def test_what_was_refused_and_is_there_is_found(scene: Any) -> None:
    known = promise(scene, "mine", refused=[401013])
    assert names.refused_is_not_there(scene) is None
    order = finish(scene, client_order_id="mine")
    found = names.refused_is_not_there(scene)
    assert found == (
        f"{key(scene, 'mine')} was refused with [401013], there is ['{order.order_id}']"
    )
    known.unknown = 1
    assert names.refused_is_not_there(scene) is None


def test_an_order_that_was_shown_and_is_gone_is_found(scene: Any) -> None:
    order = scene.resting_order()
    scene.promises.saw([{"orderId": str(order.order_id), "orderState": "OPEN", "executedQty": "0"}])
    assert names.shown_is_there(scene) is None
    scene.promises.saw({"data": {"orderId": "7", "orderState": "OPEN", "executedQty": "0"}})
    assert names.shown_is_there(scene) == "order 7 was shown to somebody and is not there"


def test_an_end_that_was_seen_and_did_not_stay_is_found(scene: Any) -> None:
    order = finish(scene, "0.5")
    said = {"orderId": str(order.order_id), "orderState": "CANCELLED", "executedQty": "0.5"}
    scene.promises.saw(said)
    assert names.ended_stays_ended(scene) is None
    order.executed_quantity = D("0.6")
    found = names.ended_stays_ended(scene)
    assert found == f"order {order.order_id} was seen as CANCELLED 0.5 and is CANCELLED 0.6"
    scene.history["orders"].clear()
    found = names.ended_stays_ended(scene)
    assert found == f"order {order.order_id} was seen as CANCELLED and is not in history"


# -- what REST answers


def test_an_acknowledged_order_that_rest_denies_is_found(scene: Any) -> None:
    promise(scene, "mine", "1")
    scene.answers[ORDER] = good({"orderId": "1", "sym": BTC_PERP, "side": "BUY"})
    assert answers.orders_answer_as_kept(scene) is None
    scene.answers[ORDER] = UNKNOWN
    found = answers.orders_answer_as_kept(scene)
    assert found == f"order 1 was acknowledged, GET answers {UNKNOWN}"


def test_an_order_whose_key_is_no_longer_let_in_cannot_be_asked_for(scene: Any) -> None:
    promise(scene, "mine", "1")
    scene.answers[ORDER] = KEY_GONE
    assert answers.orders_answer_as_kept(scene) is None


def test_an_order_that_differs_by_name_is_found(scene: Any) -> None:
    promise(scene, "mine", "1")

    def answer(orderId: str = "", clientOrderId: str = "") -> Any:
        return good({"orderId": orderId or "2", "sym": BTC_PERP, "side": "BUY"})

    scene.answers[ORDER] = answer
    by_id, by_name = answer(orderId="1"), answer(clientOrderId="mine")
    found = answers.orders_answer_as_kept(scene)
    assert found == f"order 1 by id is {by_id}, by name {by_name}"


def test_an_order_of_another_side_than_was_asked_for_is_found(scene: Any) -> None:
    asked = promise(scene, "mine", "1").params
    row = {"orderId": "1", "sym": BTC_PERP, "side": "SELL"}
    scene.answers[ORDER] = good(row)
    found = answers.orders_answer_as_kept(scene)
    assert found == f"order 1 was asked with {asked}, is {row}"


# -- pages


class Pages:
    """A list that answers like a route: `ids`, and how many it says there are."""

    def __init__(self, scene: Any, field: str, ids: list[str], total: int | None = None) -> None:
        self.ids, self.field = ids, field
        self.total = len(ids) if total is None else total
        self.late = 0
        (path,) = {path for path, its in pages.LISTS if its == field and "archive" not in path}
        self.path = path
        scene.answers[path] = self
        scene.draw = SimpleNamespace(choice=self.choose)

    def choose(self, among: Any) -> Any:
        for each in among:
            if each in ((self.path, self.field), 3):
                return each
        return among[0]

    def __call__(self, page: int, pageSize: int, **window: Any) -> Any:
        at = (page - 1) * pageSize + (self.late if page > 1 else 0)
        rows = [{self.field: each} for each in self.ids[at : at + pageSize]]
        return good({"list": rows, "totalSize": self.total})


TEN = [str(number) for number in range(10)]


def test_pages_that_leave_a_row_out_are_found(scene: Any) -> None:
    listed = Pages(scene, "statementId", TEN)
    assert pages.pages_cover_history(scene) is None
    listed.late = 1
    found = pages.pages_cover_history(scene)
    assert found == f"{listed.path} of {scene.client.name} by 3: 9 rows, whole 10"


@pytest.mark.parametrize(("ids", "total"), [([*TEN, "0"], 11), (TEN, 12)])
def test_a_list_with_doubles_or_another_total_is_found(
    scene: Any, ids: list[str], total: int
) -> None:
    listed = Pages(scene, "statementId", ids, total)
    found = pages.pages_cover_history(scene)
    assert found == (
        f"{listed.path} of {scene.client.name}: {total} rows are told, found {len(ids)}"
    )


def test_a_list_that_lacks_what_history_has_is_found(scene: Any) -> None:
    order = finish(scene)
    listed = Pages(scene, "orderId", [str(order.order_id)])
    assert pages.pages_cover_history(scene) is None
    finish(scene)
    found = pages.pages_cover_history(scene)
    assert found == f"{listed.path} of {scene.client.name}: 1 rows, history has 2"


def test_a_list_that_is_refused_has_no_pages(scene: Any) -> None:
    listed = Pages(scene, "statementId", TEN)
    scene.answers[listed.path] = KEY_GONE
    assert pages.pages_cover_history(scene) is None


# -- pushes


@pytest.fixture
def listener(scene: Any) -> Any:
    """A socket that heard nothing yet, where REST has nothing to tell."""
    scene.answers |= {
        ORDER: UNKNOWN,
        WORKING: good({"list": []}),
        POSITIONS: good([]),
        ASSETS: good({"list": []}),
        ALGO: UNKNOWN,
        ALGOS: good([]),
    }
    heard: dict[str, dict[Any, Any]] = {"orders": {}, "algos": {}, "positions": {}, "wallets": {}}
    listener = SimpleNamespace(
        client=scene.client,
        path="/v1/private",
        open=True,
        logged_in=True,
        stalled=False,
        login_ms=1000,
        **heard,
    )
    scene.listeners.append(listener)
    return listener


def found_at(scene: Any) -> str | None:
    found = pictures.pushes_equal_answers(scene)
    begin = f"socket of {scene.client.name}: "
    assert found is None or found.startswith(begin)
    return found and found.removeprefix(begin)


def test_a_pushed_order_that_rest_does_not_know_is_found(scene: Any, listener: Any) -> None:
    assert found_at(scene) is None
    listener.orders["1"] = {"orderId": "1", "orderState": "OPEN"}
    assert found_at(scene) == "order 1 was pushed, REST knows none"
    scene.answers[ORDER] = KEY_GONE
    assert found_at(scene) is None


def test_an_order_that_was_pushed_otherwise_is_found(scene: Any, listener: Any) -> None:
    listener.orders["1"] = {"orderId": "1", "orderState": "OPEN", "leverage": "1"}
    scene.answers[ORDER] = good({"orderId": "1", "orderState": "OPEN", "leverage": "9"})
    assert found_at(scene) is None
    scene.answers[ORDER] = good({"orderId": "1", "orderState": "FILLED"})
    assert found_at(scene) == "order 1 orderState was pushed as 'OPEN', is 'FILLED'"


def test_a_change_of_an_order_that_was_not_pushed_is_found(scene: Any, listener: Any) -> None:
    scene.answers[WORKING] = good({"list": [{"orderId": "1", "updateAt": "1000"}]})
    assert found_at(scene) is None
    scene.answers[WORKING] = good({"list": [{"orderId": "1", "updateAt": "1001"}]})
    assert found_at(scene) == "order 1 changed at 1001 and was not pushed"


def test_a_change_of_an_algo_order_that_was_not_pushed_is_found(scene: Any, listener: Any) -> None:
    listener.path = "/v1/private-algo"
    scene.answers[ALGOS] = good([{"algoOrderId": "1", "updateAt": "1001"}])
    assert found_at(scene) == "algo order 1 changed at 1001 and was not pushed"


def test_a_position_that_was_pushed_otherwise_is_found(scene: Any, listener: Any) -> None:
    listener.positions["1"] = {"positionQty": "0"}
    assert found_at(scene) is None
    listener.positions["1"] = {"positionQty": "2"}
    assert found_at(scene) == "position 1 was pushed with 2, REST has none"
    row = {"positionId": "1", "positionQty": "3", "updateAt": "1001"}
    scene.answers[POSITIONS] = good([row])
    assert found_at(scene) == "position 1 positionQty was pushed as '2', is '3'"
    listener.positions.clear()
    assert found_at(scene) == "position 1 changed and was not pushed"
    scene.answers[POSITIONS] = KEY_GONE
    assert found_at(scene) is None


def test_a_wallet_that_was_pushed_otherwise_is_found(scene: Any, listener: Any) -> None:
    row = {"exchangeType": "BINANCE", "coin": "USDT", "balance": "3", "updateAt": "1001"}
    scene.answers[ASSETS] = good({"list": [row]})
    wallet = ("BINANCE", "USDT")
    assert found_at(scene) == f"wallet {wallet} changed at 1001 and was not pushed"
    listener.wallets[wallet] = {"balance": "2"}
    assert found_at(scene) == f"wallet {wallet} balance was pushed as '2', is '3'"
    scene.answers[ASSETS] = KEY_GONE
    assert found_at(scene) is None


# -- whose data it is


def test_data_of_another_client_is_found_wherever_it_stands(scene: Any) -> None:
    mine = scene.client
    other_id, its_user = mine.portfolio_id + 100, mine.user_id + 200
    scene.people.owners[other_id] = its_user

    def told(content: Any, where: str = "GET /api/v1/trading/order") -> str | None:
        return foreign(content, mine, scene.people, where)

    own = {"portfolioId": str(mine.portfolio_id), "userId": mine.user_id, "name": "portfolioId"}
    assert told({"data": [own, {"list": [own]}]}) is None
    assert told({"portfolioId": "none of a number"}) is None
    assert told({"userId": "999"}) is None
    told_to = f"was told to {mine.name}, a client of {mine.user_id}"
    assert told([{"data": {"portfolioId": str(other_id)}}]) == f"portfolioId {other_id} {told_to}"
    assert told({"list": [{"userId": its_user}]}) == f"userId {its_user} {told_to}"


def test_another_portfolio_of_the_same_user_is_the_main_portfolios_to_see(scene: Any) -> None:
    mine = scene.client
    other_id = mine.portfolio_id + 100
    scene.people.owners[other_id] = mine.user_id
    row = {"portfolioId": str(other_id)}
    assert foreign(row, mine, scene.people, "GET /api/v1/trading/order") is not None
    assert foreign(row, mine, scene.people, "GET /api/v1/broker/sub/feeRate") is None
    primary = scene.client_of(mine.portfolio_id, primary=True)
    assert foreign(row, primary, scene.people, "GET /api/v1/trading/order") is None
