"""The operator's own actions: money, accounts, prices, maintenance, and what the audit keeps."""

from __future__ import annotations

from decimal import Decimal

import pytest

from openprime.api.operator import ADMIN
from openprime.errors import message
from tests.api.kit import BTC, ORDER, Answer, Broker, Json, base_order, refuses

ACCOUNT = "/api/v1/trading/account"
STATUS = "/api/v1/system/status"


def unfit(answer: Answer) -> str:
    assert answer.json["code"] == 400000, answer.json
    return str(answer.json["data"]["detail"])


def account_of(broker: Broker, exchange: str = "BINANCE") -> Json:
    (row,) = broker.admin("GET", "accounts", portfolioId=broker.main_id, exchange=exchange).data
    found: Json = row
    return found


def test_funding(broker: Broker) -> None:
    asked = {"portfolioId": broker.main_id, "exchange": "OKX", "coin": "BTC", "amount": "1.5"}
    assert not account_of(broker, "OKX")["initialised"]
    assert broker.admin("POST", "portfolios/fund", **asked).data == {}
    assert account_of(broker, "OKX")["initialised"]
    rows = broker.admin("GET", "wallets", portfolioId=broker.main_id, exchange="OKX").data
    assert {row["coin"]: row["balance"] for row in rows} == {"USDT": "0", "BTC": "1.5"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"amount": 0}, "expected amount above 0"),
        ({"amount": "-1"}, "expected amount above 0"),
        ({"amount": "NaN"}, "expected amount above 0"),
        ({"amount": "Infinity"}, "expected amount above 0"),
        ({"amount": "1e-19"}, "with at most 18 decimals"),
        ({"amount": "1e400000"}, "expected amount above 0"),
        ({"amount": "much"}, "at `$.amount`"),
        ({"coin": "FOO"}, "expected coin to be one of"),
        ({"exchange": "FTX"}, "at `$.exchange`"),
        ({"portfolioId": "x"}, "at `$.portfolioId`"),
    ],
)
def test_bad_funding_is_told_in_one_line(broker: Broker, change: Json, told: str) -> None:
    asked = {"portfolioId": broker.main_id, "exchange": "OKX", "coin": "BTC", "amount": "1"}
    detail = unfit(broker.admin("POST", "portfolios/fund", **(asked | change)))
    assert told in detail
    assert "\n" not in detail


def test_unknown_portfolio(broker: Broker) -> None:
    account = {"portfolioId": 1, "exchange": "OKX"}
    refuses(broker.admin("POST", "portfolios/fund", **account, coin="BTC", amount=1), 402006)
    refuses(broker.admin("POST", "accounts/ban", **account), 402006)
    refuses(broker.admin("POST", "accounts/status", **account, status="TAKEOVER"), 402006)


def test_ban_of_an_account(broker: Broker) -> None:
    broker.fund()
    account = {"portfolioId": broker.main_id, "exchange": "BINANCE"}
    broker.admin("POST", "accounts/ban", **account)
    assert account_of(broker)["tradeBanned"]
    refuses(broker.call("POST", ORDER, base_order()), 401045)
    broker.admin("POST", "accounts/ban", **account, banned=False)
    broker.place()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("NORMAL", 200000),
        ("MARGIN_CALL", 200000),
        ("CANCEL_OPEN", 401045),
        ("CANCEL_ALL", 401045),
        ("LIQUIDATING", 401045),
        ("TAKEOVER", 401045),
    ],
)
def test_held_status(broker: Broker, status: str, code: int) -> None:
    broker.fund()
    account = {"portfolioId": broker.main_id, "exchange": "BINANCE"}
    broker.admin("POST", "accounts/status", **account, status=status)
    (shown,) = broker.call("GET", ACCOUNT, {"exchange": "BINANCE"}).data
    assert shown["accountStatus"] == status
    assert account_of(broker)["pinnedStatus"] == status
    answer = broker.call("POST", ORDER, base_order())
    assert answer.json["code"] == code
    broker.admin("POST", "accounts/status", **account)
    assert account_of(broker)["accountStatus"] == "NORMAL"
    broker.place()


def test_status_of_takeover_stops_a_close(broker: Broker) -> None:
    broker.fund()
    broker.call("POST", ORDER, base_order(orderType="MARKET", limitPrice=None))
    account = {"portfolioId": broker.main_id, "exchange": "BINANCE"}
    broker.admin("POST", "accounts/status", **account, status="TAKEOVER")
    refuses(broker.call("DELETE", "/api/v1/trading/position", {"sym": BTC}), 401045)


def test_marks_and_indexes(broker: Broker) -> None:
    assert broker.admin("POST", "marks/pin", sym=BTC, price="61000.5").data == {}
    assert broker.admin("POST", "indexes/pin", coin="ETH", price=3000).data == {}
    marks = {row["sym"]: row for row in broker.admin("GET", "marks").data}
    assert marks[BTC] == {"sym": BTC, "price": "61000.5", "pinned": True}
    indexes = {row["coin"]: row for row in broker.admin("GET", "indexes").data}
    assert indexes["ETH"] == {"coin": "ETH", "price": "3000", "pinned": True}
    broker.admin("POST", "marks/release", sym=BTC)
    broker.admin("POST", "indexes/release", coin="ETH")
    assert not any(row["pinned"] for row in broker.admin("GET", "marks").data)
    assert not any(row["pinned"] for row in broker.admin("GET", "indexes").data)


def test_prices_that_cannot_be_held(broker: Broker) -> None:
    refuses(broker.admin("POST", "marks/pin", sym="BINANCE_PERP_FAKE_USDT", price=1), 401011)
    refuses(broker.admin("POST", "marks/pin", sym="BINANCE_SPOT_BTC_USDT", price=1), 401041)
    refuses(broker.admin("POST", "indexes/pin", coin="USDT", price=1), 401035)
    for price in (0, "-1", "NaN", "1e13"):
        detail = unfit(broker.admin("POST", "marks/pin", sym=BTC, price=price))
        assert detail.startswith("expected price above 0 and at most 1000000000000, found ")
    detail = unfit(broker.admin("POST", "marks/pin", sym=BTC, price="1e-9"))
    assert detail == "expected price with at most 8 decimals, found 1E-9"


@pytest.mark.parametrize(
    ("action", "members"),
    [
        ("maintenance", {"endTime": 2**64}),
        ("maintenance", {"durationMs": "9" * 30}),
        ("portfolios/close", {"portfolioId": 10**300}),
        ("faults", {"kind": "venue.latency", "args": {"ms": 10**30}}),
        ("faults", {"kind": "server.panic", "ttlMs": -(10**19)}),
    ],
)
def test_no_integer_is_more_than_the_journal_keeps(
    broker: Broker, action: str, members: Json
) -> None:
    detail = unfit(broker.admin("POST", action, **members))
    assert "expected integers of at most 1000000000000000000, found " in detail


def test_instruments(broker: Broker) -> None:
    rows = broker.admin("GET", "instruments").data
    assert len(rows) == len(broker.services.reference.instruments)
    (row,) = broker.admin("GET", "instruments", sym=BTC).data
    assert (row["sym"], row["state"]) == (BTC, "live")
    refuses(broker.admin("GET", "instruments", sym="FOO"), 401011)


# -- maintenance


def test_a_window_of_trading(broker: Broker) -> None:
    broker.fund()
    now = broker.clock_ms
    asked = {"startTime": now + 1000, "durationMs": 5000, "description": "new disks"}
    window_id = broker.admin("POST", "maintenance", **asked).data["windowId"]
    row = {
        "status": 0,
        "startTime": now + 1000,
        "endTime": now + 6000,
        "desc": "new disks",
        "serviceType": "TRADE",
        "maintainType": "1",
        "env": "1",
    }
    assert broker.call("GET", STATUS).data == [row]
    assert broker.admin("GET", "maintenance").data == [{"windowId": window_id, **row}]
    order_id = broker.place()
    broker.clock_ms += 1000
    assert broker.call("GET", STATUS).data == [row | {"status": 1}]
    assert broker.send("GET", "/health").json["status"] == "maintenance"
    for method, params in (
        ("POST", base_order()),
        ("PUT", {"orderId": order_id, "replacePrice": "59000"}),
        ("DELETE", {"orderId": order_id}),
    ):
        refuses(broker.call(method, ORDER, params), 50001)
    assert broker.call("GET", ORDER, {"orderId": order_id}).json["code"] == 200000
    broker.clock_ms += 5000
    assert broker.call("GET", STATUS).data == []
    broker.place()


@pytest.mark.parametrize("service", ["TRANSFER", "DEPOSIT", "WITHDRAW", "LOCK"])
def test_a_window_of_another_service(broker: Broker, service: str) -> None:
    broker.fund()
    broker.admin("POST", "maintenance", serviceType=service, durationMs=5000)
    (row,) = broker.call("GET", STATUS).data
    assert (row["status"], row["serviceType"]) == (1, service)
    broker.place()
    closed = {
        endpoint.service
        for endpoint in broker.app.endpoints.values()
        if endpoint.service == service
    }
    assert closed == (set() if service == "LOCK" else {service})


def test_transfers_under_maintenance(broker: Broker) -> None:
    broker.admin("POST", "maintenance", serviceType="TRANSFER", durationMs=5000)
    for endpoint in broker.app.endpoints.values():
        if endpoint.service == "TRANSFER":
            key = None if endpoint.level != "portfolio" else broker.sub_key
            refuses(broker.call(endpoint.method, endpoint.path, {}, key), 50001)


def test_ending_windows(broker: Broker) -> None:
    window_id = broker.admin("POST", "maintenance", durationMs=5000).data["windowId"]
    assert broker.admin("POST", "maintenance/end", windowId=window_id).data == {}
    assert broker.call("GET", STATUS).data == []
    detail = unfit(broker.admin("POST", "maintenance/end", windowId=window_id))
    assert detail == f"expected windowId to be one of the list of windows, found {window_id}"


def test_windows_are_bounded(broker: Broker) -> None:
    assert "expected durationMs or endTime" in unfit(broker.admin("POST", "maintenance"))
    past = {"startTime": 1, "endTime": 2}
    assert "expected durationMs or endTime" in unfit(broker.admin("POST", "maintenance", **past))
    for _ in range(100):
        broker.admin("POST", "maintenance", durationMs=5000)
    detail = unfit(broker.admin("POST", "maintenance", durationMs=5000))
    assert detail == "expected at most 100 windows, found one more; end some first"
    broker.clock_ms += 5000
    assert broker.admin("POST", "maintenance", durationMs=5000).json["code"] == 200


# -- audit


def audit(broker: Broker, **page: int) -> list[Json]:
    rows: list[Json] = broker.admin("GET", "audit", **page).data["list"]
    return rows


def test_every_change_leaves_a_row(broker: Broker) -> None:
    broker.admin("POST", "marks/pin", sym=BTC, price="61000.50")
    broker.admin("POST", "marks/pin", sym="FOO", price=1)
    broker.admin("POST", "marks/pin", price="one", client="127.0.0.9")
    broker.admin("GET", "marks")
    rows = audit(broker)
    assert [{**row, "auditId": ""} for row in rows] == [
        {
            "auditId": "",
            "time": broker.clock_ms,
            "action": "POST /admin/v1/marks/pin",
            "body": body,
            "code": code,
            "peer": peer,
        }
        for body, code, peer in (
            ("", 400000, "127.0.0.9"),
            ('{"sym":"FOO","price":"1"}', 401011, "127.0.0.1"),
            (f'{{"sym":"{BTC}","price":"61000.50"}}', 200, "127.0.0.1"),
        )
    ]
    assert sorted((row["auditId"] for row in rows), reverse=True) == [r["auditId"] for r in rows]
    found = broker.admin("GET", "audit", page=2, pageSize=2).data
    assert (found["total"], found["page"], found["pageSize"]) == (3, 2, 2)
    assert found["list"] == rows[2:]


def test_change_and_row_are_one_command(broker: Broker) -> None:
    before = broker.sequencer.sequence
    broker.admin("POST", "marks/pin", sym=BTC, price=1)
    assert broker.sequencer.sequence == before + 1


def test_secrets_stay_out_of_the_audit(broker: Broker) -> None:
    made = broker.admin("POST", "keys", portfolioId=broker.main_id).data
    text = broker.admin("GET", "audit").body.decode()
    assert made["secretKey"] not in text
    assert "token-of-the-operator" not in text
    assert made["secretKey"] not in broker.admin("GET", "keys").body.decode()


def test_all_that_is_asked_wrongly_is_refused_in_one_line(broker: Broker) -> None:
    """No action fails on a body that it cannot use, whatever stands in it."""
    for row in ADMIN.values():
        path = row.path.removeprefix("/admin/v1/")
        for members in ({"nonsense": 1}, {}):
            answer = broker.admin(row.method, path, **members)
            assert answer.status == 200, (row.name, answer.body)
            if answer.json["code"] != 200:
                detail = answer.json["data"].get("detail", "")
                assert "\n" not in detail
                assert answer.json["message"] == message(answer.json["code"])


def test_the_house_is_the_other_side_of_what_clients_hold(broker: Broker) -> None:
    broker.place(orderType="MARKET", limitPrice=None, timeInForce=None)
    told = broker.admin("GET", "house").data
    assert told["insuranceFund"] == "1000000"
    assert told["positions"] == []
    house = sum(Decimal(coins.get("USDT", "0")) for coins in told["accounts"].values())
    wallets = broker.admin("GET", "wallets").data
    held = sum(Decimal(row["balance"]) for row in wallets if row["coin"] == "USDT")
    assert house + held == 0
    assert Decimal(told["accounts"]["fees"]["USDT"]) > 0
