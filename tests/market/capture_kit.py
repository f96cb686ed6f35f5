"""Small captures, written as Binance's streams would have been recorded."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent
from openprime.market.recording import Recording
from tests.recordings import reference

PERP = "BINANCE_PERP_BTC_USDT"
SPOT = "BINANCE_SPOT_BTC_USDT"

Rows = Sequence[tuple[str, str]]


def line(message: dict[str, Any]) -> str:
    return f"1723161255030314667 {json.dumps(message, separators=(',', ':'))}"


def snapshot(last_id: int, bids: Rows, asks: Rows, time_ms: int = 0) -> str:
    """A REST snapshot; with a time as futures have it, without as spot."""
    message: dict[str, Any] = {"lastUpdateId": last_id}
    if time_ms:
        message |= {"E": time_ms + 8, "T": time_ms}
    return line(message | {"bids": bids, "asks": asks})


def spot_depth(first_id: int, last_id: int, time_ms: int, bids: Rows = (), asks: Rows = ()) -> str:
    data = {"e": "depthUpdate", "E": time_ms, "s": "BTCUSDT", "U": first_id, "u": last_id}
    return line({"stream": "btcusdt@depth@100ms", "data": data | {"b": bids, "a": asks}})


def perp_depth(
    first_id: int,
    last_id: int,
    previous_id: int,
    time_ms: int,
    bids: Rows = (),
    asks: Rows = (),
) -> str:
    data = {"e": "depthUpdate", "E": time_ms + 1, "T": time_ms, "s": "BTCUSDT"}
    data |= {"U": first_id, "u": last_id, "pu": previous_id}
    return line({"stream": "btcusdt@depth@0ms", "data": data | {"b": bids, "a": asks}})


def trade(
    trade_id: int,
    time_ms: int,
    price: str = "100.00",
    quantity: str = "1.000",
    kind: str | None = None,
) -> str:
    data = {"e": "trade", "E": time_ms + 1, "T": time_ms, "s": "BTCUSDT", "t": trade_id}
    data |= {"p": price, "q": quantity, "m": True}
    if kind is not None:
        data["X"] = kind
    return line({"stream": "btcusdt@trade", "data": data})


def ticker(update_id: int) -> str:
    data = {"u": update_id, "s": "BTCUSDT", "b": "99.00", "B": "1.0", "a": "101.00", "A": "1.0"}
    return line({"stream": "btcusdt@bookTicker", "data": data})


def write(path: Path, *lines: str) -> Path:
    path.write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    return path


def recording(sym: str, *paths: Path) -> Recording:
    return Recording(paths, reference().instruments[sym])


def book_after(events: Sequence[MarketEvent]) -> Book:
    """The book that somebody who heard these events holds."""
    book = Book(events[0].sym)
    for event in events:
        if isinstance(event, DepthSnapshot):
            book.apply_snapshot(event)
        elif isinstance(event, DepthChange):
            book.apply_change(event)
    return book
