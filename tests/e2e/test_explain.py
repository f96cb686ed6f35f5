"""`openprime explain …` against a running broker, and the refusals that its log names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.house import BTC, House, Trader
from tests.e2e.command import openprime


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def explain(house: House, *words: str) -> list[str]:
    environment = {
        "OPENPRIME_ADMIN_URL": house.served.rest_url,
        "OPENPRIME_ADMIN_TOKEN": house.served.ready["admin_token"],
    }
    result = openprime("explain", *words, environment=environment)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return result.stdout.splitlines()


def example_a(house: House) -> Trader:
    house.mark(BTC, 60000)
    house.index("BTC", 60000)
    trader = house.trader(USDT=10_000, BTC="0.5")
    trader.take_over(house.trader(USDT=1_000_000), BTC, "BUY", 2, 59000)
    trader.lever(BTC, 10)
    return trader


def test_what_the_log_names_can_be_looked_up(house: House) -> None:
    trader = example_a(house)
    assert trader.place(BTC, "BUY", 10, 60000)["code"] == 401058
    lines = explain(house, "order", "R1")
    assert "availableMargin with the order = 40036.8 - 72000 = -31963.2" in lines
    (told,) = [line for line in house.served.log().splitlines() if "event=order_refused" in line]
    assert "id=R1" in told
    assert "code=401058" in told
    assert " | ".join(lines) in told


def test_an_account_and_its_position(house: House) -> None:
    trader = example_a(house)
    account = explain(house, "account", str(trader.portfolio_id))
    assert "availableMargin = validMargin 40456.8 - frozenMargin 12000 = 28456.8" in account
    assert "uniMMR = validMargin 40456.8 / maintainMargin 480 = 84.285" in account
    (position,) = trader.positions()
    lines = explain(house, "position", position["positionId"])
    assert "unrealizedPNL = 2 * 1 * (mark 60000 - avgPrice 59000) = 2000" in lines
