"""The operator moves a coin's market: what can be asked, and what of it is passed on."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.api.kit import Broker, Json

SYM = "BINANCE_PERP_BTC_USDT"


class Mover:
    """A market that writes down how it is moved; no coin but BTC has a price."""

    def __init__(self) -> None:
        self.asked: list[tuple[Decimal, int]] = []

    def movable(self, coin: str) -> list[str]:
        return [SYM] if coin == "BTC" else []

    def move(self, syms: Sequence[str], part: Decimal, over_ms: int) -> None:
        assert syms == [SYM]
        self.asked.append((part, over_ms))


@pytest.mark.parametrize(
    ("members", "asked"),
    [
        ({"part": "-0.1"}, (Decimal("-0.1"), 0)),
        ({"part": 0, "overMs": "60000"}, (Decimal(0), 60_000)),
    ],
)
def test_moving(broker: Broker, members: Json, asked: tuple[Decimal, int]) -> None:
    mover = Mover()
    broker.services.mover = mover
    answer = broker.admin("POST", "market/move", coin="BTC", **members)
    assert answer.data == {"syms": [SYM]}
    assert mover.asked == [asked]


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        ({"part": "-0.96"}, "expected part from -0.95 to 10, found -0.96"),
        ({"part": "NaN"}, "expected part from -0.95 to 10, found NaN"),
        ({"part": 0, "overMs": -1}, "expected overMs from 0 to 86400000, found -1"),
        ({"part": 0, "coin": "XYZ"}, "expected a coin whose market has a price, found 'XYZ'"),
    ],
)
def test_what_cannot_be(broker: Broker, members: Json, detail: str) -> None:
    mover = Mover()
    broker.services.mover = mover
    answer = broker.admin("POST", "market/move", **{"coin": "BTC", **members}).json
    assert answer["code"] == 400000
    assert answer["data"]["detail"] == detail
    assert mover.asked == []
