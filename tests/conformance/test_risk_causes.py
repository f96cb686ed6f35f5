"""Codes whose cause is what the broker itself does to an account: a stage of a liquidation that is
at the venue, and money that a take-over took while it was on its way.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openprime.errors import message
from tests.conformance.house import BTC, House, Json, Trader, number, wait_for

POSITION = "/api/v1/trading/position"
TRANSFER = "/api/v1/transfer"
FAR_MS = 60_000
DELAY_MS = 5_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    config = tmp_path / "openprime.toml"
    config.write_text(f"[desk]\ntransfer_delay_ms = {DELAY_MS}\n")
    made = House(tmp_path, "--config", str(config))
    made.ask("POST", "clock", frozen=True)
    made.mark(BTC, 60000)
    made.index("BTC", 60000)
    yield made
    made.close()


def long_of_two(house: House, **coins: Any) -> Trader:
    """A client that is long 2 BTC at 60000, against another."""
    house.setting("broker_max_leverage", 0)
    trader, other = house.trader(**coins), house.trader(USDT=1_000_000)
    trader.lever(BTC, 50)
    trader.take_over(other, BTC, "BUY", 2, 60000)
    return trader


def test_closing_beside_a_stage_that_is_at_the_venue(house: House) -> None:
    trader = long_of_two(house, USDT=5000)
    house.ask("POST", "faults", kind="venue.latency", args={"ms": FAR_MS})
    house.mark(BTC, 57760)
    assert trader.account()["accountStatus"] == "LIQUIDATING"
    answer = trader.client.call("DELETE", POSITION, sym=BTC)
    assert answer == {"code": 401038, "message": message(401038), "data": {}}
    assert answer["message"] == "There is a close order, please cancel it first"


def test_a_transfer_whose_money_a_take_over_took(house: House) -> None:
    trader = long_of_two(house, USDT=5000, BTC="0.1")
    asked = {"fromTradeAccountId": str(trader.portfolio_id), "fromAccountType": "BINANCE"}
    asked |= {"toTradeAccountId": str(trader.portfolio_id), "toAccountType": "OKX"}
    applied = trader.client.data(
        "POST", f"{TRANSFER}/apply", **asked, currency="BTC", amount="0.05"
    )
    house.mark(BTC, 54000)  # 12000 are lost of 5000 USDT and 0.1 BTC
    house.ask("POST", "clock", advanceMs=1)
    wait_for(lambda: trader.positions() == [])
    assert number(trader.asset("BTC")["equity"]) == 0
    (row,) = trader.statements("LIQ_COMPENSATION")[1:]
    assert (row["coin"], number(row["deltaAmount"])) == ("BTC", number("-0.1"))
    house.ask("POST", "clock", advanceMs=DELAY_MS)
    named = {"transferId": applied["transferId"]}

    def told() -> Json:
        found: Json = trader.client.data("GET", f"{TRANSFER}/get", **named)
        return found

    wait_for(lambda: str(told()["status"]) == "2")
    assert told()["reason"] == message(401057) == "Insufficient frozen"
