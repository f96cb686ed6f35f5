"""The example market maker over one lap of the recorded markets."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.market_maker import QUANTITIES, MarketMaker, Settings, make_markets
from tests.e2e.books import check_wallets, every, examine
from tests.recordings import RECORDED_FILES, recording
from tests.served import Client, ServedBroker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SPEED = 12
# One lap of the recordings: not quite six minutes of market time.
SECONDS = 345 / SPEED
# Marks move on between a push and a read; these fields do not move with them.
POSITION_FIELDS = ("positionId", "sym", "positionSide", "positionQty", "avgPrice", "fee")
ASSET_FIELDS = ("exchangeType", "coin", "balance", "frozen", "borrow", "overdraw", "debt")
FILL_FIELDS = """
    transactionId orderId clientOrderId sym side quantity price rpnl execType createAt
""".split()


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[ServedBroker]:
    replays = [f"--replay={recording(sym)}={sym}" for sym in RECORDED_FILES]
    broker = ServedBroker(tmp_path, f"--speed={SPEED}", *replays).start()
    yield broker
    broker.stop()


def test_a_market_maker_s_lap_ends_with_its_books_in_order(
    recorded: ServedBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(
        recorded.ready["private_ws_url"],
        recorded.ready["market_ws_url"],
        recorded.access_key,
        recorded.secret_key,
        SECONDS,
    )
    maker = asyncio.run(make_markets(settings))
    client = recorded.client()
    check_it_traded(maker)
    check_same_view(maker, client)
    check_wallets(client)
    check_summary(maker, capsys.readouterr().out)
    assert recorded.stop() == 0, recorded.log()
    examine(recorded.data)


def check_it_traded(maker: MarketMaker) -> None:
    view = maker.view
    assert {row["sym"] for row in view.trades.values()} == set(QUANTITIES)
    assert all(row["execType"] == "MAKER" for row in view.trades.values())
    assert {"place_order", "replace_order"} <= set(maker.counts.taken)
    assert view.working() == []


def check_same_view(maker: MarketMaker, client: Client) -> None:
    """REST tells of orders, fills, positions and wallets what the pushes told."""
    view = maker.view
    assert every(client, "/api/v1/trading/orders") == []
    orders = {row["orderId"]: row for row in every(client, "/api/v1/trading/history/orders")}
    assert set(orders) == set(view.orders)
    for order_id, pushed in view.orders.items():
        # The one field that pushes print otherwise.
        assert pushed | {"leverage": int(pushed["leverage"])} == {
            name: orders[order_id][name] for name in pushed
        }
    fills = every(client, "/api/v1/trading/executions/pageable")
    assert {row["transactionId"]: {name: row[name] for name in FILL_FIELDS} for row in fills} == {
        transaction_id: {name: row[name] for name in FILL_FIELDS}
        for transaction_id, row in view.trades.items()
    }
    positions = client.data("GET", "/api/v1/trading/position")
    assert {row["sym"]: {name: row[name] for name in POSITION_FIELDS} for row in positions} == {
        sym: {name: row[name] for name in POSITION_FIELDS}
        for sym, row in view.positions.items()
        if row["positionQty"] != "0"
    }
    assets = {
        (row["exchangeType"], row["coin"]): row
        for row in every(client, "/api/v1/trading/portfolio/assets")
    }
    for key, pushed in view.assets.items():
        assert {name: pushed[name] for name in ASSET_FIELDS} == {
            name: assets[key][name] for name in ASSET_FIELDS
        }


def check_summary(maker: MarketMaker, told: str) -> None:
    view = maker.view
    names = [line.split()[0] for line in told.splitlines()]
    assert names == "orders actions overtaken fills fees profit positions time".split()
    fills = len(view.trades)
    assert f"\nfills      {fills}, {fills} of them as maker\n" in told
    assert re.search(r"^time       \d+\.\d s$", told, re.MULTILINE)
