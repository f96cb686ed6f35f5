"""The simulated exchange on the event loop, as far away as the operator wants it.

Requests reach the exchange `request_latency_ms` after they were sent, reports the sink
`report_latency_ms` after the exchange made them. With both at zero nothing waits: the reports of
a request are with the sink before `send` returns.

Where the way to the exchange is cut, requests that would arrive are lost, as on a broken line. The
exchange goes on, and what it says comes when the way is mended.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from openprime.market.events import MarketEvent
from openprime.model.venue import VenueReport, VenueRequest
from openprime.venues.protocol import ReportSink
from openprime.venues.simulated import SimulatedExchange

Item = TypeVar("Item")

# Messages that the exchange keeps for a way that is cut; what comes after so many is lost.
UNHEARD_MAX = 100_000


class DelayLine(Generic[Item]):
    """Hands items on to `deliver` after a delay, in the order in which they came, whatever the
    timer does.
    """

    def __init__(self, deliver: Callable[[list[Item]], None], latency_ms: float) -> None:
        self.latency_ms = latency_ms
        self.deliver = deliver
        self._waiting: deque[tuple[float, list[Item]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on its way."""
        return not self._waiting

    def put(self, items: list[Item]) -> None:
        """Deliver at once without a delay, else when the delay is over."""
        if not items:
            return
        if self.latency_ms <= 0 and not self._waiting:
            self.deliver(items)
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + self.latency_ms / 1000
        if self._waiting:
            # A latency that was lowered meanwhile lets nothing overtake.
            due = max(due, self._waiting[-1][0])
        self._waiting.append((due, items))
        if self._timer is None:
            self._timer = loop.call_at(due, self._deliver_due)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()

    def _deliver_due(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = None
        try:
            # The first is due by the timer's word, even where the clock is a hair behind it.
            while self._waiting:
                self.deliver(self._waiting.popleft()[1])
                if self._waiting and self._waiting[0][0] > now:
                    break
        finally:
            if self._waiting and self._timer is None:
                self._timer = loop.call_at(self._waiting[0][0], self._deliver_due)


class VenueGateway:
    """The simulated exchange as a Venue.

    `sink` gets lists of reports in the order in which the exchange made them. It may send new
    requests while it is called.
    """

    def __init__(
        self,
        exchange: SimulatedExchange,
        sink: ReportSink,
        request_latency_ms: float = 0,
        report_latency_ms: float = 0,
    ) -> None:
        self.exchange = exchange
        self._closed = False
        self._sink = sink
        self._cut = False
        self._unheard: list[list[VenueReport]] = []
        self._requests: DelayLine[VenueRequest] = DelayLine(self._arrive, request_latency_ms)
        self._reports: DelayLine[VenueReport] = DelayLine(sink, report_latency_ms)

    @property
    def synchronous(self) -> bool:
        """Whether `send` returns only when the reports are with the sink."""
        return self._requests.latency_ms <= 0 and self._reports.latency_ms <= 0

    def set_latency(self, request_ms: float, report_ms: float) -> None:
        """Change the distance; what is already under way keeps its time."""
        self._requests.latency_ms = request_ms
        self._reports.latency_ms = report_ms

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way, in either direction."""
        return self._requests.is_empty and self._reports.is_empty

    @property
    def is_cut(self) -> bool:
        """Whether the way to the exchange is cut."""
        return self._cut

    def report_to(self, sink: ReportSink) -> None:
        """Give what the exchange says to this sink from now on."""
        self._sink = sink
        if not self._cut:
            self._reports.deliver = sink

    def cut(self) -> None:
        """Cut the way: nothing arrives from now on, in neither direction."""
        self._cut = True
        self._requests.deliver = _lose
        self._reports.deliver = self._keep

    def mend(self) -> None:
        """Mend the way. What the exchange said meanwhile comes now."""
        self._cut = False
        self._requests.deliver = self._arrive
        self._reports.deliver = self._sink
        unheard, self._unheard = self._unheard, []
        for reports in unheard:
            self._sink(reports)

    def hear_late(self, reports: list[VenueReport], sink: ReportSink) -> None:
        """What the exchange said a while ago and comes only now: to `sink`, or with all else when
        the way is mended.
        """
        if self._cut:
            self._keep(reports)
        elif not self._closed:
            sink(reports)

    def _keep(self, reports: list[VenueReport]) -> None:
        if len(self._unheard) < UNHEARD_MAX:
            self._unheard.append(reports)

    def send(self, requests: Sequence[VenueRequest]) -> None:
        if not self._closed:
            self._requests.put(list(requests))

    def on_market(self, event: MarketEvent) -> None:
        """Tell the exchange an event that the market's book has taken."""
        reports = self.exchange.on_market(event)
        if reports and not self._closed:
            self._reports.put(reports)

    def best_bid(self, sym: str) -> int | None:
        return self.exchange.best_bid(sym)

    def best_ask(self, sym: str) -> int | None:
        return self.exchange.best_ask(sym)

    def close(self) -> None:
        self._closed = True
        self._requests.close()
        self._reports.close()

    def _arrive(self, requests: list[VenueRequest]) -> None:
        reports: list[VenueReport] = []
        for request in requests:
            reports += self.exchange.handle(request)
        self._reports.put(reports)


def _lose(requests: list[VenueRequest]) -> None:
    """Nobody hears of them."""
