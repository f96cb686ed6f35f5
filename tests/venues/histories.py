"""Random histories of a market and its clients, drawn by hypothesis or by a seed.

Few prices, few lots and few owners, so that everything meets. The market's own book is never
crossed; between a change and the next its trades may or may not be what the change shows.
"""

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent, MarketTrade
from openprime.model.venue import CancelOrder, NewOrder, ReplaceOrder, VenueRequest
from openprime.model.vocabulary import OrderType, Side, TimeInForce
from tests.venues.kit import MARGIN, SPOT

Step = VenueRequest | MarketEvent
Levels = dict[int, int]
Item = TypeVar("Item")

LOWEST, HIGHEST = 98, 103
LOTS_MAX = 12


class Chooser(Protocol):
    def number(self, low: int, high: int) -> int: ...

    def one_of(self, items: Sequence[Item]) -> Item: ...


class Seeded:
    """Chooses by a seed: long histories, fast."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one_of(self, items: Sequence[Item]) -> Item:
        return self._random.choice(items)


class Drawn:
    """Chooses by hypothesis: short histories that shrink."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def one_of(self, items: Sequence[Item]) -> Item:
        return self._draw(st.sampled_from(items))


@st.composite
def histories(draw: st.DrawFn, late_trades: bool = False, resumed: bool = False) -> list[Step]:
    chooser = Drawn(draw)
    return History(chooser, late_trades, resumed).steps(chooser.number(5, 40))


def seeded_history(seed: int, steps: int, **options: bool) -> list[Step]:
    return History(Seeded(seed), **options).steps(steps)


class History:
    """Makes steps. `late_trades` come with a time in the past; `resumed` marks some orders so."""

    def __init__(self, chooser: Chooser, late_trades: bool = False, resumed: bool = False) -> None:
        self._choose = chooser
        self._late_trades = late_trades
        self._resumed = resumed
        self._shown: dict[Side, Levels] = {}
        self._orders = 0
        self._time_ms = 0

    def steps(self, count: int) -> list[Step]:
        steps: list[Step] = [self._snapshot()]
        for _ in range(count):
            self._time_ms += 1
            match self._choose.one_of("nnnnncrrdddttts"):
                case "n":
                    steps.append(self._new())
                case "c":
                    steps.append(CancelOrder(self._some_order(), SPOT))
                case "r":
                    lots = self._choose.number(1, LOTS_MAX)
                    steps.append(ReplaceOrder(self._some_order(), SPOT, self._price(), lots))
                case "d":
                    steps.append(self._change())
                case "t":
                    steps.append(self._trade())
                case _:
                    steps.append(self._snapshot())
        return steps

    def _price(self) -> int:
        return self._choose.number(LOWEST, HIGHEST)

    def _some_order(self) -> int:
        """A recent order, or one that never was."""
        return self._choose.number(max(1, self._orders - 8), self._orders + 1)

    def _new(self) -> NewOrder:
        self._orders += 1
        tif = self._choose.one_of(["GTC", "GTC", "GTC", "GTX", "IOC", "FOK"])
        return NewOrder(
            self._orders,
            self._choose.one_of([SPOT, MARGIN]),
            self._choose.number(1, 5),
            self._choose.one_of(list(Side)),
            OrderType.LIMIT,
            TimeInForce(tif),
            self._price(),
            self._choose.number(1, LOTS_MAX),
            resumed=self._resumed and self._choose.one_of([True, False]),
        )

    def _trade(self) -> MarketTrade:
        time_ms = self._time_ms
        if self._late_trades:
            time_ms = self._choose.number(max(1, time_ms - 8), time_ms)
        lots = self._choose.number(1, LOTS_MAX)
        buyer_is_maker = self._choose.one_of([True, False])
        side = Side.BUY if buyer_is_maker else Side.SELL
        touch = sorted(self._shown[side], key=lambda price: -price * side.sign)[:1]
        price = self._choose.one_of([*touch, *touch, self._price()])
        return MarketTrade(SPOT, time_ms, 1, price, lots, buyer_is_maker)

    def _snapshot(self) -> DepthSnapshot:
        middle = self._price()
        self._shown = {
            Side.BUY: self._levels(LOWEST - 1, middle),
            Side.SELL: self._levels(middle + 1, HIGHEST + 1),
        }
        bids = sorted(self._shown[Side.BUY].items(), reverse=True)
        asks = sorted(self._shown[Side.SELL].items())
        return DepthSnapshot(SPOT, self._time_ms, 1, bids, asks)

    def _levels(self, low: int, high: int) -> Levels:
        prices = {self._choose.number(low, high) for _ in range(self._choose.number(0, 5))}
        return {price: self._choose.number(1, LOTS_MAX) for price in sorted(prices)}

    def _change(self) -> DepthChange:
        """New quantities of some levels; what they cross of the market's other side goes."""
        side = self._choose.one_of(list(Side))
        change: dict[Side, Levels] = {Side.BUY: {}, Side.SELL: {}}
        for _ in range(self._choose.number(1, 3)):
            known = sorted(self._shown[side])
            price = self._choose.one_of([*known, self._price()])
            change[side][price] = self._choose.number(0, LOTS_MAX + 3)
            if change[side][price]:
                for other in self._shown[side.opposite]:
                    if other * side.sign <= price * side.sign:
                        change[side.opposite][other] = 0
        for one in Side:
            after = self._shown[one] | change[one]
            self._shown[one] = {price: lots for price, lots in after.items() if lots}
        bids, asks = change[Side.BUY], change[Side.SELL]
        return DepthChange(SPOT, self._time_ms, 1, list(bids.items()), list(asks.items()))
