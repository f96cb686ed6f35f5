"""What the handlers work with, gathered in one place by the server."""

import copy
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar, cast

from openprime.api import wire
from openprime.api.edge.auth import Gate
from openprime.api.edge.bad_signatures import BadSignatures
from openprime.api.edge.keys import KeyRing, Proxies
from openprime.api.edge.limiter import Limiter
from openprime.api.envelope import Texts
from openprime.api.faults import FaultBoard
from openprime.api.refusals import RefusalBook
from openprime.api.settings import ApiSettings
from openprime.api.wire.orders import order_row
from openprime.desk.commands import Command, Envelope, FreezeKey, OperatorNote
from openprime.desk.desk import Desk
from openprime.desk.events import Event, OrderChanged
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order, State
from openprime.desk.switches import FaultKind
from openprime.errors import Refusal
from openprime.model.reference import Reference
from openprime.store.algo_history import AlgoHistory
from openprime.store.errors import StoreError
from openprime.store.funds_history import FundsHistory
from openprime.store.history import History
from openprime.store.store import Store

T = TypeVar("T")


class Commands(Protocol):
    """The way to the desk: what comes back is durable.

    After a failure of the disk `desk` is another one, made from what was kept.
    """

    @property
    def sequence(self) -> int: ...

    @property
    def broken(self) -> str | None: ...

    @property
    def desk(self) -> object: ...

    async def submit(
        self, command: Command, forced: Refusal | None = None, note: OperatorNote | None = None
    ) -> Outcome: ...

    def post(self, command: Command) -> Outcome:
        """Apply a command that nobody waits for."""
        ...

    async def settled(self) -> None:
        """Return once all that was visible at the call is durable."""
        ...


class Prices(Protocol):
    """What the handlers read of the market; None while nothing is known."""

    def mark(self, sym: str) -> Decimal | None: ...

    def index(self, coin: str) -> Decimal | None: ...

    def funding(self, sym: str) -> tuple[Decimal, int, int] | None:
        """The running rate, the moment it is of, and the coming settlement, both in ms."""
        ...


class ClockReading(NamedTuple):
    """The desk's time and the world's, in ms, and how the desk's runs."""

    desk_ms: int
    wall_ms: int
    speed: Decimal
    frozen: bool


class DeskClock(Protocol):
    """The clock as the operator moves it."""

    def read(self) -> ClockReading: ...

    async def set(
        self,
        commands: Commands,
        to_ms: int | None = None,
        speed: Decimal | None = None,
        frozen: bool | None = None,
    ) -> Refusal | None: ...


class MarketMover(Protocol):
    """The market as the operator moves it."""

    def movable(self, coin: str) -> list[str]:
        """The symbols whose books move when a coin's market does; none where none has a price."""
        ...

    def move(self, syms: Sequence[str], part: Decimal, over_ms: int) -> None:
        """Let books go to a part of their price above their source."""
        ...


class FinishedOrders:
    """The orders that ended last, so that a cancel can answer with the end it brought about."""

    def __init__(self, kept_max: int) -> None:
        self._kept_max = kept_max
        self._orders: OrderedDict[int, Order] = OrderedDict()

    def observe(self, events: Sequence[Event]) -> None:
        for event in events:
            if type(event) is OrderChanged and event.finished:
                self._orders[event.order.order_id] = event.order
                if len(self._orders) > self._kept_max:
                    self._orders.popitem(last=False)

    def get(self, order_id: int) -> Order | None:
        return self._orders.get(order_id)


UNAVAILABLE = Refusal(50001)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Services:
    """All that a request may need.

    `clock_ms` is the desk's time and may be advanced by an operator; `wall_ms` is the world's,
    which nonces are compared with. `unseal(sealed_secret, access_key)` opens a key's secret.
    Without a `limiter` there are no budgets, without a `clock` or a `mover` none that could be set
    or moved.
    """

    sequencer: Commands
    store: Store
    history: History
    market: Prices
    clock_ms: Callable[[], int]
    unseal: Callable[[bytes, str], str]
    settings: ApiSettings = field(default_factory=ApiSettings)
    wall_ms: Callable[[], int] = _wall_ms
    limiter: Limiter | None = None
    clock: DeskClock | None = None
    mover: MarketMover | None = None
    started_at_ms: int = field(init=False)
    keys: KeyRing = field(init=False)
    gate: Gate = field(init=False)
    proxies: Proxies = field(init=False)
    texts: Texts = field(init=False)
    finished: FinishedOrders = field(init=False)
    funds: FundsHistory = field(init=False)
    algo_history: AlgoHistory = field(init=False)
    faults: FaultBoard = field(init=False)
    refusals: RefusalBook = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self.started_at_ms = self.wall_ms()
        self.keys = KeyRing(self._state, self.unseal, self.wall_ms, settings.key_cache_ms)
        bad_signatures = BadSignatures(settings.freeze_after_bad_signatures or 0, self._freeze)
        self.gate = Gate(
            self._state, self.keys, self.wall_ms, settings.nonce_skew_s, bad_signatures
        )
        self.proxies = Proxies(settings.trusted_proxies)
        self.texts = Texts(settings.newest_messages)
        self.funds = FundsHistory(self.store)
        self.algo_history = AlgoHistory(self.store)
        self.finished = FinishedOrders(settings.finished_orders_kept)
        self.faults = FaultBoard(lambda: self.desk.state.faults, self.clock_ms)
        self.refusals = RefusalBook(
            lambda: self.desk,
            settings.refusals_kept,
            settings.refusals_explained_per_second,
            settings.refusals_logged_per_minute,
        )

    @property
    def desk(self) -> Desk:
        """The desk of the moment."""
        return cast(Desk, self.sequencer.desk)

    @property
    def reference(self) -> Reference:
        """The rules in force."""
        return self.desk.reference

    def _freeze(self, access_key: str) -> None:
        """Freeze a key that nobody asks to be frozen (errors 6.1)."""
        self.sequencer.post(FreezeKey(access_key, True))

    def _state(self) -> State:
        return self.desk.state

    def observe(self, envelope: Envelope, outcome: Outcome) -> None:
        """Take note of what a command did: an observer for the sequencer."""
        if not self.faults.has(FaultKind.STALE_CACHE):
            self.keys.observe(outcome.events)
        self.faults.observe(envelope.command)
        self.finished.observe(outcome.events)
        self.refusals.observe(envelope, outcome)

    def on_rebuilt(self) -> None:
        """The desk is the one of before what was never kept: forget what was remembered of that."""
        self.keys.forget()
        self.faults.load()

    def through(self, commands: Commands) -> "Services":
        """The same services with another way to the desk."""
        other = copy.copy(self)
        other.sequencer = commands
        return other

    async def read(self, render: Callable[[Desk], T]) -> T:
        """What `render` makes of the desk, once a crash could not take it back any more."""
        while True:
            desk = self.desk
            answer = render(desk)
            await self.sequencer.settled()
            if self.desk is desk:
                return answer

    async def told(self, refusal: Refusal) -> Refusal:
        """A refusal that follows from the state, once a crash could not take that back any more;
        50001 where a failure did. It asks nothing of the disk, and raises nothing.
        """
        desk = self.desk
        try:
            await self.sequencer.settled()
        except StoreError:
            # Told where it arose, and once: whoever has no key could fill the log with it.
            return UNAVAILABLE
        return refusal if self.desk is desk else UNAVAILABLE

    def rendered(self, order: Order | None) -> wire.Row | None:
        """An order as REST tells it; None for none."""
        return None if order is None else self.order_row(order)

    def order_row(self, order: Order) -> wire.Row:
        """An order as REST tells it."""
        instrument = self.reference.instruments[order.sym]
        portfolio = self.desk.state.portfolios[order.portfolio_id]
        return order_row(order, instrument.contract_size, portfolio.name)

    def sym_refusal(self, sym: str | None) -> Refusal | None:
        """401011 where a symbol is named that is not listed."""
        if sym is None or sym in self.reference.instruments:
            return None
        return Refusal(401011)
