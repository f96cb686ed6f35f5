"""What an operator and a broker changed outlives a kill, and a start says what clashes with it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.served import ServedBroker

BTC = "BINANCE_PERP_BTC_USDT"
SUB_FEE = "/api/v1/broker/subFeeRate"


def change(broker: ServedBroker, path: str, **members: Any) -> None:
    headers = {"X-Admin-Token": broker.ready["admin_token"]}
    url = f"{broker.rest_url}/admin/v1/{path}"
    answer = httpx.post(url, json=members, headers=headers, trust_env=False).json()
    assert answer["code"] == 200, answer


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[ServedBroker]:
    """A broker of its own, which may be killed."""
    served = ServedBroker(tmp_path).start()
    yield served
    served.stop()


def test_changes_outlive_a_kill(broker: ServedBroker, tmp_path: Path) -> None:
    client = broker.client()
    client.data("POST", "/api/v1/trading/portfolio", name="Sub001")
    change(broker, "settings", name="cancel_all_uni_mmr", value="1.15")
    change(broker, "discounts", coin="BTC", discount="0.5")
    day = time.strftime("%Y%m%d", time.gmtime())
    markup = {"exchange": "BINANCE", "instType": "PERP", "chgType": "ABSOLUTE", "chgTaker": "2.5"}
    assert client.data("POST", SUB_FEE, **markup, effDate=day) == {"effDate": day}
    before = told(broker)
    assert before[0] == [{"coin": "BTC", "discount": "0.5"}]
    assert [row["taker"] for row in before[1]] == ["0.00035", "0.0006"]
    broker.kill()
    broker.start()
    assert told(broker) == before
    assert broker.stop() == 0

    file = tmp_path / "openprime.toml"
    file.write_text("[desk]\ncancel_open_uni_mmr = 1.14\n")
    code, output = asyncio.run(start(tmp_path / "data", file))
    assert code == 2
    assert "expected settings that go together with what the operator changed" in output
    assert "(cancel_all_uni_mmr)" in output


async def start(data: Path, file: Path) -> tuple[int | None, str]:
    """The end of a start that cannot be."""
    options = ("--port", "0", "--data", str(data), "--config", str(file))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "openprime", "up", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def told(broker: ServedBroker) -> Any:
    """Discounts and fees as clients read them."""
    client = broker.client()
    discounts = client.data("GET", "/api/v1/trading/coin/discount", coin="BTC")
    portfolios = client.data("GET", "/api/v1/trading/portfolio", belongingTo="2")["list"]
    asked = {"exchange": "BINANCE", "instType": "PERP"}
    names = str(portfolios[0]["portfolioId"])
    return discounts, client.data("GET", "/api/v1/broker/feeRate", **asked, portfolioIds=names)
