"""The market's heartbeat: feeds to books to exchange, prices to the desk.

One task pulls every feed a hundred times a second. Each event goes to the market's book first and
then to the exchange, which may fill resting orders by it. Once a second of market time the marks
and indexes that moved become one command for the desk.

Orders wait while the pump is at work, so it works in small pieces: what a made market will say
next is prepared between pulls, and a pull that finds much gives way after some of it.
"""

import asyncio
from collections.abc import Callable, Sequence

from openprime.desk.commands import SetPrices
from openprime.market.events import MarketEvent, MarketTrade
from openprime.market.feed import Feed
from openprime.market.moving import MovedMarket
from openprime.market.state import MarketState
from openprime.sequencer import Sequencer
from openprime.server.trades_followed import TradesFollowed
from openprime.venues.gateway import VenueGateway

PULL_INTERVAL_SECONDS = 0.01
EVENTS_PER_PULL = 200
TIMER_INTERVAL_MS = 50


class Pump:
    """Drives the market.

    `timers` are called about every 50 ms and `ahead` at every pull, with the time in ms; `ahead`
    prepares what later pulls will find. While it is `held` nothing happens.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        market: MarketState,
        gateway: VenueGateway,
        sequencer: Sequencer,
        clock_ms: Callable[[], int],
        price_interval_ms: int,
        trades: TradesFollowed,
    ) -> None:
        self.feeds = feeds
        self.market = market
        self.gateway = gateway
        self.sequencer = sequencer
        self.clock_ms = clock_ms
        self.price_interval_ms = price_interval_ms
        self.trades = trades
        self.moved = MovedMarket(market.books)
        self.held = False
        self.timers: list[Callable[[int], None]] = []
        self.ahead: list[Callable[[int], None]] = []
        self._next_prices_ms = 0
        self._next_timer_ms = 0

    def step(self, now_ms: int) -> int:
        """Do what is due; returns how many events there were."""
        if self.held:
            return 0
        events = self.pull(now_ms)
        for prepare in self.ahead:
            prepare(now_ms)
        if now_ms >= self._next_prices_ms:
            self._next_prices_ms = now_ms + self.price_interval_ms
            self.tell_prices(now_ms)
        if now_ms >= self._next_timer_ms:
            self._next_timer_ms = now_ms + TIMER_INTERVAL_MS
            for timer in self.timers:
                timer(now_ms)
            self.tell_trades()
        return events

    def jump(self, delta_ms: int) -> None:
        """The clock jumped ahead: the market stood still meanwhile and is as fresh as before."""
        self.market.advance(delta_ms)
        self.moved.advance(delta_ms)
        for feed in self.feeds:
            feed.advance(delta_ms)

    def pull(self, now_ms: int) -> int:
        count = 0
        for feed in self.feeds:
            for event in feed.pull(now_ms, EVENTS_PER_PULL):
                self.take(self.moved.shown(event))
                count += 1
        for snapshot in self.moved.steps(now_ms):
            self.take(snapshot)
        return count

    def take(self, event: MarketEvent) -> None:
        self.market.apply(event)
        if type(event) is MarketTrade:
            self.trades.take(event)
        self.gateway.on_market(event)

    def tell_prices(self, now_ms: int) -> None:
        """Give the desk the marks, indexes and funding rates that moved since the last time."""
        prices = self.market.tick(now_ms)
        if prices.marks or prices.indexes or prices.funding:
            moved = dict(prices.marks), dict(prices.indexes)
            self.sequencer.post(SetPrices(*moved, funding=dict(prices.funding)))

    def tell_trades(self) -> None:
        """Give the desk what traded of the symbols that it follows."""
        traded = self.trades.told()
        if traded:
            self.sequencer.post(SetPrices({}, {}, traded))

    async def run(self) -> None:
        """Pump until cancelled. A feed without pauses still leaves the loop to others."""
        while True:
            events = self.step(self.clock_ms())
            await asyncio.sleep(0 if events >= EVENTS_PER_PULL else PULL_INTERVAL_SECONDS)
