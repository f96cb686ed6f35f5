"""Explanations of orders refused at once or later, of what is at work, and of accounts."""

from __future__ import annotations

from typing import Any

import pytest

from openprime.api import refusals
from openprime.api.refusals import Budget
from tests.api.kit import BTC, ORDER, SPOT, Broker, base_order, refuses


class Log:
    """Where the operator's lines go."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event: str, **values: Any) -> None:
        self.lines.append((event, values))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    found = Log()
    monkeypatch.setattr(refusals, "log", found)
    return found


def lines_of(broker: Broker, what: str, subject: object, **more: object) -> list[str]:
    found: list[str] = broker.admin("GET", f"explain/{what}", id=subject, **more).data["lines"]
    return found


def test_an_order_refused_for_margin(broker: Broker, log: Log) -> None:
    refuses(broker.call("POST", ORDER, base_order(orderQty="10")), 401058)
    (row,) = broker.admin("GET", "explain/refusals").data
    assert (row["id"], row["code"], row["sym"]) == ("R1", 401058, BTC)
    lines = lines_of(broker, "order", "R1")
    assert lines[1:] == [
        f"initial margin of {BTC} with the order = largest notional 600000 / leverage 5 = 120000",
        "frozenMargin with the order = perpMargin 120000 + debtMargin 0 = 120000",
        "validMargin before = marginValue 99990 - openLossMargin 0 = 99990",
        "validMargin with the order = marginValue 99990 - openLossMargin 420 = 99570",
        "availableMargin with the order = 99570 - 120000 = -20430",
    ]
    told = {"id": "R1", "code": 401058, "why": " | ".join(lines)}
    assert log.lines == [("order_refused", told)]


def test_an_order_refused_after_it_was_made(broker: Broker, log: Log) -> None:
    order_id = broker.place(orderQty="10", syncMode="false", clientOrderId="mine")
    assert lines_of(broker, "order", order_id) == lines_of(broker, "order", "R1")
    assert "401058" in lines_of(broker, "order", order_id)[0]


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"orderQty": "0.0105"}, 401013, "orderQty 0.0105 is 0.0005 above a multiple of 0.001"),
        ({"orderQty": "1001"}, 401025, "orderQty 1001 against 0.001 to 1000"),
        ({"limitPrice": "60000.05"}, 401015, "limitPrice 60000.05 is 0.05 above a multiple of 0.1"),
        ({"limitPrice": "70000"}, 401012, "highest price = mark 60000 * 1.15 = 69000"),
        ({"orderQty": "0.001"}, 401017, "notional = 0.001 * 60000 * 1 = 60"),
        ({"reduceOnly": "true"}, 401048, f"position in {BTC}: none"),
        ({"sym": SPOT, "orderQty": "2"}, 401055, "USDT short = needs 120120 - available 100000"),
        ({"orderQty": "900"}, 401058, "largest notional 54000000 / leverage 5"),
    ],
)
def test_what_the_checks_looked_at(
    broker: Broker, log: Log, changes: dict[str, str], code: int, told: str
) -> None:
    refuses(broker.call("POST", ORDER, base_order(**changes)), code)
    assert told in " | ".join(lines_of(broker, "order", "R1"))


def test_a_forced_code_says_so(broker: Broker, log: Log) -> None:
    broker.admin("POST", "faults", kind="force_code", args={"code": 401058, "placeholders": []})
    refuses(broker.call("POST", ORDER, base_order()), 401058)
    assert lines_of(broker, "order", "R1")[1] == (
        "no check of the desk says so: an operator's fault asked for it"
    )


def test_what_is_at_work(broker: Broker) -> None:
    order_id = broker.place()
    lines = lines_of(broker, "order", order_id)
    assert lines[0] == f"order {order_id}: BUY 0.01 of 0.01 {BTC} at 60000, OPEN"
    assert "notional = 0.01 * 60000 = 600" in lines
    account = lines_of(broker, "account", broker.main_id)
    assert "USDT marginValue = equity 100000 * index 1 * discount 0.9999 = 99990" in account
    assert "openLossMargin = 0.42" in account
    assert "validMargin = marginValue 99990 - openLossMargin 0.42 = 99989.58" in account
    assert account[-1] == "nothing has come to it yet"
    assert account[-3] == "accountStatus NORMAL: nothing needs maintenance"


def test_a_position_and_how_an_order_ended(broker: Broker) -> None:
    bought = broker.place(orderType="MARKET", timeInForce=None, limitPrice=None)
    assert lines_of(broker, "order", bought) == [
        f"order {bought}: BUY 0.01 of 0.01 {BTC} filled, FILLED"
    ]
    (position,) = broker.call("GET", "/api/v1/trading/position").data
    lines = lines_of(broker, "position", position["positionId"])
    assert lines[1:3] == [
        "positionValue = |0.01| * 1 * mark 60000 = 600",
        "positionMargin = positionValue / leverage 5 = 120",
    ]
    assert "positionMM = positionValue * 0.004 (tier 1) - 0 = 2.4" in lines
    account = lines_of(broker, "account", broker.main_id, exchange="BINANCE")
    assert account[-1].startswith("accountStatus NORMAL: uniMMR 41662.")


@pytest.mark.parametrize(
    ("what", "subject"),
    [
        ("order", "R7"),
        ("order", "12"),
        ("order", "9" * 30),
        ("order", "²"),
        ("account", 12),
        ("position", 12),
    ],
)
def test_nothing_of_that_name(broker: Broker, what: str, subject: object) -> None:
    answer = broker.admin("GET", f"explain/{what}", id=subject).json
    assert answer["code"] == 400000
    assert answer["data"]["detail"].startswith("expected the id of")


def test_explaining_and_telling_are_bounded() -> None:
    now = [0.0]
    budget = Budget(2, 10, lambda: now[0])
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    now[0] = 9.9
    assert not budget.spend()
    now[0] = 10.0
    assert [budget.spend() for _ in range(3)] == [True, True, False]
