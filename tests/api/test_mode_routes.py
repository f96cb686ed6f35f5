"""Both position modes over REST and the private socket: the switch, legs, margin leverage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from openprime.desk.commands import SetPositionMode
from openprime.model.vocabulary import Exchange, PositionMode
from tests.api.kit import BTC, ETH, ORDER, SPOT, Broker, base_order, refuses
from tests.api.socket_kit import Json, in_loop, logged_in, private_socket
from tests.api.test_private_socket_pushes import of, pushes_of

T = "/api/v1/trading/"
ACCOUNT = f"{T}account"
POSITION = f"{T}position"
POSITIONS = f"{T}positions"
MARGIN_LEVERAGE = f"{T}margin/leverage"


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    made.fund()
    yield made
    made.close()


def switch(broker: Broker, mode: str = "BOTH", exchange: str = "BINANCE") -> Any:
    return broker.call("POST", ACCOUNT, {"exchangeType": exchange, "positionMode": mode})


@pytest.fixture
def hedged(broker: Broker) -> Broker:
    assert switch(broker).data == {}
    return broker


def open_leg(broker: Broker, leg: str, quantity: str = "0.01", sym: str = BTC) -> None:
    side = "BUY" if leg == "LONG" else "SELL"
    broker.place(
        sym=sym,
        side=side,
        orderType="MARKET",
        limitPrice=None,
        orderQty=quantity,
        positionSide=leg,
    )


# -- the switch


def test_the_mode_stands_in_the_account_row(broker: Broker) -> None:
    assert switch(broker, "both").data == {}
    rows = broker.call("GET", ACCOUNT).data
    modes = {row["exchangeType"]: row["positionMode"] for row in rows}
    assert modes == {"BINANCE": "BOTH", "OKX": "NET"}
    assert switch(broker, "NET").data == {}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"exchangeType": "BINANCE", "positionMode": "BOTH", "portfolioId": "1"}, 401000),
        ({"exchangeType": "FTX"}, 400009),
        ({"positionMode": "HEDGE"}, 400009),
        ({"exchangeType": "FTX", "positionMode": "HEDGE"}, 401023),
        ({"exchangeType": "OKX", "positionMode": "HEDGE"}, 400000),
        (
            {"exchangeType": "OKX", "positionMode": "NET", "portfolioId": "9999999999999999"},
            401010,
        ),
        ({"exchangeType": "OKX", "positionMode": "NET"}, 401046),
        ({"exchangeType": "EDX", "positionMode": "NET"}, 401046),
    ],
)
def test_switch_refusals(broker: Broker, params: Json, code: int) -> None:
    refuses(broker.call("POST", ACCOUNT, params), code)


def test_the_switch_wants_neither_orders_nor_positions(broker: Broker) -> None:
    broker.place(orderType="MARKET", limitPrice=None)
    order_id = broker.place(limitPrice="59000")
    assert switch(broker, "NET").data == {}
    refuses(switch(broker), 401043)
    broker.call("DELETE", ORDER, {"orderId": order_id})
    refuses(switch(broker), 406012)
    broker.call("DELETE", POSITION, {"sym": BTC})
    assert switch(broker).data == {}


# -- legs


def test_legs_are_rows_of_their_own(hedged: Broker) -> None:
    open_leg(hedged, "LONG", "0.02")
    open_leg(hedged, "SHORT")
    rows = hedged.call("GET", POSITION, {"sym": BTC}).data
    assert [(r["positionSide"], r["positionQty"]) for r in rows] == [
        ("LONG", "0.02"),
        ("SHORT", "-0.01"),
    ]
    assert len({row["positionId"] for row in rows}) == 2
    ranks = hedged.call("GET", "/api/v1/adl/rank").data["adlRanks"]
    assert [rank["positionSide"] for rank in ranks] == ["LONG", "SHORT"]


def test_orders_of_a_hedged_account_name_their_leg(hedged: Broker) -> None:
    refuses(hedged.call("POST", ORDER, base_order()), 400009)
    refuses(hedged.call("POST", ORDER, base_order(positionSide="NONE")), 400000)
    refuses(hedged.call("POST", ORDER, base_order(side="SELL", positionSide="LONG")), 401048)
    order_id = hedged.place(positionSide="long")
    assert hedged.call("GET", ORDER, {"orderId": order_id}).data["positionSide"] == "LONG"
    open_leg(hedged, "LONG")
    twice = base_order(positionSide="LONG", reduceOnly="true")
    refuses(hedged.call("POST", ORDER, twice), 401047)
    closing = hedged.place(side="SELL", positionSide="LONG", limitPrice="61000")
    row = hedged.call("GET", ORDER, {"orderId": closing}).data
    assert (row["positionSide"], row["reduceOnly"]) == ("LONG", True)
    spot = hedged.place(sym=SPOT, positionSide="SHORT")
    assert hedged.call("GET", ORDER, {"orderId": spot}).data["positionSide"] == "NONE"


def test_close_one_leg(hedged: Broker) -> None:
    open_leg(hedged, "LONG")
    open_leg(hedged, "SHORT")
    refuses(hedged.call("DELETE", POSITION, {"sym": BTC}), 400009)
    refuses(hedged.call("DELETE", POSITION, {"sym": BTC, "positionSide": "NONE"}), 400000)
    order_id = hedged.call("DELETE", POSITION, {"sym": BTC, "positionSide": "SHORT"}).data[
        "orderId"
    ]
    row = hedged.call("GET", ORDER, {"orderId": order_id}).data
    assert (row["side"], row["positionSide"], row["reduceOnly"]) == ("BUY", "SHORT", True)
    (left,) = hedged.call("GET", POSITION).data
    assert left["positionSide"] == "LONG"
    (closed,) = hedged.call("GET", f"{T}history/position").data["list"]
    assert (closed["positionHistorySide"], closed["positionMode"]) == ("SHORT", "BOTH")
    refuses(hedged.call("DELETE", POSITION, {"sym": BTC, "positionSide": "SHORT"}), 401032)


def test_close_many_legs(hedged: Broker) -> None:
    for leg in ("LONG", "SHORT"):
        open_leg(hedged, leg)
        open_leg(hedged, leg, "0.1", ETH)
    only_short = {"symList": BTC, "positionSide": "SHORT"}
    (row,) = hedged.call("DELETE", POSITIONS, only_short).data
    assert (row["sym"], row["positionSide"], row["success"]) == (BTC, "SHORT", "true")
    (row,) = hedged.call("DELETE", POSITIONS, only_short).data
    assert (row["positionSide"], row["errorMsg"]) == ("SHORT", "The position was not found")
    rows = hedged.call("DELETE", POSITIONS, {"symList": f"{BTC},{ETH}"}).data
    assert [(row["sym"], row["positionSide"]) for row in rows] == [
        (BTC, "LONG"),
        (ETH, "LONG"),
        (ETH, "SHORT"),
    ]
    (row,) = hedged.call("DELETE", POSITIONS, {"symList": BTC, "positionSide": "NONE"}).data
    assert (row["positionSide"], row["errorMsg"]) == ("NONE", "The position was not found")
    assert hedged.call("DELETE", POSITIONS, {"closeAllPos": "true"}).data == []


@in_loop
async def test_pushes_name_the_leg(broker: Broker) -> None:
    mode = SetPositionMode(broker.main_id, Exchange.BINANCE, PositionMode.BOTH)
    await broker.sequencer.submit(mode)
    peer = await logged_in(broker, private_socket(broker))

    async def trade(side: str, leg: str) -> list[Json]:
        order = base_order(
            side=side,
            orderType="MARKET",
            limitPrice=None,
            timeInForce=None,
            positionSide=leg,
        )
        return await pushes_of(broker, peer, {"id": "1", "action": "place_order", "args": order})

    await trade("BUY", "LONG")
    heard = await trade("SELL", "SHORT")
    assert {push["data"]["positionSide"] for push in of("Orders", heard)} == {"SHORT"}
    (positions,) = of("Positions", heard)
    assert [(row["positionSide"], row["positionQty"]) for row in positions["data"]] == [
        ("SHORT", "-0.01")
    ]
    (accounts,) = of("Accounts", heard)[-1:]
    assert accounts["data"][0]["positionMode"] == "BOTH"
    (positions,) = of("Positions", await trade("BUY", "SHORT"))
    assert [(row["positionSide"], row["positionQty"]) for row in positions["data"]] == [
        ("SHORT", "0")
    ]
    await peer.leave()


# -- margin leverage


def lend(broker: Broker, coin: str = "USDT", leverage: object = "3") -> Any:
    params = {"exchangeType": "BINANCE", "coin": coin, "leverage": leverage}
    return broker.call("POST", MARGIN_LEVERAGE, params)


def test_set_and_get_margin_leverage(broker: Broker) -> None:
    assert lend(broker).data == {}
    assert lend(broker, "BTC", 2).data == {}
    page = broker.call("GET", MARGIN_LEVERAGE).data
    assert page == {
        "page": 1,
        "pageSize": 1000,
        "pageNum": 1,
        "totalSize": 2,
        "list": [
            {"coin": "USDT", "exchangeType": "BINANCE", "leverage": "3"},
            {"coin": "BTC", "exchangeType": "BINANCE", "leverage": "2"},
        ],
    }
    second = broker.call("GET", MARGIN_LEVERAGE, {"page": "2", "pageSize": "1"}).data
    assert [row["coin"] for row in second["list"]] == ["BTC"]
    assert broker.call("GET", MARGIN_LEVERAGE, {"exchangeType": "OKX"}).data["list"] == []
    found = broker.call("GET", MARGIN_LEVERAGE, {"coin": "BTC"}).data["list"]
    assert [row["leverage"] for row in found] == ["2"]
    order_id = broker.place(sym="BINANCE_MARGIN_BTC_USDT")
    assert broker.call("GET", ORDER, {"orderId": order_id}).data["leverage"] == 3
    refuses(lend(broker, leverage=2), 401043)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"exchangeType": "FTX", "coin": "USDT"}, 400009),
        ({"exchangeType": "FTX", "leverage": "3"}, 400009),
        ({"coin": "USDT", "leverage": "3"}, 400009),
        ({"exchangeType": "FTX", "coin": "NOPE", "leverage": "x"}, 401023),
        ({"exchangeType": "OKX", "coin": "NOPE", "leverage": "x"}, 401033),
        ({"exchangeType": "OKX", "coin": "NOPE", "leverage": "0"}, 401033),
        ({"exchangeType": "OKX", "coin": "NOPE", "leverage": "9"}, 401035),
        ({"exchangeType": "OKX", "coin": "USDT", "leverage": "9"}, 401046),
        ({"exchangeType": "EDX", "coin": "USDT", "leverage": "9"}, 401046),
        ({"exchangeType": "BINANCE", "coin": "USDT", "leverage": "9"}, 401034),
    ],
)
def test_margin_leverage_refusals(broker: Broker, params: Json, code: int) -> None:
    refuses(broker.call("POST", MARGIN_LEVERAGE, params), code)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"exchangeType": "FTX"}, 401023),
        ({"page": "0"}, 400000),
        ({"pageSize": "1001"}, 400002),
        ({"page": "10001"}, 400003),
    ],
)
def test_margin_leverage_list_refusals(broker: Broker, params: Json, code: int) -> None:
    refuses(broker.call("GET", MARGIN_LEVERAGE, params), code)
