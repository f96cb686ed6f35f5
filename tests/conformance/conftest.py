"""The brokers that the catalogue is shown on: one without limits, one with those of production."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.world import World
from tests.served import ServedBroker


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A broker; the one with limits is started when a case first asks for it."""
    limited: list[World] = []

    def limits_on() -> World:
        if not limited:
            folder = tmp_path_factory.mktemp("limited")
            limited.append(World(ServedBroker(folder, "--limits", "production").start()))
        return limited[0]

    made = World(ServedBroker(tmp_path_factory.mktemp("catalogue")).start(), limits_on)
    yield made
    for each in (made, *limited):
        each.close()
