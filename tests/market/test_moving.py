"""A moved market: its whole book some ticks off its source, step by step."""

from decimal import Decimal

from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.moving import STEP_MS, MovedMarket

SYM = "BINANCE_PERP_BTC_USDT"
FALL = Decimal("-0.1")


class Market:
    """A source of one book, and the book as the market shows it."""

    def __init__(self) -> None:
        self.source, self.shown = Book(SYM), Book(SYM)
        self.moved = MovedMarket({SYM: self.shown})
        self.update_ids: list[int] = []

    def say(self, event: MarketEvent) -> None:
        apply(self.source, event)
        self._show(self.moved.shown(event))

    def step(self, now_ms: int) -> int:
        snapshots = self.moved.steps(now_ms)
        for snapshot in snapshots:
            self._show(snapshot)
        return len(snapshots)

    def _show(self, event: MarketEvent) -> None:
        apply(self.shown, event)
        self.update_ids.append(self.shown.update_id)

    def check(self, ticks: int) -> None:
        """Every level is `ticks` off the source's, and ids rise one by one."""
        source, shown = self.source.snapshot(0), self.shown.snapshot(0)
        assert shown.bids == [(price + ticks, lots) for price, lots in source.bids]
        assert shown.asks == [(price + ticks, lots) for price, lots in source.asks]
        assert self.update_ids == list(range(1, len(self.update_ids) + 1))


def apply(book: Book, event: MarketEvent) -> None:
    if isinstance(event, DepthSnapshot):
        book.apply_snapshot(event)
    elif isinstance(event, DepthChange):
        book.apply_change(event)


def opened() -> Market:
    market = Market()
    bids, asks = [(999, 5), (998, 7)], [(1001, 3), (1003, 4)]
    market.say(DepthSnapshot(SYM, 0, 1, bids, asks))
    return market


def test_a_book_without_a_price_cannot_be_moved() -> None:
    moved = Market().moved
    assert not moved.can_move(SYM)
    assert not moved.move(SYM, FALL, 0, 0)


def test_a_move_at_once() -> None:
    market = opened()
    assert market.moved.can_move(SYM)
    assert market.moved.move(SYM, FALL, 1000, 0)
    assert market.step(1000) == 1
    market.check(-100)
    market.say(DepthChange(SYM, 1010, 2, [(999, 0), (997, 2)], [(1000, 9)]))
    market.check(-100)
    trade = MarketTrade(SYM, 1020, 1, 1001, 2, False)
    shown = market.moved.shown(trade)
    assert isinstance(shown, MarketTrade)
    assert (shown.price_ticks, shown.quantity_lots) == (901, 2)
    assert market.step(1000 + STEP_MS) == 0


def test_a_move_takes_its_time_and_may_be_turned() -> None:
    market = opened()
    market.moved.move(SYM, FALL, 0, 10_000)
    market.step(0)
    market.check(0)
    assert market.step(100) == 0  # not so soon
    market.step(5000)
    market.check(-50)
    market.say(DepthChange(SYM, 5001, 2, [], [(1001, 1)]))
    market.moved.advance(3_600_000)
    market.step(3_600_000 + 6000)
    market.check(-60)
    market.moved.move(SYM, Decimal(0), 3_606_000, 1000)
    market.step(3_606_500)
    market.check(-30)
    market.step(3_607_000)
    market.check(0)


def test_levels_that_would_have_no_price_are_not_shown() -> None:
    market = opened()
    market.say(DepthChange(SYM, 1, 2, [(40, 8)], []))
    market.moved.move(SYM, Decimal("-0.5"), 1, 0)
    market.step(1)
    market.say(DepthChange(SYM, 2, 3, [(40, 9), (41, 1)], []))
    assert market.shown.snapshot(0).bids == [(499, 5), (498, 7)]
