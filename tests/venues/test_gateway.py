"""The exchange at a distance."""

import asyncio

import pytest

from openprime.market.events import DepthChange
from openprime.model.venue import (
    Accepted,
    Cancelled,
    CancelOrder,
    Filled,
    NewOrder,
    VenueReport,
    VenueRequest,
)
from openprime.model.vocabulary import OrderType, Side, TimeInForce
from openprime.venues import Venue as VenueProtocol
from openprime.venues import VenueGateway
from openprime.venues import gateway as module
from tests.venues.kit import BUY, MAKER, SPOT, TAKER, Venue


class Desk:
    """Keeps what the gateway reports, and when."""

    def __init__(self) -> None:
        self.reports: list[VenueReport] = []
        self.times: list[float] = []

    def __call__(self, reports: list[VenueReport]) -> None:
        self.reports += reports
        try:
            self.times.append(asyncio.get_running_loop().time())
        except RuntimeError:
            self.times.append(0)


def new(order_id: int, lots: int = 1, price: int = 100, side: Side = BUY) -> NewOrder:
    return NewOrder(order_id, SPOT, order_id, side, OrderType.LIMIT, TimeInForce.GTC, price, lots)


def test_without_latency_the_reports_are_there_when_send_returns() -> None:
    desk = Desk()
    gateway: VenueProtocol = VenueGateway(Venue(asks=[(100, 1)]).exchange, desk)
    gateway.send([new(1), new(2), CancelOrder(2, SPOT)])
    assert desk.reports == [
        Accepted(1),
        Filled(1, 1, 100, 1, TAKER, done=True),
        Accepted(2),
        Cancelled(2, requested=True),
    ]
    assert len(desk.times) == 1
    assert (gateway.best_bid(SPOT), gateway.best_ask(SPOT)) == (None, None)


def test_the_sink_may_send_while_it_is_called() -> None:
    venue = Venue()
    seen: list[VenueReport] = []

    def sink(reports: list[VenueReport]) -> None:
        seen.extend(reports)
        if reports == [Accepted(1)]:
            gateway.send([CancelOrder(1, SPOT)])

    gateway = VenueGateway(venue.exchange, sink)
    gateway.send([new(1)])
    assert seen == [Accepted(1), Cancelled(1, requested=True)]


def test_the_market_fills_resting_orders_through_the_gateway() -> None:
    venue, desk = Venue(bids=[(90, 1)]), Desk()
    gateway = VenueGateway(venue.exchange, desk)
    gateway.send([new(1)])
    event = DepthChange(SPOT, 1000, 2, [], [(99, 5)])
    venue.book.apply_change(event)
    gateway.on_market(event)
    assert isinstance(desk.reports[-1], Filled)
    assert gateway.synchronous


def test_requests_and_reports_take_their_time() -> None:
    async def play() -> None:
        desk = Desk()
        venue = Venue()
        gateway = VenueGateway(venue.exchange, desk, 20, 30)
        assert not gateway.synchronous
        start = asyncio.get_running_loop().time()
        gateway.send([new(1)])
        assert venue.exchange.working_orders == 0
        await asyncio.sleep(0.035)
        assert venue.exchange.working_orders == 1
        assert desk.reports == []
        await asyncio.sleep(0.06)
        assert desk.reports == [Accepted(1)]
        assert desk.times[0] - start >= 0.045

    asyncio.run(play())


def test_it_is_idle_when_nothing_is_on_its_way() -> None:
    async def scene() -> None:
        desk = Desk()
        gateway = VenueGateway(Venue(asks=[(100, 1)]).exchange, desk, 1, 1)
        assert gateway.is_idle
        gateway.send([new(1)])
        idle = []
        async with asyncio.timeout(5):
            while not desk.reports:
                idle.append(gateway.is_idle)
                await asyncio.sleep(0)
        assert not any(idle)
        assert gateway.is_idle

    asyncio.run(scene())


def test_what_is_sent_keeps_its_order_whatever_the_latency_becomes() -> None:
    async def play() -> None:
        desk = Desk()
        gateway = VenueGateway(Venue().exchange, desk, 30, 0)
        requests: list[VenueRequest] = [
            new(order_id, price=50 + order_id) for order_id in range(20)
        ]
        for number, request in enumerate(requests):
            if number == 10:
                gateway.set_latency(0, 0)
            gateway.send([request])
        assert desk.reports == []
        await asyncio.sleep(0.08)
        assert desk.reports == [Accepted(order_id) for order_id in range(20)]

    asyncio.run(play())


def test_what_is_sent_later_arrives_later() -> None:
    async def play() -> None:
        desk = Desk()
        gateway = VenueGateway(Venue().exchange, desk, 0, 40)
        gateway.send([new(1)])
        await asyncio.sleep(0.02)
        gateway.send([new(2)])
        await asyncio.sleep(0.1)
        assert desk.reports == [Accepted(1), Accepted(2)]
        assert desk.times[1] - desk.times[0] >= 0.01

    asyncio.run(play())


def test_a_sink_that_fails_stops_nothing_but_its_own_batch() -> None:
    async def play() -> None:
        seen: list[VenueReport] = []

        def sink(reports: list[VenueReport]) -> None:
            if Accepted(1) in reports:
                raise ValueError("the desk could not take it")
            seen.extend(reports)

        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        gateway = VenueGateway(Venue().exchange, sink, 0, 10)
        gateway.send([new(1)])
        gateway.send([new(2)])
        await asyncio.sleep(0.05)
        assert seen == [Accepted(2)]

    asyncio.run(play())


def test_after_close_nothing_is_sent_or_reported() -> None:
    async def play() -> None:
        desk = Desk()
        venue = Venue()
        gateway = VenueGateway(venue.exchange, desk, 5, 5)
        gateway.send([new(1)])
        gateway.close()
        gateway.send([new(2)])
        gateway.on_market(DepthChange(SPOT, 1000, 2, [], []))
        await asyncio.sleep(0.03)
        assert desk.reports == []
        assert venue.exchange.working_orders == 0

    asyncio.run(play())


def test_where_the_way_is_cut_requests_are_lost_and_reports_come_when_it_is_mended() -> None:
    venue, desk = Venue(bids=[(90, 1)]), Desk()
    gateway = VenueGateway(venue.exchange, desk)
    gateway.send([new(1)])
    gateway.cut()
    gateway.send([new(2)])
    event = DepthChange(SPOT, 1000, 2, [], [(99, 5)])
    venue.book.apply_change(event)
    gateway.on_market(event)
    assert (desk.reports, gateway.is_cut) == ([Accepted(1)], True)
    gateway.mend()
    assert desk.reports == [Accepted(1), Filled(1, 1, 100, 1, MAKER, done=True)]
    gateway.send([new(2, price=80)])
    assert (desk.reports[-1], gateway.is_cut) == (Accepted(2), False)


def test_a_way_that_is_cut_keeps_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNHEARD_MAX", 1)
    venue, desk = Venue(bids=[(90, 1)]), Desk()
    gateway = VenueGateway(venue.exchange, desk)
    gateway.send([new(1, lots=2)])
    gateway.cut()
    for time_ms, ask in ((1000, 99), (1001, 98)):
        event = DepthChange(SPOT, time_ms, 2, [], [(ask, 1)])
        venue.book.apply_change(event)
        gateway.on_market(event)
    gateway.mend()
    assert [type(report) for report in desk.reports] == [Accepted, Filled]


def test_reports_go_to_another_sink_from_now_on() -> None:
    first, second = Desk(), Desk()
    gateway = VenueGateway(Venue().exchange, first)
    gateway.send([new(1)])
    gateway.report_to(second)
    gateway.send([new(2)])
    gateway.cut()
    gateway.report_to(first)
    gateway.mend()
    gateway.send([new(3)])
    assert first.reports == [Accepted(1), Accepted(3)]
    assert second.reports == [Accepted(2)]


def test_what_comes_late_does_not_cross_a_way_that_is_cut() -> None:
    desk, late = Desk(), Desk()
    gateway = VenueGateway(Venue().exchange, desk)
    gateway.hear_late([Accepted(1)], late)
    gateway.cut()
    gateway.hear_late([Accepted(2)], late)
    assert (late.reports, desk.reports) == ([Accepted(1)], [])
    gateway.mend()
    assert (late.reports, desk.reports) == ([Accepted(1)], [Accepted(2)])
    gateway.close()
    gateway.hear_late([Accepted(3)], late)
    assert late.reports == [Accepted(1)]
