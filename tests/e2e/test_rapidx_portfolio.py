"""The vendor's own client on a portfolio that was made, funded and keyed over the API alone."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rapidx_cli import RapidxCli
from tests.e2e.rapidx_kit import (
    ETH,
    eventually,
    filled,
    market_buy,
    number,
    one,
    positions,
    query,
    resting_buy,
)
from tests.served import Client, ServedBroker

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(300)]

KEYS = "/api/v1/apiKey/portfolio"
FUNDS = "5000"


@pytest.fixture
def primary(broker: ServedBroker) -> Iterator[Client]:
    client = broker.client()
    yield client
    client.close()


@pytest.fixture
def portfolio_id(primary: Client) -> str:
    """A new portfolio."""
    name = f"E2e{uuid.uuid4().hex[:12]}"
    made = primary.data("POST", "/api/v1/trading/portfolio", name=name)
    listed = primary.data("GET", "/api/v1/trading/portfolio", name=name)["list"]
    assert [row["portfolioId"] for row in listed] == [made["portfolioId"]]
    return str(made["portfolioId"])


@pytest.fixture
def cli(broker: ServedBroker, primary: Client, portfolio_id: str, tmp_path: Path) -> RapidxCli:
    """The client with a key of the new portfolio."""
    key = primary.data(
        "POST", KEYS, portfolioId=portfolio_id, apiName="e2e", permission="READ,TRADE"
    )
    return RapidxCli(broker.rest_url, key["accessKey"], key["secretKey"], tmp_path)


def fund(primary: Client, broker: ServedBroker, portfolio_id: str) -> None:
    """Move money over from the MainPortfolio, and wait until it is there."""
    applied = primary.data(
        "POST",
        "/api/v1/transfer/apply",
        currency="USDT",
        amount=FUNDS,
        fromTradeAccountId=broker.portfolio_id,
        fromAccountType="BINANCE",
        toTradeAccountId=portfolio_id,
        toAccountType="BINANCE",
        clientOrderId=uuid.uuid4().hex,
    )
    assert applied

    def arrived() -> bool:
        path = "/api/v1/trading/portfolio/assets"
        rows = primary.data("GET", path, portfolioId=portfolio_id)["list"]
        row = one(rows, exchangeType="BINANCE", coin="USDT")
        return number(row["available"]) == number(FUNDS)

    eventually(arrived)


def test_the_trade_flow(
    cli: RapidxCli, primary: Client, broker: ServedBroker, portfolio_id: str
) -> None:
    refused = cli.submit("order place", **resting_buy(cli, ETH, "unfunded"))
    assert refused.upstream_code == "401046", str(refused)

    fund(primary, broker, portfolio_id)
    assert cli.run("self-check").data["status"] == "PASS"
    overview = one(cli.run("portfolio overview").rows, exchangeType="BINANCE")
    assert overview["portfolioId"] == portfolio_id
    assert number(overview["equity"]) == number(FUNDS)

    order_id = cli.submit("order place", **resting_buy(cli, ETH, "rest")).rows["orderId"]
    row = query(cli, order_id)
    assert (row["portfolioId"], row["orderState"]) == (portfolio_id, "OPEN")
    quantity = number(row["orderQty"]) * 2
    cli.submit("order replace", orderId=order_id, quantity=f"{quantity:f}").reply()
    eventually(lambda: number(query(cli, order_id)["orderQty"]) == quantity)
    cli.submit("order cancel", orderId=order_id).reply()
    eventually(lambda: query(cli, order_id)["orderState"] == "CANCELLED")

    order = market_buy(cli, ETH, "open")
    bought = filled(cli, cli.submit("order place", **order).rows["orderId"])
    (position,) = eventually(lambda: positions(cli, ETH))
    assert position["portfolioId"] == portfolio_id
    assert number(position["positionQty"]) == number(bought["executedQty"])
    closed = cli.submit("position close", symbol=ETH, reduceOnly=True, maxNotional="1000")
    filled(cli, closed.rows["orderId"])
    eventually(lambda: not positions(cli, ETH))

    begin = str(int(time.time() * 1000) - 3_600_000)
    fills = cli.run("transaction executions", symbol=ETH, limit=100, begin=begin).rows
    assert {fill["portfolioId"] for fill in fills} == {portfolio_id}
    assert len({fill["orderId"] for fill in fills}) == 2


def test_a_key_that_is_deleted_is_told_so(
    cli: RapidxCli, primary: Client, portfolio_id: str
) -> None:
    assert {row["portfolioId"] for row in cli.run("portfolio overview").rows} == {portfolio_id}
    primary.data("DELETE", KEYS, portfolioId=portfolio_id, portfolioApiKey=cli.access_key)
    assert cli.run("portfolio overview").upstream_code == "100018"
