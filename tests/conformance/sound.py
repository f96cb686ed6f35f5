"""Requests that nothing is wrong with, one a surface, and how each is broken at a stage.

A forced code is shown on such a request: it alone can be the reason of the refusal. A code that is
forced at its stage gives way to what an earlier stage finds, so each request tells of breaches too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from openprime.errors import row
from tests.conformance.answers import Json
from tests.conformance.cases.others import NOBODYS_ORDER
from tests.conformance.cases.transfers import APPLY, NOBODYS, terms
from tests.conformance.trader import BTC, LEVERAGE, ORDER, POSITION, Trader, order_of
from tests.conformance.world import BTC_SPOT, DAY_MS, World

STAGES = ("auth", "syntax", "lookup", "reference", "account", "margin", "venue", "push")
NO_PORTFOLIO = {"portfolioId": "abc"}

Breach = tuple[int, Json]


class Sound(NamedTuple):
    """`parameters` makes what the request needs and says how it goes. `breaches` are changes by
    the stage at which they are found, with the code that they give; `first` are the codes of the
    syntax stage that its breach does not stand before.
    """

    parameters: Callable[[World, Trader], Json]
    breaches: Mapping[str, Breach]
    first: tuple[int, ...] = (400000, 401000)

    def breach_before(self, code: int) -> Breach | None:
        """What an earlier stage than a code's finds, or an earlier check of the same stage where
        that is syntax; None where only the signature comes before.
        """
        stage = row(code).stage
        reached = STAGES.index(stage)
        if stage == "syntax" and code not in self.first:
            reached += 1
        found = [self.breaches[name] for name in STAGES[:reached] if name in self.breaches]
        return found[-1] if found else None


def _nothing(world: World, trader: Trader) -> Json:
    return {}


def _order(world: World, trader: Trader) -> Json:
    trader.rest(clientOrderId="used")
    return order_of({})


def _named(world: World, trader: Trader) -> Json:
    return {"orderId": trader.rest()}


def _changed(world: World, trader: Trader) -> Json:
    return {"orderId": trader.rest(), "replacePrice": "56000"}


def _position(world: World, trader: Trader) -> Json:
    trader.fill(BTC, "BUY", "0.01")
    return {"sym": BTC}


def _schedule(world: World, trader: Trader) -> Json:
    return {
        "algoOrderType": "TWAP", "sym": BTC, "side": "BUY", "orderQty": "1", "interval": "60",
        "endTime": str(world.now_ms() + DAY_MS // 24),
    }  # fmt: skip


def _transfer(world: World, trader: Trader) -> Json:
    return {"transferId": str(trader.data("POST", APPLY, **terms(trader))["transferId"])}


LIST = Sound(_nothing, {"syntax": (401000, NO_PORTFOLIO)})

SOUND: dict[str, Sound] = {
    f"POST {ORDER}": Sound(
        _order,
        {
            "syntax": (401000, NO_PORTFOLIO),
            "lookup": (401009, {"clientOrderId": "used"}),
            "reference": (401017, {"orderQty": "0.001"}),
            "account": (401048, {"side": "SELL", "limitPrice": "63000", "reduceOnly": "true"}),
            "margin": (401058, {"orderQty": "100"}),
        },
    ),
    f"PUT {ORDER}": Sound(
        _changed,
        {"syntax": (401000, NO_PORTFOLIO), "reference": (401015, {"replacePrice": "56000.01"})},
    ),
    f"DELETE {ORDER}": Sound(
        _named, {"syntax": (401000, NO_PORTFOLIO), "lookup": (401018, {"orderId": NOBODYS_ORDER})}
    ),
    f"DELETE {POSITION}": Sound(
        _position, {"syntax": (401000, NO_PORTFOLIO), "reference": (401041, {"sym": BTC_SPOT})}
    ),
    f"POST {LEVERAGE}": Sound(
        lambda world, trader: {"sym": BTC, "leverage": "4"},
        {"syntax": (401000, NO_PORTFOLIO), "reference": (401011, {"sym": "FAKE"})},
    ),
    "POST /api/v1/trading/account": Sound(
        lambda world, trader: {"exchangeType": "BINANCE", "positionMode": "BOTH"},
        {"syntax": (401000, NO_PORTFOLIO)},
    ),
    "DELETE /api/v1/trading/cancelAll": LIST,
    "GET /api/v1/trading/account": LIST,
    "GET /api/v1/trading/orders": LIST,
    "GET /api/v1/trading/history/orders": LIST,
    "GET /api/v1/trading/executions": LIST,
    "GET /api/v1/trading/statement": LIST,
    "GET /api/v1/market/fundingRate": Sound(
        lambda world, trader: {"sym": BTC}, {}, first=(400000, 400009)
    ),
    "POST /api/v1/algo/order": Sound(_schedule, {"syntax": (401000, NO_PORTFOLIO)}),
    "GET /api/v1/trading/portfolio": Sound(_nothing, {"syntax": (401000, NO_PORTFOLIO)}),
    "POST /api/v1/trading/portfolio": Sound(
        lambda world, trader: {"name": "Alpha01"},
        {"syntax": (402000, {"name": ""})},
        first=(402000, 402004),
    ),
    "POST /api/v1/apiKey/portfolio": Sound(
        lambda world, trader: {"portfolioId": str(trader.portfolio_id), "apiName": "bot"},
        {"syntax": (402005, {"portfolioId": ""})},
        first=(402005,),
    ),
    f"POST {APPLY}": Sound(
        lambda world, trader: terms(trader),
        {
            "syntax": (403016, {"clientOrderId": "a" * 64}),
            "lookup": (403006, {"fromTradeAccountId": NOBODYS}),
            "reference": (403010, {"currency": "XYZ"}),
        },
        first=(403016,),
    ),
    "GET /api/v1/transfer/get": Sound(_transfer, {"syntax": (400009, {"transferId": ""})}),
}
