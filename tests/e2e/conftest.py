"""Fixtures of the end-to-end tests."""

from pathlib import Path

import pytest

from tests.e2e.folders import trade
from tests.e2e.rapidx_cli import RapidxCli
from tests.e2e.witness import Witness
from tests.served import ServedBroker


@pytest.fixture
def cli(broker: ServedBroker, tmp_path: Path) -> RapidxCli:
    return RapidxCli(broker.rest_url, broker.access_key, broker.secret_key, tmp_path)


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two snapshots, a journal behind them and a log, as a killed broker left it.

    Tests copy it.
    """
    folder = tmp_path_factory.mktemp("kept")
    broker = ServedBroker(folder).start()
    witness = Witness()
    for name in ("first", "second"):
        trade(broker, witness, name)
        assert broker.stop() == 0
        broker.start()
    trade(broker, witness, "third")
    broker.kill()
    broker.stop()
    return broker.data
