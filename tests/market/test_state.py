"""The market's face: events in; books, prices, candles and tickers out."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.market.intervals import HOUR_MS, MINUTE_MS
from openprime.market.prices import Prices
from openprime.market.state import Funding, MarketState, Settlement
from tests.recordings import reference

PERP = "BINANCE_PERP_BTC_USDT"
OKX_PERP = "OKX_PERP_BTC_USDT"
SPOT = "BINANCE_SPOT_BTC_USDT"
OKX_SPOT = "OKX_SPOT_BTC_USDT"
MARGIN = "BINANCE_MARGIN_BTC_USDT"

# Half a minute past 17:20 UTC; the next settlement is at midnight.
START_MS = int(datetime(2026, 7, 25, 17, 20, 30, tzinfo=UTC).timestamp() * 1000)
MIDNIGHT_MS = int(datetime(2026, 7, 26, tzinfo=UTC).timestamp() * 1000)


def market(**options: object) -> MarketState:
    return MarketState(reference(), START_MS, **options)  # type: ignore[arg-type]


def show(
    state: MarketState, sym: str, bid: str, ask: str, time_ms: int = START_MS, lots: int = 10**9
) -> None:
    """A book of one deep level a side."""
    tick = reference().instruments[sym].tick_size
    state.apply(
        DepthSnapshot(
            sym,
            time_ms,
            state.books[sym].update_id + 1,
            [(int(Decimal(bid) / tick), lots)],
            [(int(Decimal(ask) / tick), lots)],
        )
    )


def trade(state: MarketState, sym: str, price: str, lots: int, time_ms: int = START_MS) -> None:
    tick = reference().instruments[sym].tick_size
    state.apply(MarketTrade(sym, time_ms, 1, int(Decimal(price) / tick), lots, True))


def show_all(state: MarketState, time_ms: int = START_MS) -> None:
    show(state, SPOT, "60000", "60000.02", time_ms)
    show(state, OKX_SPOT, "60010", "60010.2", time_ms)
    show(state, PERP, "60020", "60020.2", time_ms)
    show(state, OKX_PERP, "60000", "60000.2", time_ms)


# -- events


def test_there_is_a_book_for_each_market_and_margin_shares_it() -> None:
    state = market()
    assert len(state.books) == 50
    assert MARGIN not in state.books
    assert state.book(MARGIN) is state.books[SPOT]
    with pytest.raises(KeyError):
        state.book("BINANCE_SPOT_NO_SUCH")


def test_events_reach_the_book_and_then_the_listeners() -> None:
    state = market()
    heard: list[tuple[MarketEvent, int]] = []
    state.listeners.append(lambda event: heard.append((event, state.books[SPOT].update_id)))
    snapshot = DepthSnapshot(SPOT, START_MS, 5, [(100, 1)], [(101, 1)])
    change = DepthChange(SPOT, START_MS + 1, 6, [(100, 2)], [])
    state.apply(snapshot)
    state.apply(change)
    assert heard == [(snapshot, 5), (change, 6)]
    assert state.book(SPOT).best_bid() == (100, 2)
    assert state.now_ms == START_MS + 1


def test_the_last_trade() -> None:
    state = market()
    assert state.last_trade(MARGIN) is None
    trade(state, SPOT, "60000", 5)
    found = state.last_trade(MARGIN)
    assert found is not None
    assert (found.price_ticks, found.quantity_lots) == (6_000_000, 5)


# -- index and mark


def test_before_the_first_tick_there_are_no_prices() -> None:
    state = market()
    assert state.mark(PERP) is None
    assert state.index("BTC") is None


def test_the_index_is_the_mean_of_the_spot_mids() -> None:
    state = market()
    show_all(state)
    prices = state.tick(START_MS)
    assert prices.indexes == {"BTC": Decimal("60005.055"), "USDT": 1, "USDC": 1}
    assert state.index("BTC") == Decimal("60005.055")


def test_a_tick_tells_what_changed() -> None:
    state = market()
    show_all(state)
    assert set(state.tick(START_MS).marks) == {PERP, OKX_PERP}
    assert state.tick(START_MS) == Prices({}, {})
    show(state, SPOT, "60020", "60020.02", START_MS + 1_000)
    assert state.tick(START_MS + 1_000).indexes == {"BTC": Decimal("60015.055")}


def test_old_books_do_not_count() -> None:
    state = market()
    show_all(state)
    show(state, SPOT, "60000", "60000.02", START_MS + 9_000)
    assert state.tick(START_MS + 10_001).indexes["BTC"] == Decimal("60000.01")


def test_without_spot_books_the_perpetuals_make_the_index() -> None:
    state = market()
    show(state, PERP, "60020", "60020.2")
    state.tick(START_MS)
    show(state, PERP, "60040", "60040.2", START_MS + 1_000)
    state.tick(START_MS + 1_000)
    assert state.index("BTC") == Decimal("60030.1")


def test_without_any_book_the_last_index_stands() -> None:
    state = market()
    show_all(state)
    state.tick(START_MS)
    state.tick(START_MS + 60_000)
    assert state.index("BTC") == Decimal("60005.055")


def test_the_mark_is_the_median_of_three_views() -> None:
    state = market()
    show_all(state)
    trade(state, PERP, "60001", 5)
    state.tick(START_MS)
    # Index with funding 60,009.99; index with the basis 60,020.1; last trade 60,001.
    left = Decimal(MIDNIGHT_MS - START_MS) / (8 * HOUR_MS)
    expected = Decimal("60005.055") * (1 + Decimal("0.0001") * left)
    mark = state.mark(PERP)
    assert mark is not None
    assert abs(mark - expected) <= Decimal("0.000000005")
    trade(state, PERP, "60500", 5)
    state.tick(START_MS)
    assert state.mark(PERP) == Decimal("60020.1")


def test_a_pinned_price_moves_for_nothing_else() -> None:
    state = market()
    show_all(state)
    state.tick(START_MS)
    state.pin_mark(PERP, Decimal(50_000))
    state.pin_index("BTC", Decimal(51_000))
    assert (state.mark(PERP), state.index("BTC")) == (50_000, 51_000)
    show(state, SPOT, "70000", "70000.02", START_MS + 1_000)
    show(state, PERP, "70000", "70000.2", START_MS + 1_000)
    trade(state, PERP, "70000", 5, START_MS + 1_000)
    told = state.tick(START_MS + 1_000)
    assert (told.marks[PERP], told.indexes["BTC"]) == (50_000, 51_000)
    assert (state.mark(PERP), state.index("BTC")) == (50_000, 51_000)
    state.pin_mark(PERP, None)
    state.pin_index("BTC", None)
    state.tick(START_MS + 2_000)
    assert state.index("BTC") != 51_000
    assert state.mark(PERP) != 50_000


def test_what_has_no_price_cannot_be_pinned() -> None:
    state = market()
    with pytest.raises(KeyError):
        state.pin_mark(SPOT, Decimal(1))
    with pytest.raises(KeyError):
        state.pin_index("NOSUCH", Decimal(1))


# -- funding and open interest


def test_funding_runs_from_its_start() -> None:
    state = market()
    assert state.funding(PERP) == Funding(Decimal("0.0001"), START_MS, MIDNIGHT_MS)
    assert state.funding("BINANCE_PERP_BNB_USDT") == Funding(Decimal(0), START_MS, MIDNIGHT_MS)
    assert state.funding(SPOT) is None
    assert state.funding_interval_hours(PERP) == 8
    assert state.funding_interval_hours(SPOT) is None


def test_a_premium_moves_the_rate_every_five_seconds() -> None:
    state = market()
    show(state, SPOT, "60000", "60000")
    show(state, PERP, "60120", "60120.2")
    state.tick(START_MS)
    # The perpetual is 0.2 % above the index: 0.002 + clamp(0.0001 - 0.002) = 0.0015.
    assert state.funding(PERP) == Funding(Decimal("0.0015"), START_MS, MIDNIGHT_MS)
    show(state, PERP, "60000", "60000.2", START_MS + 1_000)
    state.tick(START_MS + 4_000)
    assert state.funding(PERP) == Funding(Decimal("0.0015"), START_MS, MIDNIGHT_MS)
    state.tick(START_MS + 5_000)
    # Samples 0.002 and 0 with weights 1 and 2.
    assert state.funding(PERP) == Funding(Decimal("0.00016667"), START_MS + 5_000, MIDNIGHT_MS)


def test_a_settlement_keeps_its_rate_and_begins_anew() -> None:
    state = market()
    show(state, SPOT, "60000", "60000")
    show(state, PERP, "60120", "60120.2")
    state.tick(START_MS)
    assert state.settled_funding(PERP) is None
    state.tick(MIDNIGHT_MS)
    assert state.settled_funding(PERP) == Settlement(MIDNIGHT_MS, Decimal("0.0015"))
    funding = state.funding(PERP)
    assert funding is not None
    assert funding.next_settlement_ms == MIDNIGHT_MS + 8 * HOUR_MS


def test_open_interest_is_a_hundred_million_and_the_clients() -> None:
    state = market()
    assert state.open_interest(PERP) == Decimal("1666.666")
    assert state.open_interest(OKX_PERP) == Decimal("166666.66")
    assert state.open_interest(SPOT) == 0
    state.client_longs[PERP] = Decimal("2.5")
    assert state.open_interest(PERP) == Decimal("1669.166")


def test_a_recorded_symbols_open_interest_is_at_the_recordings_price() -> None:
    state = market(recorded=[PERP])
    assert state.open_interest(PERP) == Decimal("1666.666")
    show(state, PERP, "49999.9", "50000.1")
    assert state.open_interest(PERP) == Decimal(2_000)
    show(state, PERP, "99999.9", "100000.1")
    assert state.open_interest(PERP) == Decimal(2_000)


# -- candles and tickers


def test_candles_join_the_past_to_the_first_mid() -> None:
    state = market()
    show(state, PERP, "61800.1", "61800.3")
    trade(state, PERP, "61801", 7, START_MS + 500)
    before, running = state.candles(PERP, "1m", START_MS + 600, 2)
    assert before.close == running.open == Decimal("61800.2")
    assert before.closed
    assert not running.closed
    assert running.open_time_ms == START_MS - 30_000
    assert (running.high, running.volume_base, running.trades) == (
        Decimal(61_801),
        Decimal("0.007"),
        1,
    )
    assert running.volume_quote == Decimal("61801") * Decimal("0.007")


def test_candles_of_margin_are_those_of_spot() -> None:
    state = market()
    show(state, SPOT, "60000", "60000.02")
    args = ("1H", START_MS, 5)
    assert state.candles(MARGIN, *args) == state.candles(SPOT, *args) != []


def test_quantities_are_order_units_and_quote_is_coin() -> None:
    state = market()
    show(state, OKX_PERP, "60000", "60000")
    trade(state, OKX_PERP, "60000", 250)  # 2.5 contracts of 0.01 BTC
    (candle,) = state.candles(OKX_PERP, "1m", START_MS, 1)
    assert (candle.volume_base, candle.volume_quote) == (Decimal("2.5"), Decimal(1_500))


def test_mark_and_index_have_candles_too() -> None:
    state = market()
    show_all(state)
    state.tick(START_MS)
    mark = state.mark(PERP)
    for kind, price in (("mark", mark), ("index", Decimal("60005.055"))):
        before, running = state.candles(PERP, "1m", START_MS, 2, kind)
        assert before.close == running.open == running.close == price
        assert (running.volume_base, running.trades) == (0, 0)
    assert state.candles(SPOT, "1m", START_MS, 2, "mark") == []
    assert state.candles(SPOT, "1m", START_MS, 2, "index") == state.candles(
        PERP, "1m", START_MS, 2, "index"
    )


def test_unknown_intervals_and_kinds_are_refused() -> None:
    state = market()
    with pytest.raises(ValueError, match="expected an interval such as 1m or 1d, was '7m'"):
        state.candles(PERP, "7m", START_MS, 1)
    with pytest.raises(ValueError, match="other"):
        state.candles(PERP, "1m", START_MS, 1, "other")


def test_the_past_is_the_same_for_the_same_seed() -> None:
    def closes(seed: int) -> list[Decimal]:
        state = market(seed=seed)
        return [candle.close for candle in state.candles(PERP, "1d", START_MS, 50)]

    assert closes(1) == closes(1)
    assert closes(1) != closes(2)


def test_symbols_of_a_coin_share_their_past() -> None:
    state = market()
    year_ago_ms = START_MS - 365 * 24 * HOUR_MS
    closes = [state.candles(sym, "1d", year_ago_ms, 1)[0].close for sym in (PERP, OKX_PERP, SPOT)]
    assert max(closes) - min(closes) <= Decimal("0.1")


def test_start_prices_go_before_the_references() -> None:
    state = market(start_prices={"BTC": Decimal(70_000)})
    assert state.ticker(PERP).last == 70_000
    assert state.ticker("BINANCE_PERP_ETH_USDT").last == 2_600


def test_the_ticker_is_the_last_day_past_included() -> None:
    state = market()
    show(state, PERP, "60000", "60000.2")
    ticker = state.ticker(PERP)
    minutes = state.candles(PERP, "1m", START_MS, 1_441)
    assert (ticker.last, ticker.time_ms) == (Decimal("60000.1"), START_MS)
    assert ticker.open == minutes[0].open
    assert ticker.high == max(candle.high for candle in minutes)
    assert ticker.low == min(candle.low for candle in minutes)
    assert ticker.volume_base == sum(candle.volume_base for candle in minutes)
    assert ticker.volume_quote == sum(candle.volume_quote for candle in minutes)
    assert ticker.trade_count == sum(candle.trades for candle in minutes)
    trade(state, PERP, "99999", 1_000, START_MS + 5)
    later = state.ticker(PERP)
    assert (later.last, later.high) == (99_999, 99_999)
    assert (later.volume_base, later.time_ms) == (ticker.volume_base + 1, START_MS + 5)


# -- the desk's clock


def test_advancing_the_clock_does_not_age_the_market() -> None:
    state = market()
    show_all(state)
    state.tick(START_MS)
    mark = state.mark(PERP)
    state.advance(HOUR_MS)
    told = state.tick(START_MS + HOUR_MS)
    assert told.indexes == {}
    assert state.now_ms == START_MS + HOUR_MS
    assert state.books[SPOT].time_ms == START_MS + HOUR_MS
    assert mark is not None
    # The index and the basis stand; only the funding still to come is an hour nearer.
    assert told.marks.keys() <= {PERP, OKX_PERP}
    candles = state.candles(PERP, "1m", START_MS + HOUR_MS, 3)
    assert [candle.open_time_ms for candle in candles] == [
        START_MS - 30_000 + HOUR_MS - age * MINUTE_MS for age in (2, 1, 0)
    ]
