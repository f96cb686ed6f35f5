"""More writes than can be done: who is refused, who waits, and who goes first (resolutions 200)."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from openprime.model.vocabulary import OrderAction
from openprime.sequencer import SequencerSettings
from tests.api.kit import ORDER, Answer, Broker, base_order, query_of, refuses, signed_text
from tests.api.socket_kit import Peer, in_loop, logged_in, private_socket


@pytest.fixture
def broker() -> Iterator[Broker]:
    """Two writes under way, three in line."""
    made = Broker(sequencing=SequencerSettings(under_way_max=2, waiting_max=3))
    made.fund()
    yield made
    made.close()


@contextmanager
def disk_held(broker: Broker) -> Iterator[None]:
    """Let no commit end before this block does."""
    commit, free = broker.store.commit, threading.Event()

    def wait_and_commit(batch: Any) -> None:
        assert free.wait(10)
        commit(batch)

    broker.store.commit = wait_and_commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        free.set()
        broker.store.commit = commit  # type: ignore[method-assign]


def called(broker: Broker, method: str, params: dict[str, Any]) -> asyncio.Task[Answer]:
    """A request that is on its way."""
    headers = broker.headers(signed_text(params, broker.nonce))
    query = query_of(params) if method == "GET" else ""
    body = b"" if method == "GET" else json.dumps(params).encode()
    return asyncio.ensure_future(
        broker._send(method, ORDER, headers, query, body, client="127.0.0.1")
    )


async def turns() -> None:
    """Let everything go as far as it can without the disk."""
    for _ in range(20):
        await asyncio.sleep(0)


@in_loop
async def test_cancels_and_reads_go_first_and_too_many_are_refused(broker: Broker) -> None:
    resting = (await called(broker, "POST", base_order(clientOrderId="resting"))).data["orderId"]
    with disk_held(broker):
        placed = [called(broker, "POST", base_order(clientOrderId=f"{n}")) for n in range(7)]
        await turns()
        for refused in placed[5:]:
            refuses(refused.result(), 400011)
        cancelled = called(broker, "DELETE", {"orderId": resting})
        read = called(broker, "GET", {"clientOrderId": "1"})
        await turns()
        names = {order.client_order_id for order in broker.state.orders.values()}
        assert names == {"resting", "0", "1"}, "three still stand in line"
        assert broker.state.orders[int(resting)].action is OrderAction.CANCEL_PENDING
        assert not any(task.done() for task in (*placed[:5], cancelled, read))
    answers: Awaitable[list[Answer]] = asyncio.gather(*placed[:5], cancelled, read)
    assert [answer.json["code"] for answer in await answers] == [200000] * 7
    assert (await called(broker, "POST", base_order())).json["code"] == 200000


@in_loop
async def test_the_private_socket_answers_the_same(broker: Broker) -> None:
    socket = private_socket(broker)
    peer = await logged_in(broker, socket, onlyTrade=True)

    def place(number: int) -> dict[str, Any]:
        args = base_order(clientOrderId=f"{number}")
        return {"id": f"{number}", "action": "place_order", "args": args}

    async def heard(peer: Peer, count: int) -> dict[str, int]:
        frames = [await peer.hear() for _ in range(count)]
        return {frame["id"]: int(frame["code"]) for frame in frames}

    with disk_held(broker):
        for number in range(6):
            peer.say(place(number))
        assert await heard(peer, 1) == {"5": 400011}
    assert await heard(peer, 5) == {f"{number}": 200000 for number in range(5)}
