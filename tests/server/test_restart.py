"""A folder starts again, whatever the operator changed before it was stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openprime.desk.commands import Override
from openprime.server.broker import Broker
from openprime.server.config import ServerConfig

BTC = "BINANCE_PERP_BTC_USDT"


@pytest.mark.parametrize("changes", [{"rules": "none"}, {"state": "suspend"}])
def test_a_symbol_that_was_taken_out_of_play_does_not_stop_a_start(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    async def lives() -> None:
        first = Broker(ServerConfig(data=tmp_path))
        await first.open()
        outcome = await first.sequencer.submit(Override("instruments", BTC, changes))
        assert outcome.refusal is None
        await first.close()
        second = Broker(ServerConfig(data=tmp_path))
        await second.open()
        assert second.market.book(BTC).best_bid() is not None
        await second.close()

    asyncio.run(lives())
