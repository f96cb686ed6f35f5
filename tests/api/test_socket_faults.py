"""Open sockets and the faults that drop and stall them, over a real port."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from openprime.api.private.socket import PrivateSocketSettings
from openprime.api.sockets.faulted import SocketFaults
from openprime.api.sockets.link import LinkSettings
from openprime.api.sockets.outgoing import Outgoing
from openprime.desk.commands import ArmFault
from openprime.desk.switches import FaultKind, FaultMatch
from tests.api.kit import Broker
from tests.api.socket_kit import in_loop, login_frame, private_socket
from tests.api.test_socket_server import asked, served


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


async def asked_pong(client: ClientConnection) -> Any:
    await client.send("ping")
    return await client.recv()


@in_loop
async def test_a_dropped_link_ends_without_a_close_frame(broker: Broker) -> None:
    socket = private_socket(broker)
    async with served(socket) as address, connect(address) as client, connect(address) as other:
        assert await asked_pong(client) == await asked_pong(other) == "pong"
        first, _ = socket.links
        first.drop()
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is None
        assert await asked_pong(other) == "pong"
        assert len(socket.links) == 1


@in_loop
async def test_a_stalled_link_says_what_it_has_to_say_later_and_in_order(broker: Broker) -> None:
    socket = private_socket(broker)
    loop = asyncio.get_running_loop()
    async with served(socket) as address, connect(address) as client:
        assert await asked_pong(client) == "pong"
        (link,) = socket.links
        began_s = loop.time()
        link.stall(0.1)
        link.stall(60)
        for name in ("first", "second"):
            assert link.put(Outgoing(name.encode()))
        assert not link.send_now(Outgoing(b"third"))
        assert [await client.recv(), await client.recv()] == ["first", "second"]
        assert loop.time() - began_s >= 0.1
        assert link.send_now(Outgoing(b"third"))
        assert await client.recv() == "third"


@in_loop
async def test_a_link_that_stalls_for_too_long_is_cut_off_as_a_slow_reader(broker: Broker) -> None:
    settings = LinkSettings(stalled_seconds=0.05, close_seconds=0.05)
    socket = private_socket(broker, PrivateSocketSettings(link=settings))
    async with served(socket) as address, connect(address) as client:
        assert await asked_pong(client) == "pong"
        (link,) = socket.links
        link.stall(0.3)
        assert link.put(Outgoing(b"never heard"))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is None
        assert link.closed


@in_loop
async def test_open_sockets_meet_the_faults_that_are_about_them(broker: Broker) -> None:
    board = broker.services.faults
    socket = private_socket(broker)
    faults = SocketFaults(board, "/v1/private")
    async with served(socket) as address, connect(address) as client, connect(address) as other:
        assert (await asked(client, login_frame(broker)))["code"] == 0
        assert await asked_pong(other) == "pong"
        for kind, match, ms in (
            (FaultKind.SOCKET_DROP, FaultMatch(path="/v1/private-algo"), 0),
            (FaultKind.SOCKET_STALL, FaultMatch(portfolio_id=broker.main_id), 50),
        ):
            await broker.sequencer.submit(ArmFault(kind, match, 0, (), ms, 1, 0, None, 0))
        faults.meet(socket.links)
        assert [link.faults_met != set() for link in socket.links] == [True, False]
        assert await asked_pong(other) == "pong"
        drop = ArmFault(
            FaultKind.SOCKET_DROP, FaultMatch(api_key=broker.key), 0, (), 0, 1, 0, None, 0
        )
        await broker.sequencer.submit(drop)
        faults.meet(socket.links)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert await asked_pong(other) == "pong"
