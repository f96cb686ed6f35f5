"""The synthetic feed as its readers see it: what it says, when, and that it is the same again."""

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.synthetic import CATCH_UP_SLOTS_MAX, SLOT_MS, SyntheticFeed
from openprime.model.reference import build
from openprime.model.vocabulary import Business

START_MS = 1_700_000_000_000
DATA = files("openprime") / "data"
RULES = build(json.loads((DATA / "reference.json").read_text()))
FIT: dict[str, Any] = json.loads((DATA / "market_fit.json").read_text())
# A fine and a coarse tick, a large and a small coin, lots of coin and of contracts.
SYMS = (
    "BINANCE_PERP_BTC_USDT",
    "BINANCE_SPOT_BTC_USDT",
    "BINANCE_SPOT_LINK_USDT",
    "OKX_PERP_DOGE_USDT",
    "OKX_SPOT_WIF_USDT",
)

Book = tuple[dict[int, int], dict[int, int]]


def feed_of(
    *syms: str,
    seed: int = 1,
    speed: float = 1.0,
    follow: dict[str, Callable[[], Decimal | None]] | None = None,
    start_prices: dict[str, Decimal] | None = None,
) -> SyntheticFeed:
    return SyntheticFeed(
        [RULES.instruments[sym] for sym in syms or SYMS],
        FIT,
        START_MS,
        seed,
        speed,
        start_prices=start_prices or RULES.start_prices,
        follow=follow,
    )


def apply(books: dict[str, Book], event: DepthSnapshot | DepthChange) -> Book:
    """Bring the book that an event speaks of up to date, and return it."""
    if isinstance(event, DepthSnapshot):
        books[event.sym] = {}, {}
    book = books[event.sym]
    for side, levels in zip(book, (event.bids, event.asks), strict=True):
        for ticks, lots in levels:
            if lots:
                side[ticks] = lots
            else:
                del side[ticks]
    return book


def mids(events: Iterable[MarketEvent]) -> dict[str, Decimal]:
    """The last mid price of every book."""
    books: dict[str, Book] = {}
    for event in events:
        if not isinstance(event, MarketTrade):
            apply(books, event)
    return {
        sym: RULES.instruments[sym].price(max(bids) + min(asks)) / 2
        for sym, (bids, asks) in books.items()
    }


def last_ids(events: Iterable[MarketEvent]) -> dict[str, int]:
    """The last update of every book."""
    return {e.sym: e.update_id for e in events if not isinstance(e, MarketTrade)}


class TestListedBooks:
    def test_the_first_pull_says_every_listed_book_whole(self) -> None:
        feed = SyntheticFeed(RULES.instruments, FIT, START_MS, 1, start_prices=RULES.start_prices)
        events = feed.pull(START_MS)
        listed = [s for s, i in RULES.instruments.items() if i.business is not Business.MARGIN]
        assert list(feed.syms) == listed
        assert [e.sym for e in events] == listed
        assert all(isinstance(e, DepthSnapshot) and e.time_ms == START_MS for e in events)

    def test_books_of_large_coins_answer_a_request_for_many_levels(self) -> None:
        for event in feed_of("BINANCE_PERP_BTC_USDT", "OKX_SPOT_ETH_USDT").pull(START_MS):
            assert isinstance(event, DepthSnapshot)
            assert len(event.bids) >= 1000
            assert len(event.asks) >= 1000

    def test_every_listed_book_changes_within_a_second_and_trades_within_a_minute(self) -> None:
        feed = SyntheticFeed(RULES.instruments, FIT, START_MS, 1, start_prices=RULES.start_prices)
        changed = {e.sym for e in feed.pull(START_MS + 1000) if isinstance(e, DepthChange)}
        traded = set()
        for second in range(2, 61):
            events = feed.pull(START_MS + second * 1000)
            traded |= {e.sym for e in events if isinstance(e, MarketTrade)}
        assert changed == set(feed.syms)
        assert traded == set(feed.syms)

    def test_a_base_without_a_start_price_is_refused(self) -> None:
        with pytest.raises(ValueError, match="expected a start price of BTC, was none"):
            feed_of("BINANCE_PERP_BTC_USDT", start_prices={"ETH": Decimal(2600)})

    def test_books_start_at_the_start_price(self) -> None:
        for sym, mid in mids(feed_of().pull(START_MS)).items():
            price = RULES.start_prices[RULES.instruments[sym].base]
            assert abs(mid / price - 1) < Decimal("0.001")

    def test_books_of_one_base_move_together(self) -> None:
        syms = [s for s, i in RULES.instruments.items() if i.base == "BTC" and i.book_sym == s]
        feed = feed_of(*syms)
        events = [e for second in range(120) for e in feed.pull(START_MS + second * 1000)]
        found = mids(events).values()
        assert len(found) == 4
        assert max(found) / min(found) - 1 < Decimal("0.0003")


class TestSameSeedSameStream:
    def test_the_same_seed_makes_the_same_stream(self) -> None:
        assert feed_of().pull(START_MS + 5000) == feed_of().pull(START_MS + 5000)

    def test_another_seed_makes_another_stream(self) -> None:
        assert feed_of().pull(START_MS + 1000) != feed_of(seed=2).pull(START_MS + 1000)

    @given(cuts=st.lists(st.integers(0, 3000), max_size=12), limit=st.integers(1, 40))
    @settings(max_examples=20)
    def test_how_often_and_how_much_is_pulled_does_not_matter(
        self, cuts: list[int], limit: int
    ) -> None:
        feed = feed_of(*SYMS[2:])
        sliced = []
        for cut in sorted(cuts):
            sliced += feed.pull(START_MS + cut, limit)
        while part := feed.pull(START_MS + 3000, limit):
            assert len(part) <= limit
            sliced += part
        assert sliced == feed_of(*SYMS[2:]).pull(START_MS + 3000)

    def test_nothing_is_said_before_its_time_and_time_only_rises(self) -> None:
        feed = feed_of()
        last_ms = 0
        for now_ms in range(START_MS, START_MS + 5000, 37):
            for event in feed.pull(now_ms):
                assert last_ms <= event.time_ms <= now_ms
                last_ms = event.time_ms

    def test_a_clock_that_goes_back_hears_nothing(self) -> None:
        feed = feed_of()
        feed.pull(START_MS + 2000)
        assert feed.pull(START_MS + 1000) == []

    @pytest.mark.parametrize("speed", [0.5, 2.0, 50.0, 500.0])
    def test_speed_is_market_seconds_in_a_second(self, speed: float) -> None:
        usual = feed_of().pull(START_MS + 2000)
        other = feed_of(speed=speed).pull(START_MS + int(2000 / speed))
        assert last_ids(other) == last_ids(usual)
        assert all(a.time_ms <= b.time_ms for a, b in pairwise(other))
        assert other[-1].time_ms <= START_MS + int(2000 / speed)

    @pytest.mark.parametrize("speed", [0.0, -1.0])
    def test_time_does_not_stand_still(self, speed: float) -> None:
        with pytest.raises(ValueError, match="expected a speed above 0"):
            feed_of(speed=speed)


class TestValidBooks:
    @given(seed=st.integers(0, 2**63), start=st.sampled_from(["0.00005", "0.003", "1", "70000"]))
    @settings(max_examples=25)
    def test_books_are_never_crossed_or_empty_and_ids_rise(self, seed: int, start: str) -> None:
        prices = dict.fromkeys(("BTC", "LINK", "DOGE", "WIF"), Decimal(start))
        feed = feed_of(seed=seed, start_prices=prices)
        books: dict[str, Book] = {}
        ids: dict[tuple[str, bool], int] = {}
        for event in feed.pull(START_MS + 3000):
            is_trade = isinstance(event, MarketTrade)
            number = event.trade_id if isinstance(event, MarketTrade) else event.update_id
            assert number > ids.get((event.sym, is_trade), 0)
            ids[event.sym, is_trade] = number
            if isinstance(event, MarketTrade):
                assert event.quantity_lots > 0
                continue
            bids, asks = apply(books, event)
            assert 0 < max(bids) < min(asks)
            assert min(bids) > 0
            assert min(*bids.values(), *asks.values()) > 0

    def test_books_stay_whole_for_long(self) -> None:
        feed = feed_of()
        books: dict[str, Book] = {}
        for second in range(600):
            for event in feed.pull(START_MS + second * 1000):
                if not isinstance(event, MarketTrade):
                    bids, asks = apply(books, event)
                    assert max(bids) < min(asks)
        for sym, (bids, asks) in books.items():
            assert min(len(bids), len(asks)) > 290, sym

    def test_levels_are_told_best_first(self) -> None:
        for event in feed_of().pull(START_MS + 2000):
            if not isinstance(event, MarketTrade):
                assert event.bids == sorted(event.bids, reverse=True)
                assert event.asks == sorted(event.asks)


class TestTrades:
    def test_the_change_after_trades_takes_exactly_what_traded(self) -> None:
        books: dict[str, Book] = {}
        traded: dict[str, dict[int, int]] = {}
        checked = 0
        for event in feed_of().pull(START_MS + 9000):
            if isinstance(event, MarketTrade):
                taken = traded.setdefault(event.sym, {})
                taken[event.price_ticks] = taken.get(event.price_ticks, 0) + event.quantity_lots
                side = books[event.sym][0 if event.buyer_is_maker else 1]
                assert event.price_ticks in side
                continue
            taken = traded.pop(event.sym, {})
            if taken:
                bids, asks = books[event.sym]
                rested = {**bids, **asks}
                left = {ticks: rested[ticks] - lots for ticks, lots in taken.items()}
                assert dict(event.bids + event.asks) == left
                checked += 1
            apply(books, event)
        assert checked > 100

    def test_trades_come_in_bursts(self) -> None:
        feed = feed_of("BINANCE_PERP_BTC_USDT")
        counts = []
        for second in range(1, 301):
            events = feed.pull(START_MS + second * 1000)
            counts.append(len({e.time_ms for e in events if isinstance(e, MarketTrade)}))
        mean = sum(counts) / len(counts)
        assert sum((c - mean) ** 2 for c in counts) / len(counts) > 4 * mean


class TestCatchUp:
    PAUSE_MS = SLOT_MS * CATCH_UP_SLOTS_MAX

    def test_after_a_long_pause_the_books_are_said_as_they_stood(self) -> None:
        feed, never_paused = feed_of(), feed_of()
        before = mids(feed.pull(START_MS + 1000))
        now_ms = START_MS + 1000 + 3600_000
        events = feed.pull(now_ms)
        assert [e.sym for e in events] == list(SYMS)
        assert all(isinstance(e, DepthSnapshot) and e.time_ms == now_ms for e in events)
        assert mids(events) == before
        # The market then goes on from where it stood still.
        never_paused.pull(START_MS + 1000)
        told = [_without_time(e) for e in feed.pull(now_ms + 1000)]
        expected = [_without_time(e) for e in never_paused.pull(START_MS + 2000)]
        assert [t[:2] for t in told] == [e[:2] for e in expected]

    def test_a_pause_within_bounds_is_caught_up_event_by_event(self) -> None:
        feed = feed_of()
        first = feed.pull(START_MS)
        events = feed.pull(START_MS + self.PAUSE_MS)
        assert len(first) == len(SYMS)
        assert not any(isinstance(e, DepthSnapshot) for e in events)
        assert len(events) > 500

    def test_a_reader_that_is_too_slow_gets_the_books_anew(self) -> None:
        feed = feed_of()
        snapshots = 0
        for second in range(60):
            part = feed.pull(START_MS + second * 1000, limit=10)
            assert len(part) <= 10
            snapshots += sum(isinstance(e, DepthSnapshot) for e in part)
        assert snapshots > len(SYMS)


def _without_time(event: MarketEvent) -> tuple[str, type, int]:
    return event.sym, type(event), event.time_ms


class TestFollow:
    def test_synthetic_books_take_the_recorded_mid(self) -> None:
        feed = feed_of(follow={"BTC": lambda: Decimal("61234.5")})
        events = [e for second in range(60) for e in feed.pull(START_MS + second * 1000)]
        found = mids(events)
        for sym in SYMS[:2]:
            assert abs(found[sym] / Decimal("61234.5") - 1) < Decimal("0.0003")
        assert abs(found["OKX_SPOT_WIF_USDT"] / RULES.start_prices["WIF"] - 1) < Decimal("0.05")

    def test_without_a_recorded_mid_the_price_is_its_own(self) -> None:
        silent = feed_of(follow={"BTC": lambda: None}).pull(START_MS + 3000)
        assert silent == feed_of().pull(START_MS + 3000)

    def test_a_jump_of_the_recording_makes_the_books_anew(self) -> None:
        price = Decimal(60_000)
        feed = feed_of(*SYMS[:2], follow={"BTC": lambda: price})
        feed.pull(START_MS + 1000)
        price = Decimal(66_000)
        events = feed.pull(START_MS + 1300)
        assert {e.sym for e in events if isinstance(e, DepthSnapshot)} == set(SYMS[:2])
        for mid in mids(e for e in events if isinstance(e, DepthSnapshot)).values():
            assert abs(mid / 66_000 - 1) < Decimal("0.0003")

    def test_when_the_recording_ends_the_price_goes_on_from_there(self) -> None:
        price: Decimal | None = Decimal(66_000)
        feed = feed_of(SYMS[0], follow={"BTC": lambda: price})
        events = feed.pull(START_MS + 500)
        price = None
        events += feed.pull(START_MS + 5000)
        assert abs(mids(events)[SYMS[0]] / 66_000 - 1) < Decimal("0.005")
