"""The book against a naive one that sorts everything at every question."""

from hypothesis import given
from hypothesis import strategies as st

from openprime.market import book as book_module
from openprime.market.book import Book
from openprime.market.events import DepthChange, DepthSnapshot
from openprime.model.vocabulary import Side

SYM = "BINANCE_SPOT_BTC_USDT"

Levels = list[tuple[int, int]]


class NaiveBook:
    """What the book must be, in the fewest words."""

    def __init__(self) -> None:
        self.sides: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}

    def change(self, side: Side, levels: Levels) -> None:
        for price, lots in levels:
            self.sides[side].pop(price, None)
            if lots:
                self.sides[side][price] = lots

    def replace(self, side: Side, levels: Levels) -> None:
        self.sides[side] = {}
        self.change(side, levels)

    def levels(self, side: Side) -> Levels:
        return sorted(self.sides[side].items(), reverse=side is Side.BUY)


def snapshot(bids: Levels, asks: Levels, update_id: int = 1, time_ms: int = 5) -> DepthSnapshot:
    return DepthSnapshot(SYM, time_ms, update_id, bids, asks)


def change(bids: Levels, asks: Levels, update_id: int = 2, time_ms: int = 6) -> DepthChange:
    return DepthChange(SYM, time_ms, update_id, bids, asks)


def assert_same(book: Book, naive: NaiveBook) -> None:
    for side, best in ((Side.BUY, book.best_bid), (Side.SELL, book.best_ask)):
        expected = naive.levels(side)
        assert best() == (expected[0] if expected else None)
        assert list(book.side(side)) == expected
        assert book.levels(side, 3) == expected[:3]
        assert best() == (expected[0] if expected else None)


def test_an_empty_book_has_no_best() -> None:
    book = Book(SYM)
    assert book.best_bid() is None
    assert book.best_ask() is None
    assert book.levels(Side.BUY, 5) == []
    assert list(book.side(Side.SELL)) == []
    assert (book.update_id, book.time_ms) == (0, 0)


def test_levels_come_best_first() -> None:
    book = Book(SYM)
    book.apply_snapshot(snapshot([(99, 1), (98, 2), (97, 3)], [(101, 4), (102, 5)]))
    assert book.levels(Side.BUY, 2) == [(99, 1), (98, 2)]
    assert book.levels(Side.SELL, 9) == [(101, 4), (102, 5)]
    assert book.levels(Side.SELL, 0) == []
    assert book.best_bid() == (99, 1)
    assert book.best_ask() == (101, 4)
    assert book.quantity_at(Side.BUY, 98) == 2
    assert book.quantity_at(Side.BUY, 101) == 0
    assert book.bids == {99: 1, 98: 2, 97: 3}
    assert book.asks == {101: 4, 102: 5}


def test_a_change_sets_adds_and_removes() -> None:
    book = Book(SYM)
    book.apply_snapshot(snapshot([(99, 1), (98, 2)], [(101, 4)]))
    book.apply_change(change([(99, 0), (100, 7), (55, 0)], [(101, 9)], update_id=8, time_ms=9))
    assert book.best_bid() == (100, 7)
    assert book.levels(Side.BUY, 9) == [(100, 7), (98, 2)]
    assert book.best_ask() == (101, 9)
    assert (book.update_id, book.time_ms) == (8, 9)


def test_a_price_that_comes_back_is_there_once() -> None:
    book = Book(SYM)
    book.apply_snapshot(snapshot([(99, 1), (98, 2)], []))
    book.apply_change(change([(99, 0)], []))
    book.apply_change(change([(99, 5)], []))
    assert list(book.side(Side.BUY)) == [(99, 5), (98, 2)]
    book.apply_change(change([(99, 0), (98, 0)], []))
    assert book.best_bid() is None


def test_a_best_price_that_came_and_went_unseen_is_not_the_best() -> None:
    book = Book(SYM)
    book.apply_snapshot(snapshot([(90, 1)], [(110, 1)]))
    book.apply_change(change([(95, 1)], [(105, 1)]))
    book.apply_change(change([(95, 0)], [(105, 0)]))
    assert book.best_bid() == (90, 1)
    assert book.best_ask() == (110, 1)


def test_a_snapshot_forgets_what_was_there() -> None:
    book = Book(SYM)
    book.apply_snapshot(snapshot([(99, 1)], [(101, 1)]))
    book.apply_change(change([(100, 1)], []))
    book.apply_snapshot(snapshot([(50, 2), (49, 0)], [(60, 3)], update_id=9))
    assert book.best_bid() == (50, 2)
    assert book.bids == {50: 2}
    assert book.best_ask() == (60, 3)


def test_a_book_tells_itself_as_a_snapshot() -> None:
    book = Book(SYM)
    book.apply_snapshot(snapshot([(99, 1), (98, 2)], [(101, 4)]))
    book.apply_change(change([(100, 7)], [], update_id=8))
    told = book.snapshot(time_ms=77)
    assert told == DepthSnapshot(SYM, 77, 8, [(100, 7), (99, 1), (98, 2)], [(101, 4)])


PRICES = st.integers(1, 40)
LEVELS = st.lists(st.tuples(PRICES, st.integers(0, 3)), max_size=12)
STEPS = st.lists(st.tuples(st.booleans(), LEVELS, LEVELS, st.booleans()), max_size=30)


@given(STEPS)
def test_any_history_gives_the_naive_book(steps: list[tuple[bool, Levels, Levels, bool]]) -> None:
    book, naive = Book(SYM), NaiveBook()
    for whole, bids, asks, look in steps:
        if whole:
            # A snapshot names a price once.
            bids, asks = list(dict(bids).items()), list(dict(asks).items())
            book.apply_snapshot(snapshot(bids, asks))
            naive.replace(Side.BUY, bids)
            naive.replace(Side.SELL, asks)
        else:
            book.apply_change(change(bids, asks))
            naive.change(Side.BUY, bids)
            naive.change(Side.SELL, asks)
        if look:
            assert_same(book, naive)
    assert_same(book, naive)


@given(st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 2)), max_size=1200), st.integers(1))
def test_long_histories_keep_order_and_memory_in_bounds(levels: Levels, step: int) -> None:
    book, naive = Book(SYM), NaiveBook()
    size = step % 300 + 1
    for start in range(0, len(levels), size):
        part = levels[start : start + size]
        book.apply_change(change(part, part))
        naive.change(Side.BUY, part)
        naive.change(Side.SELL, part)
    assert_same(book, naive)
    for side in (Side.BUY, Side.SELL):
        ladder = book.side(side)
        bound = 2 * len(ladder.lots_by_price) + book_module.SLACK_ENTRIES
        assert len(ladder._order) <= bound + book_module.WAITING_MAX
