"""The synthetic feed: a random market for every listed book, the same for the same seed.

Time runs in slots of 100 ms of market time. In each slot the price of every base moves once and
the books whose turn it is take one step, so what is generated does not depend on when it is
asked for. Within a slot events are in order of time; so is the whole stream.

A slot is made book by book, `work_ahead` doing a little of the coming one at a time, so that a
loop with other work to do never stands still for the making of a whole slot.

A feed that was not asked for more than ten seconds has stood still: it says the books anew, as
snapshots at the present time, and goes on from there. So a sleeping computer or a moved clock
costs one snapshot a book and never hours of events.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import ceil
from operator import attrgetter
from random import Random
from typing import Any

import msgspec

from openprime.market.events import MarketEvent
from openprime.market.synthetic_book import SyntheticBook
from openprime.market.synthetic_fit import MarketFit, parse
from openprime.market.synthetic_price import ReferencePrice, without_basis
from openprime.market.synthetic_scale import Scaler
from openprime.model.instrument import Instrument

SLOT_MS = 100
CATCH_UP_SLOTS_MAX = 100

_by_time = attrgetter("time_ms")


class SyntheticFeed:
    """Speaks for every book among `instruments`."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument] | Iterable[Instrument],
        fit: Mapping[str, Any],
        start_ms: int,
        seed: int,
        speed: float = 1.0,
        *,
        start_prices: Mapping[str, Decimal],
        follow: Mapping[str, Callable[[], Decimal | None]] | None = None,
    ) -> None:
        """Build the books; nothing is said before the first pull.

        `fit` is the document of data/market_fit.json. At `speed` 2, two seconds of market go by
        in one second. `start_prices` are in USDT by coin; a base without one is a ValueError.
        `follow` tells, by base, the mid of a recorded book, or None while it has none; the
        synthetic books of that base then keep to it.
        """
        if speed <= 0:
            raise ValueError(f"expected a speed above 0, was {speed}")
        market = parse(fit)
        rows = instruments.values() if isinstance(instruments, Mapping) else instruments
        listed = {i.sym: i for i in rows if i.book_sym == i.sym}
        self.syms: tuple[str, ...] = tuple(listed)
        self._start_ms = start_ms
        self._slot_ms = SLOT_MS / speed
        self._slot = 0
        self._started = False
        self._queue: deque[MarketEvent] = deque()
        # The slot in the making: how many books have taken their step, and what they said.
        self._stepped = 0
        self._coming: list[MarketEvent] = []
        self._market_random = Random(f"{seed}:market")
        scaler = Scaler(market)
        self._references = _references(
            market, scaler, listed.values(), seed, start_prices, follow or {}
        )
        self._books = [
            SyntheticBook(
                scaler.shape(instrument, self._references[instrument.base].price),
                self._references[instrument.base],
                market.basis,
                Random(f"{seed}:{sym}"),
                # Ids that begin at the time keep rising when a server starts again.
                first_id=start_ms,
            )
            for sym, instrument in listed.items()
        ]

    def pull(self, now_ms: int, limit: int = 10_000) -> list[MarketEvent]:
        """What happened up to `now_ms` and was not told yet, at most `limit` events.

        What is beyond the limit comes with the next pull.
        """
        if not self._started:
            self._started = True
            self._tell_books()
        due = self._due(now_ms)
        if due - self._slot > CATCH_UP_SLOTS_MAX:
            self._slot = due
            self._tell_books()
        queue = self._queue
        while len(queue) < limit and self._slot < due:
            self._advance()
        return [queue.popleft() for _ in range(min(limit, len(queue)))]

    def advance(self, delta_ms: int) -> None:
        """The desk's clock jumped ahead by `delta_ms`: what was to be said then is said now."""
        self._start_ms += delta_ms
        self._queue = deque(_later(event, delta_ms) for event in self._queue)
        self._coming = [_later(event, delta_ms) for event in self._coming]

    def work_ahead(self, now_ms: int) -> None:
        """Make as much of the coming slot as of its time has passed."""
        passed = (now_ms - self._start_ms) / self._slot_ms - self._slot
        if self._started and passed > 0:
            self._step_books(ceil(min(passed, 1.0) * len(self._books)))

    def _time_ms(self, slot: int) -> int:
        return self._start_ms + ceil(slot * self._slot_ms)

    def _due(self, now_ms: int) -> int:
        """The last slot that has ended by `now_ms`."""
        due = int((now_ms - self._start_ms) / self._slot_ms) + 1
        while self._time_ms(due) > now_ms and due > self._slot:
            due -= 1
        return due

    def _tell_books(self) -> None:
        """Say all books as they stand, instead of whatever waits."""
        time_ms = self._time_ms(self._slot)
        self._stepped, self._coming = 0, []
        self._queue.clear()
        self._queue.extend(book.snapshot(time_ms) for book in self._books)

    def _advance(self) -> None:
        self._step_books(len(self._books))
        self._coming.sort(key=_by_time)
        self._queue.extend(self._coming)
        self._slot += 1
        self._stepped, self._coming = 0, []

    def _step_books(self, count: int) -> None:
        """Let the first `count` books take their step of the coming slot."""
        slot = self._slot + 1
        from_ms, to_ms = self._time_ms(self._slot), self._time_ms(slot)
        if not self._stepped:
            common_shock = self._market_random.gauss(0.0, 1.0)
            for reference in self._references.values():
                reference.step(common_shock)
        for place in range(self._stepped, count):
            book = self._books[place]
            # Slow books take turns, so that no slot has all of them.
            if (slot + place) % book.shape.period == 0:
                book.step(from_ms, to_ms, self._coming)
        self._stepped = max(self._stepped, count)


def _later(event: MarketEvent, delta_ms: int) -> MarketEvent:
    return msgspec.structs.replace(event, time_ms=event.time_ms + delta_ms)


def _references(
    market: MarketFit,
    scaler: Scaler,
    instruments: Iterable[Instrument],
    seed: int,
    start_prices: Mapping[str, Decimal],
    follow: Mapping[str, Callable[[], Decimal | None]],
) -> dict[str, ReferencePrice]:
    """One price process a base."""
    references: dict[str, ReferencePrice] = {}
    for base in dict.fromkeys(i.base for i in instruments):
        if base not in start_prices:
            raise ValueError(f"expected a start price of {base}, was none")
        followed = follow[base]() if base in follow else None
        references[base] = ReferencePrice(
            float(followed or start_prices[base]),
            without_basis(scaler.volatility_1s_bp(base), market.basis),
            market.correlation,
            market.activity,
            Random(f"{seed}:{base}"),
            follow.get(base),
        )
    return references
