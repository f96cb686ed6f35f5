"""A disk that fills under load: nothing acknowledged is lost, and with room again it goes on."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from tests.e2e.command import openprime
from tests.e2e.load import ORDER, Load
from tests.e2e.test_crashes import SEED, Rounds
from tests.served import ServedBroker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SMALL_DISK = "size=3m"
LARGE_DISK = "remount,size=64m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of the test's own."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid():
        pytest.skip("expected to run as root, for only root may mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", place],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"expected to mount a small disk, found: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


class CrowdedLoad(Load):
    """A load that ends when the broker says that it takes no more: what was not taken stays
    without an answer, for it may be there or not.
    """

    def _take(self, action: str, parameters: dict[str, Any], code: int, data: Any) -> None:
        if code == 50001:
            self.finishing = True
        else:
            super()._take(action, parameters, code, data)


def test_what_was_acknowledged_before_the_disk_was_full_is_kept(disk: Path, tmp_path: Path) -> None:
    broker = ServedBroker(tmp_path, data=disk / "data")
    rounds = Rounds(broker, tmp_path / "copy")
    try:
        rounds.start()
        load = CrowdedLoad(
            broker, rounds.client, rounds.witness, Random(SEED), "full", lambda: None
        )
        asyncio.run(load.run())
        assert load.finishing
        assert len(rounds.witness.orders) > 50

        # It takes nothing more, and tells what it has kept.
        health = httpx.get(f"{broker.rest_url}/health", trust_env=False).json()
        assert health["status"] == "halted"
        for order_id, known in rounds.witness.orders.items():
            known.check(rounds.client.data("GET", ORDER, orderId=order_id))
        broker.kill()
        rounds.part()

        # No start without room for a commit.
        fill(disk)
        refused = openprime("up", "--port", "0", "--data", broker.data)
        assert refused.returncode == 2, refused
        assert "Traceback" not in refused.stderr
        said = refused.stderr.splitlines()[-1]
        assert said.startswith("openprime: expected a data folder that takes a commit; expected ")
        assert said.endswith("found database or disk is full; free the disk or mend it, "
                             "then start again")  # fmt: skip

        subprocess.run(["mount", "-o", LARGE_DISK, disk], check=True)
        rounds.restart()
        rounds.check_everything()
        assert broker.stop() == 0
        assert "Traceback" not in broker.log()
        verified = openprime("verify", broker.data)
        assert verified.returncode == 0, verified.stdout
    finally:
        rounds.end()


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
