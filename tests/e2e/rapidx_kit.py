"""What the tests of the vendor's client share: symbols, orders near the market, their ends."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from tests.e2e.rapidx_cli import RapidxCli

BTC = "BINANCE_PERP_BTC_USDT"
ETH = "BINANCE_PERP_ETH_USDT"
SOL = "BINANCE_PERP_SOL_USDT"
BTC_SPOT = "BINANCE_SPOT_BTC_USDT"
BTC_OKX = "OKX_PERP_BTC_USDT"
VENUES = {"BINANCE", "OKX"}
MINUTE = 60_000


def fresh_id(what: str) -> str:
    return f"e2e-{what}-{uuid.uuid4().hex[:12]}"


def number(text: Any) -> Decimal:
    """A plain decimal in a string: what every amount on the wire has to be."""
    assert isinstance(text, str), text
    assert text, "empty"
    assert not set(text) - set("-.0123456789"), text
    return Decimal(text)


def near(a: Decimal, b: Decimal, tolerance: str = "0.00001") -> bool:
    return abs(a - b) <= Decimal(tolerance)


def one(rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    found = [row for row in rows if all(row.get(key) == wanted[key] for key in wanted)]
    assert len(found) == 1, (wanted, rows)
    return found[0]


def eventually(question: Callable[[], Any], seconds: float = 5) -> Any:
    """The first answer that is true; the broker's states may follow its reply."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)
    return answer


def rules(cli: RapidxCli, symbol: str) -> dict[str, Any]:
    row: dict[str, Any] = cli.run("market get-symbol-info", symbol=symbol).rows[symbol]
    return row


def step(value: Decimal, size: str, rounding: str) -> Decimal:
    unit = Decimal(size)
    return (value / unit).to_integral_value(rounding) * unit


def best(cli: RapidxCli, symbol: str) -> tuple[Decimal, Decimal]:
    book = cli.run("market get-orderbook", symbol=symbol, depth=5).data
    return number(book["bestBid"]["price"]), number(book["bestAsk"]["price"])


def leg(cli: RapidxCli) -> dict[str, str]:
    """What an order on a hedged account needs beyond one on a netted account."""
    row = one(cli.run("portfolio overview").rows, exchangeType="BINANCE")
    return {"positionSide": "LONG"} if row["positionMode"] == "BOTH" else {}


def resting_buy(cli: RapidxCli, symbol: str, what: str) -> dict[str, Any]:
    """A limit buy 5 % under the market, of somewhat more than the smallest allowed value."""
    rule = rules(cli, symbol)
    price = step(best(cli, symbol)[0] * Decimal("0.95"), rule["tickSize"], ROUND_FLOOR)
    value = number(rule["minNotional"]) * Decimal("1.2")
    quantity = step(value / price, rule["lotSize"], ROUND_CEILING)
    return {
        "symbol": symbol,
        "side": "BUY",
        "orderType": "LIMIT",
        "price": f"{price:f}",
        "quantity": f"{quantity:f}",
        "maxNotional": f"{price * quantity * 2:f}",
        "clientOrderId": fresh_id(what),
        **leg(cli),
    }


def market_buy(cli: RapidxCli, symbol: str, what: str) -> dict[str, Any]:
    order = resting_buy(cli, symbol, what)
    del order["price"]
    return {**order, "orderType": "MARKET"}


def query(cli: RapidxCli, order_id: str) -> dict[str, Any]:
    row: dict[str, Any] = cli.run("order query", orderId=order_id).rows
    return row


def filled(cli: RapidxCli, order_id: str) -> dict[str, Any]:
    def done() -> dict[str, Any] | None:
        row = query(cli, order_id)
        return row if row["orderState"] == "FILLED" else None

    row: dict[str, Any] = eventually(done)
    return row


def positions(cli: RapidxCli, symbol: str) -> list[dict[str, Any]]:
    rows = cli.run("position query", symbol=symbol).rows
    return [row for row in rows if number(row["positionQty"]) != 0]
