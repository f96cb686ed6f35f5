"""The operator changes tiers, discounts, interest, pools, fees and settings (resolutions 206)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.kit import BTC, Broker, refuses

T = "/api/v1/trading/"
INVALID = "Invalid Parameter, please check api doc"


def change(broker: Broker, path: str, **members: Any) -> None:
    assert broker.admin("POST", path, **members).json == {
        "code": 200,
        "message": "success",
        "data": {},
    }


def test_position_tiers(broker: Broker) -> None:
    tiers = [{"maxNotionalValue": "50000", "maxLeverage": 10, "mmRate": 0.01}]
    change(broker, "positionTiers", sym=BTC, tiers=tiers)
    assert broker.call("GET", f"{T}positionBracket", {"sym": BTC}).data[BTC] == [
        {
            "sym": BTC,
            "minNotionalValue": "0",
            "maxNotionalValue": "50000",
            "maxLeverage": "10",
            "mmRate": "0.0100",
            "riskLevel": "1",
        }
    ]
    refuses(
        broker.call("POST", f"{T}position/leverage", {"sym": BTC, "leverage": "11"}),
        401034,
    )
    change(broker, "positionTiers", sym=BTC)
    assert len(broker.call("GET", f"{T}positionBracket", {"sym": BTC}).data[BTC]) > 1


def test_discounts(broker: Broker) -> None:
    broker.fund("1", coin="BTC")
    change(broker, "discounts", coin="BTC", discount="0.5")
    row = {"coin": "BTC", "discount": "0.5"}
    assert broker.call("GET", f"{T}coin/discount", {"coin": "BTC"}).data == [row]
    binance = broker.call("GET", f"{T}account").data[0]
    assert binance["marginValue"] == "129990"


def test_loans_interest_and_pools(broker: Broker) -> None:
    tiers = [{"maxSize": "5", "mmRate": "0.1", "maxLeverage": "3"}]
    change(broker, "loanTiers", exchange="OKX", coin="BTC", tiers=tiers)
    detail = broker.call("GET", f"{T}loan/info_detail", {"exchangeType": "OKX", "coin": "BTC"}).data
    told = {"tier": "1", "minSize": "0", "maxSize": "5", "mmRate": "0.1", "maxLeverage": "3"}
    assert detail["OKX_MARGIN_BTC_USDT"]["tiers"] == [told]
    levels = [{"hourInterestRate": "0.00000228310502283105022831", "loanLimit": "4"}]
    change(broker, "interestLevels", exchange="OKX", coin="BTC", levels=levels)
    rows = broker.call("GET", "/api/v1/interest/user_detail", {"exchangeType": "OKX"}).data
    assert rows["OKX_MARGIN_BTC_USDT"]["levels"] == [{"level": "1", **levels[0]}]
    change(broker, "loanPools", exchange="OKX", coin="BTC", amount="12.5")
    (pool,) = broker.call("GET", f"{T}loan/pool", {"exchangeType": "OKX", "coin": "BTC"}).data
    assert pool["maxAviLoan"] == "12.5"
    change(broker, "loanPools", exchange="OKX", coin="BTC")
    (pool,) = broker.call("GET", f"{T}loan/pool", {"exchangeType": "OKX", "coin": "BTC"}).data
    assert pool["maxAviLoan"] == "50"


def perp_rates(broker: Broker, key: str) -> tuple[str, str]:
    rows = broker.call("GET", f"{T}userFeeRate", key=key).data
    (row,) = [r for r in rows if (r["exchangeType"], r["businessType"]) == ("BINANCE", "PERP")]
    return row["takerFeeRate"], row["makerFeeRate"]


def test_fees(broker: Broker) -> None:
    perp = {"exchange": "BINANCE", "businessType": "PERP"}
    change(broker, "fees", **perp, takerFeeRate="0.000175", makerFeeRate="0.0001")
    assert perp_rates(broker, broker.sub_key) == ("0.000175", "0.0001")
    change(broker, "fees", **perp, ownerId=broker.main_id, makerFeeRate="-0.00005")
    assert perp_rates(broker, broker.key) == ("0.000175", "-0.00005")
    assert perp_rates(broker, broker.sub_key) == ("0.000175", "0.0001")
    order = broker.place(orderType="MARKET", limitPrice=None)
    assert broker.call("GET", f"{T}order", {"orderId": order}).data["fee"] == "0.105"
    change(broker, "fees", **perp, ownerId=broker.main_id)
    change(broker, "fees", **perp)
    assert perp_rates(broker, broker.key) == ("0.00035", "0.00010")


def test_settings(broker: Broker) -> None:
    change(broker, "settings", name="broker_max_leverage", value=3)
    told = broker.admin("GET", "settings").data
    assert told["changed"] == ["broker_max_leverage"]
    assert told["settings"]["broker_max_leverage"] == 3
    refuses(broker.call("POST", f"{T}position/leverage", {"sym": BTC, "leverage": "4"}), 401034)
    assert broker.admin("GET", "overrides").data == [
        {"table": "settings", "key": "broker_max_leverage", "document": 3}
    ]
    change(broker, "settings", name="broker_max_leverage")
    assert broker.call("POST", f"{T}position/leverage", {"sym": BTC, "leverage": "4"}).data == {}


@pytest.mark.parametrize(
    ("path", "members", "detail"),
    [
        (
            "discounts",
            {"coin": "BTC", "discount": "1.5"},
            "BTC: expected a value from 0 to 1, found 1.5",
        ),
        (
            "fees",
            {"exchange": "OKX", "businessType": "SPOT", "ownerId": 12},
            "expected ownerId of a user or portfolio, found 12",
        ),
        (
            "settings",
            {"name": "portfolio_max_orders", "value": 0},
            "Expected a value at or above 1 - at `$.desk.portfolio_max_orders`",
        ),
        (
            "loanPools",
            {"exchange": "OKX", "coin": "NOPE", "amount": "1"},
            "expected EXCHANGE:COIN of a known coin, found 'OKX:NOPE'",
        ),
        (
            "loanPools",
            {"exchange": "OKX", "coin": "BTC", "amount": "NaN"},
            "OKX:BTC: expected a plain decimal as a text, found 'NaN'",
        ),
    ],
)
def test_one_line_says_what_is_wrong(broker: Broker, path: str, members: Any, detail: str) -> None:
    assert broker.admin("POST", path, **members).json == {
        "code": 400000,
        "message": INVALID,
        "data": {"detail": detail},
    }
    assert broker.admin("GET", "overrides").data == []


def test_changes_are_audited(broker: Broker) -> None:
    change(broker, "discounts", coin="BTC", discount="0.5")
    row = broker.admin("GET", "audit").data["list"][0]
    assert (row["action"], row["code"]) == ("POST /admin/v1/discounts", 200)
    assert row["body"] == '{"coin":"BTC","discount":"0.5"}'
