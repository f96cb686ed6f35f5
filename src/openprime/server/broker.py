"""The broker without its network face: store, desk, sequencer, market and exchange as one.

    feeds -> market -> exchange -> reports -> sequencer -> desk -> journal -> replies, pushes

Opening is recovery: whatever the data folder holds is replayed, and orders that were at work are
told to the exchange again.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib.resources import files
from typing import Any

import msgspec

from openprime.desk.commands import (
    NO_QUOTE,
    ClosePosition,
    Command,
    Configure,
    Envelope,
    Override,
    PlaceOrder,
    Quote,
    ReplaceOrder,
    ResumeOrders,
    RunAgenda,
    VenueReports,
)
from openprime.desk.desk import Desk
from openprime.desk.effective import SETTINGS
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings, in_force
from openprime.desk.state import Order, State
from openprime.market.feed import Feed
from openprime.market.recording import RecordingError, aligned_feeds
from openprime.market.state import MarketState
from openprime.market.synthetic import SyntheticFeed
from openprime.model.instrument import Instrument
from openprime.model.reference import Reference, build
from openprime.model.venue import VenueReport
from openprime.model.vocabulary import Business
from openprime.sequencer import Sequencer, SequencerSettings
from openprime.server.clock import Clock
from openprime.server.config import ConfigError, ServerConfig
from openprime.server.fault_points import begin_under_faults
from openprime.server.founding import Credentials, found
from openprime.server.open_interest import ClientLongs
from openprime.server.pins import PinnedPrices
from openprime.server.pump import Pump
from openprime.server.timekeeper import Timekeeper
from openprime.server.trades_followed import TradesFollowed
from openprime.store.database import SYSTEM, Ground
from openprime.store.recovery import recover
from openprime.store.store import Store
from openprime.venues.gateway import VenueGateway
from openprime.venues.simulated import SimulatedExchange

# Beyond it the made market would fall behind its own time and stand still.
SYNTHETIC_SPEED_MAX = 50.0

# At most so often do prices reach the desk, however fast the market runs.
PRICE_INTERVAL_MS_MIN = 50


def load_reference() -> Reference:
    """The venues' rules that ship with the package."""
    return build(json.loads(files("openprime").joinpath("data/reference.json").read_bytes()))


def load_market_fit() -> Any:
    """What the synthetic market is drawn from: the document that ships with the package."""
    return json.loads(files("openprime").joinpath("data/market_fit.json").read_bytes())


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Broker:
    """Everything that makes a broker but its sockets. Made by `open`, used on one event loop."""

    store: Store
    sequencer: Sequencer
    market: MarketState
    gateway: VenueGateway
    pump: Pump
    timekeeper: Timekeeper
    credentials: Credentials

    def __init__(
        self,
        config: ServerConfig,
        wall_ms: Callable[[], int] = wall_clock_ms,
        ground: Ground = SYSTEM,
        reference: Reference | None = None,
        sequencing: SequencerSettings | None = None,
    ) -> None:
        """`ground` is what the store stands on; `reference` are other rules than those shipped, and
        `sequencing` other bounds of the sequencer than usual.
        """
        self.config = config
        self.ground = ground
        self.sequencing = sequencing
        self.clock = Clock(wall_ms)
        self.clock_ms = self.clock.now_ms
        self.reference = reference or load_reference()
        self._running: list[asyncio.Task[None]] = []

    @property
    def desk(self) -> Desk:
        desk = self.sequencer.desk
        assert isinstance(desk, Desk), "the broker runs on the real desk"
        return desk

    async def open(self) -> None:
        """Recover, build the market, found a new folder, and stand ready for orders.

        Raises StoreError, RecordingError or ConfigError, each with one line for the operator.
        """
        self.store = Store.open(self.config.data, self.config.durability, self.ground)
        try:
            desk = self._recovered()
            self.clock.resume(desk.state.clock, desk.state.time_ms)
            self.sequencer = Sequencer(desk, self.store, self.clock_ms, self.quote, self.sequencing)
            self.sequencer.rebuild = self._recovered
            self._build_market(desk)
            self.sequencer.deliver = self.gateway.send
            longs = ClientLongs(desk, self.market.client_longs)
            pins = PinnedPrices(desk.state, self.market)
            speed_max = Decimal(SYNTHETIC_SPEED_MAX) / (self.config.speed or 1)
            self.timekeeper = Timekeeper(self.clock, self.sequencer, self.pump, speed_max)
            self.sequencer.observers += [
                longs.observe,
                pins.observe,
                self._observe_rules,
                self.timekeeper.observe,
            ]
            settings = self._desk_settings()
            if self.desk.state.settings != settings:
                outcome = await self.sequencer.submit(Configure(settings))
                if outcome.refusal is not None:
                    raise ConfigError(_settings_clash(desk, settings))
            self.credentials = await found(self.desk, self.sequencer, self.store)
            self.pump.pull(self.clock_ms())
            self.pump.tell_prices(self.clock_ms())
            now_ms = self.clock_ms()
            await begin_under_faults(self.desk.state, self.sequencer, self.gateway, now_ms)
            await self.sequencer.submit(ResumeOrders())
            await self.sequencer.settled()
        except BaseException:
            self.store.close()
            raise

    def run(self, on_failure: Callable[[str], None]) -> None:
        """Let the market move. `on_failure` is told why, should it ever stop by itself."""
        loop = asyncio.get_running_loop()

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled():
                on_failure(f"the market stopped: {task.exception()!r}")

        for run in (self.pump.run(), self.timekeeper.run()):
            task = loop.create_task(run)
            task.add_done_callback(ended)
            self._running.append(task)

    async def close(self) -> None:
        """Stop the market, make durable what waits, let go of the folder."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        await self.sequencer.close()
        self.gateway.close()
        self.store.close()

    def quote(self, command: Command) -> Quote:
        """The best prices that an order command is stamped with: those of the venue's own book."""
        if isinstance(command, (PlaceOrder, ClosePosition)):
            sym = command.sym
        elif isinstance(command, ReplaceOrder):
            order = self._order(command)
            if order is None:
                return NO_QUOTE
            sym = order.sym
        else:
            return NO_QUOTE
        return Quote(self.gateway.best_bid(sym), self.gateway.best_ask(sym))

    def _order(self, command: ReplaceOrder) -> Order | None:
        """The working order that a change names, by either id."""
        state = self.desk.state
        order_id = command.order_id
        if order_id is None:
            portfolio = state.portfolios[command.portfolio_id]
            order_id = portfolio.client_order_ids.get(command.client_order_id, 0)
        return state.orders.get(order_id)

    def move_venue(self, latency_ms: int) -> None:
        """Put the exchange so much further away than it is configured, on the way to it."""
        venue = self.config.file.venue
        self.gateway.set_latency(venue.request_latency_ms + latency_ms, venue.report_latency_ms)

    def movable(self, coin: str) -> list[str]:
        """The symbols whose books move when a coin's market does: those that are replayed, which
        the others follow; where none is, all. Books without a price do not move.
        """
        recorded = {replay.sym for replay in self.config.replays}
        books = [i.sym for i in self.reference.instruments.values() if self._is_book(i, coin)]
        led = [sym for sym in books if sym in recorded] or books
        return [sym for sym in led if self.pump.moved.can_move(sym)]

    def move(self, syms: Sequence[str], part: Decimal, over_ms: int) -> None:
        """Let books go to a part of their price above their source."""
        now_ms = self.clock_ms()
        for sym in syms:
            self.pump.moved.move(sym, part, now_ms, over_ms)

    def _is_book(self, instrument: Instrument, coin: str) -> bool:
        return instrument.base == coin and instrument.sym in self.market.books

    def _desk_settings(self) -> DeskSettings:
        """The desk's settings as configured, and what follows for it from the venue's distance."""
        venue = self.config.file.venue
        far = bool(venue.request_latency_ms or venue.report_latency_ms)
        file = self.config.file
        desk = file.catalog.desk(file.desk)
        return msgspec.structs.replace(desk, venue_answers_at_once=not far)

    def _recovered(self) -> Desk:
        """The desk as the store last knew it."""
        desk, _ = recover(self.store, lambda state: Desk(self.reference, state=state))
        assert isinstance(desk, Desk), "recovery gives back the desk that it was given"
        return desk

    def take_reports(self, reports: list[VenueReport]) -> None:
        """Tell the desk what the venue said."""
        self.sequencer.post(VenueReports(reports))

    def die(self) -> None:
        """End the process at once, as the system does with `kill -9`."""
        os.kill(os.getpid(), signal.SIGKILL)

    def _observe_rules(self, envelope: Envelope, outcome: Outcome) -> None:
        """The market and the exchange go by the rules in force too."""
        if type(envelope.command) is Override:
            self.market.use(self.desk.reference)
            self.gateway.exchange.use(self.desk.reference.instruments)

    def _run_agenda(self, now_ms: int) -> None:
        """Let the desk do what has become due."""
        agenda = self.desk.state.agenda
        if agenda and agenda[0].time_ms <= now_ms:
            self.sequencer.post(RunAgenda())

    def _build_market(self, desk: Desk) -> None:
        now_ms = self.clock_ms()
        recorded = [replay.sym for replay in self.config.replays]
        self.market = MarketState(
            self.reference,
            now_ms,
            seed=self.config.seed,
            recorded=recorded,
            start_prices=_last_prices(desk.state),
        )
        # A symbol that an operator took out of play keeps its book, as it did when that was done.
        self.market.use(desk.reference)
        # Trade ids rise across restarts, so that the desk can tell a fill that it knows.
        exchange = SimulatedExchange(
            desk.reference.instruments,
            self.market.books,
            first_trade_id=max(self.clock.wall_ms(), now_ms) * 1000,
        )
        venue = self.config.file.venue
        self.gateway = VenueGateway(
            exchange, self.take_reports, venue.request_latency_ms, venue.report_latency_ms
        )
        feeds = self._feeds(desk, now_ms)
        self.pump = Pump(
            feeds,
            self.market,
            self.gateway,
            self.sequencer,
            self.clock_ms,
            self._price_interval_ms(),
            TradesFollowed(lambda: self.desk.state, self.reference),
        )
        self.pump.timers.append(self._run_agenda)
        self.pump.ahead += [feed.work_ahead for feed in feeds if isinstance(feed, SyntheticFeed)]

    def _price_interval_ms(self) -> int:
        """How often marks are made: by market time, within what a desk can take."""
        interval_ms = self.config.file.market.mark_interval_ms
        faster = max(self.config.speed, Decimal(1)) if self.config.speed else Decimal(100)
        return max(int(interval_ms / faster), PRICE_INTERVAL_MS_MIN)

    def _feeds(self, desk: Desk, now_ms: int) -> list[Feed]:
        feeds: list[Feed] = list(self._recorded_feeds(now_ms))
        if self.config.synthetic:
            feeds.append(self._synthetic_feed(desk, now_ms))
        return feeds

    def _recorded_feeds(self, now_ms: int) -> list[Feed]:
        recordings = {}
        for replay in self.config.replays:
            instrument = self.reference.instruments.get(replay.sym)
            if instrument is None or instrument.book_sym != replay.sym:
                raise ConfigError(
                    f"--replay: expected a SPOT or PERP symbol of sym/info, found {replay.sym!r}"
                )
            if replay.sym in recordings:
                raise ConfigError(
                    f"--replay: expected each symbol once, found {replay.sym} twice; "
                    "join its files with commas"
                )
            recordings[replay.sym] = list(replay.files)
        if not recordings:
            return []
        feeds = aligned_feeds(
            recordings,
            self.reference.instruments,
            start_ms=now_ms,
            speed=self.config.speed,
        )
        return list(feeds)

    def _synthetic_feed(self, desk: Desk, now_ms: int) -> SyntheticFeed:
        recorded = {replay.sym for replay in self.config.replays}
        books = [
            instrument
            for instrument in self.reference.instruments.values()
            if instrument.business is not Business.MARGIN and instrument.sym not in recorded
        ]
        follow = {}
        for sym in sorted(recorded):
            instrument = self.reference.instruments[sym]
            follow[instrument.base] = self._recorded_mid(instrument)
        return SyntheticFeed(
            books,
            self._market_fit(),
            now_ms,
            self.config.seed,
            min(float(self.config.speed) or 1.0, SYNTHETIC_SPEED_MAX),
            start_prices=self.reference.start_prices | _last_prices(desk.state),
            follow=follow,
        )

    def _market_fit(self) -> Any:
        """What the synthetic market is drawn from; a simulation has a smaller one."""
        return load_market_fit()

    def _recorded_mid(self, instrument: Instrument) -> Callable[[], Decimal | None]:
        book = self.market.book(instrument.sym)

        def mid() -> Decimal | None:
            bid, ask = book.best_bid(), book.best_ask()
            if bid is None or ask is None:
                return None
            return instrument.price(bid[0] + ask[0]) / 2

        return mid


def _settings_clash(desk: Desk, settings: DeskSettings) -> str:
    """Why the settings of this start and those that the operator changed cannot both be."""
    changes = desk.state.overrides.get(SETTINGS, {})
    try:
        in_force(settings, changes)
    except ValueError as error:
        found = str(error)
    return (
        f"--config: expected settings that go together with what the operator changed "
        f"({', '.join(changes)}), found: {found}; start with the former file and take a change back"
    )


def _last_prices(state: State) -> dict[str, Decimal]:
    """Where prices stood when the folder was last used: a restart goes on from there."""
    return {coin: price for coin, price in state.indexes.items() if price}


__all__ = ["Broker", "RecordingError", "load_reference", "wall_clock_ms"]
