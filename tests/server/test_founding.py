"""A first start whose disk takes nothing ends with the disk's own line."""

import asyncio
from pathlib import Path

import pytest

from openprime.server.broker import Broker
from openprime.server.config import ServerConfig
from openprime.server.founding import FoundingError
from openprime.store import Batch, Store, StoreError


def test_a_disk_that_takes_no_commit_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(store: Store, batch: Batch) -> None:
        raise StoreError(expected="room", found="none", remedy="make some")

    monkeypatch.setattr(Store, "commit", commit)
    broker = Broker(ServerConfig(data=tmp_path / "data"))
    told = "expected a new data folder to be founded; expected room; found none; make some"
    with pytest.raises(FoundingError, match=told):
        asyncio.run(broker.open())
