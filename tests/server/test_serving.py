"""What a start's command line makes of the API's settings, and a server that fails."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from openprime.api.settings import ApiSettings
from openprime.server.assembly import api_settings
from openprime.server.config import FileConfig, Limits, ServerConfig
from openprime.server.serving import Serving, StartError, Uvicorn


@pytest.mark.parametrize(
    ("limits", "asked", "found"),
    [
        (Limits.OFF, None, 0),
        (Limits.PRODUCTION, None, 20),
        (Limits.CONTEST, None, 20),
        (Limits.OFF, 5, 5),
        (Limits.PRODUCTION, 0, 0),
    ],
)
def test_after_how_many_bad_signatures_a_key_freezes(
    limits: Limits, asked: int | None, found: int
) -> None:
    settings = msgspec.structs.replace(ApiSettings(), freeze_after_bad_signatures=asked)
    config = ServerConfig(limits=limits, file=FileConfig(api=settings))
    assert api_settings(config).freeze_after_bad_signatures == found


def test_a_server_that_fails_stops_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody would keep the bounds of time, and nobody would know."""

    async def fails(self: Uvicorn, counter: int) -> bool:
        raise ZeroDivisionError("a fault")

    async def test() -> None:
        serving = Serving(ServerConfig(port=0))
        await serving.start()
        monkeypatch.setattr(Uvicorn, "on_tick", fails)
        await asyncio.wait_for(serving.stopping.wait(), 30)
        assert serving.failure == "the server failed: ZeroDivisionError('a fault')"
        await serving.stop()

    asyncio.run(test())


def test_a_server_that_cannot_begin_does_not_hang_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails(self: Uvicorn, sockets: object = None) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(Uvicorn, "startup", fails)
    serving = Serving(ServerConfig(port=0))
    with pytest.raises(StartError) as raised:
        asyncio.run(asyncio.wait_for(serving.start(), 30))
    assert str(raised.value) == "the server failed: ZeroDivisionError('a fault')"
