"""Budgets as a client meets them: a served broker under the production profile."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from openprime.errors import message
from tests.api.kit import sign
from tests.served import ServedBroker

MARK = "/api/v1/market/markPrice"
ASSETS = "/api/v1/trading/portfolio/assets"
PACED_CALLS = 100
CONNECTIONS_PER_MINUTE = 60


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBroker]:
    broker = ServedBroker(tmp_path_factory.mktemp("limited"), "--limits", "production").start()
    yield broker
    assert broker.stop() == 0, broker.log()


def call(broker: ServedBroker, http: httpx.Client, path: str) -> httpx.Response:
    nonce = str(int(time.time()))
    signed = {
        "X-MBX-APIKEY": broker.access_key,
        "nonce": nonce,
        "signature": sign(f"&{nonce}", broker.secret_key),
    }
    return http.get(path, headers=signed)


@pytest.fixture
def http(limited: ServedBroker) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=limited.rest_url, trust_env=False) as client:
        yield client


def test_client_that_paces_itself_is_never_refused(
    limited: ServedBroker, http: httpx.Client
) -> None:
    """It waits only when the headers say that nothing is left, and then as long as they say."""
    waited = 0
    for _ in range(PACED_CALLS):
        answer = call(limited, http, ASSETS)
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-limit"] == "20"
        if answer.headers["x-ratelimit-remaining"] == "0":
            waited += 1
            time.sleep(int(answer.headers["x-ratelimit-reset"]))
    assert waited


def test_client_that_does_not_is_refused_from_the_right_call_on(
    limited: ServedBroker, http: httpx.Client
) -> None:
    answers = [http.get(MARK) for _ in range(25)]
    assert [answer.status_code for answer in answers] == [200] * 15 + [429] * 10
    for answer in answers[15:]:
        assert answer.json() == {"code": 100429, "message": message(100429), "data": {}}
        assert 1 <= int(answer.headers["retry-after"]) <= 10
        assert answer.headers["x-ratelimit-remaining"] == "0"


def test_one_market_socket_too_many(limited: ServedBroker) -> None:
    async def crowd() -> None:
        address = str(limited.ready["market_ws_url"])
        opened = [await connect(address, proxy=None) for _ in range(5)]
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, proxy=None)
        assert refused.value.response.status_code == 429
        body = json.loads(refused.value.response.body or b"")
        assert body == {"code": 11200, "message": message(11200), "data": {}}
        for client in opened:
            await client.close()

    asyncio.run(crowd())


def test_one_private_connection_too_many(limited: ServedBroker) -> None:
    async def crowd() -> None:
        address = str(limited.ready["private_ws_url"])
        for _ in range(CONNECTIONS_PER_MINUTE):
            await (await connect(address, proxy=None)).close()
        async with connect(address, proxy=None) as client:
            told: Any = json.loads(await client.recv())
            assert (told["code"], told["msg"]) == (601010, message(601010))
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008

    asyncio.run(crowd())
