"""What clients say on the sockets of market data and news: each socket's dialect, every channel."""

import random
from collections.abc import Callable
from typing import Any

from openprime.api.legacy.channels import LEGACY_CHANNELS
from openprime.api.legacy.socket import FIRST, SECOND
from openprime.api.market import socket as market
from openprime.api.market.channels import BOOK_DEPTHS, CHANNELS
from openprime.api.news import socket as news
from openprime.market.intervals import INTERVALS
from openprime.simulation.rules import SYMS

EVENTS = ("subscribe", "subscribe", "subscribe", "unsubscribe")
ODD: tuple[object, ...] = ("ping", "{", "[]", {"event": "subscribe"}, {"ping": 1})


def _of_market(draw: random.Random) -> Any:
    channel = draw.choice(list(CHANNELS.values()))
    details = {"level": BOOK_DEPTHS, "interval": INTERVALS}
    entry: dict[str, Any] = {"channel": channel.name, "sym": draw.choice(SYMS)}
    if channel.detail and draw.random() < 0.9:
        entry[channel.detail] = draw.choice(details[channel.detail])
    return {"event": draw.choice(EVENTS), "arg": [entry]}


def _older(edition: str, verb: str, member: str) -> Callable[[random.Random], Any]:
    names = [name.split(" ")[1] for name in LEGACY_CHANNELS if name.startswith(edition)]

    def frame(draw: random.Random) -> Any:
        entry = {"channel": draw.choice(names), "instId": draw.choice(SYMS)}
        return {verb: draw.choice(EVENTS), member: [entry]}

    return frame


def _of_news(draw: random.Random) -> Any:
    entry = {"channel": draw.choice(list(news.CHANNELS.values()))}
    return {"event": draw.choice(EVENTS), "arg": [entry]}


_BY_PATH: dict[str, Callable[[random.Random], Any]] = {
    market.PATH: _of_market,
    FIRST.path: _older("v1", "action", "args"),
    SECOND.path: _older("v2", "event", "arg"),
    news.PATH: _of_news,
}


def frame_for(path: str, draw: random.Random) -> object:
    """A frame for the socket at a path, now and then one that it cannot understand."""
    make = _BY_PATH.get(path)
    return draw.choice(ODD) if make is None or draw.random() < 0.1 else make(draw)
