"""What the operator does with symbols and portfolios' limits, and what clients are told then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openprime.desk.commands import Credit
from openprime.errors import message
from openprime.model.vocabulary import Exchange
from tests.api.kit import ORDER, Answer, Broker, Json, base_order

BTC, SPOT = "BINANCE_PERP_BTC_USDT", "BINANCE_SPOT_BTC_USDT"


@pytest.fixture
def funded(broker: Broker) -> Broker:
    broker.do(Credit(broker.main_id, Exchange.BINANCE, "USDT", Decimal(1_000_000)))
    return broker


def act(broker: Broker, path: str, **members: Any) -> Any:
    answer = broker.admin("POST", path, **members)
    assert answer.json["code"] == 200, answer.json
    return answer.data


def unfit(broker: Broker, path: str, **members: Any) -> str:
    answer = broker.admin("POST", path, **members)
    assert answer.json["code"] == 400000, answer.json
    return str(answer.json["data"]["detail"])


def refuses(answer: Answer, code: int) -> None:
    assert answer.json == {"code": code, "message": message(code), "data": {}}


def place(broker: Broker, **changes: Any) -> Answer:
    return broker.call("POST", ORDER, base_order(**changes))


def symbol(broker: Broker, sym: str = BTC) -> Json:
    rows: Json = broker.call("GET", "/api/v1/trading/sym/info", {"sym": sym}).data
    return rows[sym]


def test_rules_are_changed_and_given_back(funded: Broker) -> None:
    before = symbol(funded)
    act(funded, "instruments/rules", sym=BTC, changes={"minSize": "0.5", "maxPrice": "61000"})
    assert symbol(funded) == before | {"minSize": "0.5"}
    refuses(place(funded), 401014)
    act(funded, "instruments/rules", sym=BTC, changes={"minSize": None})
    assert symbol(funded) == before
    refuses(place(funded, limitPrice="61001"), 401012)
    refuses(funded.admin("POST", "instruments/rules", sym="X", changes={}), 401011)
    told = unfit(funded, "instruments/rules", sym=BTC, changes={"lotSize": "0.0015"})
    assert told == (
        "lotSize: expected a whole multiple of 0.001, the step of the venue's book, found 0.0015"
    )
    told = unfit(funded, "instruments/rules", sym=BTC, changes={"bookTick": "1"})
    assert told == "expected the steps of a book to be left as they are, found others"


def test_suspended_and_dropped(funded: Broker) -> None:
    act(funded, "instruments/suspend", sym=BTC)
    assert symbol(funded)["state"] == "suspend"
    refuses(place(funded), 401011)
    act(funded, "instruments/resume", sym=BTC)
    act(funded, "instruments/known", sym=BTC)
    refuses(place(funded), 401031)
    act(funded, "instruments/known", sym=BTC, known=True)
    assert place(funded).json["code"] == 200000


def test_listed(funded: Broker) -> None:
    new = "BINANCE_SPOT_NEW_USDT"
    act(funded, "instruments/add", sym=new)
    refuses(place(funded, sym=new), 401031)
    assert unfit(funded, "instruments/add", sym=new).endswith(f"found {new}")
    act(funded, "instruments/rules", sym=new, changes={"tickSize": "0.1", "lotSize": "0.001"})
    assert symbol(funded, new)["pricePrecision"] == "1"
    assert place(funded, sym=new).json["code"] == 200000


def test_a_kind_of_business(funded: Broker) -> None:
    act(funded, "markets", exchange="BINANCE", businessType="PERP")
    refuses(place(funded), 401067)
    act(funded, "markets", exchange="BINANCE", businessType="PERP", offered=True)
    assert place(funded).json["code"] == 200000
    act(funded, "instruments/add", sym="EDX_SPOT_BTC_USDT", rules={"tickSize": "1", "lotSize": "1"})
    refuses(place(funded, sym="EDX_SPOT_BTC_USDT"), 401067)


def test_limits_of_a_portfolio(funded: Broker) -> None:
    main = funded.main_id
    act(funded, "portfolios/limits", portfolioId=main, syms=[SPOT])
    refuses(place(funded), 401061)
    act(funded, "portfolios/limits", portfolioId=main, marketsOff=["BINANCE:PERP"])
    refuses(place(funded), 401067)
    act(funded, "portfolios/limits", portfolioId=main, maxNotional="1")
    refuses(place(funded), 401070)
    act(funded, "portfolios/limits", portfolioId=main)
    assert place(funded).json["code"] == 200000
    assert "marketsOff" in unfit(funded, "portfolios/limits", portfolioId=main, marketsOff=["X"])
    assert "syms" in unfit(funded, "portfolios/limits", portfolioId=main, syms=["X"])
    assert "maxNotional" in unfit(funded, "portfolios/limits", portfolioId=main, maxNotional="-1")
    refuses(funded.admin("POST", "portfolios/limits", portfolioId=1), 402006)


def test_an_account_is_restricted(funded: Broker) -> None:
    account = {"portfolioId": funded.main_id, "exchange": "BINANCE"}
    act(funded, "accounts/state", **account)
    refuses(place(funded), 401045)
    closing = {"sym": BTC}
    refuses(funded.call("DELETE", "/api/v1/trading/position", closing), 401053)
    act(funded, "accounts/state", **account, state="NORMAL")
    assert place(funded).json["code"] == 200000


def test_frozen_money_is_seized(funded: Broker) -> None:
    account = {"portfolioId": funded.main_id, "exchange": "BINANCE", "coin": "USDT"}
    order_id = funded.place(sym=SPOT, positionSide="NONE")
    assert "frozen" in unfit(funded, "accounts/seize", **account, amount="1000000")
    assert "above 0" in unfit(funded, "accounts/seize", **account, amount="0")
    act(funded, "accounts/seize", **account, amount="1")
    change = {"orderId": order_id, "replaceQty": "0.02"}
    refuses(funded.call("PUT", ORDER, change), 401057)


@pytest.mark.parametrize(
    ("kind", "args", "code"),
    [
        ("account.state", {"exchange": "BINANCE", "state": "RESTRICTED"}, 401045),
        ("refdata.drop_precision", {"sym": BTC}, 401031),
        ("refdata.suspend", {"sym": BTC}, 401011),
        ("pool.unroute", {"exchange": "BINANCE", "businessType": "PERP"}, 401066),
        ("pool.health", {"accountId": 3, "health": "DOWN"}, 401064),
        ("pool.margin", {"accountId": 3, "amount": "1"}, 401063),
    ],
)
def test_kinds_of_fault(funded: Broker, kind: str, args: Json, code: int) -> None:
    if kind == "account.state":
        args = args | {"portfolioId": funded.main_id}
    act(funded, "faults", kind=kind, args=args)
    refuses(place(funded), code)
