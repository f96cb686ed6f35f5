"""The algo socket: its actions and what it is told (websocket 2, resolutions 184)."""

from __future__ import annotations

from decimal import Decimal

from openprime.api.private.dialect import ALGOS
from openprime.desk.commands import SetPrices
from openprime.errors import message
from tests.api.kit import BTC, Broker
from tests.api.socket_kit import Json, Peer, in_loop, logged_in, private_socket
from tests.api.test_algo_routes import condition


def action(name: str, **arguments: str) -> Json:
    return {"id": "7", "action": name, "args": arguments}


async def algo_peer(broker: Broker) -> Peer:
    return await logged_in(broker, private_socket(broker, dialect=ALGOS))


async def reply_to(peer: Peer, frame: Json) -> Json:
    peer.say(frame)
    while "event" not in (heard := await peer.hear()):
        pass
    return heard


@in_loop
async def test_place_change_cancel(broker: Broker) -> None:
    peer = await algo_peer(broker)
    reply = await reply_to(peer, action("place_algo_order", **condition(clientOrderId="mine")))
    assert (reply["event"], reply["code"], reply["id"]) == ("place_algo_order", 200000, "7")
    named = reply["data"]
    change = action("replace_algo_order", clientOrderId="mine", conditionalTriggerPrice="62000")
    assert (await reply_to(peer, change))["data"] == named
    cancel = action("cancel_algo_order", algoOrderId=named["algoOrderId"])
    assert (await reply_to(peer, cancel))["data"] == named
    again = await reply_to(peer, cancel)
    assert (again["code"], again["msg"], again["data"]) == (401117, message(401117), None)


@in_loop
async def test_what_it_is_told(broker: Broker) -> None:
    peer = await algo_peer(broker)
    await reply_to(peer, action("place_algo_order", **condition()))
    await peer.hear_all()
    await broker.sequencer.submit(SetPrices({BTC: Decimal(61000)}, {}))
    await broker.sequencer.settled()
    heard = await peer.hear_all()
    told = [(push["channel"], push["data"].get("orderState")) for push in heard]
    assert told == [
        ("SUB_ORDER", "NEW"),
        ("ALGO_ORDER", "PROCESSING"),
        ("SUB_ORDER", "OPEN"),
        ("SUB_TRADE", None),
        ("SUB_ORDER", "FILLED"),
        ("ALGO_ORDER", "COMPLETED"),
    ]
    assert {push["instId"] for push in heard} == {BTC}
    parents = {push["data"]["algoOrderId"] for push in heard}
    assert len(parents) == 1
    algo = heard[-1]["data"]
    assert (algo["reduceOnly"], algo["markPrice"], algo["lastPrice"]) == (False, "61000", "0")


@in_loop
async def test_orders_are_placed_on_the_other_socket(broker: Broker) -> None:
    peer = await algo_peer(broker)
    reply = await reply_to(peer, action("place_order"))
    assert (reply["code"], reply["msg"]) == (601011, message(601011))
