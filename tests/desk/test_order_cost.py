"""What an order costs does not grow with what its portfolio holds, nor with what went before.

Counted in lines of the desk's code that run, so a busy machine changes nothing.
"""

import sys
from types import FrameType
from typing import Any

import pytest

from openprime.desk import commands as c
from openprime.desk.outcome import Outcome
from openprime.model.vocabulary import Exchange
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit

PRICE = 60_000
OTHERS = 12


class Counted:
    """A rich portfolio whose desk counts the lines that its commands run."""

    def __init__(self, others: int = 0) -> None:
        """With positions, wallets and resting orders in so many other symbols."""
        self.lines = 0
        self.kit = kit = DeskKit()
        self._apply = kit.desk.apply
        kit.cash("USDT", 100_000_000)
        kit.cash("BTC", 100)
        kit.mark(BTC_PERP, PRICE)
        kit.index("BTC", PRICE)
        for sym in (BTC_PERP, BTC_SPOT, BTC_MARGIN):
            kit.quote(sym, PRICE - 1, PRICE + 1)
        self._fill_up(others)
        kit.desk.apply = self._counting  # type: ignore[method-assign]

    def _fill_up(self, others: int) -> None:
        kit = self.kit
        listed = kit.desk.reference.instruments.values()
        perps = [i for i in listed if i.is_perp and i.exchange is Exchange.BINANCE]
        for instrument in [i for i in perps if i.base != "BTC"][:others]:
            kit.mark(instrument.sym, 10)
            kit.index(instrument.base, 10)
            kit.quote(instrument.sym, 9, 11)
            kit.hold(instrument.sym, 100, 10)
            kit.cash(instrument.base, 100)
            quantity = max(instrument.min_size, instrument.min_notional)
            kit.rest(instrument.sym, "BUY", quantity, 10)
        assert len(kit.account().positions) == others, "as many others are listed"
        kit.mark(BTC_PERP, PRICE)

    def _counting(self, envelope: c.Envelope) -> Outcome:
        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            self.lines += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return self._apply(envelope)
        finally:
            sys.settrace(before)

    def life(self, sym: str) -> None:
        """An order that rests and is cancelled, then one that opens and one that closes."""
        kit = self.kit
        order = kit.rest(sym, "BUY", "0.01", PRICE - 1000)
        kit.do(c.CancelOrder(kit.portfolio_id, order.order_id, ""))
        kit.confirm_cancel(order.order_id)
        kit.trade(sym, "BUY", "0.01", PRICE)
        kit.trade(sym, "SELL", "0.01", PRICE)

    def cost(self, sym: str) -> int:
        """Lines of one life, once what the first of its kind makes is there."""
        self.life(sym)
        before = self.lines
        self.life(sym)
        return self.lines - before


@pytest.mark.parametrize("sym", [BTC_PERP, BTC_SPOT, BTC_MARGIN])
def test_other_symbols_of_the_portfolio_add_nothing(sym: str) -> None:
    alone, among = Counted().cost(sym), Counted(others=OTHERS).cost(sym)
    assert abs(among - alone) <= 0.05 * alone, f"{alone} lines alone, {among} among {OTHERS} others"


@pytest.mark.parametrize("sym", [BTC_PERP, BTC_SPOT, BTC_MARGIN])
def test_history_adds_nothing(sym: str) -> None:
    portfolio = Counted()
    first = portfolio.cost(sym)
    for _ in range(50):
        portfolio.life(sym)
    later = portfolio.cost(sym)
    assert abs(later - first) <= 0.05 * first, f"{first} lines at first, {later} later"
