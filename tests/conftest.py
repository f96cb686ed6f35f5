"""What every test shares. Fixtures of one room live beside its tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.served import ServedBroker

# One profile for the test run that must pass (repeatable), one for the long hunt at night.
settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("hunt", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBroker]:
    """One served broker for all tests that only need some broker to talk to."""
    served = ServedBroker(tmp_path_factory.mktemp("broker")).start()
    yield served
    assert served.stop() == 0, served.log()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files first: at the end, a process would wait for the other's longest."""
    slow = {item.path for item in items if "slow" in item.keywords}
    items.sort(key=lambda item: item.path not in slow)
