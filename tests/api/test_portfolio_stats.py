"""What one portfolio traded, by symbol (rest-trading 5.3, resolutions 46, 170)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.kit import BTC, DAY_MS, ETH, NOW_MS, SPOT, Broker, refuses

PATH = "/api/v1/trading/user/portfolio/tradingstats"
MARGIN = "BINANCE_MARGIN_BTC_USDT"


@pytest.fixture
def traded(broker: Broker) -> Broker:
    """A portfolio that bought and sold on three kinds of markets."""
    for sym, side in ((BTC, "BUY"), (BTC, "SELL"), (MARGIN, "SELL"), (SPOT, "SELL")):
        broker.fund("1", coin="BTC")
        broker.place(sym=sym, side=side, orderType="MARKET", limitPrice=None)
    return broker


def test_volumes_and_details(traded: Broker) -> None:
    data = traded.call("GET", PATH).data
    details = {row["sym"]: row for row in data.pop("details")}
    assert data == {
        "okxSpotVolUsd": "0",
        "okxPerpVolUsd": "0",
        "binanceSpotVolUsd": "1200",
        "binancePerpVolUsd": "1200",
    }
    assert details[BTC] == {
        "exchange": "BINANCE",
        "businessType": "PERP",
        "sym": BTC,
        "executedAmount": "1200",
        "totalTradingFee": "0.42",
        "totalRpnl": "0",
    }
    assert {sym: row["executedAmount"] for sym, row in details.items()} == {
        BTC: "1200",
        MARGIN: "600",
        SPOT: "600",
    }


@pytest.mark.parametrize(
    ("filters", "syms"),
    [
        ({"exchange": "OKX"}, []),
        ({"businessType": "PERP"}, [BTC]),
        ({"businessType": "SPOT"}, [MARGIN, SPOT]),
        ({"symList": SPOT}, [SPOT]),
        ({"symList": f"{BTC},{SPOT}", "exchange": "OKX", "businessType": "PERP"}, [BTC, SPOT]),
        ({"begin": str(NOW_MS // 1000), "end": str(NOW_MS // 1000 + 1)}, [BTC, MARGIN, SPOT]),
        ({"begin": str(NOW_MS - 3 * DAY_MS), "end": str(NOW_MS - DAY_MS)}, []),
    ],
)
def test_filters(traded: Broker, filters: Any, syms: list[str]) -> None:
    rows = traded.call("GET", PATH, filters).data["details"]
    assert sorted(row["sym"] for row in rows) == sorted(syms)


def test_the_path_without_api_and_other_portfolios(traded: Broker) -> None:
    data = traded.call("GET", PATH.removeprefix("/api")).data
    assert data["binancePerpVolUsd"] == "1200"
    assert traded.call("GET", PATH, key=traded.sub_key).data["details"] == []
    sub = {"portfolioId": str(traded.sub_id)}
    assert traded.call("GET", PATH, sub).data["details"] == []
    refuses(traded.call("GET", PATH, {"portfolioId": str(traded.main_id)}, traded.sub_key), 401010)


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"symList": ",".join([BTC] * 6)}, 400000),
        ({"symList": f"{BTC},{ETH},NOPE"}, 401011),
        ({"exchange": "X"}, 401023),
        ({"businessType": "X"}, 401069),
        ({"begin": "x"}, 401039),
        ({"end": "x"}, 401040),
        ({"begin": str(NOW_MS), "end": str(NOW_MS - 1)}, 400004),
        ({"begin": str(NOW_MS + DAY_MS)}, 400005),
        ({"begin": str(NOW_MS - 91 * DAY_MS)}, 400001),
    ],
)
def test_what_speaks_against_it(broker: Broker, filters: Any, code: int) -> None:
    refuses(broker.call("GET", PATH, filters), code)
