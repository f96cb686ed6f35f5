"""Thirty days that pass in one call, hour by hour, or in a hurry: the same books (resolutions 205).

Three brokers get the same clients, orders and prices while their clocks stand at the same moment.
Then time passes, each its own way, over funding, interest, loans and whatever else falls due.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.house import BTC, House, Json, Trader, wait_for

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DAYS = 30
ETH = "BINANCE_PERP_ETH_USDT"
BTC_SPOT = "BINANCE_SPOT_BTC_USDT"
BTC_MARGIN = "BINANCE_MARGIN_BTC_USDT"
LOAN = "/api/v1/trading/rapidxLoan/loan"
KINDS = ("FUNDING_FEE", "DEDUCT_INTEREST", "TRANSFER", "LIQUIDATION_FEE", "LIQ_COMPENSATION")
# Ids differ where a broker did more on the way.
OWN = ("portfolioId", "statementId", "positionId", "orderId")


class World:
    """A broker whose clients hold something of everything that time acts on."""

    def __init__(self, house: House, start_ms: int) -> None:
        self.house = house
        house.ask("POST", "clock", to=start_ms, frozen=True)
        self.start_ms = start_ms
        house.mark(BTC, 60000)
        house.mark(ETH, 2600)
        house.index("BTC", 60000)
        house.index("ETH", 2600)
        self.long = house.trader(USDT=50_000, BTC=1)
        self.short = house.trader(USDT=5_000_000, BTC=20, ETH=20)
        self.debtor = house.trader(USDT=1_000, BTC=2)
        self.borrower = house.trader(USDT=100_000)
        house.setting("broker_max_leverage", 0)
        self.poor = house.trader(USDT=128)
        self.poor.lever(BTC, 100)  # funding alone will be its end
        self.traders = (self.long, self.short, self.debtor, self.borrower, self.poor)
        self.long.take_over(self.short, BTC, "BUY", 1, 59000)
        self.long.take_over(self.short, ETH, "SELL", 10, 2600)
        self.poor.take_over(self.short, BTC, "BUY", "0.2", 60000)
        self.borrow_by_margin()
        self.debtor.rest(BTC, "BUY", "0.1", 55000)
        self.lend()

    def borrow_by_margin(self) -> None:
        debtor = self.debtor
        path = "/api/v1/trading/margin/leverage"
        debtor.client.data("POST", path, exchangeType="BINANCE", coin="USDT", leverage="3")
        bought = debtor.rest(BTC_MARGIN, "BUY", "0.5", 60000)
        self.short.rest(BTC_SPOT, "SELL", "0.5", 60000)
        wait_for(lambda: debtor.order(bought)["orderState"] == "FILLED")

    def lend(self) -> None:
        asked = {"exchange": "BINANCE", "coin": "USDT", "amount": "700"}
        self.borrower.client.data("POST", f"{LOAN}/borrow", **asked)

    def clock(self, **members: Any) -> int:
        return int(self.house.ask("POST", "clock", **members)["time"])

    def books(self) -> list[Json]:
        """Every balance, position, order and statement row, without ids."""
        return [self._books_of(trader) for trader in self.traders]

    def _books_of(self, trader: Trader) -> Json:
        statements = {kind: trader.statements(kind, self.start_ms) for kind in KINDS}
        rows = {
            "account": [trader.account()],
            "assets": [trader.asset(coin) for coin in ("USDT", "BTC")[: self._coins(trader)]],
            "positions": trader.positions(),
            **statements,
        }
        return {
            name: [{k: v for k, v in row.items() if k not in OWN} for row in found]
            for name, found in rows.items()
        }

    def _coins(self, trader: Trader) -> int:
        return 2 if trader in (self.long, self.short, self.debtor) else 1


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[list[World]]:
    start_ms = (time.time_ns() // 1_000_000 // HOUR_MS + 2) * HOUR_MS + 12_345
    with ExitStack() as stack:
        made = []
        for name in ("once", "hourly", "fast"):
            (tmp_path / name).mkdir()
            house = House(tmp_path / name)
            stack.callback(house.close)
            made.append(World(house, start_ms))
        yield made


def test_thirty_days_are_thirty_days(worlds: list[World]) -> None:
    once, hourly, fast = worlds
    end_ms = once.start_ms + DAYS * DAY_MS
    assert once.clock(advanceMs=DAYS * DAY_MS) == end_ms
    for _ in range(DAYS * 24):
        now_ms = hourly.clock(advanceMs=HOUR_MS)
    assert now_ms == end_ms
    fast.clock(frozen=False, speed="300000")
    wait_for(lambda: fast.clock() > end_ms - 2 * DAY_MS, seconds=60)
    assert fast.clock(frozen=True) < end_ms
    assert fast.clock(to=end_ms) == end_ms
    books = once.books()
    assert books == hourly.books()
    assert books == fast.books()
    long, short, debtor, _, poor = books
    assert len(long["FUNDING_FEE"]) == len(short["FUNDING_FEE"]) == 2 * 3 * DAYS
    assert len(debtor["DEDUCT_INTEREST"]) == 24 * DAYS
    assert not poor["positions"], "funding took what carried it"
