"""What holds in every history, and the real exchange held against the naive one."""

from collections import defaultdict

import pytest
from hypothesis import given

from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot
from openprime.model.venue import (
    Accepted,
    Cancelled,
    CancelOrder,
    CancelRefused,
    Filled,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceOrder,
    ReplaceRefused,
    VenueReport,
)
from openprime.model.vocabulary import Liquidity, Side, TimeInForce
from openprime.venues import SimulatedExchange
from tests.venues.histories import Step, histories, seeded_history
from tests.venues.kit import SPOT, instruments
from tests.venues.naive import NaiveExchange

SEEDS = 12
LONG_STEPS = 500


class World:
    """The real exchange, and all that it reported."""

    def __init__(self) -> None:
        self.book = Book(SPOT)
        self.exchange = SimulatedExchange(instruments(), {SPOT: self.book})

    def do(self, step: Step) -> list[VenueReport]:
        if isinstance(step, NewOrder | CancelOrder | ReplaceOrder):
            return self.exchange.handle(step)
        if isinstance(step, DepthSnapshot):
            self.book.apply_snapshot(step)
        elif isinstance(step, DepthChange):
            self.book.apply_change(step)
        return self.exchange.on_market(step)


def plain(report: VenueReport) -> tuple[object, ...]:
    """A report as the naive exchange tells it."""
    match report:
        case Accepted(order_id=order_id):
            return ("accepted", order_id)
        case Filled():
            return (
                "filled",
                report.order_id,
                report.price_ticks,
                report.quantity_lots,
                str(report.liquidity),
            )
        case Cancelled():
            return ("cancelled", report.order_id, report.requested)
        case Replaced():
            return ("replaced", report.order_id, report.price_ticks, report.quantity_lots)
        case Rejected():
            return ("rejected", report.order_id, report.code)
        case CancelRefused() | ReplaceRefused():
            return ("refused", report.order_id, report.code)


@given(histories())
def test_it_does_what_the_naive_exchange_does(history: list[Step]) -> None:
    compare_with_naive(history)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_it_does_what_the_naive_exchange_does_for_long(seed: int) -> None:
    compare_with_naive(seeded_history(seed, LONG_STEPS))


def compare_with_naive(history: list[Step]) -> None:
    world, naive = World(), NaiveExchange()
    for step in history:
        answers = [plain(report) for report in world.do(step)]
        if isinstance(step, NewOrder | CancelOrder | ReplaceOrder):
            assert answers == naive.handle(step), step
        else:
            assert answers == naive.on_market(step), step
        assert world.exchange.best_bid(SPOT) == naive.best(Side.BUY)
        assert world.exchange.best_ask(SPOT) == naive.best(Side.SELL)
        assert world.exchange.working_orders == len(naive.orders)


@given(histories(late_trades=True, resumed=True))
def test_what_always_holds(history: list[Step]) -> None:
    check_what_always_holds(history)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_always_holds_for_long(seed: int) -> None:
    check_what_always_holds(seeded_history(seed, LONG_STEPS, late_trades=True, resumed=True))


def check_what_always_holds(history: list[Step]) -> None:
    world = World()
    orders: dict[int, NewOrder] = {}
    totals: dict[int, int] = {}
    limits: dict[int, int] = {}
    executed: dict[int, int] = defaultdict(int)
    ended: set[int] = set()
    trade_id = 0
    for step in history:
        reports = world.do(step)
        if isinstance(step, NewOrder):
            orders[step.order_id] = step
            totals[step.order_id], limits[step.order_id] = step.quantity_lots, step.price_ticks
        trades: dict[int, list[Filled]] = defaultdict(list)
        for report in reports:
            order_id = report.order_id
            match report:
                case Accepted() | Replaced():
                    assert report is reports[0]
                    if isinstance(report, Replaced):
                        totals[order_id], limits[order_id] = (
                            report.quantity_lots,
                            report.price_ticks,
                        )
                case Filled():
                    assert order_id not in ended
                    assert report.quantity_lots > 0
                    executed[order_id] += report.quantity_lots
                    # Sum of fills never above the total, and done means equal.
                    assert executed[order_id] <= totals[order_id]
                    assert report.done == (executed[order_id] == totals[order_id])
                    if report.done:
                        ended.add(order_id)
                    # Never worse than the limit.
                    sign = orders[order_id].side.sign
                    assert report.price_ticks * sign <= limits[order_id] * sign
                    trades[report.trade_id].append(report)
                case Cancelled() | Rejected():
                    assert order_id not in ended
                    ended.add(order_id)
                case _:
                    assert len(reports) == 1
        # Trade ids rise by one; a trade of two clients has both sides, equal, of two owners.
        assert sorted(trades) == list(range(trade_id + 1, trade_id + 1 + len(trades)))
        trade_id += len(trades)
        for sides_of_trade in trades.values():
            if len(sides_of_trade) > 1:
                first, second = sides_of_trade
                assert (first.price_ticks, first.quantity_lots) == (
                    second.price_ticks,
                    second.quantity_lots,
                )
                assert {first.liquidity, second.liquidity} == set(Liquidity)
                one, other = orders[first.order_id], orders[second.order_id]
                assert one.owner != other.owner
                assert one.side is other.side.opposite
        _check_book(world)
    assert world.exchange.working_orders == len(orders.keys() - ended)


def _check_book(world: World) -> None:
    bid, ask = world.exchange.best_bid(SPOT), world.exchange.best_ask(SPOT)
    assert bid is None or ask is None or bid < ask
    for side, best in ((Side.BUY, bid), (Side.SELL, ask)):
        depth = world.exchange.depth(SPOT, side, 1000)
        keys = [price * side.sign for price, _ in depth]
        assert keys == sorted(set(keys), reverse=True)
        assert all(quantity > 0 for _, quantity in depth)
        assert (depth[0][0] if depth else None) == best
    trading_book = world.exchange._trading_books.get(SPOT)
    if trading_book is None:
        return
    for book_side in (trading_book.bids, trading_book.asks):
        for queue in book_side.clients.best_last():
            assert queue.lots == sum(order.left_lots for order in queue.orders.values()) > 0
            for order in queue.orders.values():
                assert 0 <= order.ahead_lots <= queue.shown_lots
                assert 0 <= order.moved_lots <= queue.early_lots
        for price, taken in book_side.market.taken.items():
            assert 0 < taken <= world.book.quantity_at(book_side.market.side, price)


@given(histories())
def test_clients_at_one_price_fill_in_time(history: list[Step]) -> None:
    """While no order is replaced, a later order of a price has nothing before an earlier one."""
    world = World()
    resting: dict[tuple[Side, int], list[int]] = defaultdict(list)
    for step in history:
        if isinstance(step, ReplaceOrder):
            continue
        reports = world.do(step)
        for report in reports:
            if isinstance(report, Filled) and report.liquidity is Liquidity.MAKER:
                line = next(ids for ids in resting.values() if report.order_id in ids)
                assert line[0] == report.order_id
            if isinstance(report, Cancelled) or (isinstance(report, Filled) and report.done):
                for ids in resting.values():
                    if report.order_id in ids:
                        ids.remove(report.order_id)
        if isinstance(step, NewOrder) and step.order_id in world.exchange._register.working:
            resting[step.side, step.price_ticks].append(step.order_id)


@given(histories(late_trades=True, resumed=True))
def test_one_history_has_one_outcome(history: list[Step]) -> None:
    one, other = World(), World()
    for step in history:
        assert one.do(step) == other.do(step)


@given(histories())
def test_post_only_is_refused_exactly_where_it_would_trade(history: list[Step]) -> None:
    world = World()
    for step in history:
        if isinstance(step, NewOrder) and step.time_in_force is TimeInForce.GTX:
            bid, ask = world.exchange.best_bid(SPOT), world.exchange.best_ask(SPOT)
            if step.side is Side.BUY:
                crossing = ask is not None and step.price_ticks >= ask
            else:
                crossing = bid is not None and step.price_ticks <= bid
            expected = Rejected(step.order_id, 401052) if crossing else Accepted(step.order_id)
            assert world.do(step) == [expected]
        else:
            world.do(step)
