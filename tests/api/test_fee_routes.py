"""Fees and the broker's routes (rest-trading 6.4, rest-admin 12, resolutions 25, 147, 150)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from openprime.desk.commands import CreatePortfolio, Credit, RunAgenda
from openprime.desk.ledger import check_balanced
from openprime.model.vocabulary import Exchange, Permission, UserKind
from tests.api.kit import BTC, DAY_MS, NOW_MS, SPOT, Broker, refuses

SUB_FEE = "/api/v1/broker/subFeeRate"
FEES = "/api/v1/broker/feeRate"
SUB_FEES = "/api/v1/broker/sub/feeRate"
CLEARING = "/api/v1/broker/clearingStatement"
COLLECTION = "/api/v1/broker/collectionRecord"
USER_FEES = "/api/v1/trading/userFeeRate"
TODAY_MS = NOW_MS - NOW_MS % DAY_MS
TODAY, TOMORROW = "20260921", "20260922"
MARKUP = {"exchange": "BINANCE", "instType": "PERP", "chgType": "ABSOLUTE", "chgTaker": "2.5"}


@pytest.fixture
def house() -> Iterator[Broker]:
    """A broker user whose sub-portfolio holds 100,000 USDT on BINANCE."""
    made = Broker(kind=UserKind.BROKER)
    made.fund()
    made.fund(to=made.sub_id)
    yield made
    made.close()


def pass_days(house: Broker, days: int) -> None:
    """Go on so many days, to a second after midnight."""
    house.clock_ms = TODAY_MS + days * DAY_MS + 1000
    house.do(RunAgenda())


def rate_of(house: Broker, key: str, market: tuple[str, str] = ("BINANCE", "PERP")) -> Any:
    rows = house.call("GET", USER_FEES, key=key).data
    (row,) = [r for r in rows if (r["exchangeType"], r["businessType"]) == market]
    return row["takerFeeRate"], row["makerFeeRate"]


def test_a_markup_begins_tomorrow_where_no_day_is_named(house: Broker) -> None:
    assert house.call("POST", SUB_FEE, MARKUP).data == {"effDate": TOMORROW}
    assert rate_of(house, house.sub_key) == ("0.00035", "0.00010")
    pass_days(house, 1)
    assert rate_of(house, house.sub_key) == ("0.0006", "0.0001")
    assert rate_of(house, house.key) == ("0.00035", "0.00010")


def test_a_markup_of_today_acts_at_once(house: Broker) -> None:
    asked = MARKUP | {"effDate": TODAY, "instType": "spot", "chgType": "percentage"}
    asked |= {"chgTaker": "10", "chgMaker": "20"}
    assert house.call("POST", SUB_FEE, asked).data == {"effDate": TODAY}
    for business in ("SPOT", "MARGIN"):
        assert rate_of(house, house.sub_key, ("BINANCE", business)) == ("0.0011", "0.0012")
    assert rate_of(house, house.sub_key) == ("0.00035", "0.00010")


def test_one_sub_or_all(house: Broker) -> None:
    other_id = int(house.do(CreatePortfolio(house.user_id, "Sub02")))
    other_key = house.make_key("other-key", other_id)
    house.call("POST", SUB_FEE, MARKUP | {"effDate": TODAY, "portfolioId": str(house.sub_id)})
    assert [rate_of(house, key)[0] for key in (house.sub_key, other_key)] == ["0.0006", "0.00035"]
    house.call("POST", SUB_FEE, MARKUP | {"effDate": TODAY, "chgTaker": "1"})
    assert [rate_of(house, key)[0] for key in (house.sub_key, other_key)] == ["0.00045"] * 2


def test_a_side_that_is_left_out_stays(house: Broker) -> None:
    house.call("POST", SUB_FEE, MARKUP | {"effDate": TODAY})
    changed = {**MARKUP, "effDate": TODAY, "chgType": "PERCENTAGE", "chgMaker": "50"}
    del changed["chgTaker"]
    house.call("POST", SUB_FEE, changed)
    assert rate_of(house, house.sub_key) == ("0.0006", "0.00015")
    house.call("POST", SUB_FEE, MARKUP | {"effDate": TODAY, "chgTaker": "0", "chgMaker": "0"})
    assert rate_of(house, house.sub_key) == ("0.00035", "0.00010")


def test_the_markup_of_a_fill_goes_to_the_main_portfolio(house: Broker) -> None:
    house.call("POST", SUB_FEE, MARKUP | {"effDate": TODAY})
    order_id = house.place(house.sub_key, orderType="MARKET", limitPrice=None)
    order = house.call("GET", "/api/v1/trading/order", {"orderId": order_id}, house.sub_key).data
    # 0.01 BTC at 60,000: 600 USDT at 0.00035, and 0.00025 on top.
    assert (order["fee"], order["feeCoin"]) == ("0.36", "USDT")
    (clearing,) = house.call("GET", CLEARING).data
    (record,) = house.call("GET", COLLECTION).data
    (trade,) = house.call("GET", "/api/v1/trading/executions", key=house.sub_key).data
    common = {
        "userId": str(house.user_id),
        "portfolioId": str(house.main_id),
        "exchangeType": "BINANCE",
        "businessType": "PERP",
        "transactionId": trade["transactionId"],
        "coin": "USDT",
        "amount": "0.15",
    }
    told_ms = str(NOW_MS)
    assert len(clearing.pop("id")) == 17
    in_flow = {"statementFlowType": "IN", "createAt": told_ms, "updateAt": told_ms}
    assert clearing == common | in_flow
    collected = {"subPortfolioId": str(house.sub_id), "status": "SUCCESS"}
    assert record == common | collected | {"createAt": told_ms, "createdAt": told_ms}
    account = house.state.portfolios[house.main_id].accounts["BINANCE"]
    assert account.wallets["USDT"].cash == Decimal("100000.15")
    check_balanced(house.state)


def test_spot_markups_too_and_what_the_lists_are_narrowed_to(house: Broker) -> None:
    spot = MARKUP | {"effDate": TODAY, "instType": "SPOT", "chgTaker": "10"}
    house.call("POST", SUB_FEE, spot)
    house.call("POST", SUB_FEE, MARKUP | {"effDate": TODAY})
    house.fund("1", coin="BTC", to=house.sub_id)
    house.place(house.sub_key, sym=SPOT, side="SELL", orderType="MARKET", limitPrice=None)
    house.clock_ms += 1000
    house.place(house.sub_key, orderType="MARKET", limitPrice=None)

    def amounts(path: str = CLEARING, **filters: Any) -> list[str]:
        return [row["amount"] for row in house.call("GET", path, filters).data]

    assert amounts() == ["0.15", "0.6"]
    assert amounts(instType="SPOT") == amounts(COLLECTION, instType="spot") == ["0.6"]
    assert amounts(exchange="OKX") == amounts(coin="BTC") == []
    assert amounts(exchange="BINANCE", coin="USDT", pageSize="1", pageNum="2") == ["0.6"]
    assert amounts(begin=str(NOW_MS + 1)) == ["0.15"]
    check_balanced(house.state)


def test_an_account_that_was_never_funded_is_opened_by_a_markup(house: Broker) -> None:
    house.do(Credit(house.sub_id, Exchange.OKX, "USDT", Decimal(10_000)))
    house.call("POST", SUB_FEE, MARKUP | {"effDate": TODAY, "exchange": "OKX"})
    house.place(
        house.sub_key,
        sym="OKX_PERP_BTC_USDT",
        orderQty="1",
        orderType="MARKET",
        limitPrice=None,
    )
    account = house.state.portfolios[house.main_id].accounts["OKX"]
    assert account.initialised
    assert account.wallets["USDT"].cash == Decimal("0.15")
    check_balanced(house.state)


def test_fee_rates_of_main_and_subs(house: Broker) -> None:
    house.call("POST", SUB_FEE, MARKUP | {"effDate": TODAY})
    asked = {"exchange": "BINANCE", "instType": "PERP"}
    (main,) = house.call("GET", FEES, asked).data
    assert main == {
        "portfolioId": str(house.main_id),
        "exchange": "BINANCE",
        "instType": "PERP",
        "effDate": TODAY,
        "maker": "0.0001",
        "taker": "0.00035",
        "level": "T1",
        "groupList": [
            {"groupName": "A", "takerFee": "0.00035", "makerFee": "0.0001", "symList": []}
        ],
    }
    rows = house.call("GET", FEES, asked | {"portfolioIds": str(house.sub_id)}).data
    assert [(row["portfolioId"], row["taker"]) for row in rows] == [
        (str(house.main_id), "0.00035"),
        (str(house.sub_id), "0.0006"),
    ]
    subs = house.call("GET", SUB_FEES, asked, house.sub_key).data
    assert subs == rows[::-1]
    assert len(house.call("GET", SUB_FEES, key=house.sub_key).data) == 8


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"portfolioId": "12"}, 401000),
        ({"exchange": None}, 400009),
        ({"instType": None}, 400009),
        ({"chgType": None}, 400009),
        ({"chgTaker": None}, 400009),
        ({"exchange": "BYBIT", "instType": "FUTURE"}, 401023),
        ({"instType": "MARGIN"}, 400000),
        ({"chgType": "RELATIVE"}, 400000),
        ({"chgTaker": "-1"}, 400000),
        ({"chgTaker": "0.001"}, 400000),
        ({"chgTaker": "1000.01"}, 400000),
        ({"chgType": "PERCENTAGE", "chgTaker": "1.5"}, 400000),
        ({"chgType": "PERCENTAGE", "chgTaker": "10001"}, 400000),
        ({"effDate": "2026-09-21"}, 400000),
        ({"effDate": "20260931"}, 400000),
        ({"effDate": "20260920"}, 400000),
        ({"effDate": "20271001"}, 400000),
        ({"portfolioId": "1000000000000009"}, 401010),
    ],
)
def test_what_speaks_against_a_markup(house: Broker, changes: Any, code: int) -> None:
    asked = {key: value for key, value in (MARKUP | changes).items() if value is not None}
    refuses(house.call("POST", SUB_FEE, asked), code)
    assert not house.state.portfolios[house.sub_id].markups_to_come


def test_the_main_portfolio_is_no_sub(house: Broker) -> None:
    refuses(house.call("POST", SUB_FEE, MARKUP | {"portfolioId": str(house.main_id)}), 401010)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", SUB_FEE), ("GET", FEES), ("GET", CLEARING), ("GET", COLLECTION)],
)
def test_brokers_alone(house: Broker, method: str, path: str) -> None:
    refuses(house.call(method, path, MARKUP if method == "POST" else None, house.sub_key), 2002)
    normal = Broker()
    refuses(normal.call(method, path, MARKUP if method == "POST" else None), 100003)
    normal.close()


def test_permissions(house: Broker) -> None:
    reading = house.make_key("reading", house.main_id, [Permission.READ])
    refuses(house.call("POST", SUB_FEE, MARKUP, reading), 2002)
    assert house.call("GET", CLEARING, key=reading).data == []
    refuses(house.call("GET", SUB_FEES), 2002)


def test_unfilled_times_and_pages_of_the_statements(house: Broker) -> None:
    refuses(house.call("GET", CLEARING, {"pageSize": "1001"}), 400002)
    refuses(house.call("GET", COLLECTION, {"begin": str(NOW_MS - 91 * DAY_MS)}), 400001)
    refuses(house.call("GET", COLLECTION, {"instType": "X"}), 400000)
    assert house.state.portfolios[house.sub_id].accounts["BINANCE"].exposures.get(BTC) is None
