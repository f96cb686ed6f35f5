"""What private sockets are told without asking (websocket 1.4, resolutions 177 to 182)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from openprime.desk.commands import SetPrices
from openprime.model.vocabulary import Permission
from tests.api.kit import BTC, SPOT, Broker, base_order
from tests.api.socket_kit import Json, Peer, in_loop, logged_in, private_socket


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    made.fund()
    made.fund("1", "BTC")
    yield made
    made.close()


def market_order(side: str, **changes: Any) -> Json:
    order = base_order(side=side, orderType="MARKET", limitPrice=None, timeInForce=None)
    return {"id": "1", "action": "place_order", "args": order | changes}


def limit_order(**changes: Any) -> Json:
    return {"id": "1", "action": "place_order", "args": base_order(**changes)}


async def pushes_of(broker: Broker, peer: Peer, frame: Json) -> list[Json]:
    """All pushes that an action brings about, its reply left out."""
    peer.say(frame)
    heard = []
    while "event" not in (found := await peer.hear()):
        heard.append(found)
    # What the venue answered is a command of its own and becomes durable after the reply.
    await broker.sequencer.settled()
    return heard + await peer.hear_all()


def of(channel: str, heard: list[Json]) -> list[Json]:
    return [push for push in heard if push["channel"] == channel]


@in_loop
async def test_an_order_is_told_as_new_and_then_as_open(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    heard = await pushes_of(broker, peer, limit_order(clientOrderId="mine", limitPrice="59000"))
    orders = of("Orders", heard)
    assert [push["data"]["orderState"] for push in orders] == ["NEW", "OPEN"]
    assert {push["instId"] for push in orders} == {BTC}
    row = orders[-1]["data"]
    assert (row["clientOrderId"], row["limitPrice"], row["orderQty"]) == ("mine", "59000", "0.01")
    assert (row["leverage"], row["reduceOnly"]) == ("5", False)
    texts = {name: value for name, value in row.items() if name not in ("reduceOnly", "reasonCode")}
    assert all(isinstance(value, str) for value in texts.values()), texts
    assert int(row["updateAt"]) > 0
    await peer.leave()


@in_loop
async def test_a_fill_is_told_in_order_of_channels(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    heard = await pushes_of(broker, peer, market_order("BUY"))
    # The order itself, and then the fill that the venue answered with.
    assert [push["channel"] for push in heard] == [
        *("Orders", "Accounts"),
        *("Orders", "Orders", "Trades", "Positions", "Assets", "Accounts"),
    ]
    (trade,) = of("Trades", heard)
    assert trade["instId"] == BTC
    fee = Decimal("0.00035") * 600
    assert Decimal(trade["data"]["tradingFee"]) == fee
    assert trade["data"]["execType"] == "TAKER"
    assert all(isinstance(value, str) for value in trade["data"].values())
    position = of("Positions", heard)[-1]["data"]
    assert [(row["sym"], row["positionQty"]) for row in position] == [(BTC, "0.01")]
    asset = of("Assets", heard)[-1]["data"]
    assert [(row["coin"], Decimal(row["balance"])) for row in asset] == [("USDT", 100000 - fee)]
    (account,) = of("Accounts", heard)[-1]["data"]
    assert account["exchangeType"] == "BINANCE"
    assert Decimal(account["positionValue"]) == 600
    assert account["updateAt"] == str(broker.clock_ms)
    await peer.leave()


@in_loop
async def test_a_closed_position_is_told_once_with_quantity_zero(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    opened = await pushes_of(broker, peer, market_order("BUY"))
    position_id = of("Positions", opened)[-1]["data"][0]["positionId"]
    closed = await pushes_of(broker, peer, market_order("SELL"))
    rows = [row for push in of("Positions", closed) for row in push["data"]]
    assert [(row["positionId"], row["positionQty"]) for row in rows] == [(position_id, "0")]
    assert rows[0]["positionSide"] == "NONE"
    assert set(rows[0]) == set(of("Positions", opened)[-1]["data"][0])
    await peer.leave()


@in_loop
async def test_a_turned_position_is_two(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    await pushes_of(broker, peer, market_order("BUY"))
    turned = await pushes_of(broker, peer, market_order("SELL", orderQty="0.03"))
    rows = [row for push in of("Positions", turned) for row in push["data"]]
    assert [row["positionQty"] for row in rows] == ["0", "-0.02"]
    assert rows[0]["positionId"] != rows[1]["positionId"]
    await peer.leave()


@in_loop
async def test_a_spot_fill_changes_two_coins_and_no_position(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    heard = await pushes_of(broker, peer, market_order("SELL", sym=SPOT))
    assert not of("Positions", heard)
    coins = {row["coin"] for push in of("Assets", heard) for row in push["data"]}
    assert coins == {"BTC", "USDT"}
    await peer.leave()


@in_loop
async def test_prices_alone_push_nothing(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    await pushes_of(broker, peer, market_order("BUY"))
    await broker.sequencer.submit(SetPrices(marks={BTC: Decimal(61000)}, indexes={}))
    assert await peer.hear_all() == []
    await peer.leave()


@in_loop
async def test_only_the_own_portfolio_is_told(broker: Broker) -> None:
    socket = private_socket(broker)
    peer = await logged_in(broker, socket)
    other = await logged_in(broker, socket, broker.sub_key)
    await pushes_of(broker, peer, limit_order(limitPrice="59000"))
    assert await other.hear_all() == []
    await peer.leave()
    await other.leave()


@in_loop
async def test_all_sockets_of_a_portfolio_get_the_same_bytes(broker: Broker) -> None:
    socket = private_socket(broker)
    one, two = await logged_in(broker, socket), await logged_in(broker, socket)
    trader = await logged_in(broker, socket, onlyTrade=True)
    answer = await trader.ask(limit_order(limitPrice="59000"))
    assert answer["event"] == "place_order"
    first = [await one.message() for _ in range(2)]
    second = [await two.message() for _ in range(2)]
    assert all(mine is yours for mine, yours in zip(first, second, strict=True))
    assert await trader.hear_all() == []
    for peer in (one, two, trader):
        await peer.leave()


@in_loop
async def test_orders_over_http_are_told_too(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    await broker.app(*http_place(broker))
    await broker.sequencer.settled()
    heard = await peer.hear_all()
    assert [push["data"]["orderState"] for push in of("Orders", heard)] == ["NEW", "OPEN"]
    await peer.leave()


def http_place(broker: Broker) -> tuple[Json, Any, Any]:
    """One signed POST order, as the three arguments of an ASGI application."""
    from json import dumps

    from tests.api.kit import ORDER, signed_text

    order = base_order(limitPrice="59000")
    headers = broker.headers(signed_text(order, broker.nonce))
    scope = {
        "type": "http",
        "method": "POST",
        "path": ORDER,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> Json:
        return {"type": "http.request", "body": dumps(order).encode()}

    async def send(message: Any) -> None:
        return None

    return scope, receive, send


@in_loop
async def test_a_reader_hears_pushes_without_trading(broker: Broker) -> None:
    socket = private_socket(broker)
    reader = await logged_in(broker, socket, "reader")
    trader = await logged_in(broker, socket, onlyTrade=True)
    await trader.ask(limit_order(limitPrice="59000"))
    assert (await reader.hear())["channel"] == "Orders"
    await reader.leave()
    await trader.leave()


@pytest.fixture(autouse=True)
def reader_key(broker: Broker) -> None:
    broker.make_key("reader", broker.main_id, permissions=[Permission.READ])


@in_loop
async def test_nobody_listening_costs_no_rendering(broker: Broker) -> None:
    socket = private_socket(broker)
    peer = await logged_in(broker, socket)
    await peer.leave()
    outcome = await broker.sequencer.submit(SetPrices(marks={}, indexes={}))
    assert socket.push.observe(None, outcome) is None  # type: ignore[arg-type]
