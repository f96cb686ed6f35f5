"""A short recording of a market, in the form in which venues' streams are captured.

Made once a process, of the synthetic market: so a run can have the market of a symbol come from a
recording without any file but its own.
"""

import gzip
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent
from openprime.market.synthetic import SyntheticFeed
from openprime.model.instrument import Instrument
from openprime.server.config import Replay
from openprime.simulation.rules import RECORDED, shallow_fit, small_reference

SECONDS = 4
SEED = 1
BEGIN_MS = 1_789_000_000_000
NAME = "tape.gz"

Levels = list[tuple[int, int]]


def put_tape(folder: Path) -> Replay:
    """Write the recording to a folder, and say what it replays."""
    path = folder / NAME
    path.write_bytes(_tape())
    return Replay(RECORDED, (path,))


@cache
def _tape() -> bytes:
    reference = small_reference()
    instrument = reference.instruments[RECORDED]
    prices: dict[str, Decimal] = dict(reference.start_prices)
    feed = SyntheticFeed([instrument], shallow_fit(), BEGIN_MS, SEED, start_prices=prices)
    lines: list[str] = []
    last_id = 0
    book = Book(RECORDED)
    for moment in range(SECONDS * 10):
        for told in feed.pull(BEGIN_MS + 100 * (moment + 1)):
            event = _as_change(told, book) if last_id else told
            lines.append(f"{event.time_ms}000000 {json.dumps(_said(event, instrument, last_id))}\n")
            if isinstance(event, DepthSnapshot):
                book.apply_snapshot(event)
            elif isinstance(event, DepthChange):
                book.apply_change(event)
            last_id = book.update_id
    return gzip.compress("".join(lines).encode(), mtime=0)


def _as_change(event: MarketEvent, book: Book) -> MarketEvent:
    """A venue's stream goes on by changes where the synthetic market says its book anew."""
    if not isinstance(event, DepthSnapshot):
        return event
    sides = [
        list({**dict.fromkeys(before, 0), **dict(now)}.items())
        for before, now in ((book.bids, event.bids), (book.asks, event.asks))
    ]
    return DepthChange(event.sym, event.time_ms, event.update_id, *sides)


def _said(event: MarketEvent, instrument: Instrument, last_id: int) -> dict[str, Any]:
    """What the venue would say of an event."""
    symbol = f"{instrument.base}{instrument.quote}"
    times = {"E": event.time_ms, "T": event.time_ms}
    if isinstance(event, DepthSnapshot):
        sides = {"bids": _rows(event.bids, instrument), "asks": _rows(event.asks, instrument)}
        return {"lastUpdateId": event.update_id, **times, **sides}
    if isinstance(event, DepthChange):
        ids = {"U": last_id + 1, "u": event.update_id, "pu": last_id}
        sides = {"b": _rows(event.bids, instrument), "a": _rows(event.asks, instrument)}
        data = {"e": "depthUpdate", **times, "s": symbol, **ids, **sides}
        return {"stream": f"{symbol.lower()}@depth@0ms", "data": data}
    traded = {
        "t": event.trade_id,
        "p": format(instrument.price(event.price_ticks), "f"),
        "q": format(instrument.quantity(event.quantity_lots), "f"),
        "X": "MARKET",
        "m": event.buyer_is_maker,
    }
    data = {"e": "trade", **times, "s": symbol, **traded}
    return {"stream": f"{symbol.lower()}@trade", "data": data}


def _rows(levels: Levels, instrument: Instrument) -> list[list[str]]:
    return [
        [format(instrument.price(ticks), "f"), format(instrument.quantity(lots), "f")]
        for ticks, lots in levels
    ]
