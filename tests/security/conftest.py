"""Fixtures of the tests of the edge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.kit import Broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker in this process whose main portfolio holds 100,000 USDT on BINANCE."""
    made = Broker()
    made.fund()
    yield made
    made.close()
