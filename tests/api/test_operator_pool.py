"""The operator's table of the pool of venue accounts, and what clients are told then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openprime.desk.commands import Credit
from openprime.errors import message
from openprime.model.vocabulary import Exchange
from tests.api.kit import ORDER, Answer, Broker, Json, base_order

PERP = {"exchange": "BINANCE", "businessType": "PERP"}
SPOT = "BINANCE_SPOT_BTC_USDT"


@pytest.fixture
def funded(broker: Broker) -> Broker:
    for coin in ("USDT", "BTC"):
        broker.do(Credit(broker.main_id, Exchange.BINANCE, coin, Decimal(100_000)))
    return broker


def act(broker: Broker, path: str, **members: Any) -> Any:
    answer = broker.admin("POST", f"pool/{path}", **members)
    assert answer.json["code"] == 200, answer.json
    return answer.data


def unfit(broker: Broker, path: str, **members: Any) -> str:
    answer = broker.admin("POST", f"pool/{path}", **members)
    assert answer.json["code"] == 400000, answer.json
    return str(answer.json["data"]["detail"])


def refuses(answer: Answer, code: int) -> None:
    assert answer.json == {"code": code, "message": message(code), "data": {}}


def place(broker: Broker, **changes: Any) -> Answer:
    return broker.call("POST", ORDER, base_order(**changes))


def pool(broker: Broker) -> Json:
    data: Json = broker.admin("GET", "pool").data
    return data


def account(broker: Broker, group: str = "BINANCE:PERP") -> int:
    return next(a["accountId"] for a in pool(broker)["accounts"] if a["group"] == group)


def test_the_default_is_shown_and_not_made(funded: Broker) -> None:
    shown = pool(funded)
    assert [len(shown[name]) for name in ("groups", "routes", "accounts")] == [6, 6, 6]
    assert shown["routes"][0] == {"route": "default:BINANCE:SPOT", "group": "BINANCE:SPOT"}
    assert funded.state.pool is None


def test_a_market_without_a_group(funded: Broker) -> None:
    act(funded, "routes", **PERP)
    refuses(place(funded), 401066)
    leverage = {"sym": "BINANCE_PERP_BTC_USDT", "leverage": 3}
    refuses(funded.call("POST", "/api/v1/trading/position/leverage", leverage), 401066)
    act(funded, "routes", **PERP, group="BINANCE:PERP")
    assert place(funded).json["code"] == 200000
    act(funded, "groups", name="BINANCE:PERP", **PERP, enabled=False)
    refuses(place(funded), 401066)


def test_an_account_of_its_own(funded: Broker) -> None:
    act(funded, "groups", name="vip", **PERP)
    act(funded, "routes", owner="vips", **PERP, group="vip")
    act(funded, "tags", portfolioId=funded.main_id, tag="vips")
    refuses(place(funded), 401066)
    added = act(funded, "accounts", group="vip", maxOpenOrders=1)["accountId"]
    order_id = place(funded).data["orderId"]
    shown = pool(funded)
    assert shown["orders"] == [{"orderId": order_id, "accountId": added}]
    assert shown["tags"] == [{"portfolioId": str(funded.main_id), "tag": "vips"}]
    (row,) = [row for row in shown["accounts"] if row["accountId"] == added]
    assert (row["openOrders"], row["maxOpenOrders"], row["marginAvailable"]) == (1, 1, "")
    refuses(place(funded), 401064)


def test_health_and_position_mode(funded: Broker) -> None:
    number = account(funded)
    act(funded, "accounts/change", accountId=number, health="DOWN")
    refuses(place(funded), 401064)
    act(funded, "accounts/change", accountId=number, health="UP", positionMode="BOTH")
    refuses(place(funded), 401064)
    act(funded, "accounts/change", accountId=number, anyPositionMode=True)
    assert place(funded).json["code"] == 200000


def test_margin_coins_and_shares(funded: Broker) -> None:
    perp, spot = account(funded), account(funded, "BINANCE:SPOT")
    act(funded, "accounts/margin", accountId=perp, amount="1")
    refuses(place(funded), 401063)
    act(funded, "accounts/margin", accountId=perp)
    assert place(funded).json["code"] == 200000
    sell = {"sym": SPOT, "side": "SELL", "limitPrice": "60500", "positionSide": "NONE"}
    act(funded, "accounts/balance", accountId=spot, coin="BTC", amount="0")
    refuses(place(funded, **sell), 401065)
    act(funded, "accounts/balance", accountId=spot, coin="BTC", amount="10")
    share = {"userId": funded.user_id, "accountId": spot, "coin": "BTC"}
    act(funded, "allocations", **share, amount="0.001")
    refuses(place(funded, **sell), 401062)
    (row,) = pool(funded)["allocations"]
    assert row == share | {"userId": str(funded.user_id), "amount": "0.001", "credit": "0"}
    act(funded, "allocations", **share)
    assert place(funded, **sell).json["code"] == 200000


def test_what_is_not_there_is_said_in_one_line(funded: Broker) -> None:
    nothing = "expected ids and names of what GET /admin/v1/pool lists"
    assert unfit(funded, "routes", **PERP, group="nope").startswith(nothing)
    assert unfit(funded, "accounts", group="nope").startswith(nothing)
    assert unfit(funded, "accounts/change", accountId=99, health="UP").startswith(nothing)
    assert unfit(funded, "tags", portfolioId=1).startswith(nothing)
    assert unfit(funded, "routes", owner="a:b", **PERP).startswith("expected owner to be")
    assert unfit(funded, "groups", name="", **PERP).startswith("expected name to be")
    assert unfit(funded, "accounts/margin", accountId=1, amount="-1").startswith("expected amount")
    assert unfit(funded, "accounts/balance", accountId=1, coin="X").startswith("expected coin")
    assert unfit(funded, "accounts/change", accountId=1, maxLeverage=-1) == (
        "expected max_leverage from 0 (no limit) to 10^15, found -1"
    )
    assert funded.state.pool is None
