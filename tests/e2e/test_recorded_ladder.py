"""The real ladder on a recorded market: books and trades of a real day, which the operator lets
fall by a tenth under leveraged portfolios. Nothing is pinned: marks are what the books say.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from openprime.errors import message
from tests.e2e.books import examine
from tests.e2e.test_liquidation import BTC, DISCOUNT, ETH, ORDER, POSITION, TAKER, Bench, Trader
from tests.e2e.test_liquidation import until as until_soon
from tests.recordings import RECORDED_FILES, recording

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

D = Decimal
# Maintenance ten times as high, so that every rung is wider than what a market moves by itself in
# the seconds that a look at it takes.
SETTINGS = """
maintenance_multiplier = "10"
{}
[market]
mark_interval_ms = 200
"""
SECONDS = 60


class Recorded(Bench):
    """A broker with recorded markets, which its operator moves."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.parts = {BTC: D(0), ETH: D(0)}
        self.starts: dict[str, Decimal] = {}
        replays = [f"--replay={recording(sym)}={sym}" for sym in RECORDED_FILES]
        super().__init__(folder, SETTINGS.format(settings), *replays)

    def prepare(self) -> None:
        self.starts = {sym: self.mark(sym) for sym in self.parts}

    def mark(self, sym: str) -> Decimal:
        headers = {"X-Admin-Token": self.served.ready["admin_token"]}
        url = f"{self.served.rest_url}/admin/v1/marks"
        rows = httpx.get(url, headers=headers, trust_env=False).json()["data"]
        return next(D(row["price"]) for row in rows if row["sym"] == sym)

    def move(self, sym: str, by: Decimal, over_ms: int = 400) -> None:
        """Move the market of a symbol by a part of where it began, and wait for its marks."""
        self.parts[sym] += round(by, 6)
        coin, part = sym.split("_")[2], str(self.parts[sym])
        assert sym in self.ask("market/move", coin=coin, part=part, overMs=over_ms)["syms"]
        for _ in range(2 + over_ms // 200):
            mark = self.mark(sym)
            until_soon(lambda mark=mark: self.mark(sym) != mark)

    def fall(self, sym: str, trader: Trader, uni_mmr: str, status: str) -> None:
        """Let the market of a trader's only position fall until uniMMR is about so much, and with
        it the status is reached.
        """

        def reached() -> bool:
            if trader.ear.of("MarginCall", accountStatus=status):
                return True
            mark = self.mark(sym)
            self.move(sym, (mark_at(trader, D(uni_mmr)) - mark) / self.starts[sym])
            return bool(trader.ear.of("MarginCall", accountStatus=status))

        until_soon(reached, SECONDS)

    def fallen(self, sym: str) -> Decimal:
        return 1 - self.mark(sym) / self.starts[sym]


def mark_at(trader: Trader, uni_mmr: Decimal) -> Decimal:
    """The mark at which the trader's only position has a uniMMR."""
    (position,), account = trader.positions(), trader.account()
    mark, valid = D(position["markPrice"]), D(account["validMargin"])
    slope = D(position["positionQty"]) * (DISCOUNT - TAKER)
    needs = uni_mmr * D(account["maintainMargin"]) / mark
    return (valid - slope * mark) / (needs - slope)


def holder(bench: Recorded, name: str, sym: str, quantity: str, part: str) -> Trader:
    """A trader who is long, with so much money for each USDT of the position."""
    trader = bench.trader(name, str(round(D(quantity) * bench.mark(sym) * D(part), 2)))
    trader.take("BUY", quantity, sym)
    return trader


def stages(trader: Trader) -> list[str]:
    trader.ear.wait("LiquidationEvent", stage="END")
    return [row["stage"] for row in trader.ear.of("LiquidationEvent")]


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[list[Recorded]]:
    """Whatever broker the test starts is stopped, and its books are examined at rest."""
    benches: list[Recorded] = []
    yield benches
    for bench in benches:
        bench.close()
        examine(bench.served.data)


def test_a_tenth_down_the_ladder(recorded: list[Recorded], tmp_path: Path) -> None:
    bench = Recorded(tmp_path)
    recorded.append(bench)
    to_a_part(bench)
    to_the_whole(bench)
    to_the_house(bench)


def to_a_part(bench: Recorded) -> None:
    trader = holder(bench, "Part", BTC, "0.8", "0.128")
    assert trader.account()["accountStatus"] == "NORMAL"
    start = bench.starts[BTC]
    low, high = str(round(start * D("0.87"))), str(round(start * D("1.1")))
    resting = trader.order(limitPrice=low)["data"]["orderId"]
    closing = trader.order(side="SELL", limitPrice=high, reduceOnly="true")["data"]["orderId"]

    bench.fall(BTC, trader, "1.35", "MARGIN_CALL")
    assert trader.account()["accountStatus"] == "MARGIN_CALL"
    assert trader.client.data("GET", ORDER, orderId=resting)["orderState"] == "OPEN"

    bench.fall(BTC, trader, "1.15", "CANCEL_OPEN")
    pushed = trader.ear.wait("Orders", orderId=resting, orderState="CANCELLED")
    assert (pushed["cancelType"], pushed["reason"]) == ("SYSTEM", message(401045))
    trader.refused(trader.order(limitPrice=low), 401045)
    assert not trader.ear.of("Orders", orderId=closing, orderState="CANCELLED")

    bench.fall(BTC, trader, "1.075", "CANCEL_ALL")
    trader.ear.wait("Orders", orderId=closing, orderState="CANCELLED")
    again = trader.order(side="SELL", limitPrice=high, reduceOnly="true")
    trader.refused(again, 401045)

    bench.fall(BTC, trader, "1.03", "LIQUIDATING")
    begun, *between, ended = stages(trader)
    # The recording goes on meanwhile: where it fell further, one part was not enough.
    assert (begun, set(between), ended) == ("CANCEL", {"REDUCE"}, "END")
    parts = trader.ear.of("LiquidationPosition", sym=BTC)
    assert len(parts) == len(between)
    closed = sum(D(part["reduceQty"]) for part in parts)
    assert D(0) < closed < D("0.8")
    for part in parts:
        told = bench.main.ear.wait("LiquidationPositionByUser", orderId=part["orderId"])
        assert told == part
        order = trader.client.data("GET", ORDER, orderId=part["orderId"])
        assert (order["orderType"], order["orderState"]) == ("SYSTEM_REDUCE", "FILLED")
    charged = sum(D(part["liqFee"]) for part in parts)
    fees = trader.statements("LIQUIDATION_FEE")
    assert sum(D(row["deltaAmount"]) for row in fees) == -charged < 0
    assert {row["requestId"] for row in fees} == {part["liquidationEventId"] for part in parts}
    (position,) = trader.positions()
    assert D(position["positionQty"]) == D("0.8") - closed
    (history,) = trader.closed()
    assert (history["closedType"], D(history["liqFee"])) == ("PARTIAL_CLOSED", charged)
    assert D("0.07") < bench.fallen(BTC) < D("0.11")


def to_the_whole(bench: Recorded) -> None:
    # So dear a clearance that closing a part repairs nothing.
    bench.ask("instruments/rules", sym=ETH, changes={"liquidationFee": "0.1"})
    trader = holder(bench, "Whole", ETH, "10", "0.14")
    for uni_mmr, status in (
        ("1.35", "MARGIN_CALL"),
        ("1.15", "CANCEL_OPEN"),
        ("1.075", "CANCEL_ALL"),
        ("1.03", "LIQUIDATING"),
    ):
        bench.fall(ETH, trader, uni_mmr, status)
    assert stages(trader) == ["CANCEL", "LIQUIDATE", "END"]
    (reduced,) = trader.ear.of("LiquidationPosition")
    assert D(reduced["reduceQty"]) == 10
    fees = trader.statements("LIQUIDATION_FEE")
    assert sum(D(row["deltaAmount"]) for row in fees) == -D(reduced["liqFee"]) < 0
    (history,) = trader.closed()
    assert (history["closedType"], history["liqFee"]) == ("LIQUIDATION", reduced["liqFee"])
    assert trader.positions() == []
    assert 0 <= trader.cash() < 1  # the clearance took what was left of the margin
    assert trader.account()["accountStatus"] == "NORMAL"


def to_the_house(bench: Recorded) -> None:
    trader = holder(bench, "House", ETH, "10", "0.08")
    bench.move(ETH, D("-0.12"), over_ms=0)
    trader.ear.wait("MarginCall", accountStatus="TAKEOVER")
    assert stages(trader)[0] == "CANCEL"
    assert trader.positions() == []
    assert sum(D(row["deltaAmount"]) for row in trader.statements("LIQ_COMPENSATION")) > 0
    assert trader.cash() == 0
    (history,) = trader.closed()
    assert history["closedType"] == "LIQUIDATION"
    assert trader.account()["accountStatus"] == "NORMAL"
    trader.refused(trader.client.call("DELETE", POSITION, sym=ETH), 401053)
    trader.refused(trader.order(sym=ETH, limitPrice="2000", orderQty="0.1"), 401045)


def test_a_fund_that_is_short(recorded: list[Recorded], tmp_path: Path) -> None:
    bench = Recorded(tmp_path, 'insurance_fund_initial = "10"')
    recorded.append(bench)
    rich, poor = bench.trader("Rich", "100000"), bench.trader("Poor", "3000")
    for short in (rich, poor):
        short.take("SELL", "0.2")
    trader = holder(bench, "Bankrupt", BTC, "0.1", "0.08")
    (begun,) = trader.positions()
    bench.move(BTC, D("-0.02"))
    ranks = [
        row["adlRank"]
        for short in (rich, poor)
        for row in short.client.data("GET", "/api/v1/adl/rank")["adlRanks"]
    ]
    assert ranks == ["3", "5"]
    money = trader.cash()
    bench.move(BTC, D("-0.12"), over_ms=0)
    trader.ear.wait("MarginCall", accountStatus="TAKEOVER")
    trader.ear.wait("LiquidationEvent", stage="END")
    (left,), (whole,) = poor.positions(), rich.positions()
    assert (left["positionQty"], whole["positionQty"]) == ("-0.1", "-0.2")
    assert rich.closed() == []
    (history,) = poor.closed()
    assert history["closedType"] == "PARTIAL_CLOSED"
    # At the price where the bankrupt account has lost all that it had, and no more.
    assert abs(D(history["closedAvgPrice"]) - (D(begun["avgPrice"]) - money * 10)) < 1
    assert trader.statements("LIQ_COMPENSATION") == []
    assert abs(trader.cash()) < D("0.01")
