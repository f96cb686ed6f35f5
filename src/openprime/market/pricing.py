"""Index, mark and funding of every coin and perpetual, moment by moment.

The rules are functions in prices.py and funding.py; here is what they need to remember, and the
order in which one depends on another: index first, then premium and funding, then marks.
"""

from decimal import Decimal
from typing import Protocol

from openprime.market.book import Book
from openprime.market.events import MarketTrade
from openprime.market.funding import (
    INTEREST_RATE,
    SAMPLE_INTERVAL_MS,
    Funding,
    FundingClock,
    Settlement,
    funding_rate,
    impact_notional,
    impact_price,
    premium,
)
from openprime.market.prices import (
    PRICE_PLACES,
    STABLE_COINS,
    Prices,
    RecentMean,
    index_of,
    mark_of,
    recent_mid,
)
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO, round_half_up
from openprime.model.reference import VALUATION_COIN, Reference
from openprime.model.vocabulary import Business, Exchange, Side

# The spot books that make an index.
INDEX_EXCHANGES = (Exchange.BINANCE, Exchange.OKX)


class Market(Protocol):
    """What prices are made of."""

    reference: Reference
    books: dict[str, Book]

    def last_trade(self, sym: str) -> MarketTrade | None: ...


class Pricing:
    """The present prices: `marks` by PERP symbol, `indexes` by coin, in USDT."""

    def __init__(self, market: Market, now_ms: int) -> None:
        self._market = market
        self.marks: dict[str, Decimal] = {}
        self.indexes: dict[str, Decimal] = {}
        self._told_marks: dict[str, Decimal] = {}
        self._told_indexes: dict[str, Decimal] = {}
        self._told_rates: dict[str, Decimal] = {}
        self._pinned_marks: dict[str, Decimal] = {}
        self._pinned_indexes: dict[str, Decimal] = {}
        self._spots: dict[str, list[Instrument]] = {}
        self._perps: dict[str, list[Instrument]] = {}
        self._mids: dict[str, RecentMean] = {}
        self._bases: dict[str, RecentMean] = {}
        self._clocks: dict[str, FundingClock] = {}
        self._next_sample_ms = now_ms
        for instrument in market.reference.instruments.values():
            if instrument.has_rules:
                self.add(instrument, now_ms)

    def add(self, instrument: Instrument, now_ms: int) -> None:
        """Make prices for an instrument whose book there is from here on."""
        if instrument.quote != VALUATION_COIN:
            return
        if instrument.is_perp:
            self._perps.setdefault(instrument.base, []).append(instrument)
            self._mids[instrument.sym] = RecentMean()
            self._bases[instrument.sym] = RecentMean()
            hours = instrument.funding_interval_hours
            self._clocks[instrument.sym] = FundingClock(now_ms, hours)
            self._set_rate(instrument, now_ms)
        elif instrument.business is Business.SPOT and instrument.exchange in INDEX_EXCHANGES:
            self._spots.setdefault(instrument.base, []).append(instrument)

    def tick(self, now_ms: int) -> Prices:
        """Prices of this moment; returns those that differ from the last ones returned."""
        mids = self._perp_mids(now_ms)
        self._update_indexes(now_ms)
        self._update_funding(now_ms)
        self._update_marks(now_ms, mids)
        rates = {sym: clock.rate for sym, clock in self._clocks.items()}
        changed = Prices(
            marks=_changed(self.marks, self._told_marks),
            indexes=_changed(self.indexes, self._told_indexes),
            funding=_changed(rates, self._told_rates),
        )
        self._told_marks.update(changed.marks)
        self._told_indexes.update(changed.indexes)
        self._told_rates.update(changed.funding)
        return changed

    def advance(self, delta_ms: int) -> None:
        """The clock jumped and the market stood still. Settlements come as the clock says."""
        for mean in (*self._mids.values(), *self._bases.values()):
            mean.advance(delta_ms)
        self._next_sample_ms += delta_ms

    # -- pins

    def pin_mark(self, sym: str, price: Decimal | None) -> None:
        """Hold a mark. A symbol that is no perpetual is a KeyError."""
        if sym not in self._clocks:
            raise KeyError(sym)
        _pin(self._pinned_marks, self.marks, sym, price)
        self._told_marks.pop(sym, None)

    def pin_index(self, coin: str, price: Decimal | None) -> None:
        """Hold an index. A coin without any market is a KeyError."""
        if coin not in self._spots and coin not in self._perps and coin not in STABLE_COINS:
            raise KeyError(coin)
        _pin(self._pinned_indexes, self.indexes, coin, price)
        self._told_indexes.pop(coin, None)

    # -- index

    def _perp_mids(self, now_ms: int) -> dict[str, Decimal]:
        """The mids of the perpetuals that were heard of, which also go into the 30 s means."""
        found: dict[str, Decimal] = {}
        for perps in self._perps.values():
            for instrument in perps:
                mid = recent_mid(self._market.books[instrument.sym], instrument, now_ms)
                if mid is not None:
                    found[instrument.sym] = mid
                    self._mids[instrument.sym].add(now_ms, mid)
        return found

    def _update_indexes(self, now_ms: int) -> None:
        for coin in STABLE_COINS:
            self.indexes[coin] = self._pinned_indexes.get(coin, ONE)
        for coin in {**self._spots, **self._perps}:
            index = self._pinned_indexes.get(coin) or self._index(coin, now_ms)
            # Without any market to look at, the last index stands.
            if index is not None:
                self.indexes[coin] = index

    def _index(self, coin: str, now_ms: int) -> Decimal | None:
        if coin in STABLE_COINS:
            return ONE
        mids = [
            recent_mid(self._market.books[instrument.sym], instrument, now_ms)
            for instrument in self._spots.get(coin, ())
            if self._market.reference.instruments[instrument.sym].live
        ]
        index = index_of([mid for mid in mids if mid is not None])
        return self._mean_perp_mid(coin, now_ms) if index is None else index

    def _mean_perp_mid(self, coin: str, now_ms: int) -> Decimal | None:
        """The 30 s mean of the perpetual's mid, of all venues that have one."""
        means = [self._mids[perp.sym].value(now_ms) for perp in self._perps.get(coin, ())]
        known = [mean for mean in means if mean is not None]
        return round_half_up(sum(known, ZERO) / len(known), PRICE_PLACES) if known else None

    # -- funding

    def funding(self, sym: str) -> Funding | None:
        clock = self._clocks.get(sym)
        if clock is None:
            return None
        return Funding(clock.rate, clock.rate_time_ms, clock.next_settlement_ms)

    def use(self, reference: Reference, now_ms: int) -> None:
        """Settle funding as often as these rules say; the running rate follows at the next
        sample."""
        for sym, clock in self._clocks.items():
            clock.settle_every(reference.instruments[sym].funding_interval_hours, now_ms)

    def funding_interval_hours(self, sym: str) -> int | None:
        clock = self._clocks.get(sym)
        return clock.interval_hours if clock else None

    def settled_funding(self, sym: str) -> Settlement | None:
        clock = self._clocks.get(sym)
        return clock.settled if clock else None

    def _update_funding(self, now_ms: int) -> None:
        due = now_ms >= self._next_sample_ms
        if due:
            self._next_sample_ms = (now_ms // SAMPLE_INTERVAL_MS + 1) * SAMPLE_INTERVAL_MS
        for coin, perps in self._perps.items():
            for instrument in perps:
                settled = self._clocks[instrument.sym].settle(now_ms)
                if due:
                    self._sample(instrument, self.indexes.get(coin))
                if due or settled:
                    self._set_rate(instrument, now_ms)

    def _sample(self, instrument: Instrument, index: Decimal | None) -> None:
        book = self._market.books[instrument.sym]
        tiers = self._market.reference.position_tiers[instrument.sym]
        if index is None:
            return
        notional = impact_notional(tiers[0])
        bid = impact_price(book.side(Side.BUY), instrument, notional)
        ask = impact_price(book.side(Side.SELL), instrument, notional)
        if bid is not None or ask is not None:
            self._clocks[instrument.sym].mean.add(premium(bid, ask, index))

    def _set_rate(self, instrument: Instrument, now_ms: int) -> None:
        reference = self._market.reference
        free = instrument.base in reference.no_interest_bases
        clock = self._clocks[instrument.sym]
        rate = funding_rate(
            clock.mean.value(),
            ZERO if free else INTEREST_RATE,
            clock.interval_hours,
            reference.position_tiers[instrument.sym][0],
        )
        clock.set_rate(now_ms, rate)

    # -- mark

    def _update_marks(self, now_ms: int, mids: dict[str, Decimal]) -> None:
        for coin, perps in self._perps.items():
            index = self.indexes.get(coin)
            for instrument in perps:
                sym = instrument.sym
                if index is not None and sym in mids:
                    self._bases[sym].add(now_ms, mids[sym] - index)
                if sym in self._pinned_marks:
                    self.marks[sym] = self._pinned_marks[sym]
                elif index is not None:
                    self.marks[sym] = self._mark(instrument, index, now_ms)

    def _mark(self, instrument: Instrument, index: Decimal, now_ms: int) -> Decimal:
        clock = self._clocks[instrument.sym]
        trade = self._market.last_trade(instrument.sym)
        return mark_of(
            index,
            clock.rate,
            clock.time_left(now_ms),
            self._bases[instrument.sym].value(now_ms),
            instrument.price(trade.price_ticks) if trade else None,
        )


def _pin(
    pinned: dict[str, Decimal], present: dict[str, Decimal], name: str, price: Decimal | None
) -> None:
    if price is None:
        pinned.pop(name, None)
    else:
        pinned[name] = present[name] = price


def _changed(now: dict[str, Decimal], told: dict[str, Decimal]) -> dict[str, Decimal]:
    return {name: price for name, price in now.items() if told.get(name) != price}
