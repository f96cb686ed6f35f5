"""A market that the test plays, and market sockets over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from openprime.api.market.hub import MarketHub
from openprime.api.market.limits import MarketLimits
from openprime.api.market.socket import MarketSocket, MarketSocketSettings
from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from tests.api.kit import BTC, NOW_MS, REFERENCE, Broker
from tests.api.socket_kit import Json, Peer, logins

SPOT = "BINANCE_SPOT_BTC_USDT"
OKX = "OKX_PERP_BTC_USDT"
OKX_SPOT = "OKX_SPOT_BTC_USDT"
FED = (BTC, SPOT, OKX, OKX_SPOT)


def ticker(**changes: Any) -> Any:
    values: Json = {
        "last": Decimal("60100"),
        "open": Decimal("60000"),
        "high": Decimal("60500"),
        "low": Decimal("59000"),
        "volume_base": Decimal("12.5"),
        "volume_quote": Decimal("750000"),
    }
    return SimpleNamespace(**(values | changes))


def candle(open_ms: int, close: str = "60100") -> Any:
    return SimpleNamespace(
        open_time_ms=open_ms,
        open=Decimal("60000"),
        high=Decimal("60200"),
        low=Decimal("59900"),
        close=Decimal(close),
        volume_base=Decimal("1.5"),
        volume_quote=Decimal("90000"),
        trades=7,
    )


class PlayedMarket:
    """The market's face, with whatever the test puts behind it."""

    def __init__(self) -> None:
        self.reference = REFERENCE
        self.books = {
            instrument.sym: Book(instrument.sym)
            for instrument in REFERENCE.instruments.values()
            if instrument.book_sym == instrument.sym
        }
        self.listeners: list[Callable[[MarketEvent], None]] = []
        self.marks = {BTC: Decimal("60010.12345678"), OKX: Decimal("60010")}
        self.interest = Decimal("1666.667")
        self.tickers: dict[str, Any] = {sym: ticker() for sym in FED}
        self.rows: list[Any] = []
        self.trades: dict[str, MarketTrade] = {}
        for sym in FED:
            # Asks from 60000.1, bids from 60000.0 down, in ticks of 0.1; spot ticks are 0.01.
            scale = 10 if sym == SPOT else 1
            self.snapshot(sym, [(600_000 * scale, 5)], [(600_001 * scale, 7)])

    def apply(self, event: MarketEvent) -> None:
        book = self.books[event.sym]
        if isinstance(event, DepthSnapshot):
            book.apply_snapshot(event)
        elif isinstance(event, DepthChange):
            book.apply_change(event)
        else:
            self.trades[event.sym] = event
        for listener in self.listeners:
            listener(event)

    def snapshot(self, sym: str, bids: Any, asks: Any) -> None:
        self.apply(DepthSnapshot(sym, NOW_MS, self.books[sym].update_id + 1, bids, asks))

    def change(self, sym: str, bids: Any = (), asks: Any = ()) -> None:
        update_id = self.books[sym].update_id + 1
        self.apply(DepthChange(sym, NOW_MS, update_id, list(bids), list(asks)))

    def trade(self, sym: str, trade_id: int, ticks: int = 600_000, seller: bool = True) -> None:
        self.apply(MarketTrade(sym, NOW_MS, trade_id, ticks, 3, buyer_is_maker=seller))

    def mark(self, sym: str) -> Decimal | None:
        return self.marks.get(sym)

    def index(self, coin: str) -> Decimal | None:
        return Decimal(60000) if coin == "BTC" else None

    def funding(self, sym: str) -> tuple[Decimal, int, int] | None:
        return Decimal("0.0001"), NOW_MS, NOW_MS + 3_600_000

    def open_interest(self, sym: str) -> Decimal | None:
        return self.interest

    def ticker(self, sym: str) -> Any:
        return self.tickers.get(sym)

    def last_trade(self, sym: str) -> MarketTrade | None:
        return self.trades.get(sym)

    def candle_pieces(
        self, sym: str, interval: str, end_ms: int, limit: int, kind: str
    ) -> Iterator[list[Any]]:
        yield [row for row in self.rows if row.open_time_ms <= end_ms][-limit:]


class Scene:
    """A broker for logins, a played market and its socket."""

    def __init__(
        self,
        broker: Broker,
        limits: MarketLimits | None = None,
        settings: MarketSocketSettings | None = None,
    ) -> None:
        self.broker = broker
        self.market = PlayedMarket()
        self.hub = MarketHub(
            self.market,  # type: ignore[arg-type]
            lambda: broker.clock_ms,
        )
        self.socket = MarketSocket(
            self.hub,
            logins(broker),
            broker.services.proxies,
            lambda: broker.clock_ms / 1000,
            settings or MarketSocketSettings(limits=limits or MarketLimits()),
        )

    async def peer(self, binary: bool = False, **others: Any) -> Peer:
        """A connected client."""
        peer = Peer(self.socket, query="" if binary else "binary=false", **others)
        assert (await peer.opened())["type"] == "websocket.accept"
        return peer

    def later(self, by_ms: int) -> None:
        """Let time pass, and the hub know."""
        self.broker.clock_ms += by_ms
        self.hub.on_timer(self.broker.clock_ms)


def entry(channel: str, sym: str = BTC, **details: Any) -> Json:
    return {"channel": channel, "sym": sym} | details


def subscribe(*entries: Any) -> Json:
    return {"event": "subscribe", "arg": list(entries)}


def unsubscribe(*entries: Any) -> Json:
    return {"event": "unsubscribe", "arg": list(entries)}
