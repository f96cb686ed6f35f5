"""The vendor's own client, unmodified: what it reads of the account."""

from __future__ import annotations

import itertools
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.rapidx_cli import RapidxCli
from tests.e2e.rapidx_kit import BTC, VENUES, near, number, one

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(300)]

ACCOUNT_FIELDS = """
    portfolioId exchangeType equity maintainMargin positionValue uniMMR accountStatus marginValue
    frozenMargin perpMargin debtMargin openLossMargin validMargin availableMargin upnl positionMode
""".split()


def test_overview(cli: RapidxCli, broker: Any) -> None:
    rows = cli.run("portfolio overview").rows
    assert {row["exchangeType"] for row in rows} == VENUES
    assert len(rows) == len(VENUES)
    for row in rows:
        assert row["portfolioId"] == broker.portfolio_id
        assert all(isinstance(row[name], str) and row[name] for name in ACCOUNT_FIELDS), row
        assert row["accountStatus"] == "NORMAL"
        assert row["positionMode"] in {"NET", "BOTH"}
        money = {name: number(row[name]) for name in ACCOUNT_FIELDS[2:6] + ACCOUNT_FIELDS[7:15]}
        assert near(money["validMargin"], money["marginValue"] - money["openLossMargin"])
        assert near(money["frozenMargin"], money["perpMargin"] + money["debtMargin"])
        assert near(money["availableMargin"], money["validMargin"] - money["frozenMargin"])
        assert money["uniMMR"] > 1
    assert number(one(rows, exchangeType="BINANCE")["equity"]) > 0


def test_assets(cli: RapidxCli, broker: Any) -> None:
    everything = cli.run("portfolio assets").rows
    assert everything["page"] == 1
    assert everything["totalSize"] == len(everything["list"])
    page = cli.run("portfolio assets", exchangeType="BINANCE", page=1, pageSize=500).rows
    assert (page["page"], page["pageSize"], page["pageNum"]) == (1, 500, 1)
    for row in page["list"]:
        assert row["portfolioId"] == broker.portfolio_id
        assert row["exchangeType"] == "BINANCE"
        parts = sum(number(row[name]) for name in ("available", "frozen", "upnl"))
        assert near(number(row["equity"]), Decimal(parts))
        assert near(number(row["debt"]), max(Decimal(0), -number(row["equity"])))
        assert number(row["indexPrice"]) > 0
    tether = one(page["list"], coin="USDT")
    assert number(tether["available"]) > 0
    assert number(tether["maxTransferable"]) <= number(tether["available"])


def test_statement(cli: RapidxCli, broker: Any) -> None:
    now = int(time.time() * 1000)
    page = cli.run(
        "portfolio statement",
        coin="USDT",
        exchange="BINANCE",
        startTime=str(now - 86_400_000),
        endTime=str(now),
        page=1,
        pageSize=50,
    ).rows
    assert (page["page"], page["pageSize"]) == (1, 50)
    assert page["pageNum"] == -(-page["totalSize"] // 50)
    assert len(page["list"]) == min(50, page["totalSize"])
    for row in page["list"]:
        assert str(row["portfolioId"]) == broker.portfolio_id
        assert (row["coin"], row["exchangeType"]) == ("USDT", "BINANCE")
        number(row["beforeAvailable"])
        number(row["afterAvailable"])
    wrong = cli.run("portfolio statement", statementType="NOSUCH")
    assert wrong.upstream_code == "401050", str(wrong)


def test_user_fee_rate(cli: RapidxCli) -> None:
    rows = cli.run("portfolio user-fee-rate").rows
    assert rows
    for row in rows:
        assert row["exchange"] in {"BINANCE", "OKX", "EDX"}
        assert row["instType"]
        assert Decimal("-0.01") < number(row["maker"]) <= number(row["taker"]) < Decimal("0.01")


def test_position_bracket(cli: RapidxCli) -> None:
    found = cli.run("portfolio position-bracket", symbol=BTC).rows
    assert list(found) == [BTC]
    tiers = found[BTC]
    assert number(tiers[0]["minNotionalValue"]) == 0
    assert {tier["sym"] for tier in tiers} == {BTC}
    assert [tier["riskLevel"] for tier in tiers] == [str(n + 1) for n in range(len(tiers))]
    for lower, upper in itertools.pairwise(tiers):
        assert number(lower["maxNotionalValue"]) == number(upper["minNotionalValue"])
        assert number(lower["mmRate"]) <= number(upper["mmRate"])
        assert number(lower["maxLeverage"]) >= number(upper["maxLeverage"])
